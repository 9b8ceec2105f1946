import { Component, onWillStart, useState } from "@odoo/owl";

import { formatCurrency } from "@web/core/currency";
import { formatDate, deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { Pager } from "@web/core/pager/pager";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "collection.aged.report";
const PAGE_SIZE = 80;
const TYPING_DELAY = 400;

/**
 * Aged receivables as of any day: customers by age of what they owe, their items below them when opened. The server reads
 * the ledger, sorts and pages; this asks and draws.
 */
export class AgedReport extends Component {
    static template = "account_collections_auto.AgedReport";
    static components = { Layout, Pager };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.ui = useService("ui");
        this.display = { controlPanel: {} };
        this.formatInteger = formatInteger;
        this.state = useState({
            options: { order: "total", descending: true, offset: 0, limit: PAGE_SIZE, search: "" },
            settings: { collectors: [], accounts: [], companies: [] },
            page: null,
            opened: {},
            withItems: false,
            isBusy: false,
            ...this.props.state,
        });
        this.searchSoon = useDebounced((search) => this.change({ search }), TYPING_DELAY);
        useSetupAction({
            getLocalState: () => ({
                options: { ...this.state.options },
                withItems: this.state.withItems,
            }),
        });
        onWillStart(async () => {
            this.state.settings = await this.orm.call(MODEL, "get_settings");
            this.state.options.date = this.state.options.date || this.state.settings.date;
            await this.load();
        });
    }

    // -- figures -----------------------------------------------------------------------------------------------------

    async load() {
        const request = (this.request = {});
        this.state.isBusy = true;
        try {
            const page = await this.orm.call(MODEL, "get_page", [{ ...this.state.options }]);
            // Who types fast asks again before the answer is there: only the last one is shown.
            if (this.request === request) {
                this.state.page = page;
                this.state.opened = {};
            }
        } finally {
            if (this.request === request) {
                this.state.isBusy = false;
            }
        }
    }

    /** Ask for something else; whatever it is, the first page comes first. */
    change(options) {
        Object.assign(this.state.options, { offset: 0 }, options);
        return this.load();
    }

    setDate(date) {
        return date && this.change({ date });
    }

    setId(name, value) {
        return this.change({ [name]: parseInt(value) || false });
    }

    setWithItems(withItems) {
        this.state.withItems = withItems;
    }

    sortBy(order) {
        const isSame = this.state.options.order === order;
        const descending = isSame ? !this.state.options.descending : order !== "name";
        return this.change({ order, descending });
    }

    async toggle(row) {
        if (this.state.opened[row.key]) {
            delete this.state.opened[row.key];
            return;
        }
        this.state.opened[row.key] = await this.orm.call(MODEL, "get_items", [
            { ...this.state.options },
            row.partner_id,
            row.currency_id,
        ]);
    }

    // -- words -------------------------------------------------------------------------------------------------------

    get isInOneCurrency() {
        return this.state.page.totals.length < 2;
    }

    get lastColumn() {
        return this.state.page.columns.length - 1;
    }

    /** An amount of the table: a zero only where it is a total, the symbol only where currencies differ. */
    amount(value, currencyId, isTotal = false) {
        return value || isTotal ? formatCurrency(value, currencyId, { noSymbol: this.isInOneCurrency }) : "";
    }

    full(value, currencyId) {
        return formatCurrency(value, currencyId);
    }

    date(text) {
        return text ? formatDate(deserializeDate(text)) : "";
    }

    countText(count) {
        return count === 1 ? _t("1 customer") : _t("%s customers", formatInteger(count));
    }

    /** The amounts of a row that are not zero, with their names: what a phone shows below the customer. */
    parts(row) {
        return row.amounts
            .map((value, index) => ({ value, name: this.state.page.columns[index], index }))
            .filter((part) => part.value && part.index !== this.lastColumn);
    }

    daysText(item) {
        return item.days_overdue > 0 ? _t("%s days overdue", item.days_overdue) : "";
    }

    sortMark(order) {
        if (this.state.options.order !== order) {
            return "none";
        }
        return this.state.options.descending ? "descending" : "ascending";
    }

    // -- going on ----------------------------------------------------------------------------------------------------

    get pager() {
        return {
            offset: this.state.page.offset,
            limit: this.state.page.limit,
            total: this.state.page.count,
            onUpdate: ({ offset, limit }) => {
                Object.assign(this.state.options, { offset, limit });
                return this.load();
            },
        };
    }

    async openCase(row) {
        await this.action.doAction(await this.orm.call(MODEL, "open_case", [row.partner_id]));
    }

    openLine(item) {
        return this.openForm("account.move.line", item.line_id);
    }

    openDocument(item) {
        return this.openForm("account.move", item.move_id);
    }

    openForm(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    async download(format) {
        this.state.isBusy = true;
        try {
            const args = [{ ...this.state.options }, format, this.state.withItems];
            await this.action.doAction(await this.orm.call(MODEL, "download", args));
        } finally {
            this.state.isBusy = false;
        }
    }
}

registry.category("actions").add("account_collections_auto.aged_report", AgedReport);
