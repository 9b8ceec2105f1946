/**
 * Opens screens in the web client and looks for what only a browser sees: errors of scripts, error dialogs, and texts that
 * nobody can translate. `crawl` is called by test_crawl.py with what to open and what is known to be data.
 */
async function crawl({ stops, open, close, data, kinds, ignored, blocks, models }) {
    const env = odoo.__WOWL_DEBUG__.root.env;
    const { rpcBus } = odoo.loader.modules.get("@web/core/network/rpc");
    const findings = [];
    const known = new Set(data);
    const pressed = new Set();
    const waiting = new Map();
    let here = "";

    const note = (text) => {
        const finding = `${here}: ${text}`.replace(/\s+/g, " ").slice(0, 900);
        if (!findings.includes(finding)) {
            findings.push(finding);
        }
    };
    const reportError = console.error;
    console.error = (...parts) => note(`console: ${parts.map((part) => part?.stack || part).join(" ")}`);
    rpcBus.addEventListener("RPC:REQUEST", ({ detail }) => waiting.set(detail.data.id, detail.url));
    rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => {
        waiting.delete(detail.data.id);
        learn(detail.result);
    });

    /** What the server answers as the value of a field is data, but for the fields whose values are texts of ours. */
    function learn(value, key) {
        if (typeof value === "string" && kinds[key] !== "text" && value.length < 200) {
            known.add(value.trim());
        } else if (Array.isArray(value)) {
            value.forEach((one) => learn(one, key));
        } else if (value && typeof value === "object" && !value.views) {
            Object.entries(value).forEach(([name, one]) => learn(one, name));
        }
    }

    const frame = () => new Promise((done) => setTimeout(() => requestAnimationFrame(done)));
    const all = (selector, root = document) => [...root.querySelectorAll(selector)];
    const isVisible = (element) => element.checkVisibility({ visibilityProperty: true });

    async function settle() {
        let calm = 0;
        const start = performance.now();
        while (calm < 4 && performance.now() - start < 30000) {
            await frame();
            calm = waiting.size || document.querySelector(".o_blockUI") ? 0 : calm + 1;
        }
        if (waiting.size) {
            note(`still waiting for ${[...waiting.values()].join(", ")}`);
            waiting.clear();
        }
    }

    // -- staying here -----------------------------------------------------------------------------------------------------

    const { browser } = odoo.loader.modules.get("@web/core/browser/browser");
    const { registry } = odoo.loader.modules.get("@web/core/registry");
    const stay = { assign() {}, replace() {}, reload() {} };
    const place = window.location;
    const readLocation = (_, name) => stay[name] || (typeof place[name] === "function" ? place[name].bind(place) : place[name]);
    // Not a proxy of the place itself: the browser lets nobody replace its methods, not even so.
    const location = new Proxy({}, { get: readLocation, set: () => true });
    Object.defineProperty(browser, "location", { get: () => location, set() {}, configurable: true });
    browser.open = () => {};
    registry.category("ir.actions.report handlers").add("crawl", () => true);

    /** Whether what is shown belongs to the suite: texts of Odoo's own screens and dialogs are not looked at. */
    function isOurs() {
        if (document.querySelector(".o_dialog .o_mail_composer_form, .o_error_dialog")) {
            return false;
        }
        const action = env.services.action.currentController?.action || {};
        return action.type === "ir.actions.client" || models.includes(action.res_model) || document.querySelector(blocks);
    }

    // -- errors ---------------------------------------------------------------------------------------------------------

    async function lookForErrors() {
        for (const dialog of all(".o_error_dialog, .modal-content:has(.o_error_detail), .o_notification:has(.bg-danger)")) {
            dialog.querySelector(".modal-body .btn-link")?.click();
            await frame();
            note(`error: ${dialog.querySelector(".o_error_detail")?.textContent || dialog.textContent}`);
        }
    }

    async function closeDialogs() {
        for (let tries = 0; tries < 5 && document.querySelector(".o_dialog"); tries++) {
            const dialogs = all(".o_dialog");
            const last = dialogs[dialogs.length - 1];
            const way = last.querySelector(".o_form_button_cancel, [special=cancel], .modal-header .btn-close, .modal-footer button");
            if (!way) {
                return note("a dialog that cannot be closed");
            }
            way.click();
            await settle();
        }
    }

    // -- texts ------------------------------------------------------------------------------------------------------------

    function isFieldOfData(element) {
        const field = element.closest("td.o_data_cell, .o_field_widget, .o_kanban_record [name]");
        return field && kinds[field.getAttribute("name")] !== "text";
    }

    function isFine(text, element) {
        const bare = text.trim();
        return (
            !/\p{Ll}{3}/u.test(bare) || // figures, numbers of documents, currencies
            /^(\d{1,2} )?\p{L}{3,9}\.?( \d{4})?$/u.test(bare) && /\d/.test(bare) || // a date
            bare.includes(open) ||
            bare.includes(close) ||
            known.has(bare) ||
            known.has(bare.replace(/\s*\(\d+\)$/, "").replace(/:$/, "")) ||
            isFieldOfData(element) ||
            isInvented(element)
        );
    }

    /** Odoo's invented records behind an empty list. */
    const isInvented = (element) =>
        element.closest(".o_view_sample_data") && !element.closest(".o_control_panel, .o_view_nocontent, thead");

    function lookAtTexts(root) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const element = node.parentElement;
            if (node.data.trim() && !element.closest(ignored) && isVisible(element) && !isFine(node.data, element)) {
                const field = element.closest("[name]")?.getAttribute("name");
                note(`not translatable: "${node.data.trim()}" in <${element.tagName.toLowerCase()} class="${element.className}"> ${field || ""}`);
            }
        }
        for (const element of all("[placeholder], [title], [aria-label], [data-tooltip], [alt]", root)) {
            if (element.closest(ignored) || !isVisible(element) || isFieldOfData(element)) {
                continue;
            }
            for (const name of ["placeholder", "title", "aria-label", "data-tooltip", "alt"]) {
                const text = element.getAttribute(name);
                if (text && !isFine(text, element)) {
                    note(`not translatable: ${name}="${text}" of <${element.tagName.toLowerCase()} class="${element.className}">`);
                }
            }
        }
    }

    /** A phone shows one column: what is wider than the screen is cut off, and nobody looks for it there. */
    function lookForWidth() {
        const content = document.querySelector(".o_action_manager .o_content");
        if (env.isSmall && content && isOurs() && content.scrollWidth > content.clientWidth + 1) {
            const wide = all("*", content).find((one) => one.getBoundingClientRect().right > innerWidth + 1);
            note(`wider than a phone: ${content.scrollWidth} px, ${wide?.tagName} class="${wide?.className}"`);
        }
    }

    async function lookAround() {
        await lookForErrors();
        lookForWidth();
        if (!isOurs()) {
            return;
        }
        const settings = all(blocks);
        const roots = settings.length ? settings : all(".o_menu_brand, .o_menu_sections, .o_action_manager, .o-overlay-container, .o_notification_manager");
        roots.forEach(lookAtTexts);
    }

    // -- going somewhere, pressing ------------------------------------------------------------------------------------------

    async function go(stop) {
        await closeDialogs();
        const options = { clearBreadcrumbs: true };
        if (stop.viewType) {
            options.viewType = stop.viewType;
        }
        if (stop.resId) {
            options.props = { resId: stop.resId };
        }
        try {
            await env.services.action.doAction(stop.action, options);
        } catch (error) {
            const cause = error.cause || error;
            note(`cannot be opened: ${cause.data?.message || cause.message || cause}`);
        }
        await settle();
    }

    async function openMenus() {
        for (const selector of [".o_searchview_dropdown_toggler", ".o_cp_action_menus button.dropdown-toggle"]) {
            const toggler = document.querySelector(`.o_action_manager ${selector}`);
            if (toggler && isVisible(toggler)) {
                toggler.click();
                await settle();
                await lookAround();
                toggler.click();
                await settle();
            }
        }
    }

    const pages = () => all(".o_action_manager .o_notebook_headers .nav-link:not(.active)").filter(isVisible);

    async function turnPages() {
        for (const page of pages()) {
            page.click();
            await settle();
            await lookAround();
        }
    }

    const buttons = (stop) =>
        all(".o_action_manager button[name], .o_action_manager .o_client_action button, .o_action_manager [data-press]").filter(
            (button) =>
                isVisible(button) && !button.disabled && !button.closest(ignored) && !pressed.has(stop.model + label(button))
        );
    const label = (button) => button.getAttribute("name") || button.textContent.trim();

    async function pressAll(stop) {
        for (let count = 0; count < 25; count++) {
            const button = buttons(stop)[0];
            if (!button) {
                return;
            }
            pressed.add(stop.model + label(button));
            here = `${stop.label}: ${label(button)}`;
            button.click();
            await settle();
            await lookAround();
            const confirmation = document.querySelector(".o_dialog:not(:has(.o_form_view)) .modal-footer .btn-primary");
            if (confirmation && !document.querySelector(".o_error_dialog")) {
                confirmation.click();
                await settle();
                await lookAround();
            }
            here = stop.label;
            await go(stop);
        }
        note("more than 25 buttons");
    }

    const opened = [];
    for (const stop of stops) {
        here = stop.label;
        await go(stop);
        await lookAround();
        await openMenus();
        await turnPages();
        if (stop.press) {
            await pressAll(stop);
        }
        opened.push(stop.label);
    }
    await closeDialogs();
    console.error = reportError;
    if (findings.length) {
        console.error(`${findings.length} findings in ${opened.length} screens\n${findings.join("\n")}`);
    } else {
        console.log("test successful");
    }
}
