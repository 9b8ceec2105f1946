import { registry } from "@web/core/registry";

const field = (name) => `.o_field_widget[name=${name}]`;
const next = { content: "Next step", trigger: "button[name=action_next]", run: "click" };

registry.category("web_tour.tours").add("collection_start_empty", {
    steps: () => [
        {
            content: "The list of cases invites to start",
            trigger: ".o_collection_start_banner:contains(Reminders are not switched on yet) button",
            run: "click",
        },
        { trigger: ".o_form_view h2:contains(Your company)" },
        { content: "What is missing", trigger: `${field("company_hints")}:contains(no bank account)` },
        { trigger: `${field("street")} input`, run: "edit High Street 1" },
        { trigger: `${field("city")} input`, run: "edit Ghent" },
        { trigger: `${field("email")} input`, run: "edit accounts@ours.example" },
        { trigger: `${field("phone")} input`, run: "edit +32 2 555 01 23" },
        { trigger: `${field("new_bank_account")} input`, run: "edit BE71 0961 2345 6768" },
        { content: "A wrong figure", trigger: "h2:contains(Your company)", run: "click" },
        { trigger: `${field("company_hints")}:contains(looks like an IBAN)` },
        { trigger: `${field("new_bank_account")} input`, run: "edit BE71 0961 2345 6769" },
        { trigger: "h2:contains(Your company)", run: "click" },
        { content: "All is there", trigger: `${field("company_hints")}:contains(Everything)` },
        next,
        { content: "No invoices yet", trigger: ".o_collection_ageing_empty:contains(No open invoices yet)" },
        next,
        { content: "A ready-made plan", trigger: "[data-plan='template:strict'] input", run: "click" },
        { trigger: "[data-plan='template:strict'].o_collection_chosen" },
        next,
        { content: "Leave in the middle", trigger: "h2:contains(Who writes)" },
        { trigger: ".o_main_navbar [data-menu-xmlid='account_collections_auto.collection_case_menu']", run: "click" },
        { trigger: ".o_collection_start_banner:contains(step 4 of 8)" },
    ],
});

registry.category("web_tour.tours").add("collection_start_first_cycle", {
    steps: () => [
        { content: "Take it up again", trigger: ".o_collection_start_banner button:contains(Continue)", run: "click" },
        { trigger: "h2:contains(Who writes)" },
        { trigger: `${field("reply_to")} input`, run: "edit answers@ours.example" },
        next,
        { content: "A sample to me", trigger: "button[name=action_send_sample]", run: "click" },
        { trigger: ".alert-success:contains(It left for)" },
        { content: "Test mode", trigger: `${field("is_test_mode")} input`, run: "click" },
        { trigger: `${field("test_email")} input`, run: "edit me@ours.example" },
        next,
        { content: "Who would be contacted", trigger: `${field("summary")} td:contains(First reminder)` },
        { trigger: `${field("summary")} td:contains(Late Payer)` },
        next,
        { content: "Old debts", trigger: `${field("old_items")} .o_radio_item:contains(Leave them out) input`, run: "click" },
        next,
        { content: "A last look", trigger: `${field("overview")} td:contains(me@ours.example)` },
        { trigger: "button[name=action_switch_on]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        { content: "It is on", trigger: ".alert-success:contains(is on)" },
        { trigger: "button[name=action_run_first_cycle]", run: "click" },
        { trigger: ".modal-footer .btn-primary", run: "click" },
        {
            content: "The cycle ran",
            trigger: ".o_form_view .o_field_statusbar .o_arrow_button_current:contains(Done), .o_form_view .badge:contains(Done)",
        },
    ],
});

registry.category("web_tour.tours").add("collection_add_level", {
    steps: () => [
        { trigger: ".o_data_row .o_data_cell[name=name]:contains(Test plan)", run: "click" },
        { content: "The levels on their line", trigger: ".o_collection_timeline_dot:contains(21)" },
        { content: "Change one where it stands", trigger: ".o_collection_timeline_level:contains(L1)", run: "click" },
        { trigger: `.modal ${field("days_overdue")} input`, run: "edit 5" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: ".o_collection_timeline_level:contains(5 days after the due date)" },
        { content: "Add one", trigger: ".o_collection_add_level", run: "click" },
        { trigger: `.modal ${field("sentence")}:contains(28 days after the due date, by E-mail)` },
        { trigger: `.modal ${field("name")} input`, run: "edit Third and last reminder" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { content: "It is on the line", trigger: ".o_collection_timeline_dot:contains(28)" },
        { trigger: ".o_collection_timeline_level:contains(Third and last reminder)" },
        { content: "Save the plan", trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
    ],
});
