"""What is paid, and what is matched with what. Pure functions over amounts; no Odoo here.

Nothing that a browser says is an amount to charge: it names items, and at most how much less than all of one it pays.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

MOST_ITEMS = 500  # named one by one in an address; who pays more pays "all open"
# Said of the whole item, or let go by us: nothing of it is paid unless the customer picks it.
_SPOKEN_FOR = ("disputed", "on_its_way", "settled")


class Open(NamedTuple):
    """An open item. ``open`` is negative for a credit. ``group``: what one transaction can be about."""

    id: int
    group: tuple
    due_date: date
    status: str
    open: float
    disputed: float = 0.0


class Share(NamedTuple):
    """How much of an item is paid, or how much of a credit is used; both above zero."""

    id: int
    amount: float


class Part(NamedTuple):
    """What one transaction pays: ``amount`` is the debts less the credits."""

    group: tuple
    debts: tuple[Share, ...]
    credits: tuple[Share, ...]
    amount: float

    def seal(self):
        """Return a short text that differs for whatever else would be paid: what was shown is what is charged.

        >>> one = Part((1, 2, 3), (Share(7, 60.0),), (), 60.0)
        >>> one.seal() == one._replace(debts=(Share(8, 60.0),)).seal(), len(one.seal())
        (False, 20)
        """
        return hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:20]


class Choice(NamedTuple):
    """What a customer chose to pay: "overdue", "open", "items" or an "offer"; of a single item perhaps only ``amount``.

    ``with_credits``: credits are taken off; of an offer, money on account counts as paid.
    """

    kind: str = "overdue"
    item_ids: tuple[int, ...] = ()
    amount: float | None = None
    reason_id: int | None = None
    with_credits: bool = True
    group: tuple | None = None
    offer_id: int | None = None

    def query(self, **changes):
        """Return the parameters of an address that asks for this again.

        >>> Choice("items", (4, 5), with_credits=False).query()
        {'choice': 'items', 'items': '4,5', 'credits': 'none'}
        """
        choice = self._replace(**changes)
        found = {
            "choice": choice.kind,
            "items": ",".join(map(str, choice.item_ids)),
            "amount": "" if choice.amount is None else repr(choice.amount),
            "reason": choice.reason_id or "",
            "credits": "" if choice.with_credits else "none",
            "part": "-".join(map(str, choice.group or ())),
            "offer": choice.offer_id or "",
        }
        return {name: value for name, value in found.items() if value}


def read_choice(sent: Mapping[str, Sequence[str]]) -> Choice:
    """Return the choice in the parameters of an address. What is no number is left out; nothing is believed of it.

    >>> read_choice({"choice": ["items"], "items": ["4,5", "x"], "amount": ["60"]})
    Choice(kind='items', item_ids=(4, 5), amount=None, reason_id=None, with_credits=True, group=None, offer_id=None)
    >>> read_choice({"items": ["4"], "amount": ["60.5"], "part": ["1-2-3"], "reason": ["9"]})
    Choice(kind='items', item_ids=(4,), amount=60.5, reason_id=9, with_credits=True, group=(1, 2, 3), offer_id=None)
    >>> read_choice({"choice": ["all"], "amount": ["-5"], "credits": ["none"]})
    Choice(kind='overdue', item_ids=(), amount=None, reason_id=None, with_credits=False, group=None, offer_id=None)
    >>> read_choice({"offer": ["7"], "items": ["4"], "amount": ["1"]}).query()
    {'choice': 'offer', 'offer': 7}
    """

    def first(name):
        return next(iter(sent.get(name, ())), "")

    group = first("part").split("-")
    group = tuple(map(int, group)) if len(group) == 3 and all(map(_is_number, group)) else None
    if _is_number(first("offer")):  # says itself what it is about
        with_credits = first("credits") != "none"
        return Choice("offer", with_credits=with_credits, group=group, offer_id=int(first("offer")))
    named = [number for text in sent.get("items", ()) for number in text.split(",")]
    item_ids = tuple(dict.fromkeys(int(number) for number in named if _is_number(number)))[:MOST_ITEMS]
    kind = "items" if item_ids else first("choice")
    is_one = kind == "items" and len(item_ids) == 1
    return Choice(
        kind if kind in ("overdue", "open", "items") else "overdue",
        item_ids,
        _read_amount(first("amount")) if is_one else None,
        int(first("reason")) if is_one and _is_number(first("reason")) else None,
        first("credits") != "none",
        group,
    )


def _is_number(text):
    return text.isascii() and text.isdigit() and len(text) < 10


def _read_amount(text):
    """Return an amount above zero, None for anything else.

    >>> [_read_amount(text) for text in ("12.5", "1,5", "0", "-3", "nan", "inf", "1e9", "")]
    [12.5, 1.5, None, None, None, None, None, None]
    """
    whole, _dot, cents = text.strip().replace(",", ".").partition(".")
    is_amount = len(whole) < 13 and _is_digits(whole) and (not cents or (len(cents) < 7 and _is_digits(cents)))
    amount = float(f"{whole}.{cents or 0}") if is_amount else 0.0
    return amount if amount > 0 else None


def _is_digits(text):
    return text.isascii() and text.isdigit()


def what_to_pay(
    items: Collection[Open], choice: Choice, digits: Mapping[tuple, int], most: float | None = None
) -> list[Part]:
    """Return what is paid, one `Part` for each group in the order of the groups; ``digits``: decimals of each group.

    Never more of an item than is open; of a credit no more than covers the debts. A part of 0 is covered by credits.
    ``most``: of all of them together, what falls due first goes first; that of an offer counts the credits already.

    >>> invoice = Open(1, (1,), date(2026, 1, 1), "overdue", 100.0, 40.0)
    >>> other = Open(2, (1,), date(2026, 2, 1), "not_due", 9.0)
    >>> credit = Open(3, (1,), date(2026, 1, 5), "credit", -25.0)
    >>> what_to_pay([invoice, other, credit], Choice("overdue"), {(1,): 2})[0][1:]
    ((Share(id=1, amount=60.0),), (Share(id=3, amount=25.0),), 35.0)
    >>> what_to_pay([invoice, other, credit], Choice("items", (1, 2), None, None, False), {(1,): 2})[0].amount
    69.0
    >>> what_to_pay([invoice, other], Choice("offer", (), None, None, False), {(1,): 2}, 104.5)[0][1:]
    ((Share(id=1, amount=100.0), Share(id=2, amount=4.5)), (), 104.5)
    """
    parts = []
    for group in sorted({item.group for item in items}):
        own = sorted((item for item in items if item.group == group), key=lambda item: (item.due_date, item.id))
        shares = [Share(item.id, round(_amount_of(item, choice), digits[group])) for item in own if item.open > 0]
        if most is not None:
            shares, most = _cut(shares, most, digits[group])
        debts = tuple(share for share in shares if share.amount > 0)
        if not debts:
            continue
        total = round(sum(share.amount for share in debts), digits[group])
        used = []
        for credit in (item for item in own if item.open < 0 and choice.with_credits and choice.kind != "offer"):
            taken = round(sum(share.amount for share in used), digits[group])
            amount = round(min(-credit.open, total - taken), digits[group])
            if amount > 0:
                used.append(Share(credit.id, amount))
        amount = round(total - sum(share.amount for share in used), digits[group])
        parts.append(Part(group, debts, tuple(used), amount))
    return parts


def _cut(shares, most, digits):
    """Return the shares as far as ``most`` goes, and what is left of it."""
    found = []
    for share in shares:
        amount = min(share.amount, most)
        found.append(share._replace(amount=amount))
        most = round(most - amount, digits)
    return found, most


def _amount_of(item, choice):
    """Return how much of an open debt is paid by a choice."""
    rest = max(item.open - item.disputed, 0.0)
    if choice.kind == "offer":
        return item.open
    if choice.kind == "items":
        if item.id not in choice.item_ids:
            return 0.0
        if choice.amount is not None:
            return min(choice.amount, item.open)
        return rest or item.open  # what is disputed as a whole is paid because the customer picked it
    if choice.kind == "open":
        return 0.0 if item.status in _SPOKEN_FOR else rest
    return rest if item.status == "overdue" else 0.0


def match(debts: Sequence[Share], sources: Sequence[Share], digits: int) -> list[tuple[int, int, float]]:
    """Return (debt, source, amount): what of each source goes on each debt, both in their order.

    >>> match([Share(1, 60.0), Share(2, 40.0)], [Share(8, 25.0), Share(9, 75.0)], 2)
    [(1, 8, 25.0), (1, 9, 35.0), (2, 9, 40.0)]
    >>> match([Share(1, 10.0)], [Share(9, 75.0)], 2), match([], [Share(9, 5.0)], 2)
    ([(1, 9, 10.0)], [])
    """
    found = []
    left = [[source.id, source.amount] for source in sources]
    for debt in debts:
        rest = debt.amount
        while left and rest > 0:
            amount = round(min(rest, left[0][1]), digits)
            if amount > 0:
                found.append((debt.id, left[0][0], amount))
            rest = round(rest - amount, digits)
            left[0][1] = round(left[0][1] - amount, digits)
            if left[0][1] <= 0:
                left.pop(0)
    return found
