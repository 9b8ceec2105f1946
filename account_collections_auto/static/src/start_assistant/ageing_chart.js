import { Component } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What is open by age, as bars that are a table to whoever cannot see them. */
export class AgeingChartField extends Component {
    static template = "account_collections_auto.AgeingChartField";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name] || { buckets: [], credit: 0 };
    }

    get isEmpty() {
        return !this.value.buckets.some((bucket) => bucket.number);
    }

    get largest() {
        return Math.max(...this.value.buckets.map((bucket) => bucket.amount), 0);
    }

    get overdue() {
        const overdue = this.value.buckets.filter((bucket) => bucket.is_overdue);
        return {
            number: overdue.reduce((sum, bucket) => sum + bucket.number, 0),
            amount: overdue.reduce((sum, bucket) => sum + bucket.amount, 0),
        };
    }

    share(bucket) {
        return this.largest ? Math.max((100 * bucket.amount) / this.largest, bucket.number ? 1 : 0) : 0;
    }

    format(amount) {
        return formatCurrency(amount, this.value.currency_id);
    }
}

registry.category("fields").add("collection_ageing_chart", {
    component: AgeingChartField,
    displayName: _t("What is open, by age"),
    supportedTypes: ["json"],
});
