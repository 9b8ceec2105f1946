import { registry } from "@web/core/registry";

const logCall = (result) => [
    { content: "Log a call", trigger: ".o_form_view button[name=action_log_call]", run: "click" },
    { trigger: ".modal .o_field_widget[name=call_result] select, .modal .o_field_widget[name=call_result] input", run: "click" },
    { trigger: `.o_select_menu_item:contains(${result})`, run: "click" },
    { trigger: ".modal button[name=action_apply]", run: "click" },
];

registry.category("web_tour.tours").add("collection_answers", {
    url: "/odoo/collection-cases",
    steps: () => [
        { trigger: ".o_data_row td[name=partner_id]:contains('Late Riser')", run: "click" },
        ...logCall("Will pay"),
        { content: "The promise opens", trigger: ".modal .o_field_widget[name=promise_date] input, .modal .o_field_widget[name=promise_date] button", run: "click" },
        { trigger: ".o_datetime_picker .o_today", run: "click" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { content: "It is on the case", trigger: "body:not(:has(.modal)) .o_form_view button[name=action_log_call]" },
        ...logCall("Disputes something"),
        { content: "The dispute opens", trigger: ".modal .o_field_widget[name=reason_id] input", run: "edit Quantity" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Quantity)", run: "click" },
        { trigger: ".modal .o_field_widget[name=description] textarea", run: "edit Two boxes are missing" },
        { trigger: ".modal .o_field_x2many_list_row_add a", run: "click" },
        { trigger: ".modal .o_data_row .o_field_widget[name=item_id] input", run: "click" },
        { trigger: ".o-autocomplete--dropdown-item:contains(INV)", run: "click" },
        { trigger: ".modal .o_data_row .o_field_widget[name=amount] input", run: "edit 120" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: "body:not(:has(.modal)) .o_form_view button[name=action_log_call]" },
    ],
});

registry.category("web_tour.tours").add("collection_dispute_owner", {
    url: "/odoo/collection-today",
    steps: () => [
        {
            content: "Today says that there is a dispute",
            trigger: ".o_collection_tile[data-tile=answers] .o_collection_link:contains('Disputes')",
            run: "click",
        },
        { trigger: ".o_data_row td[name=partner_id]:contains('Late Riser')", run: "click" },
        { content: "What the customer said", trigger: ".o_form_view [name=description] textarea:value('Two boxes are missing')" },
        { trigger: ".o_form_view button[name=action_settle]", run: "click" },
        { trigger: ".modal [name=decision] label:contains('Accept all of it')", run: "click" },
        { trigger: ".modal [name=summary]:contains('A draft credit note is made')" },
        { trigger: ".modal .o_field_widget[name=resolution] textarea", run: "edit We credit the two boxes" },
        { trigger: ".modal button[name=action_settle]", run: "click" },
        { content: "The draft credit note", trigger: ".o_form_view .o_arrow_button_current:contains(Draft)" },
        { trigger: ".o_form_view:contains('120.00')" },
    ],
});
