import { registry } from "@web/core/registry";

const subject = "#collection_subject";
const preview = (text) => `.o_collection_message_preview iframe[srcdoc*="${text}"]`;
const chip = (label) => `.o_collection_placeholders button:contains("${label}")`;

registry.category("web_tour.tours").add("collection_message_editor", {
    steps: () => [
        { content: "A real customer is in the preview", trigger: preview("Debtor of the Story") },
        { content: "Placeholders have plain names", trigger: `.o_collection_editor p:has([data-collection-label="Deadline"])` },
        { content: "And examples", trigger: ".o_collection_placeholders button:contains(Debtor of the Story)" },
        { content: "Write a subject", trigger: subject, run: "edit Hello " },
        { content: "Put in the customer", trigger: chip("Customer"), run: "click" },
        { trigger: ".o_collection_preview_subject:contains(Debtor of the Story):contains(Hello)" },
        {
            content: "Put the level into the text",
            trigger: ".o_collection_editor .note-editable",
            run() {
                this.anchor.focus();
                const range = document.createRange();
                range.selectNodeContents(this.anchor.querySelector(`p:has([t-out="object.greeting_name"])`));
                range.collapse(false);
                const selection = document.getSelection();
                selection.removeAllRanges();
                selection.addRange(range);
            },
        },
        { trigger: chip("Level"), run: "click" },
        { trigger: `.o_collection_editor p:has([t-out="object.level_id.name"])` },
        { trigger: preview("Debtor of the Story,L1") },
        { content: "A mistake is explained", trigger: subject, run: "edit {{ object.nothing }}" },
        { trigger: ".o_collection_preview_error:contains(The subject cannot be shown):contains(nothing)" },
        { trigger: ".o_collection_save", run: "click" },
        { content: "And refused", trigger: ".o_collection_error:contains(nothing)" },
        { trigger: subject, run: "edit Please pay, [Customer]" },
        { trigger: ".o_collection_preview_subject:contains('Please pay, Debtor of the Story')" },
        { content: "The other language is kept beside it", trigger: "#collection_language", run: "select fr_FR" },
        { trigger: `${subject}:not(:value("Please pay, [Customer]"))` },
        { trigger: subject, run: "edit A payer" },
        { trigger: ".o_collection_preview_subject:contains(A payer)" },
        { trigger: ".o_collection_save", run: "click" },
        { trigger: ".o_notification:contains(Saved)" },
        { content: "Nothing left to save", trigger: ".o_collection_save[disabled]" },
        { trigger: "#collection_language", run: "select en_US" },
        { trigger: ".o_collection_preview_subject:contains('Please pay, Debtor of the Story')" },
    ],
});

registry.category("web_tour.tours").add("collection_message_editor_reset", {
    steps: () => [
        { trigger: ".o_collection_preview_subject:contains('Please pay, Debtor of the Story')" },
        { trigger: ".o_collection_reset", run: "click" },
        { content: "It asks first", trigger: ".modal button:contains(Use the Shipped Text)", run: "click" },
        { trigger: ".o_collection_preview_subject:contains(payment reminder)" },
    ],
});

registry.category("web_tour.tours").add("collection_message_editor_reader", {
    steps: () => [
        { content: "It says why", trigger: ".alert:contains(Only a collection manager)" },
        { trigger: preview("Debtor of the Story") },
        { content: "Nothing to change", trigger: `${subject}[readonly]` },
        { trigger: ".o_collection_message_editor:not(:has(.o_collection_save, .o_collection_editor, .o_collection_reset))" },
    ],
});
