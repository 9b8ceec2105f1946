import { registry } from "@web/core/registry";

const row = (name) => `.o_data_row:has(.o_data_cell:contains("${name}"))`;

registry.category("web_tour.tours").add("collection_worklist", {
    steps: () => [
        { content: "Choose two customers", trigger: `${row("Early Bird")} .o_list_record_selector input`, run: "click" },
        { trigger: `${row("Late Riser")} .o_list_record_selector input`, run: "click" },
        { content: "Snooze both", trigger: "button[name=action_snooze]", run: "click" },
        { trigger: ".modal .o_field_widget[name=subject]:contains(2 customers)" },
        { trigger: ".modal .o_field_widget[name=snooze_reason] input", run: "edit On holiday" },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        { content: "They left the worklist", trigger: `.o_list_view:not(:has(${row("Early Bird")}))` },
        { content: "Take it back", trigger: ".o_notification button:contains(Undo)", run: "click" },
        { content: "They are back", trigger: row("Early Bird") },
        { trigger: `${row("Late Riser")} .o_data_cell[name=partner_id]`, run: "click" },
        {
            content: "The sentence on top says what comes next",
            trigger: ".alert .o_field_widget[name=status_sentence]:contains(with the next cycle)",
        },
        { content: "Log a call", trigger: "button[name=action_log_call]", run: "click" },
        { trigger: ".modal .o_field_widget[name=call_result] select, .modal .o_field_widget[name=call_result] input", run: "click" },
        { trigger: ".o_select_menu_item:contains(Left a message)", run: "click" },
        { trigger: ".modal .o_field_widget[name=call_note] textarea", run: "edit Pays on Friday" },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        { trigger: ".alert .o_field_widget[name=status_sentence]:contains(Last: Phone call)" },
        { content: "The notes are in the conversation", trigger: ".o-mail-Message:contains(Pays on Friday)" },
        { content: "Put on hold", trigger: "button[name=action_hold]", run: "click" },
        { trigger: ".modal .o_field_widget[name=reason] input", run: "edit Waits for the delivery note" },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        { trigger: ".alert .o_field_widget[name=status_sentence]:contains(Waits for the delivery note)" },
        { trigger: ".nav-link[name=contacts]", run: "click" },
        { trigger: ".o_field_widget[name=contact_ids] .badge:contains(OK)" },
    ],
});

registry.category("web_tour.tours").add("collection_worklist_auditor", {
    steps: () => [
        { trigger: `${row("Early Bird")} .o_list_record_selector input`, run: "click" },
        { content: "Nothing to decide", trigger: ".o_control_panel:not(:has(button[name=action_snooze]))" },
        { trigger: ".o_list_unselect_all, .o_unselect_all", run: "click" },
        { trigger: `${row("Early Bird")} .o_data_cell[name=partner_id]`, run: "click" },
        { trigger: ".o_form_view .alert .o_field_widget[name=status_sentence]" },
        { trigger: ".o_form_view:not(:has(button[name=action_log_call]))" },
        { content: "The way to the invoices", trigger: "button[name=action_view_invoices]", run: "click" },
        { trigger: ".o_list_view .o_data_row" },
    ],
});
