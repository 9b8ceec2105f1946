import io
from datetime import date, datetime

import openpyxl
from odoo import Command
from odoo.exceptions import AccessError, UserError

from .kpi_common import MAR, KpiCase

WEEK_OF_FIVE = date(2026, 3, 7)


class TestDashboard(KpiCase):
    """The page of the worked ledger: its own figures to the cent, and behind each figure the records it is made of."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post_ledger()
        cls.board = cls.env["collection.dashboard"]
        cls.page = cls.board.get_page({"date": str(MAR), "period": "quarter"})

    def tile(self, key, page=None):
        return next(tile for tile in (page or self.page)["tiles"] if tile["key"] == key)

    def behind(self, name, value=None, **options):
        """Return the records that a click on a figure opens."""
        action = self.board.get_action({"date": str(MAR), "period": "quarter", **options}, name, value)
        return self.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])

    def call(self, customer, result, hour=9):
        """Log a call of 29 March and return its record."""
        moment = datetime(2026, 3, 29, hour)
        return self.env["collection.action"]._log_call(
            self.case(customer), called_at=moment, contact=customer, result=result, note=""
        )

    # -- the figures -----------------------------------------------------------------------------------------------------

    def test_tiles_are_the_figures_of_the_ledger(self):
        found = {tile["key"]: tile["value"] for tile in self.page["tiles"]}
        self.assertEqual((found["receivables"], found["overdue"], found["credit"]), (13800, 6800, -500))
        self.assertEqual([round(found[key], 2) for key in ("dso", "dso_best", "add", "cei")], [70.97, 38.57, 32.40, 30.00])
        self.assertEqual((round(found["promises_kept_value"], 2), found["promises_kept"]), (49.09, 50))
        self.assertIsNone(found["cost"], "no cost is known, so there is none per amount")
        kept = self.tile("promises_kept")
        self.assertEqual((kept["part"], kept["whole"], kept["count"], kept["too_few"]), (2, 4, 4, True))

    def test_a_tile_has_thirteen_months_and_the_change_to_last_year(self):
        overdue = self.tile("overdue")
        self.assertEqual((len(overdue["trend"]), overdue["trend"][-3:]), (13, [1000, 4000, 6800]))
        self.assertEqual((overdue["change"], overdue["better"]), (6800, "down"))
        self.assertIsNone(self.tile("dso")["change"], "without sales a year ago nothing can be compared")
        with self.on_day(date(2027, 3, 31)):
            before = self.board.get_year_before({"date": "2027-03-31", "period": "quarter"})
        self.assertEqual((before["receivables"], round(before["dso"], 2)), (13800, 70.97))

    def test_who_owes_most(self):
        other = self.customer("Other")
        self.invoice(other, 200, issued=date(2026, 2, 1), due=date(2026, 3, 1))
        with_credit = self.customer("Nothing Owed")
        self.credit_note(with_credit, 50, on=date(2026, 3, 1))
        rows = self.board.get_page({"date": str(MAR)})["debtors"]
        names = ("name", "amount", "overdue", "days", "items")
        self.assertEqual(
            [tuple(row[name] for name in names) for row in rows],
            [("Buyer", 13800, 6800, 76, 5), ("Other", 200, 200, 30, 1)],
        )
        self.assertEqual([round(row["share"], 2) for row in rows], [98.57, 1.43])
        self.assertEqual(self.behind("customer", other.id).partner_id, other)

    def test_overdue_items_by_the_level_they_had_reached(self):
        self.assertEqual(
            [(row["level_id"], row["items"], row["customers"], row["amount"]) for row in self.page["levels"]],
            [(0, 3, 1, 6800)],
        )
        late = self.customer("Late", "late@example.com")
        invoice = self.invoice(late, 70, issued=date(2026, 3, 1), due=date(2026, 3, 20))
        self.run_cycle(date(2026, 3, 28))
        first = self.level(7)
        rows = self.board.get_page({"date": str(MAR)})["levels"]
        self.assertIn((first.id, first.name), [(row["level_id"], row["name"]) for row in rows])
        self.assertEqual(sum(row["amount"] for row in rows), 6870, "the levels add up to what is overdue")
        self.assertIn(invoice, self.behind("level", first.id).move_id)
        before = self.board.get_page({"date": "2026-03-27"})["levels"]
        self.assertEqual([row["level_id"] for row in before], [0], "nothing had been sent yet")

    def test_the_week_of_the_collectors(self):
        clerk = self.make_user("clerk", "account_collections_auto.group_collector")
        case = self.case(self.buyer)
        case.user_id = clerk
        stranger = self.customer("Stranger")
        self.pay(self.invoice(stranger, 30, issued=date(2026, 2, 1), due=date(2026, 3, 1)), on=date(2026, 3, 4))
        page = self.board.get_page({"date": str(WEEK_OF_FIVE)})
        rows = {row["name"]: row for row in page["week"]["rows"]}
        self.assertEqual(page["week"]["date_from"], date(2026, 3, 1))
        self.assertEqual((rows[clerk.name]["money"], rows[clerk.name]["promises"]), (1200, 3))
        self.assertEqual(rows["No collector"]["money"], 30)
        flows = self.env["collection.kpi"].get_figures("2026-03-31", "month")["flows"]
        self.assertEqual(flows["money"], 2730, "the week counts money as the figures do")
        money = self.behind("week_money", clerk.id, date=str(WEEK_OF_FIVE))
        self.assertEqual(-sum(money.mapped("balance")), 1200)
        self.assertEqual(len(self.behind("week_promises", clerk.id, date=str(WEEK_OF_FIVE))), 3)

    def test_a_call_is_a_contact_and_a_conversation_if_somebody_was_there(self):
        self.run_cycle(date(2026, 3, 28))
        sent = len(self.env["collection.action"].search([("state", "in", ("sent", "delivered"))]))
        self.assertTrue(sent)
        self.call(self.buyer, "no_answer", hour=9)
        spoken = self.call(self.buyer, "will_pay", hour=10)
        week = self.board.get_page({"date": str(MAR)})["week"]["rows"]
        self.assertEqual([(row["contacts"], row["conversations"]) for row in week], [(sent + 2, 1)])
        self.assertEqual(len(self.behind("week_contacts", 0)), sent + 2)
        self.assertEqual(self.behind("week_conversations", 0).action_id, spoken)

    # -- what is behind them -----------------------------------------------------------------------------------------------

    def test_the_items_behind_a_figure_add_up_to_it(self):
        for name, value, expected in (
            ("open", None, 13800),
            ("overdue", None, 6800),
            ("current", None, 7500),
            ("credit", None, -500),
            ("bucket", 2, 1800),
            ("month_overdue", "2026-02-28", 4000),
            ("month_current", "2026-02-28", 5500),
            ("customer", self.buyer.id, 13800),
        ):
            with self.subTest(name):
                self.assertEqual(sum(self.behind(name, value).mapped("amount")), expected)
        february = self.behind("open", date="2026-02-10")
        self.assertEqual(sum(february.mapped("amount")), 6000, "a day that is no month-end")
        self.assertEqual(february[0].action_open_document()["res_model"], "account.move")

    def test_the_entries_promises_and_disputes_behind_a_figure(self):
        self.assertEqual(self.behind("paid").move_id, self.docs["I2"] + self.docs["I3"] + self.docs["I5"])
        self.assertEqual(sum(self.behind("movements", "2026-02-28").mapped("balance")), 3500)
        self.assertIn(self.docs["I1"], self.behind("recovery").move_id)
        self.assertEqual(len(self.behind("promises")), 4)
        self.assertFalse(self.behind("promises", period="month", date="2026-02-28"))
        dispute = self.env["collection.dispute"].create(
            {
                "partner_id": self.buyer.id,
                "company_id": self.company.id,
                "reason_id": self.env["collection.dispute.reason"].search([], limit=1).id,
                "date_from": date(2026, 3, 25),
                "description": "Broken",
                "line_ids": [Command.create({"item_id": self.items(self.docs["I4"]).id})],
            }
        )
        self.assertEqual(self.behind("disputes"), dispute)
        self.assertFalse(self.behind("disputes", date="2026-03-24"))

    def test_filters_narrow_the_page_and_what_is_behind_it(self):
        country = self.env.ref("base.jp")
        other = self.customer("Other", country_id=country.id)
        other.industry_id = self.env["res.partner.industry"].create({"name": "Mills"})
        pounds = self.setup_other_currency("GBP", rates=[("2020-01-01", 2.0)])
        self.invoice(other, 300, issued=date(2026, 3, 1), due=date(2026, 3, 2), currency=pounds)
        clerk = self.make_user("clerk", "account_collections_auto.group_collector")
        self.case(other).user_id = clerk
        self.call(self.buyer, "no_answer")
        self.call(other, "no_answer")
        settings = self.board.get_settings()
        self.assertIn(other.industry_id.id, [one["id"] for one in settings["segments"]])
        self.assertIn(clerk.id, [one["id"] for one in settings["collectors"]])
        for option in (
            {"country_id": country.id},
            {"industry_id": other.industry_id.id},
            {"currency_id": pounds.id},
            {"user_id": clerk.id},
        ):
            with self.subTest(str(option)):
                page = self.board.get_page({"date": str(MAR), **option})
                self.assertEqual(self.tile("receivables", page)["value"], 150)
                self.assertEqual([row["name"] for row in page["debtors"]], ["Other"])
                self.assertEqual((page["levels"][0]["amount"], page["tie"]["agrees"]), (150, None))
                self.assertEqual(sum(self.behind("overdue", **option).mapped("amount")), 150)
                self.assertEqual(self.behind("movements", **option).partner_id, other)
                self.assertFalse(self.behind("promises", **option))
                # Contacts are about a customer, in whatever currency the items are.
                contacted = self.buyer + other if "currency_id" in option else other
                self.assertEqual(self.behind("contacts", **option).partner_id, contacted)

    def test_the_page_says_whether_it_is_the_balance_of_the_accounts(self):
        tie = self.page["tie"]
        self.assertTrue(tie["agrees"])
        self.assertEqual([line["amount"] for line in tie["lines"]], [13800, 13800, 0, 0])

    # -- nothing, much, and others -------------------------------------------------------------------------------------------

    def test_before_the_first_invoice_the_page_says_so(self):
        page = self.board.get_page({"date": "2024-01-31"})
        self.assertTrue(page["is_empty"])
        self.assertEqual((page["debtors"], page["levels"], page["week"]["rows"]), ([], [], []))
        self.assertIsNone(self.tile("overdue_rate", page)["value"])
        self.assertFalse(self.page["is_empty"])
        self.board._render_xlsx(self.board._read_options({"date": "2024-01-31"}))

    def test_nonsense_of_a_client_is_refused_in_words(self):
        days = ("soon", "2999-01-01", "0202-03-31")
        for options in (*({"date": day} for day in days), {"period": "week"}, {"user_id": "me"}):
            with self.subTest(str(options)), self.assertRaises(UserError):
                self.board.get_page(options)
        rows = (("bucket", "x"), ("bucket", 9), ("month_overdue", "x"), ("customer", None), ("forecast", None))
        for name, value in (("nothing", None), *rows):
            with self.subTest(name), self.assertRaises(UserError):
                self.board.get_action({"date": str(MAR)}, name, value)

    def test_roles_read_and_a_clerk_does_not(self):
        for role in ("group_collector", "group_collection_manager", "group_collection_auditor"):
            board = self.board.with_user(self.make_user(role, f"account_collections_auto.{role}"))
            self.assertEqual(board.get_page({"date": str(MAR)})["debtors"][0]["amount"], 13800)
            self.assertTrue(board.get_settings()["companies"])
            self.assertEqual(board.download({"date": str(MAR)})["type"], "ir.actions.act_url")
        clerk = self.board.with_user(self.make_user("clerk", "account.group_account_manager"))
        for call in (clerk.get_page, clerk.get_settings, clerk.get_action, clerk.get_year_before, clerk.download):
            with self.assertRaises(AccessError):
                call()

    def test_a_company_sees_its_own_page_only(self):
        other = self.env["res.company"].sudo().create({"name": "Elsewhere", "currency_id": self.company.currency_id.id})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        theirs = self.board.with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertTrue(theirs.get_page({"date": str(MAR)})["is_empty"])
        self.assertEqual(theirs.get_settings()["collectors"], [])
        for call in (theirs.get_page, theirs.get_action, theirs.download):
            with self.assertRaises(AccessError):
                call({"company_id": self.company.id})

    def test_the_page_costs_the_same_for_seven_invoices_and_for_more(self):
        counts = []
        for number in (0, 0, 0, 6):  # twice for what Odoo keeps
            for each in range(number):
                self.pay(self.invoice(self.customer(f"Customer {each}"), 10, due=date(2026, 3, 1)), 4, on=date(2026, 3, 29))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.board.get_page({"date": str(MAR)})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[3])

    def test_the_spreadsheet_has_real_numbers_and_the_tie_out(self):
        content = self.board._render_xlsx(self.board._read_options({"date": str(MAR), "period": "quarter"}))
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        rows = {row[0]: row[1:] for row in sheet.iter_rows(values_only=True) if row[0]}
        self.assertEqual((rows["Receivables"][0], round(rows["Days sales outstanding"][0], 2)), (13800, 70.97))
        self.assertEqual((rows["Promises kept"][3:6]), (4, 4, "too few cases"))
        self.assertEqual(rows["Cost of 100 collected"][5], "not available")
        self.assertEqual(rows["Buyer"][:2], (13800, 6800))
        self.assertEqual(rows["Balance of the receivable accounts"][0], 13800)
