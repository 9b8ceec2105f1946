import io
import json
from datetime import date
from unittest.mock import patch

import openpyxl
from odoo import Command
from odoo.addons.account_collections_auto.tests.kpi_common import MAR, KpiCase
from odoo.tests import HttpCase, tagged
from odoo.tools import convert_file

MODULE = "account_collections_spreadsheet"
MODEL = "odoo.__WOWL_DEBUG__?.root.env.services.spreadsheet_dashboard_loader?.getActiveDashboard()?.model"
# Labels of the figures, as they stand in column A of the sheet "Data", and where the figures have them.
FIGURES = {
    "Receivables": "receivables",
    "Overdue": "overdue",
    "Overdue Share": "overdue_rate.value",
    "DSO": "dso",
    "Best Possible DSO": "dso_best",
    "DSO, Count-Back": "dso_count_back",
    "ADD": "add",
    "CEI": "trend.-1.cei",
    "CEI, Money Only": "trend.-1.cei_money",
    "Turnover": "turnover",
    "Recovered": "recovery.value",
    "Days Late": "days_late.by_amount",
    "Promises Kept": "promises_kept.value",
    "Unapplied": "credit",
    "Customers Overdue": "overdue_customers_rate.value",
}
TREND = "receivables current overdue overdue_rate dso dso_best add cei cei_money".split()
AGEING = "amount count first last".split()
DEBTORS = "name amount overdue".split()

# What the browser reads: cells as values, null where a cell is empty.
READ = """
const values = (sheet, top, left, rows, columns) => {
    const sheetId = model.getters.getSheetIds()[sheet];
    return [...Array(rows).keys()].map((row) => [...Array(columns).keys()].map((column) => {
        const { value } = model.getters.getEvaluatedCell({ sheetId, row: top + row, col: left + column });
        return value === "" ? null : value;
    }));
};
const errors = () => model.getters.getSheetIds().flatMap((sheetId) =>
    Object.values(model.getters.getEvaluatedCells(sheetId))
        .filter((cell) => cell.type === "error").map((cell) => cell.message));
const same = (found, expected) => typeof expected === "number" && typeof found === "number"
    ? Math.abs(found - expected) < 0.00001 : found === expected;
const check = (where, found, expected) => {
    const [first, second] = [[found].flat(2), [expected].flat(2)];
    if (first.length !== second.length || !first.every((value, index) => same(value, second[index]))) {
        throw new Error(`${where}: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`);
    }
};
const narrow = async (filters) => {
    for (const { id } of model.getters.getGlobalFilters()) {
        model.dispatch("SET_GLOBAL_FILTER_VALUE", { id, value: filters[id] });
    }
    await waitForDataLoaded(model);
};
"""
STORY = """(async () => {
    const model = %(model)s;
    const { waitForDataLoaded, freezeOdooData } = odoo.loader.modules.get("@spreadsheet/helpers/model");
    %(read)s
    await waitForDataLoaded(model);
    check("without a mistake", errors(), []);
    check("the top debtors", values(0, 6, 0, 3, 3), [...task.debtors, Array(3).fill(null)]);
    for (const { where, filters, figures, trend, ageing } of task.steps) {
        await narrow(filters);
        check(`errors, ${where}`, errors(), []);
        const found = Object.fromEntries(values(1, 1, 0, 40, 2));
        for (const [label, value] of Object.entries(figures)) {
            check(`${label}, ${where}`, found[label], value);
        }
        check(`trend, ${where}`, values(1, 1, 5, 13, %(trend)s), trend);
        check(`ageing, ${where}`, values(1, 17, 5, ageing.length + 1, %(ageing)s), [...ageing, Array(%(ageing)s).fill(null)]);
    }
    await narrow({ "collections-country": { operator: "not in", ids: [task.country] } });
    if (!errors().length || !errors().every((text) => text.includes("is in"))) {
        throw new Error(`a filter that the figures cannot follow: ${errors()}`);
    }
    await narrow(task.nothing);
    check("errors, nothing there", errors(), []);
    check("debtors, nothing there", values(0, 6, 0, 2, 2), Array(4).fill(null));
    check("DSO, nothing there", Object.fromEntries(values(1, 1, 0, 40, 2)).DSO, "n/a");
    if (!values(0, 0, 4, 1, 1)[0][0].startsWith("Nothing was invoiced")) {
        throw new Error("an empty dashboard does not say why");
    }
    await narrow(task.steps[0].filters);
    if (JSON.stringify(await freezeOdooData(model)).includes("ODOO.COLLECTIONS")) {
        throw new Error("what is shared still asks the server");
    }
    const answered = new Promise((done) => {
        const send = XMLHttpRequest.prototype.send;
        XMLHttpRequest.prototype.send = function (...given) {
            this.addEventListener("loadend", () => this.responseURL.includes("/xlsx") && done(this.status));
            return send.apply(this, given);
        };
    });
    document.querySelector(".o_collections_workbook").click();
    check("the answer to a download", await answered, 200);
    console.log("test successful");
})().catch((error) => console.error(error.message))"""


