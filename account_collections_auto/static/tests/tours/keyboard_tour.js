import { registry } from "@web/core/registry";

const focus = (selector) => ({
    trigger: selector,
    run: ({ anchor }) => anchor.focus(),
});
const press = (selector, key) => ({ trigger: `${selector}:focus`, run: `press ${key}` });

/** The preview that waits is found on Today, and its lists are changed, without a mouse. */
registry.category("web_tour.tours").add("collection_keyboard", {
    steps: () => [
        focus(".o_collection_tile button"),
        press(".o_collection_tile button", "Enter"),
        { content: "what the tile counted is listed", trigger: ".o_list_view .o_data_row" },
    ],
});

registry.category("web_tour.tours").add("collection_keyboard_preview", {
    steps: () => [
        focus(".o_collection_levels a:contains('L1')"),
        press(".o_collection_levels a:contains('L1')", "Enter"),
        { trigger: ".o_collection_cycle_page button:contains('L1'):has(.fa-times)" },
        focus("[data-tab=withheld]"),
        press("[data-tab=withheld]", "Enter"),
        { trigger: "[data-tab=withheld][aria-selected=true]:focus" },
        focus("button:contains('Confirm and Send...')"),
        press("button:contains('Confirm and Send...')", "Enter"),
        { trigger: ".modal:contains('4 customers')" },
        { trigger: ".modal button:focus, .modal input:focus", run: "press Escape" },
        { content: "nothing is confirmed", trigger: "body:not(:has(.modal)) button:contains('Confirm and Send...')" },
    ],
});
