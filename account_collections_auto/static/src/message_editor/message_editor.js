import { Component, markup, onWillStart, useRef, useState } from "@odoo/owl";

import { DYNAMIC_PLACEHOLDER_PLUGINS } from "@html_editor/backend/plugin_sets";
import { MAIN_PLUGINS, NO_EMBEDDED_COMPONENTS_FALLBACK_PLUGINS } from "@html_editor/plugin_sets";
import { Wysiwyg } from "@html_editor/wysiwyg";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "collection.message.editor";
// So long after the last key the preview follows.
const PAUSE = 600;
const LABEL = "data-collection-label";

/**
 * The texts of messages, with a preview for a real customer beside them. The server renders it and rolls it back.
 */
export class MessageEditor extends Component {
    static template = "account_collections_auto.MessageEditor";
    static components = { Layout, RecordSelector, Wysiwyg };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.display = { controlPanel: {} };
        this.subjectRef = useRef("subject");
        this.keepLast = new KeepLast();
        this.state = useState({
            page: { templates: [], languages: [], placeholders: [] },
            language: false,
            partnerId: false,
            subject: "",
            key: 0,
            drafts: {},
            preview: { examples: {} },
            isBusy: false,
            error: "",
        });
        this.debouncedPreview = useDebounced(() => this.showPreview(), PAUSE);
        useSetupAction({
            beforeLeave: () => this.confirmLoss(),
            beforeUnload: (ev) => {
                if (this.isDirty) {
                    ev.preventDefault();
                }
            },
        });
        onWillStart(() => this.load(this.props.action.params?.template_id));
    }

    // -- what is shown

    get canEdit() {
        return !this.state.page.why_not && Boolean(this.state.page.template_id);
    }

    get isDirty() {
        return Object.keys(this.state.drafts).length > 0;
    }

    get partnerDomain() {
        return [["customer_rank", ">", 0]];
    }

    async load(templateId) {
        const page = await this.orm.call(MODEL, "get_page", [templateId || false]);
        const languages = page.languages.map(([code]) => code);
        this.state.page = page;
        this.state.drafts = {};
        this.state.error = "";
        this.state.language = languages.includes(this.state.language) ? this.state.language : page.language;
        this.state.partnerId = this.state.partnerId || page.partner_id;
        this.showText();
        await this.showPreview();
    }

    /** Put the text of the chosen language into the fields: as it was changed here, else as it is saved. */
    showText() {
        const text = this.text;
        this.state.subject = text.subject;
        this.body = text.body;
        this.state.key++;
    }

    get text() {
        const { page, drafts, language } = this.state;
        return drafts[language] || page.texts[language] || { subject: "", body: "" };
    }

    // -- the editor

    get editorConfig() {
        return {
            content: markup(this.body),
            Plugins: [...MAIN_PLUGINS, ...DYNAMIC_PLACEHOLDER_PLUGINS, ...NO_EMBEDDED_COMPONENTS_FALLBACK_PLUGINS],
            onChange: () => this.onEdit(),
            getRecordInfo: () => ({ resModel: "mail.template", resId: this.state.page.template_id }),
            dynamicPlaceholderResModel: "collection.action",
            allowVideo: false,
            allowFile: false,
            allowChecklist: false,
            baseContainers: ["P"],
            resources: {
                system_attributes: [LABEL],
                normalize_handlers: (root) => this.nameAll(root),
                clean_for_save_handlers: ({ root }) => {
                    for (const element of root.querySelectorAll(`[${LABEL}]`)) {
                        element.removeAttribute(LABEL);
                    }
                },
            },
        };
    }

    /** Show placeholders by their plain names instead of what the template says. */
    nameAll(root) {
        for (const { expression, label } of this.state.page.placeholders) {
            for (const element of root.querySelectorAll(`[t-out="${expression}"]`)) {
                element.setAttribute(LABEL, label);
            }
        }
    }

    onEditorLoad(editor) {
        this.editor = editor;
    }

    onEdit() {
        if (this.editor?.isReady && this.canEdit) {
            this.keepDraft(this.state.subject, this.editor.getContent());
        }
    }

    /** The subject with the plain names of the placeholders in brackets. */
    get plainSubject() {
        return this.subjectPlaceholders.reduce(
            (subject, { expression, label }) => subject.replaceAll(`{{ ${expression} }}`, `[${label}]`),
            this.state.subject
        );
    }

    get subjectPlaceholders() {
        return this.state.page.placeholders.filter((placeholder) => !placeholder.is_block);
    }

    onSubject(ev) {
        this.state.subject = this.subjectPlaceholders.reduce(
            (subject, { expression, label }) => subject.replaceAll(`[${label}]`, `{{ ${expression} }}`),
            ev.target.value
        );
        this.keepDraft(this.state.subject, this.text.body);
    }

    keepDraft(subject, body) {
        this.state.drafts[this.state.language] = { subject, body };
        this.debouncedPreview();
    }

    /** Put a placeholder where the cursor is: in the subject if that was used last, else in the text. */
    insert({ expression, label, is_block }) {
        if (this.isInSubject && !is_block) {
            const input = this.subjectRef.el;
            input.setRangeText(`[${label}]`, input.selectionStart, input.selectionEnd, "end");
            input.focus();
            this.onSubject({ target: input });
            return;
        }
        const placeholder = document.createElement("T");
        placeholder.setAttribute("t-out", expression);
        this.editor.shared.selection.focusEditable();
        this.editor.shared.dom.insert(placeholder);
        this.editor.shared.history.addStep();
    }

    // -- the preview

    async showPreview() {
        const { page, language, partnerId } = this.state;
        if (!page.template_id) {
            return;
        }
        const { subject, body } = this.text;
        const preview = await this.keepLast.add(
            this.orm.silent.call(MODEL, "get_preview", [page.template_id, language, partnerId, subject, body])
        );
        const examples = preview.examples || this.state.preview.examples;
        this.state.preview = { ...preview, examples };
    }

    setLanguage(language) {
        this.state.language = language;
        this.showText();
        return this.showPreview();
    }

    setPartner(partnerId) {
        this.state.partnerId = partnerId;
        return this.showPreview();
    }

    async setTemplate(ev) {
        const templateId = Number(ev.target.value);
        if (await this.confirmLoss()) {
            await this.load(templateId);
        } else {
            ev.target.value = this.state.page.template_id;
        }
    }

    // -- save and reset

    async save() {
        this.state.isBusy = true;
        this.state.error = "";
        try {
            const { error } = await this.orm.call(MODEL, "save", [this.state.page.template_id, this.state.drafts]);
            if (error) {
                this.state.error = error;
                return;
            }
        } finally {
            this.state.isBusy = false;
        }
        this.notification.add(_t("Saved. Messages from now on have this text."), { type: "success" });
        await this.load(this.state.page.template_id);
    }

    discard() {
        this.state.drafts = {};
        this.state.error = "";
        this.showText();
        return this.showPreview();
    }

    reset() {
        this.dialog.add(ConfirmationDialog, {
            title: _t("Back to the Shipped Text"),
            body: _t(
                "This text gets the wording again that it came with, in all languages. What was changed in it is lost. Messages that were sent stay as they are."
            ),
            confirmLabel: _t("Use the Shipped Text"),
            confirm: async () => {
                await this.orm.call(MODEL, "reset", [this.state.page.template_id]);
                await this.load(this.state.page.template_id);
            },
            cancel: () => {},
        });
    }

    /** Ask before changes get lost; resolves to whether to go on. */
    confirmLoss() {
        if (!this.isDirty) {
            return true;
        }
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: _t("Changes Are Not Saved"),
                    body: _t("Go on without saving them?"),
                    confirmLabel: _t("Go On"),
                    cancelLabel: _t("Stay Here"),
                    confirm: () => {
                        this.state.drafts = {};
                        resolve(true);
                    },
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }
}

registry.category("actions").add("account_collections_auto.message_editor", MessageEditor);