@tagged("post_install", "-at_install")
class TestSpreadsheetDashboard(KpiCase, HttpCase):
    """The spreadsheet shows what `collection.kpi` says, whatever is chosen, and can be taken along as a workbook."""

    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer.country_id = cls.env.ref("base.be")
        cls.post_ledger()
        cls.invoice(cls.customer("Neighbour", country_id=cls.env.ref("base.nl").id), 700, issued=MAR, due=MAR)
        cls.auditor = cls.make_user("sheet_auditor", "account_collections_auto.group_collection_auditor")
        cls.auditor.password = cls.auditor.login
        cls.dashboard = cls.env.ref(f"{MODULE}.collection_dashboard")

    def step(self, where, filters, on, period, **narrowed):
        figures = self.figures(on, period, **narrowed)
        return {
            "where": where,
            "filters": filters,
            "figures": {label: self.follow(figures, path) for label, path in FIGURES.items()},
            "trend": [[row[name] for name in TREND] for row in figures["trend"]],
            "ageing": [[bucket[name] for name in AGEING] for bucket in figures["ageing"]],
        }

    @staticmethod
    def follow(figures, path):
        for name in path.split("."):
            figures = figures[int(name) if isinstance(figures, list) else name]
        return "n/a" if figures is None else figures

    def test_it_shows_the_figures_of_the_dashboard(self):
        belgium = {"operator": "in", "ids": self.env.ref("base.be").ids}
        quarter = {"type": "quarter", "year": 2026, "quarter": 1}
        february = {"type": "month", "year": 2026, "month": 2}
        first = self.step("first quarter", {"collections-period": quarter}, MAR, "quarter")
        self.assertEqual([row["name"] for row in self.figures(None)["debtors"]], ["Buyer", "Neighbour"])
        self.assertEqual((first["figures"]["Receivables"], first["figures"]["Overdue"]), (14500, 6800))
        task = {
            "steps": [
                first,
                self.step("February", {"collections-period": february}, date(2026, 2, 28), "month"),
                self.step(
                    "Belgium",
                    {"collections-period": quarter, "collections-country": belgium},
                    MAR,
                    "quarter",
                    country_ids=belgium["ids"],
                ),
                self.step("today", {}, None, "month"),
            ],
            "country": belgium["ids"][0],
            "debtors": [[row[name] for name in DEBTORS] for row in self.figures(None)["debtors"]],
            "nothing": {
                "collections-period": {"type": "year", "year": 2019},
                "collections-country": {"operator": "in", "ids": self.env.ref("base.fr").ids},
            },
        }
        story = STORY % {"model": MODEL, "read": READ, "trend": len(TREND), "ageing": len(AGEING)}
        dashboards = self.env.registry["spreadsheet.dashboard"]
        zipped = dashboards._zip_xslx_files
        workbooks = []

        def keep(records, files):
            workbooks.append(zipped(records, files))
            return workbooks[-1]

        with patch.object(dashboards, "_zip_xslx_files", keep):
            self.browser_js(
                f"/odoo/action-{MODULE}.collection_dashboard_action",
                f"const task = {json.dumps(task)};\n{story}",
                ready=f"!!{MODEL}",
                login=self.auditor.login,
                timeout=120,
            )
        self.assertWorkbook(workbooks, first["figures"])

    def assertWorkbook(self, workbooks, figures):
        self.assertEqual(len(workbooks), 1)
        workbook = openpyxl.load_workbook(io.BytesIO(workbooks[0]))
        self.assertEqual(workbook.sheetnames[:2], ["Dashboard", "Data"])
        found = {label.value: value.value for label, value in workbook["Data"]["A2:B29"]}
        for label, value in figures.items():
            self.assertAlmostEqual(float(found[label]), value, 5, label)
        self.assertTrue(workbook["Dashboard"]._charts, "charts can be changed, too")

    def test_an_upgrade_leaves_who_sees_it_as_the_users_set_it(self):
        env = self.env(su=True)
        dashboard, chosen = env.ref(f"{MODULE}.collection_dashboard"), env.ref("account.group_account_manager")
        dashboard.write({"group_ids": [Command.set(chosen.ids)], "sequence": 7, "name": "Mine"})
        convert_file(env, MODULE, "data/spreadsheet_dashboard_data.xml", {}, mode="update")
        self.assertEqual((dashboard.group_ids, dashboard.sequence, dashboard.name), (chosen, 7, "Collections"))

    def test_only_who_may_see_the_figures_finds_it(self):
        clerk = self.make_user("sheet_clerk", "account.group_account_invoice")
        found = self.env["spreadsheet.dashboard"]
        self.assertIn(self.dashboard, found.with_user(self.auditor).search([]))
        self.assertNotIn(self.dashboard, found.with_user(clerk).search([]))
        menu = self.env.ref(f"{MODULE}.collection_dashboard_menu")
        self.assertIn(menu, menu.with_user(self.auditor)._filter_visible_menus())
        self.assertNotIn(menu, menu.with_user(clerk)._filter_visible_menus())
