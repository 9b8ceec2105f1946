import os
from datetime import date, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from .statement_common import StatementCase

FIRST = date(2026, 6, 1)
EXAMPLES = 60 if os.environ.get("COLLECTIONS_LONG") else 8

days = some.integers(0, 90).map(lambda number: FIRST + timedelta(days=number))
cents = some.integers(1, 50000).map(lambda number: number / 100)
documents = some.tuples(some.sampled_from(["invoice", "credit", "entry"]), days, cents, some.booleans())
events = some.lists(
    some.one_of(
        documents,
        some.tuples(some.just("pay"), days, some.floats(0.1, 1.3), some.integers(0, 9), some.booleans()),
        some.tuples(some.just("match"), some.integers(0, 9), some.integers(0, 9)),
        some.tuples(some.just("undo"), some.integers(0, 9)),
    ),
    min_size=2,
    max_size=9,
)


class TestStatementRandom(StatementCase):
    """Whatever happens in a ledger of two currencies: opening + movements = closing = what is open = the accounts."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],  # the first failing ledger is small enough; making it smaller takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(events=events, first=days, length=some.integers(0, 60))
    def test_opening_and_movements_are_what_is_open(self, events, first, length):
        with self.env.cr.savepoint() as savepoint:
            buyer, lines = self.customer("Buyer"), self.env["account.move.line"]
            for event in events:
                lines |= self.happen(buyer, lines, *event)
            # The days on which something was booked, and those before, are where a mistake would show.
            moments = {first + timedelta(days=length), FIRST + timedelta(days=200)}
            moments |= {line.date - timedelta(days=before) for line in lines for before in (0, 1)}
            for day in sorted(moments):
                self.assertTiesOut(buyer, day, min(first, day))
            last = self.account(buyer, FIRST + timedelta(days=200))
            residuals = {}
            for line in lines:
                residuals[line.currency_id.id] = residuals.get(line.currency_id.id, 0) + line.amount_residual_currency
            for section in last.sections:
                self.assertAlmostEqual(section.balance, residuals.pop(section.currency_id), 2)
            for rest in residuals.values():
                self.assertAlmostEqual(rest, 0, 2)
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)

    def happen(self, buyer, lines, kind, *details):
        """Let one thing happen; return the receivable lines that it brought."""
        if kind in ("invoice", "credit", "entry"):
            day, amount, is_foreign = details
            currency = self.foreign if is_foreign else self.euro
            if kind == "invoice":
                move = self.invoice(buyer, amount, due=day + timedelta(days=20), issued=day, currency=currency)
            elif kind == "credit":
                move = self.credit_note(buyer, amount, on=day, currency=currency)
            else:
                move = self.journal_debit(buyer, amount, due=day)
            return self.receivable(move)
        if kind == "pay":
            day, share, number, is_foreign = details
            return self.receive(buyer, lines, day, share, number, self.foreign if is_foreign else self.euro)
        if kind == "match" and lines:
            one, other = (lines[number % len(lines)] for number in details)
            if one.balance * other.balance < 0 and not one.reconciled and not other.reconciled:
                (one | other).reconcile()
                return self.exchange_lines(buyer)
        if kind == "undo" and lines:
            lines[details[0] % len(lines)].remove_move_reconcile()
            return self.exchange_lines(buyer)
        return self.env["account.move.line"]

    def receive(self, buyer, lines, day, share, number, currency):
        """Receive money in a currency, matched with one of the open debits when there is one."""
        owed = lines.filtered(lambda line: line.amount_residual > 0)
        target = owed[number % len(owed)] if owed else owed
        worth = target.amount_residual if target else 50.0
        payment = self.env["account.payment"].create(
            {
                "partner_id": buyer.id,
                "amount": max(currency.round(worth * share * (2 if currency == self.foreign else 1)), 0.01),
                "currency_id": currency.id,
                "date": day,
                "journal_id": self.pay_in_cash.id,
                "payment_type": "inbound",
            }
        )
        payment.action_post()
        line = self.receivable(payment.move_id)
        if target and line:
            (target | line).reconcile()
        return line | self.exchange_lines(buyer)

    def receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def exchange_lines(self, buyer):
        """Every receivable line of the customer: matching and undoing book exchange differences and take them back."""
        return self.env["account.move.line"].search(
            [
                ("partner_id", "=", buyer.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
