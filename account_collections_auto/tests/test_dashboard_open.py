from datetime import date, datetime, timedelta

from odoo import Command
from odoo.exceptions import UserError

from ..models.collection_kpi import WEEK
from .kpi_common import MAR, KpiCase


class TestDashboardOpen(KpiCase):
    """What a click on a figure of the dashboard opens is what the figure counts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post_ledger()
        cls.board = cls.env["collection.dashboard"]

    def page(self, **options):
        return self.board.get_page({"date": str(MAR), "period": "quarter", **options})

    def tiles(self, **options):
        return {tile["key"]: tile for tile in self.page(**options)["tiles"]}

    def behind(self, name, value=None, **options):
        """Return the records that a click on a figure opens."""
        action = self.board.get_action({"date": str(MAR), "period": "quarter", **options}, name, value)
        return self.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])

    def behind_tile(self, key, **options):
        return self.behind(self.tiles(**options)[key]["drill"], **options)

    def dispute(self, name):
        return self.env["collection.dispute"].create(
            {
                "partner_id": self.buyer.id,
                "company_id": self.company.id,
                "reason_id": self.env["collection.dispute.reason"].search([], limit=1).id,
                "date_from": date(2026, 3, 25),
                "description": "Broken",
                "line_ids": [Command.create({"item_id": self.items(self.docs[name]).id})],
            }
        )

    def test_money_is_what_came_by_bank_or_cash(self):
        self.journal_debit(self.buyer, -40, due=date(2026, 3, 20))
        tile = self.tiles()["money"]
        self.assertEqual(tile["value"], 4700)
        self.assertEqual(-sum(self.behind_tile("money").mapped("balance")), tile["value"])

    def test_behind_what_is_promised_are_the_promises_whose_day_is_to_come(self):
        found = self.behind_tile("promised_rate")
        self.assertEqual(found.mapped("amount"), [4000])
        self.assertEqual(self.tiles()["promised_rate"]["part"], 4000)

    def test_behind_what_is_at_risk_are_the_invoices_that_could_pass_90_days(self):
        day = date(2026, 5, 31)
        with self.on_day(day):
            options = {"date": str(day), "period": "month"}
            self.assertEqual(self.tiles(**options)["at_risk"]["whole"], 2)
            self.assertEqual(self.behind_tile("at_risk", **options).move_id, self.docs["I2"] | self.docs["I3"])

    def test_what_was_written_off_adds_up_also_where_it_was_left_off_a_payment(self):
        short = self.invoice(self.buyer, 100, due=date(2026, 3, 10))
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=short.ids).create(
            {
                "payment_date": date(2026, 3, 20),
                "journal_id": self.pay_in_cash.id,
                "amount": 95,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )
        wizard._create_payments()
        accounts = (self.company_data["default_account_expense"], self.company_data["default_account_receivable"])
        loss = self.env["account.move"].create(
            {
                "date": date(2026, 3, 21),
                "journal_id": self.company_data["default_journal_misc"].id,
                "line_ids": [
                    Command.create({"account_id": account.id, "partner_id": self.buyer.id, "balance": balance})
                    for account, balance in zip(accounts, (40, -40), strict=True)
                ],
            }
        )
        loss.action_post()
        tiles = self.tiles()
        self.assertEqual((tiles["written_off"]["value"], tiles["written_off"]["drill"]), (45, "write_off"))
        self.assertEqual(tiles["bad_debt_rate"]["drill"], "write_off")
        found = self.behind_tile("written_off")
        self.assertEqual(sum(found.mapped("balance")), 45)
        self.assertIn(loss, found.move_id)
        self.assertFalse(self.behind("write_off", date="2026-02-28"))

    def test_paid_is_matched_with_money(self):
        credited = self.invoice(self.buyer, 60, due=date(2026, 3, 10))
        moves = credited | self.credit_note(self.buyer, 60, on=date(2026, 3, 20))
        moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()
        self.assertEqual(self.behind("paid").move_id, self.docs["I2"] + self.docs["I3"] + self.docs["I5"])

    def test_the_undisputed_share_opens_no_disputed_items(self):
        self.dispute("I4")
        tile = self.tiles()["overdue_rate_undisputed"]
        self.assertEqual((tile["part"], tile["drill"]), (2800, "overdue_undisputed"))
        self.assertEqual(sum(self.behind_tile("overdue_rate_undisputed").mapped("amount")), 2800)
        self.assertEqual(sum(self.behind("overdue_undisputed", date="2026-03-24").mapped("amount")), 6800, "not disputed yet")

    def test_buckets_open_by_the_limits_of_the_figures(self):
        other = self.setup_other_company(name="Sister")["company"]
        other.sudo().write({"collection_ageing_limits": "10, 20"})
        self.company.collection_ageing_limits = "40, 80"
        board = self.board.with_context(allowed_company_ids=[other.id, self.company.id])
        options = {"date": str(MAR), "company_id": self.company.id}
        for bucket in board.get_page(options)["ageing"]:
            action = board.get_action(options, "bucket", bucket["index"])
            found = board.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])
            self.assertEqual((sum(found.mapped("amount")), len(found)), (bucket["amount"], bucket["count"]), bucket["name"])

    def test_promises_that_do_not_count_any_more_are_nowhere(self):
        week = {"date": "2026-03-07"}
        promises = self.behind("week_promises", 0, **week)
        self.assertEqual(len(promises), 3)
        promises[0].sudo().active = False
        rows = self.page(**week)["week"]["rows"]
        self.assertEqual(sum(row["promises"] for row in rows), 2)
        self.assertEqual(len(self.behind("week_promises", 0, **week)), 2)

    def test_the_money_of_a_week_belongs_to_who_has_the_case_in_that_company(self):
        clerk = self.make_user("clerk", "account_collections_auto.group_collector")
        self.case(self.buyer).user_id = clerk
        other = self.setup_other_company(name="Sister")["company"]
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.sudo().company_ids = [Command.link(branch.id), Command.link(other.id)]
        self.buyer.with_company(branch).property_account_receivable_id = self.company_data["default_account_receivable"]
        receivable = self.company_data["default_account_receivable"]

        def book(company, partner, amount):
            journal = self.env["account.journal"].with_company(company).search(
                [*self.env["account.journal"]._check_company_domain(company), ("type", "=", "cash")], limit=1
            )
            account = receivable if company.root_id == self.company else self.env["account.account"].with_company(
                company
            ).search([("company_ids", "in", company.id), ("account_type", "=", "asset_receivable")], limit=1)
            self.env["account.move"].with_company(company).create(
                {
                    "date": date(2026, 3, 30),
                    "journal_id": journal.id,
                    "company_id": company.id,
                    "line_ids": [
                        Command.create({"account_id": account.id, "partner_id": partner and partner.id, "credit": amount}),
                        Command.create({"account_id": journal.default_account_id.id, "debit": amount}),
                    ],
                }
            ).action_post()

        book(branch, self.buyer, 11)
        book(other, self.buyer, 13)
        book(self.company, None, 17)
        for companies in (branch, branch | self.company | other):
            board = self.board.with_context(allowed_company_ids=companies.ids)
            options = {"date": str(MAR)}
            rows = {row["user_id"]: row["money"] for row in board.get_page(options)["week"]["rows"]}
            self.assertEqual(rows, {clerk.id: 11, 0: 30} if other in companies else {clerk.id: 11})
            for user_id, amount in rows.items():
                action = board.get_action(options, "week_money", user_id)
                found = board.env["account.move.line"].with_context(**action["context"]).search(action["domain"])
                self.assertEqual(-sum(found.mapped("balance")), amount, f"{companies.mapped('name')} {user_id}")
        self.assertEqual(WEEK, 7)

    def test_the_forecast_is_that_of_the_companies_of_the_page(self):
        other = self.setup_other_company(name="Sister")["company"]
        pounds = self.setup_other_currency("GBP", rates=[("2020-01-01", 2.0)])
        other.sudo().currency_id = pounds
        board = self.board.with_context(allowed_company_ids=[self.company.id, other.id])
        move = board.env["account.move"].with_company(other).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.buyer.id,
                "invoice_date": MAR,
                "invoice_date_due": MAR + timedelta(days=4),
                "currency_id": self.company.currency_id.id,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 900, "tax_ids": []})],
            }
        )
        move.action_post()
        self.assertTrue(board.get_settings()["left_out"])
        groups = board.get_forecast({"date": str(MAR)})["groups"]
        self.assertEqual({(group["company_id"], group["total"]) for group in groups}, {(0, 13800), (self.company.id, 13800)})
        self.case(self.buyer)
        value = [0, self.company.currency_id.id]
        action = board.get_action({"date": str(MAR)}, "forecast", value)
        found = board.env[action["res_model"]].with_context(**action["context"]).search(action["domain"])
        self.assertNotIn(move, found.move_id)

    def test_only_the_page_asks_for_the_money_of_the_week_and_all_for_the_debtors(self):
        figures = self.figures()
        self.assertNotIn("week_money", figures)
        self.assertEqual([(row["name"], row["amount"], row["overdue"]) for row in figures["debtors"]], [("Buyer", 13800, 6800)])
        self.assertEqual(self.page()["debtors"], figures["debtors"])

    def test_the_spreadsheet_names_nothing_that_the_page_does_not_offer(self):
        stranger = self.env["res.users"].sudo().create({"name": "Secret", "login": "secret"})
        options = self.board._read_options({"date": str(MAR), "user_id": stranger.id})
        with self.assertRaises(UserError):
            self.board._render_xlsx(options)

    def test_a_call_belongs_to_no_level_and_that_has_a_name(self):
        case = self.case(self.buyer)
        called = self.env["collection.action"]._log_call(
            case, called_at=datetime(2026, 3, 2, 9), contact=self.buyer, result="no_answer", note=""
        )
        levels = self.figures()["contacts"]["levels"]
        self.assertEqual([(row["id"], row["name"]) for row in levels], [(False, "No level")])
        self.assertEqual(self.behind("contacts", ["levels", False]).action_id, called)

    def test_an_auditor_opens_what_is_behind_each_tile(self):
        auditor = self.make_user("looker", "account_collections_auto.group_collection_auditor")
        board = self.board.with_user(auditor)
        for name in {tile["drill"] for tile in self.page()["tiles"]}:
            with self.subTest(name):
                action = board.get_action({"date": str(MAR), "period": "quarter"}, name)
                self.assertIsInstance(board.env[action["res_model"]].search_count(action["domain"]), int)
