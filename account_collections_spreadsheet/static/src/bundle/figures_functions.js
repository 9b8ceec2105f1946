import { EvaluationError, helpers, registries } from "@odoo/o-spreadsheet";
import { toServerDateString } from "@spreadsheet/helpers/helpers";
import { _t } from "@web/core/l10n/translation";

const { arg, toJsDate, toNumber, toString } = helpers;
const { functionRegistry } = registries;

const MONEY = new Set(
    ("receivables debit credit current overdue disputed amount amount_paid amount_under_way sales money credit_note " +
        "write_off exchange other").split(" ")
);
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Follow a path such as "trend.-1.dso" or "overdue_rate.value". */
function follow(figures, path) {
    return path
        .split(".")
        .reduce((found, name) => (Array.isArray(found) ? found.at(Number(name)) : found?.[name]), figures);
}

/** What a cell shows; what is not available stays empty, as null would not survive being shared. */
function toCell(context, value, path) {
    if (value === null || value === undefined) {
        return { value: "" };
    }
    if (typeof value === "string" && DAY.test(value)) {
        return { value: toNumber(value, context.locale), format: context.locale.dateFormat };
    }
    if (MONEY.has(path.split(".").at(-1))) {
        return { value, format: context.getters.getCompanyCurrencyFormat() || "#,##0.00" };
    }
    return { value };
}

function getFigures(context, date, period) {
    const day = date?.value ? toServerDateString(toJsDate(date, context.locale)) : null;
    return context.getters.getCollectionFigures(day, period?.value ? toString(period) : null);
}

const WHEN = () => [
    arg("date (date, optional)", _t("The day; if it is left out, the last day of the date filter, or today.")),
    arg("period (string, optional)", _t("month, quarter or year up to that day; if it is left out, as the date filter says.")),
];

// "ODOO." is what lets a shared copy keep the values.
functionRegistry.add("ODOO.COLLECTIONS.FIGURE", {
    description: _t("A figure about receivables, as the dashboard of Collections shows it."),
    args: [arg("figure (string)", _t('Its name, for instance "dso" or "overdue_rate.value".')), ...WHEN()],
    category: "Odoo",
    returns: ["ANY"],
    compute: function (figure, date, period) {
        const path = toString(figure);
        const value = follow(getFigures(this, date, period), path);
        if (value === undefined || (typeof value === "object" && value !== null)) {
            throw new EvaluationError(_t("There is no figure of the name “%s”.", path));
        }
        return toCell(this, value, path);
    },
});

functionRegistry.add("ODOO.COLLECTIONS.TABLE", {
    description: _t("A table of figures about receivables, as the dashboard of Collections shows it: one row each."),
    args: [
        arg("table (string)", _t('Its name, for instance "trend", "ageing" or "contacts.levels".')),
        arg("columns (string)", _t('The names of its columns, separated by commas, for instance "date,overdue,dso".')),
        ...WHEN(),
    ],
    category: "Odoo",
    returns: ["ANY"],
    compute: function (table, columns, date, period) {
        const rows = follow(getFigures(this, date, period), toString(table));
        if (!Array.isArray(rows)) {
            throw new EvaluationError(_t("There is no table of the name “%s”.", toString(table)));
        }
        const paths = toString(columns).split(",");
        return paths.map((path) => (rows.length ? rows.map((row) => toCell(this, follow(row, path), path)) : [{ value: "" }]));
    },
});
