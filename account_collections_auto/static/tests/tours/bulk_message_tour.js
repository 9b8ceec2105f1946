import { registry } from "@web/core/registry";

const PAGE = ".o_form_view";

registry.category("web_tour.tours").add("collection_bulk_message", {
    url: "/odoo/collection-cases",
    steps: () => [
        { content: "choose all on the page", trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: "button[name=action_bulk_message]", run: "click" },
        { content: "who gets it", trigger: `${PAGE} [name=planned_count]:contains(50)` },
        { trigger: `${PAGE} [name=left_out_count]:contains(1)` },
        { content: "as the customer reads it", trigger: `${PAGE} [name=preview_position]:contains('1 of 50')` },
        { trigger: `${PAGE} [name=preview_body] iframe:not(.d-none)` },
        { trigger: "button[name=action_preview_next]", run: "click" },
        { trigger: `${PAGE} [name=preview_position]:contains('2 of 50')` },
        { content: "other words", trigger: ".o_notebook a[name=texts]", run: "click" },
        { trigger: "[name=text_ids] .o_data_row td[name=language]", run: "click" },
        { trigger: ".modal [name=subject] input", run: "edit A word from [company]" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_notebook a[name=preview]", run: "click" },
        { trigger: `${PAGE} [name=preview_subject]:contains('A word from')` },
        { content: "who does not", trigger: ".o_notebook a[name=left_out]", run: "click" },
        { trigger: "[name=left_out_line_ids] .o_data_row:contains('On hold')" },
        { content: "send", trigger: "button[name=action_send]", run: "click" },
        { trigger: ".modal button:contains(Send)", run: "click" },
        { trigger: ".o_notification:contains('50 messages leave') button:contains(Undo)" },
        { trigger: `${PAGE} [name=sent_count]:contains(50)` },
        { trigger: ".o_statusbar_status .o_arrow_button_current:contains(Sent)" },
    ],
});

registry.category("web_tour.tours").add("collection_send_now_and_undo", {
    url: "/odoo/collection-cases",
    steps: () => [
        { trigger: ".o_data_row td[name=partner_id]:contains('Town Hall')", run: "click" },
        { trigger: ".o_form_view button[name=action_send_now]", run: "click" },
        { trigger: ".modal .alert:contains('outside of the daily cycle')" },
        { trigger: ".modal [name=preview_body] iframe:not(.d-none)" },
        { trigger: ".modal button[name=action_send]", run: "click" },
        { trigger: ".o_notification:contains('leaves') button:contains(Undo)", run: "click" },
        { trigger: ".o_notification:contains('taken back')" },
    ],
});
