import { registry } from "@web/core/registry";

const total = (amount) => ({ trigger: `[data-tile='open'] button:contains(${amount})` });

registry.category("web_tour.tours").add("collection_forecast_tour", {
    steps: () => [
        total("500.00"),
        { trigger: ".o_collection_forecast_past:contains(Nothing to compare with yet)" },
        { trigger: "select[name='currency']", run: "selectByLabel CHF" },
        total("700.00"),
        // nobody has paid so far: no basis; the figure opens its items, and the way back leads to the chosen currency
        { trigger: ".o_collection_forecast_undated [data-kind='unknown'] button:contains(700.00)", run: "click" },
        { trigger: ".o_list_view .o_data_row:contains(Debtor of the Story)" },
        { trigger: ".breadcrumb-item a:contains(Cash Forecast)", run: "click" },
        total("700.00"),
    ],
});
