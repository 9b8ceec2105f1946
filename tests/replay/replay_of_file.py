"""A year of invoices, a cycle on each day: the suite does what the oracle says, message by message."""

from collections import Counter
from datetime import timedelta

from .common import ReplayCase
from .invoices import load
from .oracle import Level, Plan
from .story import tell_story

PLAN = Plan(
    tuple(Level(days, response_days=5, is_final=days == 21) for days in (-3, 1, 7, 14, 21)),
    grace_days=1,
    weekdays=frozenset(range(5)),
)
LEAST_PER_LEVEL = 50


class ReplayOfFile(ReplayCase):
    def replay_file(self, columns, limit=None):
        source, invoices = load(columns, limit)
        story = tell_story(invoices, "USD")
        self.enrol(sorted({invoice.customer for invoice in invoices}), PLAN, self.make_suite_plan(PLAN))
        self.change_rate(story.first + timedelta(days=180), "1.40")
        kinds = Counter(event.kind for events in story.days.values() for event in events)
        sent = self.replay(story, bounce_one_in=40)
        self._report(source, story, kinds, sent)
        for level in PLAN.levels:
            self.assertGreaterEqual(sent[level.days], LEAST_PER_LEVEL, f"too few reminders of level {level.days} to tell")

    def _report(self, source, story, kinds, sent):
        bounced = sum(message.bounced for customer in self.books.values() for message in customer.messages)
        reminders = ", ".join(f"level {days}: {sent[days]}" for days in sorted(sent))
        self.show(
            f"replay of {source}, {story.first} to {story.last}, {len(self.books)} customers: {reminders}; {bounced} bounced"
        )
        self.show("replay events: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
        self.show("replay seconds: " + ", ".join(f"{what} {seconds:.0f}" for what, seconds in self.spent.items()))
