from datetime import date

from odoo.exceptions import AccessError, UserError

from ..engine import as_of
from .kpi_common import FEB, MAR, KpiCase

APRIL = date(2026, 4, 1)


class TestSnapshot(KpiCase):
    """What was reported at the end of a month stays known, whatever the ledger says later."""

    def setUp(self):
        super().setUp()
        self.debt = self.invoice(self.buyer, 800, issued=date(2026, 2, 1), due=date(2026, 2, 20))
        self.open = self.invoice(self.buyer, 50, issued=date(2026, 2, 1), due=date(2026, 4, 20))
        self.money = self.money_on_account(self.buyer, 800, on=date(2026, 3, 5))

    def receivable(self, moves):
        return moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def match(self):
        self.receivable(self.debt | self.money.move_id).reconcile()

    def keep(self, on=APRIL):
        with self.on_day(on), self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_snapshots").sudo().method_direct_trigger()
        return self.env["collection.snapshot"].search([("company_id", "=", self.company.id)])

    def open_on(self, day):
        rows = self.env.execute_query_dict(as_of.open_lines_sql(self.env, self.company.ids, day))
        return {self.env["account.move"].browse(row["move_id"]): row["residual"] for row in rows}

    def differences(self, snapshot):
        self.env.invalidate_all()
        found = self.env["collection.snapshot.difference"].search([("snapshot_id", "=", snapshot.id)])
        return {line.move_id: (line.amount_kept, line.amount_now, line.reason) for line in found}

    def test_a_payment_matched_late_and_unmatched_in_april(self):
        self.match()  # on 20 March: the day of the matching leaves no trace, the dates of its lines count
        self.assertEqual(self.open_on(date(2026, 3, 10)), {self.open: 50})
        march = self.keep()
        self.assertRecordValues(march, [{"date": MAR, "amount_open": 50, "amount_debit": 50, "is_changed": False}])
        self.assertFalse(self.differences(march))
        self.receivable(self.debt).remove_move_reconcile()
        self.assertEqual(self.open_on(date(2026, 3, 10)), {self.open: 50, self.debt: 800, self.money.move_id: -800})
        march.invalidate_recordset()
        self.assertRecordValues(
            march,
            [
                {
                    "amount_open": 50,
                    "amount_open_now": 50,
                    "amount_difference": 0,
                    "amount_debit_now": 850,
                    "amount_credit_now": -800,
                    "is_changed": True,
                    "difference_count": 2,
                }
            ],
        )
        self.assertEqual(march.line_ids.mapped("move_id"), self.open, "it still shows the invoice closed")
        self.assertEqual(
            self.differences(march), {self.debt: (0, 800, "opened"), self.money.move_id: (0, -800, "opened")}
        )
        action = march.action_view_differences()
        self.assertEqual(len(self.env[action["res_model"]].search(action["domain"])), 2)

    def test_what_happened_is_named(self):
        march = self.keep()
        self.assertRecordValues(march, [{"amount_debit": 850, "amount_credit": -800, "amount_overdue": 800, "amount_open": 50}])
        self.match()
        self.pay(self.open, 20, on=date(2026, 3, 30))
        late = self.invoice(self.buyer, 30, issued=date(2026, 3, 3), due=date(2026, 3, 4))
        # In a test all is written at one moment.
        self.env.cr.execute(
            "UPDATE account_move_line SET create_date = create_date + interval '1 day' WHERE move_id = %s", [late.id]
        )
        found = self.differences(march)
        self.assertEqual(found[self.debt], (800, 0, "closed"))
        self.assertEqual(found[self.money.move_id], (-800, 0, "closed"))
        self.assertEqual(found[self.open], (50, 30, "matching"))
        self.assertEqual(found[late], (0, 30, "booked"))
        self.assertEqual(march.amount_open_now, 60)
        self.open.button_draft()
        self.assertEqual(self.differences(march)[self.open], (50, 0, "gone"))

    def test_a_deleted_document_is_still_named(self):
        march = self.keep()
        entry = self.journal_debit(self.buyer, 7, due=FEB)
        with self.on_day(date(2026, 3, 1)):
            february = self.env["collection.snapshot"].sudo()._keep(self.company, [FEB])
        name = entry.name
        entry.button_draft()
        entry.with_context(force_delete=True).unlink()
        lines = self.env["collection.snapshot.difference"].search([("snapshot_id", "=", february.id)])
        self.assertRecordValues(lines, [{"move_name": name, "amount_kept": 7, "amount_now": 0, "reason": "gone"}])
        with self.assertRaises(UserError):
            lines.action_open_move()
        self.assertFalse(self.differences(march))

    def test_it_is_kept_once_and_missing_months_on_request(self):
        march = self.keep()
        self.assertEqual(self.keep(), march)
        manager = self.make_user("head", "account_collections_auto.group_collection_manager")
        with self.on_day(APRIL):
            self.env["collection.snapshot"].with_user(manager).action_back_fill()
            self.env["collection.snapshot"].with_user(manager).action_back_fill()
        kept = self.env["collection.snapshot"].search([("company_id", "=", self.company.id)])
        self.assertRecordValues(
            kept,
            [
                {"date": MAR, "amount_open": 50, "is_later": False},
                {"date": FEB, "amount_open": 850, "is_later": True},
            ],
        )

    def test_one_company_that_fails_holds_up_no_other(self):
        other = self.setup_other_company(name="Second")["company"]
        self.assertEqual(len(self.keep()), 1)
        theirs = self.env["collection.snapshot"].sudo().search([("company_id", "=", other.id)])
        self.assertFalse(theirs, "nothing was ever owed there")

    # -- who may do what -----------------------------------------------------------------------------------------------

    def test_nobody_changes_or_deletes_what_was_kept(self):
        march = self.keep()
        for role in ("group_collection_auditor", "group_collector", "group_collection_manager"):
            user = self.make_user(role, f"account_collections_auto.{role}")
            seen = march.with_user(user)
            self.assertEqual(seen.amount_open, 50)
            with self.assertRaises(AccessError):
                seen.write({"amount_open": 1})
            with self.assertRaises(AccessError):
                seen.line_ids.write({"amount_residual": 1})
            with self.assertRaises(AccessError):
                seen.create({"company_id": self.company.id, "date": FEB})
            with self.assertRaises(AccessError):
                seen.unlink()
            if role != "group_collection_manager":
                with self.assertRaises(AccessError):
                    seen.action_back_fill()
        with self.assertRaises(UserError):
            march.sudo().unlink()

    def test_another_company_sees_nothing_of_it(self):
        march = self.keep()
        self.match()
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        for model in ("collection.snapshot", "collection.snapshot.line", "collection.snapshot.difference"):
            self.assertTrue(self.env[model].search([]))
            self.assertFalse(self.env[model].with_user(stranger).search([]), model)
        with self.assertRaises(AccessError):
            march.with_user(stranger).read(["amount_open"])
