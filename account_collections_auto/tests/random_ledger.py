"""Ledgers that hypothesis makes up: what happens, in whatever order, and the receivable lines that it brings."""

from datetime import date, timedelta

from hypothesis import strategies as some

FIRST = date(2026, 6, 1)

days = some.integers(0, 90).map(lambda number: FIRST + timedelta(days=number))
cents = some.integers(1, 50000).map(lambda number: number / 100)
documents = some.tuples(some.sampled_from(["invoice", "credit", "entry"]), days, cents, some.booleans())
pairs = (
    some.tuples(some.just("pay"), days, some.floats(0.1, 1.3), some.integers(0, 9), some.booleans()),
    some.tuples(some.just("match"), some.integers(0, 9), some.integers(0, 9)),
    some.tuples(some.just("undo"), some.integers(0, 9)),
)


class RandomLedger:
    """For a `StatementCase`: lets events happen to one customer."""

    def currency_number(self, number):
        """Return the company's currency for 0 or False, else another one."""
        return (self.euro, self.foreign, *self.more_currencies)[int(number)]

    more_currencies = ()

    def happen(self, buyer, lines, kind, *details):
        """Let one thing happen; return the receivable lines that it brought."""
        if kind in ("invoice", "credit", "entry"):
            day, amount, number = details
            currency = self.currency_number(number)
            if kind == "invoice":
                move = self.invoice(buyer, amount, due=day + timedelta(days=20), issued=day, currency=currency)
            elif kind == "credit":
                move = self.credit_note(buyer, amount, on=day, currency=currency)
            else:
                move = self.journal_debit(buyer, amount, due=day)
            return self.receivable(move)
        if kind == "pay":
            day, share, number, currency = details
            return self.receive(buyer, lines, day, share, number, self.currency_number(currency))
        if kind == "instalments":
            day, amount, length = details
            parts = [(amount, day + timedelta(days=20)), (amount, day + timedelta(days=20 + length))]
            return self.receivable(self.instalments(buyer, *parts))
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
                "amount": max(currency.round(worth * share * (1 if currency == self.euro else 2)), currency.rounding),
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
