import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("collection_dashboard_tour", {
    steps: () => [
        { content: "The page and the accounts agree", trigger: ".o_collection_dashboard_tie.alert-success" },
        { trigger: "[data-tile='overdue']:contains(900)" },
        { trigger: "[data-debtor] button:contains(Debtor of the Story)" },
        { content: "The filter narrows the page", trigger: "select[name='user_id']", run: "selectByLabel Browser of the Story" },
        { trigger: "[data-tile='overdue']:contains(500)" },
        { trigger: ".o_collection_dashboard_tie.alert-info" },
        { content: "One click to the items", trigger: "[data-tile='overdue']", run: "click" },
        { trigger: ".o_list_view:not(:contains(Other Debtor)) .o_data_row td[name='partner_id']:contains(Debtor of the Story)" },
        { content: "Two clicks to the invoice", trigger: ".o_data_row button[name='action_open_document']", run: "click" },
        { trigger: ".o_form_view .o_statusbar_status button:contains(Posted)" },
        { content: "The way back leads to the same filters", trigger: ".breadcrumb-item a:contains(Dashboard)", run: "click" },
        { trigger: "[data-tile='overdue']:contains(500)" },
    ],
});
