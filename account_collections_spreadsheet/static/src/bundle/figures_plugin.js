import { EvaluationError, registries } from "@odoo/o-spreadsheet";
import { getDateRange } from "@spreadsheet/global_filters/helpers";
import { OdooUIPlugin } from "@spreadsheet/plugins";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

// What a filter on these models narrows the figures to: the parameters of `get_figures` after the companies, in their order.
const NARROWED_BY = ["res.currency", "res.country", "res.partner.industry", null, "res.users"];

/**
 * The figures of `collection.kpi` for the formulas of a spreadsheet: asked for once for each day, period and choice of filters,
 * however many cells show them.
 */
export class CollectionFiguresPlugin extends OdooUIPlugin {
    static getters = /** @type {const} */ (["getCollectionFigures"]);

    constructor(config) {
        super(config);
        this.serverData = config.custom.odooDataProvider?.serverData;
    }

    /**
     * @param {string | null} date as the server writes it; null: the day that the date filter of the spreadsheet ends with
     * @param {string | null} period month, quarter or year; null: as long as the date filter
     */
    getCollectionFigures(date, period) {
        const chosen = this._getChosenDay();
        return this.serverData.get("collection.kpi", "get_figures", [
            date || chosen.date,
            period || chosen.period,
            null,
            ...NARROWED_BY.map((model) => model && this._getChosenIds(model)),
        ]);
    }

    /** The last day of the date filter, never after today (null: today says the server), and the period it is as long as. */
    _getChosenDay() {
        const filter = this.getters.getGlobalFilters().find(({ type }) => type === "date");
        const { from, to } = getDateRange(filter && this.getters.getGlobalFilterValue(filter.id));
        const days = from && to ? to.diff(from, "days").days : 0;
        return {
            date: to && to < DateTime.local().startOf("day") ? to.toISODate() : null,
            period: days > 92 ? "year" : days > 31 ? "quarter" : "month",
        };
    }

    _getChosenIds(model) {
        const filter = this.getters.getGlobalFilters().find(({ modelName }) => modelName === model);
        const value = filter && this.getters.getGlobalFilterValue(filter.id);
        if (value && value.operator !== "in") {
            throw new EvaluationError(_t("The figures can be narrowed to what is chosen in a filter: use “is in”."));
        }
        return value ? value.ids : null;
    }
}

registries.featurePluginRegistry.add("collectionFigures", CollectionFiguresPlugin);
