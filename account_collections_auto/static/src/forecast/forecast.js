import { Component, onWillStart, status, useState } from "@odoo/owl";

import { formatCurrency } from "@web/core/currency";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { downloadFile } from "@web/core/network/download";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { ForecastChart } from "./forecast_chart";

const MODEL = "collection.forecast";
const WEEKS = 13;
const LATER = 14;
const NO_BASIS = 0;
const DATED = ["due", "overdue", "instalment", "promised"];
const UNDATED = ["unknown", "old", "disputed", "placed", "credit"];
const COLORS = { due: 2, overdue: 13, instalment: 10, promised: 3, credit: 18, band: 1 };
// An error beyond this says only that too little came to compare with.
const MOST = 2;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** When what is open comes in: the server says how much and when, this draws it, and opens the items behind each figure. */
export class CollectionForecast extends Component {
    static template = "account_collections_auto.Forecast";
    static components = { ForecastChart, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        const kept = this.props.state?.forecast || {};
        this.state = useState({
            data: null,
            backtest: null,
            date: kept.date || false,
            companyId: kept.companyId || 0,
            currencyId: kept.currencyId || 0,
            isBusy: false,
        });
        useSetupAction({
            getLocalState: () => {
                const { date, companyId, currencyId } = this.state;
                return { forecast: { date, companyId, currencyId } };
            },
        });
        onWillStart(async () => {
            await this.load();
            this.loadBacktest(); // a moment later: the figures need not wait for it
        });
    }

    async load() {
        this.state.data = await this.orm.call(MODEL, "get_forecast", [this.state.date]);
    }

    async loadBacktest() {
        const backtest = await this.orm.silent.call(MODEL, "get_backtest");
        if (status(this) !== "destroyed") {
            this.state.backtest = backtest;
        }
    }

    // -- what is chosen -------------------------------------------------------------------------------------------------

    /** The group that is shown: the chosen company (0: all) and currency, else the first one there is. */
    get group() {
        const groups = this.state.data.groups.filter((group) => group.company_id === this.state.companyId);
        return groups.find((group) => group.currency_id === this.state.currencyId) || groups[0];
    }

    get currencies() {
        const shown = this.state.data.groups.filter((group) => group.company_id === this.state.companyId);
        const ids = shown.map((group) => group.currency_id);
        return this.state.data.currencies.filter((currency) => ids.includes(currency.id));
    }

    /** On paper nobody sees what was chosen. */
    get heading() {
        const company = this.state.data.companies.find((one) => one.id === this.state.companyId);
        const names = company ? [company] : this.state.data.companies;
        const currency = this.currencies.find((one) => one.id === this.group.currency_id);
        return [this.day(this.state.data.date), ...names.map((one) => one.name), currency.name].join(", ");
    }

    get filters() {
        return { company_id: this.state.companyId, currency_id: this.group?.currency_id || false };
    }

    setCompany(id) {
        this.state.companyId = Number(id);
    }

    setCurrency(id) {
        this.state.currencyId = Number(id);
    }

    async setDate(date) {
        this.state.date = date || false;
        await this.busy(() => this.load());
    }

    async busy(call) {
        this.state.isBusy = true;
        try {
            return await call();
        } finally {
            this.state.isBusy = false;
        }
    }

    // -- figures ----------------------------------------------------------------------------------------------------------

    format(amount, options = {}) {
        return formatCurrency(amount, this.group.currency_id, options);
    }

    formatCell(amount) {
        return this.format(amount, { noSymbol: true });
    }

    percent(share) {
        return share > MOST ? _t("over %(percent)s %", { percent: 100 * MOST }) : `${Math.round(100 * share)} %`;
    }

    get labels() {
        return {
            due: _t("Not Due Yet"),
            overdue: _t("Overdue"),
            instalment: _t("Instalments"),
            promised: _t("Promised"),
            credit: _t("Less Credits"),
            unknown: _t("Later than anybody paid so far"),
            old: _t("More than 180 days late"),
            disputed: _t("Disputed"),
            placed: _t("With an agency"),
        };
    }

    /** The columns with a figure in them: who has no promises need not look at zeros. */
    get columns() {
        const rows = [...Array(LATER).keys()].map((number) => this.group.rows[number + 1]);
        return [...DATED, "credit"].filter((kind) => kind === "due" || rows.some((row) => row[kind]));
    }

    get rows() {
        const errors = this.errors;
        const weeks = this.state.data.weeks.map((week) => ({
            ...this.group.rows[week.number],
            number: week.number,
            name: _t("Week %s", week.number),
            dates: `${this.shortDay(week.first)} – ${this.shortDay(week.last)}`,
            low: this.group.low[week.number - 1],
            expected: this.group.expected[week.number - 1],
            high: this.group.high[week.number - 1],
            past: errors?.[week.number - 1],
        }));
        return [...weeks, { ...this.group.rows[LATER], number: LATER, name: _t("Later"), dates: "" }];
    }

