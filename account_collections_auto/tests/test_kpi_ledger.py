import doctest
from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..engine import kpi_inputs, kpis
from .common import TODAY
from .kpi_common import DEC, FEB, JAN, MAR, KpiCase


def test_the_published_examples_of_the_formulas_hold():
    result = doctest.testmod(kpis)
    assert result.attempted > 20 and result.failed == 0


class TestKpiLedger(KpiCase):
    """Each figure of the worked ledger, to the cent and the day, from entries that were really posted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.post_ledger()
        cls.quarter = cls.env["collection.kpi"].get_figures(MAR, "quarter")
        cls.month = cls.env["collection.kpi"].get_figures(MAR, "month")

    def trend(self, name, figures=None):
        """Return {month-end: figure} of the last four months."""
        months = {row["date"]: row for row in (figures or self.quarter)["trend"]}
        return [months[day][name] for day in (DEC, JAN, FEB, MAR)]

    def ageing(self, figures):
        return [(bucket["last"], float(bucket["amount"]), bucket["count"]) for bucket in figures["ageing"] if bucket["count"]]

    def assertFigure(self, figure, expected, digits=2):
        self.assertEqual(round(float(figure), digits), expected)

    # -- balances ------------------------------------------------------------------------------------------------------

    def test_net_sales(self):
        self.assertEqual([float(flows["sales"]) for flows in self.trend("flows")], [1000, 5000, 5500, 7000])
        self.assertEqual(self.quarter["flows"]["sales"], 17500)

    def test_net_receivables_overdue_and_current(self):
        self.assertEqual(self.trend("receivables"), [1000, 6000, 9500, 13800])
        self.assertEqual(self.trend("overdue"), [0, 1000, 4000, 6800])
        self.assertEqual(self.trend("current"), [1000, 5000, 5500, 7500])
        self.assertEqual((self.quarter["receivables"], self.quarter["credit"]), (13800, -500))

    def test_ageing_in_february_and_march(self):
        self.assertEqual(self.ageing(self.figures(FEB)), [(0, 5500, 2), (30, 3000, 1), (60, 1000, 1)])
        self.assertEqual(self.ageing(self.quarter), [(0, 7500, 2), (30, 4000, 1), (60, 1800, 1), (90, 1000, 1)])
        self.assertEqual(sum(bucket["amount"] for bucket in self.quarter["ageing"]) + self.quarter["credit"], 13800)
        self.assertEqual(
            self.quarter["tie_out"], {"open": 13800, "balance": 13800, "exchange": 0, "difference": 0}
        )

    # -- days sales outstanding ----------------------------------------------------------------------------------------

    def test_days_sales_outstanding(self):
        self.assertEqual(self.quarter["days"], 90)
        self.assertFigure(self.quarter["dso"], 70.97)
        self.assertFigure(self.quarter["dso_count_back"], 67.06)
        self.assertFigure(self.quarter["dso_best"], 38.57)
        self.assertFigure(self.quarter["add"], 32.40)

    def test_what_odoo_shows_for_the_customer_is_another_figure(self):
        self.assertFigure(kpis.dso_simple(13800, 18500, 106), 79.07)
        self.assertNotEqual(round(self.quarter["dso"]), 79)

    def test_turnover(self):
        self.assertFigure(self.quarter["turnover"], 2.365, 3)
        self.assertFigure(self.quarter["turnover"] * 4, 9.459, 3)
        self.assertFigure(self.quarter["turnover_days"], 38.06)

    # -- collection effectiveness --------------------------------------------------------------------------------------

    def test_collection_effectiveness_of_march_as_published_and_by_money(self):
        self.assertFigure(self.trend("cei")[-1], 30.00)
        self.assertFigure(self.trend("cei_money")[-1], 30.00)
        self.assertEqual(self.trend("flows")[-1]["money"], 2700)

    def test_collection_effectiveness_of_a_quarter_depends_on_the_variant(self):
        opening, sales, closing, current = 1000, self.quarter["flows"]["sales"], 13800, 7500
        self.assertFigure(kpis.collection_effectiveness(opening, sales, closing, current), 42.73)
        # With sales / 3 the denominator is negative: 1,045 % would mean nothing, so there is no figure.
        numerator, denominator = opening + sales / 3 - closing, opening + sales / 3 - current
        self.assertFigure(numerator, -6966.67)
        self.assertFigure(denominator, -666.67)
        self.assertIsNone(kpis.collection_effectiveness(opening, sales / 3, closing, current))

    # -- overdue, recovery, delay --------------------------------------------------------------------------------------

    def test_share_that_is_overdue(self):
        rate = self.quarter["overdue_rate"]
        self.assertEqual((rate["part"], rate["whole"], rate["count"], rate["too_few"]), (6800, 14300, 5, True))
        self.assertFigure(rate["value"], 47.55)
        self.assertFigure(self.quarter["overdue"] / self.quarter["receivables"] * 100, 49.28)
        customers = self.quarter["overdue_customers_rate"]
        self.assertEqual((customers["part"], customers["whole"], customers["value"]), (1, 1, 100))

    def test_recovery_of_march(self):
        rate = self.month["recovery"]
        self.assertEqual((rate["part"], rate["whole"]), (1200, 8000))
        self.assertFigure(rate["value"], 15.0)

    def test_average_days_late(self):
        late = self.quarter["days_late"]
        self.assertFigure(late["by_amount"], 6.55)
        self.assertFigure(late["by_count"], 6.33)
        self.assertEqual((late["count"], late["too_few"]), (3, True))
        self.assertFigure(self.quarter["days_late_fully_paid"]["by_amount"], 5.71)

    def test_roll_rates_from_february_to_march(self):
        roll = self.month["roll"]
        self.assertEqual((roll["from"], roll["to"]), (FEB, MAR))
        not_due, first, second, third, _more = roll["rows"]
        self.assertEqual([float(row["base"]) for row in (not_due, first, second, third)], [5500, 3000, 1000, 0])
        self.assertFigure(not_due["to"]["1"], 72.73)
        self.assertFigure(not_due["to"]["money"], 27.27)
        self.assertFigure(first["to"]["2"], 60.00)
        self.assertFigure(first["to"]["money"], 40.00)
        self.assertEqual(second["to"], {"3": 100})
        self.assertEqual(third["to"], {})

    # -- promises ------------------------------------------------------------------------------------------------------

    def test_promises(self):
        states = self.env["collection.promise"].search([("partner_id", "=", self.buyer.id)], order="id").mapped("state")
        self.assertEqual(states, ["broken", "kept", "kept", "broken", "open"])
        kept, value = self.quarter["promises_kept"], self.quarter["promises_kept_value"]
        self.assertEqual((kept["part"], kept["whole"], kept["value"]), (2, 4, 50))
        self.assertEqual((value["part"], value["whole"]), (2700, 5500))
        self.assertFigure(value["value"], 49.09)

    def test_a_part_of_what_was_promised_counts_by_value(self):
        by_number, by_value = kpis.promises_kept([kpis.Promise(2000, 1500, False)])
        self.assertEqual((by_number.value, by_value.value), (0, 75))

    def test_promised_share_of_receivables(self):
        """On 31 March only the promise for I4 is still to come; a promise covers no more than is open, and an item once."""
        rate = self.quarter["promised_rate"]
        self.assertEqual((rate["part"], rate["whole"], rate["count"], rate["too_few"]), (4000, 14300, 1, True))
        self.assertFigure(rate["value"], 27.97)
        # On 20 March: I1's and I5's day is not over, I3's rest is promised, and I4 from that day on.
        rate = self.figures(date(2026, 3, 20))["promised_rate"]
        self.assertEqual((rate["part"], rate["count"]), (1000 + 1500 + 1800 + 4000, 4))
        self.pay(self.docs["I4"], 3900, on=date(2026, 3, 30))
        self.promise("I4", 500, date(2026, 4, 12), since=date(2026, 3, 30))
        self.assertEqual(self.figures()["promised_rate"]["part"], 100, "no more than is open of it, and once")

    def test_at_risk_rate(self):
        """I1 was due on 14 January: 90 days overdue on 14 April, and it passes them on the 15th. I2 was paid in time."""
        for day, expected in (
            (date(2026, 4, 14), (0, 0)),
            (date(2026, 4, 15), (1, 1)),
            (date(2026, 5, 14), (1, 2)),
            (date(2026, 5, 15), (0, 1)),
        ):
            rate = self.figures(day, "month")["at_risk"]
            self.assertEqual((rate["part"], rate["whole"]), expected, day)
        # Of I2 and I3, due on 9 and 24 February, the first was paid, and of the other 1,800 are open.
        may = self.figures(date(2026, 5, 31), "month")
        self.assertEqual((may["at_risk"]["part"], may["at_risk"]["whole"], may["at_risk"]["value"]), (1, 2, 50))
        self.assertEqual((may["at_risk_value"]["part"], may["at_risk_value"]["whole"]), (1800, 5000))
        self.assertFigure(may["at_risk_value"]["value"], 36.00)
        self.pay(self.docs["I3"], 1800, on=date(2026, 5, 25))
        self.assertEqual(self.figures(date(2026, 5, 31), "month")["at_risk"]["part"], 0, "paid on its 90th day")

    # -- nothing to divide by ------------------------------------------------------------------------------------------

    def test_what_cannot_be_computed_is_not_available(self):
        before = self.figures(date(2025, 11, 30), "month")
        for name in ("dso", "dso_count_back", "dso_best", "add", "turnover", "turnover_days", "bad_debt_rate"):
            self.assertIsNone(before[name], name)
        rates = ("overdue_rate", "recovery", "promises_kept", "promises_kept_value", "overdue_customers_rate")
        for name in (*rates, "promised_rate", "at_risk", "at_risk_value"):
            self.assertIsNone(before[name]["value"], name)
        self.assertIsNone(before["days_late"]["by_amount"])
        self.assertEqual([row["cei"] for row in before["trend"]], [None] * 13)

    def test_too_short_a_history_is_not_available(self):
        """The first entry is of 15 December: the quarter from 1 January is known, December and twelve months are not."""
        names = ("dso", "dso_best", "add", "turnover", "turnover_days")
        self.assertEqual([self.trend(name, self.month)[0] for name in names], [None] * 5)
        self.assertNotIn(None, [self.trend(name, self.month)[1] for name in names])
        year = self.figures(period="year")
        self.assertEqual([year[name] for name in names], [None] * 5)
        self.assertEqual(year["flows"]["sales"], 18500, "what was sold is said all the same")

    def test_buckets_are_those_of_the_company(self):
        self.company.collection_ageing_limits = "40, 80"
        self.assertEqual(self.ageing(self.figures()), [(0, 7500, 2), (40, 5800, 2), (80, 1000, 1)])

    # -- filters, cost, the number of statements -----------------------------------------------------------------------

    def test_filters(self):
        tag = self.env["res.partner.category"].create({"name": "Key"})
        below = self.env["res.partner.category"].create({"name": "Key West", "parent_id": tag.id})
        other = self.customer("Other", country_id=self.env.ref("base.jp").id, category_id=[Command.set(below.ids)])
        other.industry_id = self.env["res.partner.industry"].create({"name": "Mills"})
        pounds = self.setup_other_currency("GBP", rates=[("2020-01-01", 2.0)])
        self.invoice(other, 300, issued=date(2026, 3, 1), due=date(2026, 3, 2), currency=pounds)
        clerk = self.make_user("clerk", "account_collections_auto.group_collector")
        self.case(other).user_id = clerk
        self.assertEqual(self.figures()["receivables"], 13950)
        for name, wanted in (
            ("currency_ids", pounds.ids),
            ("country_ids", other.country_id.ids),
            ("industry_ids", other.industry_id.ids),
            ("category_ids", tag.ids),
            ("user_ids", clerk.ids),
        ):
            with self.subTest(name):
                found = self.figures(**{name: wanted})
                self.assertEqual((found["receivables"], found["overdue"], found["flows"]["sales"]), (150, 150, 150))
                self.assertIsNone(found["tie_out"])
        self.assertEqual(self.figures(currency_ids=self.company.currency_id.ids)["receivables"], 13800)

    def test_disputed_items_can_be_left_out(self):
        item = self.items(self.docs["I4"])
        self.env["collection.dispute"].create(
            {
                "partner_id": self.buyer.id,
                "company_id": self.company.id,
                "reason_id": self.env["collection.dispute.reason"].search([], limit=1).id,
                "date_from": date(2026, 3, 25),
                "description": "Broken",
                "line_ids": [Command.create({"item_id": item.id})],
            }
        )
        figures = self.figures()
        self.assertEqual((figures["disputed"], figures["overdue_rate_undisputed"]["part"]), (4000, 2800))
        self.assertFigure(figures["overdue_rate_undisputed"]["value"], 27.18)
        self.assertEqual((figures["overdue_rate"]["count"], figures["overdue_rate_undisputed"]["count"]), (5, 4))
        self.assertFigure(figures["dispute_rate"], 27.97)
        self.assertEqual(self.figures(date(2026, 3, 24))["disputed"], 0)

    def test_cost_of_what_was_collected(self):
        self.assertIsNone(self.month["cost_per_collected"])
        self.company.collection_monthly_cost = 60
        self.assertFigure(self.figures(period="month")["cost_per_collected"], 5.0)
        self.assertIsNone(self.figures(period="month", user_ids=self.env.user.ids)["cost_per_collected"])

    def test_figures_cost_the_same_for_seven_invoices_and_for_more(self):
        counts = []
        for number in (0, 0, 6):
            for _each in range(number):
                self.pay(self.invoice(self.customer(f"Customer {_each}"), 10, due=date(2026, 3, 1)), 4, on=date(2026, 3, 9))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.figures()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
        self.assertLess(counts[1], 30)

    # -- gathering -----------------------------------------------------------------------------------------------------

    def gathered(self, **filters):
        return kpi_inputs.gathered(self.env, kpi_inputs.Scope(self.company.ids, **filters))

    def test_only_what_was_matched_with_the_lines_of_the_scope_is_gathered(self):
        bill = self.invoice(self.customer("Supplier"), 90, due=date(2026, 3, 1), move_type="in_invoice")
        self.pay(bill, on=date(2026, 3, 9))
        for filters, matchings, entries in (({}, 3, 3), ({"country_ids": self.env.ref("base.jp").ids}, 0, 0)):
            with self.subTest(str(filters)), self.gathered(**filters):
                [(number,)] = self.env.execute_query(SQL("SELECT count(*) FROM collection_kpi_matching"))
                [(moves,)] = self.env.execute_query(SQL("SELECT count(DISTINCT move_id) FROM collection_kpi_kind"))
                self.assertEqual((number, moves), (matchings, entries))

    def test_one_scope_is_gathered_at_a_time(self):
        with self.gathered(), self.assertRaisesRegex(RuntimeError, "gathered already"), self.gathered():
            self.fail("the tables of the outer scope are gone")
        self.assertEqual(self.figures()["receivables"], 13800)

    def test_an_error_that_somebody_caught_does_not_stand_in_the_way(self):
        with self.assertRaises(ZeroDivisionError), self.gathered():
            1 / 0  # noqa: B018
        self.assertEqual(self.figures()["receivables"], 13800)

    # -- who may see what ----------------------------------------------------------------------------------------------

    def test_collector_manager_and_auditor_read_figures_and_a_clerk_does_not(self):
        for role in ("group_collector", "group_collection_manager", "group_collection_auditor"):
            user = self.make_user(role, f"account_collections_auto.{role}")
            self.assertEqual(self.env["collection.kpi"].with_user(user).get_figures(str(MAR))["receivables"], 13800)
        clerk = self.make_user("clerk", "account.group_account_manager")
        with self.assertRaises(AccessError):
            self.env["collection.kpi"].with_user(clerk).get_figures(str(MAR))

    def test_a_company_sees_its_own_figures_only(self):
        other = self.env["res.company"].sudo().create({"name": "Elsewhere", "currency_id": self.company.currency_id.id})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        theirs = self.env["collection.kpi"].with_user(stranger).with_context(allowed_company_ids=other.ids)
        self.assertEqual(theirs.get_figures(MAR)["receivables"], 0)
        with self.assertRaises(AccessError):
            theirs.get_figures(MAR, company_ids=self.company.ids)
        with self.assertRaises(UserError):
            theirs.get_figures(MAR, "week")


class TestKpiStories(KpiCase):
    """Money, credit notes, write-offs and the rest are told apart: collected and cured mean money."""

    def test_i1_written_off_is_not_collected(self):
        self.post_ledger()
        bad_debts = self.company_data["default_account_expense"]
        self.company.collection_write_off_account_id = bad_debts
        proposer = self.make_user("proposer", "account_collections_auto.group_collector")
        with self.on_day(MAR):
            write_off = self.env["collection.write.off"].with_user(proposer).create(
                {
                    "partner_id": self.buyer.id,
                    "company_id": self.company.id,
                    "item_ids": [Command.set(self.items(self.docs["I1"]).ids)],
                    "reason": "Gone",
                }
            )
            write_off.with_user(self.manager).action_approve()
        figures = self.figures(period="month")
        march = figures["trend"][-1]
        self.assertEqual([round(float(march[name]), 2) for name in ("cei", "cei_money")], [41.11, 30.00])
        self.assertEqual(round(figures["recovery"]["value"], 2), 15.0)
        self.assertEqual(round(figures["recovery_parts"]["write_off"], 2), 12.5)
        self.assertEqual(figures["flows"]["write_off"], 1000)
        self.assertEqual(round(figures["bad_debt_rate"], 2), 14.29)
        rows = figures["roll"]["rows"]
        self.assertEqual(rows[2]["to"], {"write_off": 100})
        with self.on_day(date(2026, 4, 2)):
            write_off.with_user(self.manager).action_undo()
        april = self.figures(date(2026, 4, 30), "month")["flows"]
        self.assertEqual((april["write_off"], april["other"]), (-1000, 0))

    def test_each_reduction_is_of_one_kind(self):
        on = date(2026, 3, 20)
        paid, short, credited, moved = (self.invoice(self.buyer, 100, due=date(2026, 3, 10)) for _each in range(4))
        self.pay(paid, on=on)
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=short.ids).create(
            {
                "payment_date": on,
                "journal_id": self.pay_in_cash.id,
                "amount": 95,
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )
        wizard._create_payments()
        (credited | self.credit_note(self.buyer, 60, on=on)).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        entry = self.journal_debit(self.buyer, -40, due=on)
        (moved | entry).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()
        figures = self.figures(period="month")
        flows = {kind: round(float(amount), 2) for kind, amount in figures["flows"].items()}
        self.assertEqual(
            flows, {"sales": 340, "money": 195, "credit_note": 60, "write_off": 5, "exchange": 0, "other": 40}
        )
        parts = {kind: round(float(share), 2) for kind, share in figures["recovery_parts"].items()}
        self.assertEqual(parts, {"money": 48.75, "credit_note": 15, "write_off": 1.25, "exchange": 0, "other": 10})

    def test_exchange_differences_are_no_money(self):
        pounds = self.setup_other_currency("GBP", rates=[("2020-01-01", 2.0), ("2026-03-15", 4.0)])
        invoice = self.invoice(self.buyer, 2000, issued=date(2026, 3, 1), due=date(2026, 3, 10), currency=pounds)
        wizard = self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids).create(
            {"payment_date": date(2026, 3, 20), "journal_id": self.pay_in_cash.id, "currency_id": pounds.id}
        )
        wizard._create_payments()
        flows = self.figures(period="month")["flows"]
        self.assertEqual((flows["money"], flows["exchange"], flows["write_off"]), (500, 500, 0))
        mid = self.figures(date(2026, 3, 25), "month")
        self.assertEqual((mid["receivables"], mid["tie_out"]["exchange"], mid["tie_out"]["difference"]), (0, -500, 0))

    def test_days_late_are_signed(self):
        early, late = (self.invoice(self.buyer, 100, issued=date(2026, 3, 1), due=date(2026, 3, 20)) for _each in range(2))
        self.pay(early, on=date(2026, 3, 10))
        self.pay(late, on=date(2026, 3, 24))
        found = self.figures(period="month")["days_late"]
        self.assertEqual((found["by_amount"], found["by_count"], found["count"]), (-3, -3, 2))

    def test_of_2000_promised_1985_is_kept_with_one_percent_tolerance_and_1500_is_kept_in_part(self):
        self.plan.promise_tolerance_percent = 1.0
        self.docs = {name: self.invoice(self.buyer, 2000, issued=date(2026, 2, 1), due=FEB) for name in ("short", "part")}
        for name, paid in (("short", 1985), ("part", 1500)):
            promise = self.env["collection.promise"].create(
                {
                    "partner_id": self.buyer.id,
                    "company_id": self.company.id,
                    "amount": 2000,
                    "promise_date": date(2026, 3, 20),
                    "date_from": date(2026, 3, 1),
                    "item_ids": [Command.set(self.items(self.docs[name]).ids)],
                }
            )
            self.pay(self.docs[name], paid, on=date(2026, 3, 18))
            self.judge(MAR)
            self.assertEqual(promise.state, "kept" if name == "short" else "partly")
        figures = self.figures(period="month")
        self.assertEqual((figures["promises_kept"]["part"], figures["promises_kept"]["whole"]), (1, 2))
        self.assertEqual((figures["promises_kept_value"]["part"], figures["promises_kept_value"]["whole"]), (3485, 4000))

    # -- cured ---------------------------------------------------------------------------------------------------------

    def cured(self, on=MAR):
        found = self.figures(on, "month")["cured"]
        levels = [(row["name"], row["count"], row["days"], row["ended_otherwise"]) for row in found["levels"]]
        return (found["count"], found["days"], found["ended_otherwise"]), levels

    def test_a_customer_is_cured_when_nothing_overdue_is_left(self):
        first = self.invoice(self.buyer, 100, issued=date(2026, 2, 1), due=date(2026, 2, 20))
        second = self.invoice(self.buyer, 50, issued=date(2026, 2, 1), due=date(2026, 3, 5))
        self.run_cycle(date(2026, 2, 27))
        self.run_cycle(date(2026, 3, 13))
        self.pay(first, on=date(2026, 3, 10))
        self.assertEqual(self.cured(date(2026, 3, 12)), ((0, None, 0), []), "the second invoice was late by then")
        self.pay(second, on=date(2026, 3, 22))
        reached = self.actions(self.buyer).level_id.sorted("days_overdue")[-1:].name
        self.assertEqual(self.cured(), ((1, 30, 0), [(reached, 1, 30, 0)]))
        self.assertEqual(self.cured(date(2026, 4, 30)), ((0, None, 0), []), "that was in another month")

    def test_paid_on_the_due_date_was_never_late_and_a_credit_note_cures_nobody(self):
        self.pay(self.invoice(self.buyer, 100, issued=date(2026, 3, 1), due=date(2026, 3, 20)), on=date(2026, 3, 20))
        other = self.customer("Other")
        moves = self.invoice(other, 80, issued=date(2026, 3, 1), due=date(2026, 3, 3))
        moves |= self.credit_note(other, 80, on=date(2026, 3, 10))
        moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()
        self.assertEqual(self.cured(), ((0, None, 1), [(None, 0, None, 1)]))

    # -- contacts ------------------------------------------------------------------------------------------------------

    def test_what_followed_the_contacts_of_a_period(self):
        other = self.customer("Other", "other@example.com")
        answered = self.invoice(self.buyer, 100, issued=date(2026, 2, 1), due=date(2026, 2, 20))
        self.invoice(other, 70, issued=date(2026, 2, 1), due=date(2026, 2, 20))
        self.run_cycle(date(2026, 2, 27))
        self.pay(answered, 40, on=date(2026, 3, 4))
        found = self.figures(date(2026, 2, 28), "month")["contacts"]
        self.assertEqual([(row["name"], row["response"]["whole"]) for row in found["channels"]], [("E-mail", 2)])
        self.assertEqual([(row["id"], row["payment"]["part"]) for row in found["levels"]], [(self.level(7).id, 1)])
        self.assertEqual(len(found["templates"]), 1)
        payment = found["all"]["payment"]
        self.assertEqual((payment["value"], payment["count"], payment["too_few"]), (50, 2, True))
        self.assertEqual((found["all"]["amount_paid"], found["all"]["amount_under_way"]), (40, 0))
        self.assertEqual((found["right_party"]["part"], found["right_party"]["whole"]), (0, 2), "money is no conversation")
        self.env["collection.promise"].create(
            {
                "partner_id": other.id,
                "company_id": self.company.id,
                "amount": 70,
                "promise_date": date(2026, 3, 9),
                "date_from": date(2026, 3, 2),
            }
        )
        found = self.figures(date(2026, 2, 28), "month")["contacts"]
        self.assertEqual((found["right_party"]["part"], found["all"]["response"]["part"]), (1, 1))
        self.assertIsNone(self.figures(MAR, "month")["contacts"]["all"]["response"]["value"])

    # -- net position --------------------------------------------------------------------------------------------------

    def test_a_customer_who_owes_no_more_than_the_credit_gets_no_message(self):
        self.invoice(self.buyer, 500, due=date(2026, 8, 1))
        self.credit_note(self.buyer, 500, on=date(2026, 8, 5))
        self.run_cycle(TODAY)
        self.assertNotSent(self.buyer)
