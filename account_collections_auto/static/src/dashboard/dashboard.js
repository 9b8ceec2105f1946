import { Component, onWillStart, useState } from "@odoo/owl";

import { formatCurrency } from "@web/core/currency";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatFloat } from "@web/core/utils/numbers";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { ForecastChart } from "../forecast/forecast_chart";
import { Sparkline } from "./sparkline";

const MODEL = "collection.dashboard";
const WEEKS = 13;
const GROUPS = ["open", "speed", "collected", "contact"];

/** How collecting goes, on one page: the server says what the figures are, this draws them and opens what is behind each. */
export class CollectionDashboard extends Component {
    static template = "account_collections_auto.Dashboard";
    static components = { ForecastChart, Layout, Sparkline };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.display = { controlPanel: {} };
        this.request = {}; // what was asked last
        this.shown = null; // the options of the page that is there
        this.formatInteger = formatInteger;
        this.state = useState({
            options: { period: "month" },
            settings: null,
            page: null,
            forecast: null,
            before: null,
            isBusy: false,
            ...this.props.state?.dashboard,
        });
        useSetupAction({
            getLocalState: () => ({ dashboard: { options: { ...(this.shown || this.state.options) } } }),
        });
        onWillStart(async () => {
            const [settings] = await Promise.all([this.orm.call(MODEL, "get_settings"), this.load()]);
            this.state.settings = settings;
        });
    }

    // -- figures ----------------------------------------------------------------------------------------------------------

    /** Wait for an answer; null where the page was asked for anew meanwhile: then it comes too late to be shown. */
    async ask(call, request = this.request) {
        this.state.isBusy = true;
        try {
            const answer = await call();
            return this.request === request ? answer : null;
        } finally {
            if (this.request === request) {
                this.state.isBusy = false;
            }
        }
    }

    async load() {
        const request = (this.request = {});
        const options = { ...this.state.options };
        try {
            const calls = ["get_page", "get_forecast"].map((name) => this.orm.call(MODEL, name, [options]));
            const answer = await this.ask(() => Promise.all(calls), request);
            // Who changes two filters asks again before the answer is there: only the last one is shown.
            if (answer) {
                this.shown = options;
                Object.assign(this.state, { page: answer[0], forecast: answer[1], before: null });
            }
        } catch (error) {
            // What cannot be shown is not kept either, or the page would not say what it is about.
            if (this.request === request && this.shown) {
                this.state.options = { ...this.shown };
            }
            throw error;
        }
    }

    async compare() {
        const before = await this.ask(() => this.orm.call(MODEL, "get_year_before", [{ ...this.shown }]));
        if (before) {
            this.state.before = before;
        }
    }

    // -- what is chosen -----------------------------------------------------------------------------------------------------

    get selects() {
        const { companies, currencies, countries, segments, collectors } = this.state.settings;
        return [
            { name: "company_id", label: _t("Company"), choices: companies, least: 2 },
            { name: "currency_id", label: _t("Currency"), choices: currencies, least: 2 },
            { name: "country_id", label: _t("Country"), choices: countries, least: 1 },
            { name: "industry_id", label: _t("Segment"), choices: segments, least: 1 },
            { name: "user_id", label: _t("Collector"), choices: collectors, least: 1 },
        ].filter((select) => select.choices.length >= select.least);
    }

    get periods() {
        return [
            { id: "month", name: _t("1 month") },
            { id: "quarter", name: _t("3 months") },
            { id: "year", name: _t("12 months") },
        ];
    }

    change(options) {
        Object.assign(this.state.options, options);
        return this.load();
    }

    setDate(date) {
        return date && this.change({ date });
    }

    setId(name, value) {
        return this.change({ [name]: parseInt(value) || false });
    }

    /** On paper nobody sees what was chosen. */
    get heading() {
        const chosen = this.selects.flatMap(({ name, choices }) => choices.filter((one) => one.id === this.state.options[name]));
        const dates = _t("%(first)s to %(last)s", { first: this.day(this.state.page.date_from), last: this.day(this.state.page.date) });
        const companies = this.state.options.company_id ? [] : this.state.settings.companies;
        return [dates, ...[...companies, ...chosen].map((one) => one.name)].join(", ");
    }

    // -- words ------------------------------------------------------------------------------------------------------------

    get groups() {
        const labels = {
            open: _t("What is open"),
            speed: _t("How fast money comes"),
            collected: _t("What was collected"),
            contact: _t("Contacts, promises, disputes"),
        };
        return GROUPS.map((key) => ({
            key,
            label: labels[key],
            tiles: this.state.page.tiles.filter((tile) => tile.group === key),
        }));
    }

    money(amount, digits) {
        return formatCurrency(amount, this.state.page.currency_id, digits === undefined ? {} : { digits: [16, digits] });
    }

    round(amount) {
        return this.money(amount, 0);
    }

    number(value) {
        return formatFloat(value, { digits: [16, 1] });
    }

    percent(value) {
        return value === null ? "–" : `${this.number(value)} %`;
    }

    value(value, unit) {
        if (value === null || value === undefined) {
            return _t("not available");
        }
        return {
            money: () => this.round(value),
            percent: () => this.percent(value),
            days: () => _t("%s days", this.number(value)),
            times: () => `${formatFloat(value, { digits: [16, 2] })} ×`,
            number: () => formatFloat(value, { digits: [16, 2] }),
        }[unit]();
    }

    /** What a rate was computed from. */
    basis(tile) {
        if (tile.whole === undefined) {
            return tile.count === undefined ? "" : this.cases(tile.count);
        }
        const format = tile.of === "money" ? (amount) => this.round(amount) : formatInteger;
        const text = _t("%(part)s of %(whole)s", { part: format(tile.part), whole: format(tile.whole) });
        return tile.of === "money" ? `${text} · ${this.cases(tile.count)}` : text;
    }

    cases(count) {
        return count === 1 ? _t("1 case") : _t("%s cases", formatInteger(count));
    }

    changeText(tile) {
        const sign = tile.change > 0 ? "+" : "";
        const amount =
            tile.unit === "percent" ? _t("%s points", this.number(tile.change)) : this.value(tile.change, tile.unit);
        return _t("%(change)s in a year", { change: `${sign}${amount}` });
    }

    levelText(level) {
        const counts = { items: formatInteger(level.items), customers: formatInteger(level.customers) };
        return _t("Items: %(items)s, customers: %(customers)s", counts);
    }

    changeTitle(tile) {
        return _t("From %(first)s to %(last)s", { first: this.day(tile.change_from), last: this.day(tile.change_to) });
    }

    changeCss(tile) {
        if (!tile.change || !tile.better) {
            return "text-muted";
        }
        return tile.change > 0 === (tile.better === "up") ? "text-success" : "text-danger";
    }

    day(date) {
        return formatDate(deserializeDate(date));
    }

    share(amount, rows) {
        const most = Math.max(...rows.map((row) => row.amount));
        return most > 0 ? Math.max(0, (100 * amount) / most) : 0;
    }

    // -- charts -------------------------------------------------------------------------------------------------------------

    get monthLabels() {
        return this.state.page.trend.map((month) => deserializeDate(month.date).toLocaleString({ month: "short", year: "2-digit" }));
    }

    get monthTitles() {
        return this.state.page.trend.map(
            (month) => `${this.day(month.date)}: ${_t("%s overdue", this.percent(month.overdue_rate))}`
        );
    }

    get monthSeries() {
        const { trend } = this.state.page;
        return [
            { label: _t("Overdue"), color: 13, data: trend.map((month) => month.overdue), kind: "overdue" },
            { label: _t("Not due"), color: 2, data: trend.map((month) => month.current), kind: "current" },
        ];
    }

    /** The sums of the chosen company, else of all; in the chosen currency, else in the first one there is. */
    get forecastGroup() {
        return this.state.forecast.groups[0];
    }

    get otherCurrencies() {
        const { groups, currencies } = this.state.forecast;
        const others = groups.filter((group) => group.company_id === groups[0].company_id).slice(1);
        return others.map((group) => ({
            id: group.currency_id,
            name: currencies.find((currency) => currency.id === group.currency_id).name,
            text: formatCurrency(group.expected[WEEKS - 1], group.currency_id, { digits: [16, 0] }),
        }));
    }

    otherText(other) {
        return _t("In 13 weeks also %(amount)s.", { amount: other.text });
    }

    get weekLabels() {
        return this.state.forecast.weeks.map((week) =>
            deserializeDate(week.first).toLocaleString({ day: "numeric", month: "short" })
        );
    }

    get weekTitles() {
        return this.state.forecast.weeks.map((week) => `${this.day(week.first)} – ${this.day(week.last)}`);
    }

    get weekSeries() {
        const { rows } = this.forecastGroup;
        const data = this.state.forecast.weeks.map((week) => rows[week.number].total);
        return [{ label: _t("Expected"), color: 10, data, kind: "" }];
    }

    get forecastFigures() {
        const group = this.forecastGroup;
        const format = (amount) => formatCurrency(amount, group.currency_id, { digits: [16, 0] });
        return [
            { key: "month", label: _t("Next 4 weeks"), text: format(group.expected[3]) },
            { key: "quarter", label: _t("Next 13 weeks"), text: format(group.expected[WEEKS - 1]) },
            { key: "no_basis", label: _t("No basis"), text: format(group.rows[0].total) },
        ];
    }

    // -- what leads on --------------------------------------------------------------------------------------------------------

    async open(name, value = null) {
        const call = () => this.orm.call(MODEL, "get_action", [{ ...this.shown }, name, value]);
        const action = await this.ask(call);
        return action && this.action.doAction(action);
    }

    openTile(tile) {
        return this.open(tile.drill, tile.month || null);
    }

    openMonth(number, kind) {
        return this.open(`month_${kind}`, this.state.page.trend[number - 1].date);
    }

    openWeek(number) {
        return this.open("forecast", [number, this.forecastGroup.currency_id]);
    }

    openForecast() {
        return this.action.doAction("account_collections_auto.collection_forecast_action");
    }

    openInvoices() {
        return this.action.doAction("account.action_move_out_invoice_type");
    }

    async openCase(row) {
        await this.action.doAction(await this.orm.call("collection.aged.report", "open_case", [row.partner_id]));
    }

    async download() {
        const action = await this.ask(() => this.orm.call(MODEL, "download", [{ ...this.shown }]));
        return action && this.action.doAction(action);
    }

    print() {
        window.print();
    }
}

registry.category("actions").add("account_collections_auto.dashboard", CollectionDashboard);