    get undated() {
        const row = this.group.rows[NO_BASIS];
        const labels = { ...this.labels, credit: _t("Credits of customers who owe less") };
        return UNDATED.filter((kind) => row[kind]).map((kind) => ({ kind, label: labels[kind], amount: row[kind] }));
    }

    get errors() {
        const { companyId } = this.state;
        const currencyId = this.group.currency_id;
        const found = this.state.backtest?.groups.find(
            (group) => group.company_id === companyId && group.currency_id === currencyId
        );
        return found?.weeks;
    }

    get tiles() {
        const { low, expected, high, rows, total } = this.group;
        const range = (week) =>
            _t("%(low)s to %(high)s in eight of ten cases", {
                low: this.format(low[week - 1]),
                high: this.format(high[week - 1]),
            });
        return [
            { key: "month", label: _t("Next 4 weeks"), amount: expected[3], text: range(4), past: this.errors?.[3] },
            { key: "quarter", label: _t("Next 13 weeks"), amount: expected[12], text: range(WEEKS), past: this.errors?.[12] },
            { key: "later", label: _t("Later"), amount: rows[LATER].total, row: LATER, text: _t("Expected after week 13") },
            {
                key: "no_basis",
                label: _t("No basis"),
                amount: rows[NO_BASIS].total,
                row: NO_BASIS,
                text: _t("Nothing says when this is paid"),
            },
            { key: "open", label: _t("Open, less credits"), amount: total, row: null, text: _t("All of the above") },
        ];
    }

    get pastText() {
        const { backtest } = this.state;
        if (!backtest) {
            return _t("Forecasts of past days are being compared with the money that came …");
        }
        const count = backtest.dates.length;
        if (!count || !this.errors) {
            return _t("Nothing to compare with yet: this takes receivables that are more than 13 weeks old.");
        }
        const values = { count, first: this.day(backtest.dates[0]), last: this.day(backtest.dates[count - 1]) };
        if (!backtest.is_enough) {
            return _t(
                "Compared with the money that came after only %(count)s past days, %(first)s to %(last)s: too few to say much.",
                values
            );
        }
        const inside = this.errors[WEEKS - 1].inside;
        return _t(
            "Compared with the money that came after %(count)s past days, %(first)s to %(last)s. After 13 weeks it lay between low and high %(inside)s of the times, 80 % is meant.",
            { ...values, inside: inside === null ? "–" : this.percent(inside) }
        );
    }

    biasText(bias) {
        const off = this.percent(Math.abs(bias));
        return bias > 0
            ? _t("%(share)s too high on average", { share: off })
            : _t("%(share)s too low on average", { share: off });
    }

    day(date) {
        return formatDate(deserializeDate(date));
    }

    /** Month and day in the order of the language; the year is no question within 13 weeks. */
    shortDay(date) {
        return deserializeDate(date).toLocaleString({ day: "numeric", month: "numeric" });
    }

    // -- charts -----------------------------------------------------------------------------------------------------------

    get chartLabels() {
        return this.state.data.weeks.map((week) =>
            deserializeDate(week.first).toLocaleString({ day: "numeric", month: "short" })
        );
    }

    get chartTitles() {
        return this.rows.slice(0, WEEKS).map((row) => `${row.name}: ${row.dates}`);
    }

    get bars() {
        return this.columns.map((kind) => ({
            kind,
            label: this.labels[kind],
            color: COLORS[kind],
            data: this.rows.slice(0, WEEKS).map((row) => row[kind]),
        }));
    }

    get band() {
        const { low, expected, high } = this.group;
        return [
            { label: _t("Low"), color: COLORS.band, data: low, fill: false },
            { label: _t("High"), color: COLORS.band, data: high, fill: "-1" },
            { label: _t("Expected"), color: COLORS.band, data: expected },
        ];
    }

    // -- what leads on ------------------------------------------------------------------------------------------------------

    async open(row, kind = false) {
        const action = await this.busy(() =>
            this.orm.call(MODEL, "get_items_action", [this.state.date, this.filters, row, kind])
        );
        return this.action.doAction(action);
    }

    async exportWorkbook() {
        const filters = { company_id: this.state.companyId };
        const { name, content } = await this.busy(() =>
            this.orm.call(MODEL, "get_workbook", [this.state.date, filters])
        );
        const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
        downloadFile(new Blob([bytes], { type: XLSX }), name, XLSX);
    }

    print() {
        window.print();
    }
}

registry.category("actions").add("account_collections_auto.forecast", CollectionForecast);
