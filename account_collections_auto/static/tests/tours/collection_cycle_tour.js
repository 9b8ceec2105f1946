import { registry } from "@web/core/registry";

const lines = ".o_collection_cycle_lines";

/** A manager checks the preview of the day and confirms it. Four customers are due, a fifth has no address. */
registry.category("web_tour.tours").add("collection_cycle_preview", {
    steps: () => [
        { trigger: ".o_collection_total_count:contains('4')" },
        {
            content: "narrow the list to one level",
            trigger: ".o_collection_levels a:contains('L1')",
            run: "click",
        },
        {
            content: "open a message",
            trigger: `${lines} .o_data_row:contains('Anna') td[name=case_id]`,
            run: "click",
        },
        { trigger: ".o_collection_subject:contains('reminder')" },
        { trigger: ".o_collection_message_preview :iframe body:contains('Dear Anna')" },
        { content: "and the next one", trigger: ".o_pager_next", run: "click" },
        { trigger: ".o_collection_message_preview :iframe body:not(:contains('Dear Anna'))" },
        { trigger: ".o_breadcrumb a:contains('Cycle of')", run: "click" },
        {
            content: "drop two customers",
            trigger: `${lines} .o_data_row:contains('Berta') .o_list_record_selector input`,
            run: "click",
        },
        {
            trigger: `${lines} .o_data_row:contains('Carla') .o_list_record_selector input`,
            run: "click",
        },
        { trigger: `${lines} button[name=action_drop]`, run: "click" },
        { trigger: ".modal button[name=action_drop]", run: "click" },
        { trigger: "[data-tab=planned]:contains('2')" },
        { trigger: "[data-tab=dropped]:contains('2')", run: "click" },
        { trigger: `${lines} .o_data_row:contains('Berta') button[name=action_undo_drop]` },
        { content: "who has no address", trigger: "[data-tab=withheld]:contains('1')", run: "click" },
        { trigger: `${lines} .o_group_header:contains('No e-mail address')`, run: "click" },
        {
            trigger: `${lines} .o_data_row:contains('Erna') button:contains('Open the contact')`,
            run: "click",
        },
        { trigger: ".modal .o_field_widget[name=email] input", run: "edit erna@example.com" },
        { trigger: ".modal .o_form_button_save", run: "click" },
        { trigger: "body:not(:has(.modal))" },
        { trigger: "button:contains('Confirm and Send...')", run: "click" },
        { trigger: ".modal:contains('2 customers')" },
        { trigger: ".modal button[name=action_confirm]", run: "click" },
        { content: "the work goes on in the background", trigger: ".o_collection_progress .progress-bar" },
    ],
});

/** The page was left, and is found again when the cycle is done. */
registry.category("web_tour.tours").add("collection_cycle_done", {
    steps: () => [
        { trigger: ".alert-success:contains('3 messages have left')" },
        { trigger: ".o_statusbar_status .o_arrow_button_current:contains('Done')" },
        { trigger: "[data-tab=dropped]:contains('2')" },
    ],
});
