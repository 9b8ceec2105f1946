"""The oracle of the replay: who must be contacted on which day, from the written rules over plain lists. Nothing shared.

`happen` tells what happened on a day, `decide_day` answers what the cycle of that day must do. Credits are negative items.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True)
class Level:
    days: int  # 0 or less: a courtesy message
    response_days: int = 7
    wait_days: int = 7
    is_final: bool = False


@dataclass(frozen=True)
class Plan:
    levels: tuple[Level, ...]  # lowest first
    gap_days: int = 7
    grace_days: int = 0
    minimum: Decimal = Decimal(0)
    tolerance: Decimal = Decimal(1)
    weekdays: frozenset[int] = frozenset(range(7))
    catch_up: bool = False
    repeat_days: int = 0
    repeat_times: int = 0


@dataclass
class Message:
    day: date
    tone: int  # days of the highest level that advances
    advancing: dict[str, int]  # item -> days of the level it reaches
    listed: set[str]  # the other claimed items
    claimed: dict[str, Decimal]  # per currency, after credits
    total: Decimal  # in company currency
    deadline: date
    reasons: set[str]  # why it is withheld; none: it was sent
    bounced: bool = False


@dataclass
class Item:
    key: str
    currency: str
    due: date
    open: Decimal
    got: list[Message] = field(default_factory=list)  # the messages of its present ladder in which it advanced

    def last(self):
        """The message of the highest level after the due date, or None; courtesy is never the previous level."""
        late = [message for message in self.got if message.advancing[self.key] > 0]
        return max(late, key=lambda message: (message.advancing[self.key], message.day), default=None)


@dataclass
class Customer:
    plan: Plan
    items: dict[str, Item] = field(default_factory=dict)
    holds: list[tuple] = field(default_factory=list)  # (items or None for all, first day, last day)
    messages: list[Message] = field(default_factory=list)
    is_reachable: bool = True


def happen(customer, day, kind, *args):
    """Tell what happened on ``day``, before the cycle of that day."""
    if kind == "post":  # key, currency, due date, amount: an invoice, a credit note, money without an invoice
        customer.items[args[0]] = Item(*args)
    elif kind == "change":  # key, amount: less when paid or credited, more when that is undone
        customer.items[args[0]].open += args[1]
    elif kind == "due":  # key, new due date: moved later than today, the ladder starts again
        item = customer.items[args[0]]
        item.got, item.due = ([] if args[1] > item.due and args[1] > day else item.got), args[1]
    elif kind == "hold":  # items or None, first day, last day
        customer.holds.append(args)
    elif kind == "bounce":  # the last message did not arrive: what it moved is back where it was
        customer.messages[-1].bounced, customer.is_reachable = True, False
        for item in customer.items.values():
            item.got = [message for message in item.got if not message.bounced]
    customer.is_reachable |= kind == "fix"


def next_level(plan, item, day):
    """The level that comes next for ``item``, reached or not; None when there is none (left)."""
    late, last, all_got = (day - item.due).days, item.last(), [message.advancing[item.key] for message in item.got]
    if late <= 0:  # of several courtesy levels only the one nearest the due date
        return next((lv for lv in plan.levels[::-1] if max(all_got, default=-9999) < lv.days <= late), None)
    got = last.advancing[item.key] if last else 0
    if rest := [lv for lv in plan.levels if lv.days > got and (last or not lv.is_final)]:
        return ([lv for lv in rest if lv.days <= late and plan.catch_up] or rest[:1])[-1]
    return plan.levels[-1] if last and all_got.count(got) - 1 < plan.repeat_times else None


def is_held(item, day, holds):
    return any((keys is None or item.key in keys) and first <= day <= last for keys, first, last in holds)


def is_reached(plan, item, level, day, holds):
    last = item.last()
    if last and level.days > 0:  # days on hold are no time to answer
        paused = sum(is_held(item, last.day + timedelta(number), holds) for number in range(1, (day - last.day).days))
        wait = max(level.wait_days, plan.repeat_days if last.advancing[item.key] == level.days else 0)
        if day < last.day + timedelta(wait) or day <= last.deadline + timedelta(plan.grace_days + paused):
            return False
    return (day - item.due).days >= level.days


def look(customer, day, rates):
    """Return (claimable items, levels reached by item, net claim by currency where it is more than the tolerance)."""
    plan, items = customer.plan, customer.items.values()
    debts = [i for i in items if i.open > plan.tolerance * rates[i.currency]]
    free = [i for i in debts if not is_held(i, day, customer.holds)]
    overdue = any(i.due < day for i in debts)  # also on hold; then no courtesy message
    levels = {i.key: next_level(plan, i, day) for i in free if i.due < day or not overdue}
    levels = {key: lv for key, lv in levels.items() if lv and is_reached(plan, customer.items[key], lv, day, customer.holds)}
    claimable = [i for i in free if (i.due < day if overdue else i.key in levels)]
    net = {cur: sum(i.open for i in claimable + [i for i in items if i.open < 0] if i.currency == cur) for cur in rates}
    return claimable, levels, {cur: amount for cur, amount in net.items() if amount > plan.tolerance * rates[cur]}


def decide_day(customer, day, rates):
    """What the cycle of ``day`` does: a message (withheld if it has reasons, else sent and remembered), or None."""
    plan, (claimable, levels, claimed) = customer.plan, look(customer, day, rates)
    advancing = {key: lv.days for key, lv in levels.items() if customer.items[key].currency in claimed}
    if not advancing:
        return None
    total = sum(amount / rates[cur] for cur, amount in claimed.items()).quantize(Decimal("0.01"), ROUND_HALF_UP)
    tone = max(advancing.values())
    answer = day + timedelta(next(lv.response_days for lv in plan.levels if lv.days == tone))
    deadline = next(some for n in range(7) if (some := answer + timedelta(n)).weekday() in plan.weekdays)
    deadline = deadline if tone > 0 else min(customer.items[key].due for key in advancing)  # courtesy: the due date
    too_soon = any(day < m.day + timedelta(max(plan.gap_days, 1)) for m in customer.messages if not m.bounced)
    stops = {"below_minimum": total < plan.minimum, "bounced": not customer.is_reachable, "gap": too_soon}
    listed = {i.key for i in claimable if i.due < day} - advancing.keys()
    message = Message(day, tone, advancing, listed, claimed, total, deadline, {why for why in stops if stops[why]})
    if not message.reasons:
        for messages in [customer.messages, *(customer.items[key].got for key in advancing)]:
            messages.append(message)
    return message


def must_decide(customer, day, rates):
    """A person has to decide: a claimable overdue item is past the deadline of its last level."""
    claimable, _levels, claimed = look(customer, day, rates)
    late = [i for i in claimable if i.due < day and i.currency in claimed and i.last() and i.last().deadline < day]
    return any(not next_level(customer.plan, i, day) for i in late)
