"""What happens on which day: the invoices and payments of the files, and seeded trouble around them."""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from .invoices import SEED, Invoice

YEAR = 366  # days, so that it is a full year in every year
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Event:
    """One thing that happens to a customer before the cycle of a day.

    ``kind`` and ``args``: invoice (key, currency, due date, amount, issued), credit (key, currency, amount), payment (the
    same), match (credit, invoice, amount), unmatch (the same: a reconciliation is undone), cancel (payment), due (key, new
    date), hold (keys or None, first, last day).
    """

    customer: str
    kind: str
    args: tuple


class Story:
    """Collects events by day. A number out of ``dice`` decides what goes wrong with each invoice."""

    def __init__(self, first: date, last: date, seed: int = SEED):
        self.first, self.last = first, last
        self.dice = random.Random(seed)
        self.days = defaultdict(list)
        self.count = 0

    def tell(self, day, customer, kind, *args):
        self.days[max(day, self.first)].append(Event(customer, kind, args))

    def key(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def soon(self, day, least, most):
        return day + timedelta(days=self.dice.randint(least, most))

    def pay(self, day, invoice, key, amount):
        """Money comes in and is matched at once. Returns the key of the payment."""
        payment = self.key("P")
        self.tell(day, invoice.customer, "payment", payment, invoice.currency, amount)
        self.tell(day, invoice.customer, "match", payment, key, amount)
        return payment

    def share(self, amount, least, most):
        return (amount * self.dice.randint(least, most) / 100).quantize(CENT)


def tell_story(invoices: list[Invoice], currency: str, seed: int = SEED) -> Story:
    """The year that ends 45 days after the last of ``invoices``: posted and paid on their days, with trouble.

    ``currency`` is that of invoices that name none. What was still open when the year begins is posted on its first day.
    """
    last = max(invoice.issued for invoice in invoices) + timedelta(days=45)
    story = Story(last - timedelta(days=YEAR - 1), last, seed)
    customers = {}
    for invoice in sorted(invoices, key=lambda invoice: (invoice.issued, invoice.number)):
        if not invoice.settled or invoice.settled > story.first:
            invoice = Invoice(**{**vars(invoice), "currency": invoice.currency or currency})
            customers.setdefault(invoice.customer, invoice)
            _invoice_story(story, invoice)
    for _name, invoice in sorted(customers.items()):
        _customer_story(story, invoice)
    return story


def _invoice_story(story, invoice):
    key = story.key("I")
    story.tell(invoice.issued, invoice.customer, "invoice", key, invoice.currency, invoice.due, invoice.amount, invoice.issued)
    settled = invoice.settled and max(invoice.settled, story.first)
    fates = {
        _paid_in_parts: 14,
        _credited: 5,
        _charged_back: 6,
        _unreconciled: 3,
        _due_date_moved: 3,
        _cents_missing: 2,
        _put_on_hold: 2,
        _paid: 65,
    }
    fate = story.dice.choices(list(fates), list(fates.values()))[0]
    fate(story, invoice, key, settled)


def _paid(story, invoice, key, settled, amount=None):
    if settled:
        story.pay(settled, invoice, key, amount or invoice.amount)


def _paid_in_parts(story, invoice, key, settled):
    """Most of it on the day, the rest a good while later, or never."""
    if settled:
        part = story.share(invoice.amount, 20, 90)
        story.pay(settled, invoice, key, part)
        if story.dice.random() < 0.8:
            story.pay(story.soon(settled, 5, 80), invoice, key, invoice.amount - part)


def _credited(story, invoice, key, settled):
    """A credit note, open for some days before somebody matches it; the payment is of the rest."""
    note, amount = story.key("C"), story.share(invoice.amount, 5, 60)
    noted = story.soon(invoice.due, -5, 30)
    story.tell(noted, invoice.customer, "credit", note, invoice.currency, amount)
    story.tell(story.soon(max(noted, story.first), 1, 30), invoice.customer, "match", note, key, amount)
    _paid(story, invoice, key, settled, invoice.amount - amount)


def _charged_back(story, invoice, key, settled):
    """Paid, the payment undone by the bank, and paid again weeks later."""
    if settled:
        payment = story.pay(settled, invoice, key, invoice.amount)
        undone = story.soon(settled, 2, 25)
        story.tell(undone, invoice.customer, "unmatch", payment, key, invoice.amount)
        story.tell(undone, invoice.customer, "cancel", payment)
        story.pay(story.soon(undone, 3, 60), invoice, key, invoice.amount)


def _unreconciled(story, invoice, key, settled):
    """Paid, the reconciliation undone by a person, so that the money is a credit, and matched again later."""
    if settled:
        payment = story.pay(settled, invoice, key, invoice.amount)
        undone = story.soon(settled, 1, 15)
        story.tell(undone, invoice.customer, "unmatch", payment, key, invoice.amount)
        story.tell(story.soon(undone, 1, 40), invoice.customer, "match", payment, key, invoice.amount)


def _due_date_moved(story, invoice, key, settled):
    new_due = story.soon(invoice.due, 3, 40)
    story.tell(max(story.soon(invoice.due, -8, 25), invoice.issued), invoice.customer, "due", key, new_due)
    _paid(story, invoice, key, settled and story.soon(settled, 10, 40))


def _cents_missing(story, invoice, key, settled):
    _paid(story, invoice, key, settled, invoice.amount - story.dice.randint(50, 160) * CENT)


def _put_on_hold(story, invoice, key, settled):
    first = max(story.soon(invoice.due, -6, 12), invoice.issued)
    story.tell(first, invoice.customer, "hold", frozenset({key}), max(first, story.first), story.soon(first, 0, 25))
    _paid(story, invoice, key, settled and story.soon(settled, 0, 30))


def _customer_story(story, invoice):
    """Some customers are put on hold as a whole, some pay without saying for what, some get their money back."""
    length = (story.last - story.first).days
    if story.dice.random() < 0.3:
        first = story.soon(story.first, 0, length)
        story.tell(first, invoice.customer, "hold", None, first, story.soon(first, 0, 30))
    if story.dice.random() < 0.3:
        payment, came = story.key("P"), story.soon(story.first, 0, length)
        story.tell(came, invoice.customer, "payment", payment, invoice.currency, story.share(invoice.amount, 10, 150))
        if story.dice.random() < 0.7:
            story.tell(story.soon(came, 1, 60), invoice.customer, "cancel", payment)
