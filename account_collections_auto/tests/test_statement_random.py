import os
from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from .random_ledger import FIRST, RandomLedger, days, documents, pairs
from .statement_common import StatementCase

EXAMPLES = 60 if os.environ.get("COLLECTIONS_LONG") else 8

events = some.lists(some.one_of(documents, *pairs), min_size=2, max_size=9)


class TestStatementRandom(RandomLedger, StatementCase):
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
