from datetime import date

from ..engine import as_of
from .kpi_common import MAR, KpiCase


class TestPainsFigures(KpiCase):
    def test_pain_36_ageing_adds_up_to_the_balance(self):
        """Open credit notes and matchings with an earlier date: the buckets and the unapplied credits are the balance."""
        self.post_ledger()
        late_match = self.money_on_account(self.buyer, 700, on=date(2026, 3, 12))
        for day in (date(2026, 3, 11), date(2026, 3, 12), MAR):
            figures = self.figures(day)
            balance = sum(
                self.env["account.move.line"]
                .search(
                    [
                        ("company_id", "=", self.company.id),
                        ("account_id.account_type", "=", "asset_receivable"),
                        ("parent_state", "=", "posted"),
                        ("date", "<=", day),
                    ]
                )
                .mapped("balance")
            )
            self.assertEqual(sum(bucket["amount"] for bucket in figures["ageing"]) + figures["credit"], balance)
            self.assertEqual(figures["tie_out"]["difference"], 0)
        self.assertEqual(figures["credit"], -1200, "credits and money not matched are a bucket of their own")
        # Matched weeks later: the ageing of the past follows, its total does not.
        before = self.figures()
        (self.docs["I4"] | late_match.move_id).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        after = self.figures()
        self.assertEqual((before["overdue"], after["overdue"]), (6800, 6100))
        self.assertEqual((after["credit"], after["receivables"]), (-500, before["receivables"]))
        rows = self.env.execute_query_dict(as_of.open_lines_sql(self.env, self.company.ids, date(2026, 3, 12)))
        self.assertEqual({row["move_id"]: row["residual"] for row in rows}[self.docs["I4"].id], 3300)
