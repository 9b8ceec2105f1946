"""Whatever is paid, taken back, disputed, promised, agreed, given up or handed over: totals are the ledger's, money counts
once, and nothing that is stopped is demanded."""

import os
from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as some
from odoo import Command
from odoo.addons.account_collections_auto.engine import select, withhold
from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import format_amount, html2plaintext

from .owed import TOLERANCE, Customer, Instalment, Item, NoFollowUp, Offer, Placement, Plan, Stop, WriteOff

FIRST = date(2026, 6, 1)
RATES = {"USD": Decimal(1), "CAD": Decimal(2)}
EXAMPLES = 120 if os.environ.get("COLLECTIONS_LONG") else 5
# A promise for a later day than this needs a manager; "we have paid already" holds this long.
PROMISE_DAYS, GRACE_DAYS, TRANSIT_DAYS = 20, 2, 5
INSTALMENT_GRACE_DAYS = 3
CUSTOMERS = ("one", "two", "three")

# What can happen, and how often; those that end or undo something need something to end.
HAPPENINGS = {
    "invoice": 3,
    "instalments": 1,
    "journal_entry": 2,
    "pay": 6,
    "on_account": 2,
    "credit_note": 2,
    "match": 3,
    "unmatch": 3,
    "cancel_payment": 3,
    "hold": 3,
    "end_hold": 2,
    "dispute": 5,
    "settle": 4,
    "post_credit_note": 3,
    "promise": 4,
    "approve_or_cancel_promise": 2,
    "notice": 4,
    "decide_notice": 2,
    "plan": 4,
    "cancel_plan": 1,
    "offer": 4,
    "cancel_offer": 1,
    "write_off": 3,
    "decide_write_off": 3,
    "undo_write_off": 1,
    "place": 3,
    "hand_over": 3,
    "recall": 2,
    "remind_all_the_same": 1,
    "nothing": 2,
}
number = some.integers(0, 99)
steps = some.lists(
    some.tuples(
        some.sampled_from([name for name, weight in HAPPENINGS.items() for _ in range(weight)]),
        some.sampled_from(CUSTOMERS),
        number,  # which
        number,  # how much
        some.sampled_from((0, 0, 0, 1, 2, 5, 9)),  # days later
    ),
    min_size=8,
    max_size=12,
)
# How the stories begin, each with what chance alone would seldom bring.
BEGINNINGS = (
    # A part is disputed, a plan is agreed on, and what is in the queue is withdrawn. Of an entry a part is let go of.
    [
        *(("dispute", "one", 1, 20, 0), ("plan", "three", 2, 0, 0), ("hold", "one", 0, 1, 0)),
        *(("journal_entry", "two", 3, 20, 0), ("dispute", "two", 11, 44, 0), ("settle", "two", 0, 42, 5)),
    ],
    # An offer is paid in time, something is given up, and an agency gets a customer, who pays and buys again.
    [
        *(("offer", "one", 0, 0, 0), ("pay", "one", 0, 72, 1), ("write_off", "three", 0, 0, 0)),
        *(("decide_write_off", "three", 0, 1, 0), ("place", "two", 0, 0, 0), ("hand_over", "two", 0, 0, 0)),
        *(("pay", "two", 0, 40, 1), ("invoice", "two", 0, 30, 0), ("remind_all_the_same", "two", 0, 0, 0)),
        ("recall", "two", 0, 0, 2),
    ],
)
# A story that is always told: what ends or undoes something, which the few random ones of a short run may miss.
ONCE = [
    *(("hold", "one", 1, 1, 0), ("end_hold", "one", 0, 0, 0), ("dispute", "one", 1, 90, 0), ("settle", "one", 0, 42, 0)),
    *(("post_credit_note", "one", 0, 0, 0), ("offer", "one", 0, 0, 0), ("cancel_offer", "one", 0, 0, 0)),
    *(("promise", "two", 1, 25, 0), ("approve_or_cancel_promise", "two", 0, 1, 0), ("plan", "two", 0, 0, 0)),
    *(("cancel_plan", "two", 0, 0, 1), ("on_account", "two", 1, 40, 0), ("match", "two", 0, 0, 0)),
    *(("instalments", "three", 0, 10, 0), ("write_off", "three", 0, 0, 0), ("decide_write_off", "three", 0, 1, 0)),
    *(("undo_write_off", "three", 0, 0, 0), ("notice", "three", 0, 10, 0), ("decide_notice", "three", 0, 1, 2)),
]


@tagged("post_install", "-at_install")
class TestRandomAnswers(CollectionsCase):
    """After each thing that happens: the queue is asked, a cycle runs, and both are compared with plain lists."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True, "mail_create_nolog": True})
        cls.currencies = {name: cls.env.ref(f"base.{name}") for name in RATES}
        cls.currencies["CAD"].active = True
        cls.set_rate(cls.currencies["CAD"], float(RATES["CAD"]))
        cls.company.collection_plan_id = cls.make_plan(
            ((2, {"response_days": 2}), (9, {"response_days": 2}), (16, {"response_days": 2})),
            minimum_days_between_contacts=1,
            grace_days=GRACE_DAYS,
            resume_days=1,
            in_transit_days=TRANSIT_DAYS,
            promise_max_days=PROMISE_DAYS,
            promise_max_in_row=0,
            settlement_percent=50,
            settlement_percent_manager=50,
        )
        cls.head = cls.make_user("head", "account_collections_auto.group_collection_manager")
        cls.company.collection_write_off_account_id = cls.company_data["default_account_expense"]
        contact = cls.env["res.partner"].create({"name": "Agency"})
        cls.agency = cls.env["collection.agency"].create({"partner_id": contact.id, "contact_gap_days": 1})
        files = type(cls.env["collection.placement.file"])
        cls.startClassPatcher(patch.object(files, "_start", lambda self: None))  # no evidence is printed
        cls.counts, cls.happened = Counter(), Counter()

    def test_totals_are_the_ledgers_and_nothing_that_is_stopped_is_demanded(self):
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],  # making a failing story smaller takes minutes; it is told as it is
            suppress_health_check=list(HealthCheck),
        )
        @example(beginning=ONCE, steps=[])
        @given(beginning=some.sampled_from(BEGINNINGS), steps=steps)
        def tell(beginning, steps):
            with self.env.cr.savepoint() as savepoint:
                self.tell(beginning + steps)
                savepoint.close(rollback=True)
                self.env.invalidate_all(flush=False)

        tell()
        for what in (
            "messages",
            "messages about a part",
            "items stopped in part",
            "items stopped wholly",
            "withdrawn",
            "reminders of instalments",
            "offers paid in time",
            "written off",
            "handed over",
            "recalled",
            "entries let go of",
            "messages about offers",
        ):
            self.assertGreater(self.counts[what], 0, f"no {what}: the stories tell nothing about it")
        kinds = [kind for kind in HAPPENINGS if kind != "nothing"]
        print("Happened:", ", ".join(f"{self.happened[kind]} {kind}" for kind in kinds))
        self.assertFalse([kind for kind in kinds if not self.happened[kind]], "the stories tell nothing about these")

    # -- telling -------------------------------------------------------------------------------------------------------

    def tell(self, steps):
        self.addCleanup(setattr, self.env.cr, "_now", None)
        self.day, self.moment, self.told = FIRST, 0, []
        self.books, self.partners, self.lines, self.payments, self.recorded, self.flags = {}, {}, {}, {}, {}, {}
        self.owed = Counter()
        for name in CUSTOMERS:
            self.books[name], self.recorded[name] = Customer(), []
            self.partners[name] = self.customer(name, f"{name}@example.com")
        for name in CUSTOMERS:
            with self.on_day(self.day):
                self._invoice(name, 0, 40)
                self._invoice(name, 1, 80)
                self._instalments(name, 0, 30)
        for kind, name, which, much, days in steps:
            self._pass_days(days)
            self.told.append(f"{self.day} {name}: {kind} {which} {much}")
            try:
                with self.on_day(self.day):
                    self._let_happen(kind, name, which, much)
            except Exception as error:
                error.add_note("\n".join(["What happened:", *self.told]))
                raise

    def _pass_days(self, days):
        """What waits in the mail queue leaves in the night."""
        if days:
            self.env.flush_all()
            self.env.cr.execute("UPDATE mail_mail SET state = 'sent' WHERE state = 'outgoing'")
            self.env.invalidate_all(flush=False)
            self.day += timedelta(days=days)

    def _let_happen(self, kind, name, which, much):
        self.moment += 1
        # The clock of the transaction goes on: what is recorded later has a later time.
        self.env.cr._now = datetime.combine(self.day, time(8)) + timedelta(seconds=self.moment)
        before = repr(self.books[name])
        getattr(self, f"_{kind}")(name, which, much)
        # Where there was nothing to end, or to pay, nothing happened.
        self.happened[kind] += repr(self.books[name]) != before
        self._compare_ledger()
        self._ask_the_queue()
        for book in self.books.values():
            self._judge(book)
        self._run_cycle()
        self._keep_notes_of_offers()
        self._compare_answers()
        self._compare_stops()
        self._compare_flags()

    @staticmethod
    def _choose(found, which):
        found = list(found)
        return found[which % len(found)] if found else None

    def _debts(self, name):
        return [item for item in self.books[name].items.values() if item.open > 0]

    # -- the ledger ----------------------------------------------------------------------------------------------------

    def _nothing(self, name, which, much):
        pass

    def _add(self, name, line):
        key = f"{line.move_id.name}/{line.id}"
        due = line.date_maturity or line.date
        amount, number = Decimal(str(line.amount_residual_currency)), len(self.lines)
        self.books[name].items[key] = Item(key, line.currency_id.name, due, amount, number)
        self.owed[name, line.currency_id.name] += amount
        self.lines[key] = line
        return key

    def _receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def _invoice(self, name, which, much):
        currency = self.currencies["CAD" if which % 3 == 1 else "USD"]
        due = self.day + timedelta(days=which % 7 - 9)
        self._add(name, self._receivable(self.invoice(self.partners[name], 10 + 5 * much, due=due, currency=currency)))

    def _instalments(self, name, which, much):
        first = self.day + timedelta(days=which % 7 - 16)
        parts = [(20 + much + 10 * part, first + timedelta(days=7 * part)) for part in range(3)]
        for line in self._receivable(self.instalments(self.partners[name], *parts)):
            self._add(name, line)

    def _journal_entry(self, name, which, much):
        """An opening balance: Odoo says "no follow-up" of it until somebody takes that off. Or something taken off by hand."""
        due = self.day + timedelta(days=which % 7 - 9)
        is_credit = which % 5 == 0
        line = self._receivable(self.journal_debit(self.partners[name], (10 + much) * (-1 if is_credit else 1), due=due))
        key = self._add(name, line)
        self.assertTrue(line.no_followup)
        self.flags[key] = not is_credit and which % 2 == 0
        if self.flags[key]:
            self.books[name].stops.append(NoFollowUp("no_followup", frozenset((key,)), FIRST, by_person=False))
        else:
            line.no_followup = False

    def _receive(self, name, amount, currency):
        payment = self.env["account.payment"].create(
            {
                "partner_id": self.partners[name].id,
                "amount": amount,
                "currency_id": self.currencies[currency].id,
                "date": self.day,
                "journal_id": self.pay_in_cash.id,
                "payment_type": "inbound",
            }
        )
        payment.action_post()
        key = self._add(name, self._receivable(payment.move_id))
        self.books[name].items[key].is_money = True
        self.payments[key] = payment
        return key

    def _reconcile(self, name, credit, debt):
        (self.lines[credit] | self.lines[debt]).reconcile()
        is_note = credit not in self.payments and credit not in self.flags
        self.books[name].match(credit, debt, credit in self.payments, self.moment, is_note)

    def _pay(self, name, which, much):
        """A part of an item, all of it, or a little too much."""
        if item := self._choose(self._debts(name), which):
            amount = max(1, round(item.open * much / 80))
            self._reconcile(name, self._receive(name, amount, item.currency), item.key)

    def _on_account(self, name, which, much):
        self._receive(name, 5 + much, "USD" if which % 3 else "CAD")

    def _credit_note(self, name, which, much):
        self._add(name, self._receivable(self.credit_note(self.partners[name], 5 + much, on=self.day)))

    def _match(self, name, which, much):
        credit = self._choose((item for item in self.books[name].items.values() if item.open < 0), much)
        debts = [item for item in self._debts(name) if credit and item.currency == credit.currency]
        if debts:
            self._reconcile(name, credit.key, self._choose(debts, which).key)

    def _unmatch(self, name, which, much):
        if pair := self._choose((pair for pair in self.books[name].matched if pair.credit in self.lines), which):
            self.lines[pair.credit].remove_move_reconcile()
            self.books[name].unmatch(pair.credit)

    def _cancel_payment(self, name, which, much):
        """The bank takes it back."""
        pair = self._choose((pair for pair in self.books[name].matched if pair.is_money), which)
        if pair:
            self.payments[pair.credit].action_draft()
            self.payments[pair.credit].action_cancel()
            self.books[name].unmatch(pair.credit)
            credit = self.books[name].items[pair.credit]
            self.owed[name, credit.currency] -= credit.open
            credit.open = Decimal(0)

    # -- the answers ---------------------------------------------------------------------------------------------------

    def _some_items(self, name, which, much):
        """One or two debts of one currency with their keys; (no items, None) for all that is owed."""
        debts = self._debts(name)
        if which % 5 == 0 or not debts:
            return self.env["collection.item"], None
        first = self._choose(debts, which)
        second = self._choose([item for item in debts if item.currency == first.currency], much)
        return self._items_of(first.key, second.key), frozenset((first.key, second.key))

    def _items_of(self, *keys):
        self.env["collection.case"]._refresh_marked()
        return self.env["collection.item"].search([("move_line_id", "in", [self.lines[key].id for key in keys])])

    def _stop(self, name, record, stop):
        self.books[name].stops.append(stop)
        self.recorded[name].append((stop, record))

    def _find_stop(self, name, which, kind, condition=lambda record: record.active):
        found = [(stop, record) for stop, record in self.recorded[name] if stop.kind == kind and condition(record)]
        return self._choose(found, which) or (None, None)

    def _hold(self, name, which, much):
        items, keys = self._some_items(name, which, much)
        last = self.day + timedelta(days=much % 10) if much % 3 else None
        self._stop(name, self.hold(self.partners[name], items, self.day, last), Stop("hold", keys, self.day, last))

    def _end_hold(self, name, which, much):
        stop, hold = self._find_stop(name, which, "hold")
        if stop:
            hold.action_end()
            stop.end(self.day)

    def _dispute(self, name, which, much):
        items, keys = self._some_items(name, which or 1, much)
        if not keys:
            return
        parts = {key: max(Decimal(1), round(self.books[name].items[key].open * min(much + 10, 100) / 100)) for key in keys}
        parts = {key: min(amount, self.books[name].items[key].open) for key, amount in parts.items()}
        before = {key: self.books[name].paid(key) for key in keys} if much % 2 else None
        dispute = self.env["collection.dispute"].create(
            {
                "partner_id": self.partners[name].id,
                "company_id": self.company.id,
                "date_from": self.day,
                "reason_id": self.env.ref("account_collections_auto.collection_dispute_reason_delivery").id,
                "money_pays": "disputed" if before else "undisputed",
                "line_ids": [
                    Command.create({"item_id": self._items_of(key).id, "amount": float(amount)})
                    for key, amount in parts.items()
                ],
            }
        )
        self._stop(name, dispute, Stop("dispute", keys, self.day, parts=parts, paid_before=before))

    def _settle(self, name, which, much):
        """Withdrawn, rejected, or a part of one item accepted: its draft credit note is not claimed either.

        An entry has no credit note: what was accepted is not claimed until it is taken off.
        """
        stop, dispute = self._find_stop(name, which, "dispute", lambda dispute: dispute.is_open)
        if not stop:
            return
        stop.end(self.day)
        line = dispute.line_ids[0]
        key = next(key for key in stop.parts if self.lines[key] == line.item_id.move_line_id)
        if much % 4 == 0:
            dispute.action_withdraw()
        elif much % 4 == 1 or self._is_in_instalments(key):
            dispute._accept({}, "No")
        else:
            accepted = max(Decimal(1), round(stop.parts[key] * much / 100))
            taken_off = self.books[name].taken_off(key)
            credit_note = dispute._accept({line: float(accepted)}, "Yes")
            if key in self.flags:
                self.assertFalse(credit_note)
                parts = {key: accepted}
                self._stop(name, dispute, Stop("let_go", frozenset((key,)), self.day, parts=parts, taken_off_before=taken_off))
                self.counts["entries let go of"] += 1
                return
            draft = Stop("credit_note", frozenset((key,)), self.day, parts={key: accepted}, amount=accepted)
            self._stop(name, credit_note, draft)

    def _is_in_instalments(self, key):
        return len(self._receivable(self.lines[key].move_id)) > 1

    def _post_credit_note(self, name, which, much):
        """Over what was accepted of a dispute, or over what an offer lets go of."""
        drafts = [(stop, note) for stop, note in self.recorded[name] if stop in self.books[name].stops]
        drafts = [(stop, note) for stop, note in drafts if stop.kind in ("credit_note", "offer_note")]
        stop, credit_note = self._choose(drafts, which) or (None, None)
        if not stop:
            return
        credit_note.action_post()
        self.books[name].stops.remove(stop)
        [debt] = stop.keys
        line = self._receivable(credit_note)
        credit = f"{credit_note.name}/{line.id}"
        self.lines[credit] = line
        amount = -Decimal(str(line.amount_currency))
        self.assertEqual(amount, stop.amount)
        book = self.books[name]
        book.items[credit] = Item(credit, line.currency_id.name, line.date_maturity or line.date, -amount)
        self.owed[name, line.currency_id.name] -= amount
        for offer in book.stops:
            if isinstance(offer, Offer) and offer.draft is stop:
                offer.notes.add(credit)
        if book.items[debt].open > 0:
            book.match(credit, debt, False, self.moment, True)

    def _promise(self, name, which, much):
        items, keys = self._some_items(name, which, much)
        last = self.day + timedelta(days=much % 30)
        promise = self.env["collection.promise"].create(
            {
                "partner_id": self.partners[name].id,
                "company_id": self.company.id,
                "amount": 10 + much,
                "promise_date": last,
                "date_from": self.day,
                "item_ids": items.ids,
            }
        )
        in_reach = (last - self.day).days <= PROMISE_DAYS
        until = last + timedelta(days=GRACE_DAYS)
        self._stop(name, promise, Stop("promise", keys, self.day, until, counts=in_reach))

    def _approve_or_cancel_promise(self, name, which, much):
        stop, promise = self._find_stop(name, which, "promise", lambda promise: promise.state in ("open", "to_approve"))
        if not stop:
            return
        if promise.state == "to_approve" and much % 2:
            promise.action_approve()
            stop.counts = True
        else:
            promise.action_cancel()
            stop.counts = False

    def _notice(self, name, which, much):
        items, keys = self._some_items(name, which, much)
        notice = self.env["collection.payment.notice"].create(
            {
                "partner_id": self.partners[name].id,
                "company_id": self.company.id,
                "amount": 10 + much,
                "date_from": self.day,
                "payment_date": self.day,
                "item_ids": items.ids,
            }
        )
        earlier = [stop.keys for stop, other in self.recorded[name] if stop.kind == "notice" and other.state != "cancelled"]
        is_second = any(keys is None or other is None or keys & other for other in earlier)
        until = self.day + timedelta(days=TRANSIT_DAYS - 1)
        stop = Stop("notice", keys, self.day, until, {}, not is_second, False, Decimal(10 + much), self.moment)
        self._stop(name, notice, stop)

    def _decide_notice(self, name, which, much):
        stop, notice = self._find_stop(name, which, "notice", lambda notice: notice.state in ("open", "to_check"))
        if not stop:
            return
        if notice.state == "to_check" and much % 3:
            notice.action_accept()
            stop.counts = True
        elif much % 2:
            notice.action_not_found()
            stop.end(self.day)
        else:
            notice.action_cancel()
            stop.counts = False

    def _plan(self, name, which, much):
        """Debts of one currency in two or three instalments, agreed on at once; an item is in one plan at a time."""
        taken = {key for stop in self.books[name].stops if isinstance(stop, Plan) and stop.counts for key in stop.keys}
        free = [item for item in self._debts(name) if item.key not in taken]
        if not free:
            return
        first = self._choose(free, which)
        second = self._choose([item for item in free if item.currency == first.currency], much)
        keys = frozenset((first.key, second.key))
        total = sum(self.books[name].items[key].open for key in keys)
        parts = [total - 2 * (total // 3), total // 3, total // 3] if total >= 3 else [total]
        instalments = [
            Instalment(self.day + timedelta(days=which % 4 + number * (much % 6 + 1)), amount)
            for number, amount in enumerate(parts)
        ]
        plan = self.env["collection.payment.plan"].create(
            {
                "partner_id": self.partners[name].id,
                "company_id": self.company.id,
                "item_ids": self._items_of(*keys).ids,
                "grace_days": INSTALMENT_GRACE_DAYS,
                "max_missed": 1,
                "line_ids": [Command.create({"date": part.day, "amount": float(part.amount)}) for part in instalments],
            }
        )
        before = self.books[name].credited(keys)
        plan.action_propose()
        plan._accept(name, self.day, self.env["ir.attachment"])
        self._stop(
            name,
            plan,
            Plan(
                "plan",
                keys,
                self.day,
                instalments=instalments,
                grace_days=INSTALMENT_GRACE_DAYS,
                credited_before=before,
            ),
        )

    def _cancel_plan(self, name, which, much):
        stop, plan = self._find_stop(name, which, "plan", lambda plan: plan.state == "running")
        if stop:
            plan.action_cancel()
            stop.state, stop.counts = "cancelled", False

    # -- less is taken, or nothing any more ------------------------------------------------------------------------------

    def _offer(self, name, which, much):
        """10, 20 or 30 % of an item are let go if the rest is paid within some days; not of one that something stops."""
        book = self.books[name]
        taken = {key for stop in book.stops if isinstance(stop, Offer) and stop.state == "offered" for key in stop.keys}
        free = [item for item in self._debts(name) if item.key not in taken and not self._is_in_instalments(item.key)]
        item = self._choose(free, which)
        if not item:
            return
        percent, pay_by = 10 + much % 3 * 10, self.day + timedelta(days=3 + much % 8)
        discount = round(item.open * percent / 100, 2)
        offer = self.env["collection.settlement.offer"].create(
            {
                "partner_id": self.partners[name].id,
                "company_id": self.company.id,
                "item_ids": self._items_of(item.key).ids,
                "discount_percent": percent,
                "pay_by": pay_by,
            }
        )
        answers = [stop for stop in book.stops if stop.kind not in ("hold", "no_followup") and stop.covers(item, self.day)]
        if any(book.part(stop, item, self.day) for stop in answers):
            with self.assertRaises(UserError):
                offer.action_offer()
            return
        last = pay_by + timedelta(days=GRACE_DAYS)
        keys = frozenset((item.key,))
        stop = Offer("offer", keys, self.day, last, pay_by=pay_by, to_pay=item.open - discount, discount=discount)
        stop.is_over_entry = item.key in self.flags
        stop.before = stop.got(book)
        offer.action_offer()
        self._stop(name, offer, stop)

    def _cancel_offer(self, name, which, much):
        stop, offer = self._find_stop(name, which, "offer", lambda offer: offer.state == "offered")
        if stop:
            offer.action_cancel()
            stop.state, stop.counts = "cancelled", False

    def _find_draft_of(self, book, offer):
        """A draft credit note over the rest lies there as long as the offer counts as paid; an entry rests without one."""
        [debt] = (book.items[key] for key in offer.keys)
        if offer.is_over_entry:
            offer.draft = offer.draft or Stop("offer_let_go", offer.keys, self.day)
            offer.draft.counts = offer.state == "met"
            if offer.draft not in book.stops:
                book.stops.append(offer.draft)
            return
        if offer.state == "met" and not offer.is_let_go and debt.open > 0:
            offer.notes = set()
            offer.draft = Stop("offer_note", offer.keys, self.day, amount=min(offer.discount, debt.open))
            book.stops.append(offer.draft)
        if offer.state != "met" and offer.draft in book.stops:
            book.stops.remove(offer.draft)
        offer.is_let_go = offer.state == "met"

    def _keep_notes_of_offers(self):
        """Remember the draft credit notes that the last cycle made."""
        for recorded in self.recorded.values():
            known = [stop for stop, _record in recorded]
            for stop, offer in list(recorded):
                is_met = isinstance(stop, Offer) and stop.state == "met" and not stop.is_over_entry
                if is_met and stop.draft and stop.draft not in known:
                    self.assertEqual(offer.credit_note_ids.state, "draft")
                    recorded.append((stop.draft, offer.credit_note_ids))
                    self.counts["offers paid in time"] += 1

    def _write_off(self, name, which, much):
        """All of one or two debts, or a part of the first, is proposed to be given up."""
        debts = self._debts(name)
        if not debts:
            return
        first = self._choose(debts, which)
        second = self._choose([item for item in debts if item.currency == first.currency], much)
        keys = frozenset({first.key, second.key} if much % 3 else {first.key})
        total = sum(map(self._open(name), keys))
        amount = total if much % 4 else min(total, max(Decimal(1), total // 2))
        stop = WriteOff("write_off", keys, self.day, given_up=self._oldest_first(name, keys, amount))
        propose = self.env["collection.write.off"].create
        values = {
            "partner_id": self.partners[name].id,
            "company_id": self.company.id,
            "item_ids": self._items_of(*keys).ids,
            "amount": float(amount),
            "reason": "Dissolved",
        }
        proposed = [other for other, record in self.recorded[name] if other.kind == "write_off" and record.state == "proposed"]
        if any(other.keys & keys for other in proposed) or self._is_settled_elsewhere(name, stop.given_up):
            with self.assertRaises(UserError):
                propose(values)
        else:
            self._stop(name, propose(values), stop)

    def _open(self, name):
        return lambda key: self.books[name].items[key].open

    def _oldest_first(self, name, keys, amount):
        parts = {}
        for item in sorted((self.books[name].items[key] for key in keys), key=lambda item: (item.due, item.number)):
            parts[item.key] = min(amount, item.open)
            amount -= parts[item.key]
        return {key: part for key, part in parts.items() if part}

    def _is_settled_elsewhere(self, name, parts):
        """A draft credit note, or money and credits that nobody has matched yet, take off some of it."""
        book = self.books[name]
        for move in {self.lines[key].move_id for key in parts}:
            of_move = [key for key in book.items if self.lines[key].move_id == move]
            drafted = book.drafted(of_move)
            rest = max(sum(map(self._open(name), of_move)) - drafted, Decimal(0))
            if drafted and sum(amount for key, amount in parts.items() if key in of_move) > rest:
                return True
        own = [item for item in book.items.values() if item.currency == book.items[min(parts)].currency] if parts else []
        return any(item.open < 0 for item in own) and sum(parts.values()) > sum(item.open for item in own)

    def _decide_write_off(self, name, which, much):
        """A second person approves what is still open of it, or refuses."""
        stop, write_off = self._find_stop(name, which, "write_off", lambda write_off: write_off.state == "proposed")
        if not stop:
            return
        if much % 4 == 0:
            write_off.with_user(self.head)._refuse("No")
            stop.end(self.day)
            return
        book = self.books[name]
        parts = {key: min(part, book.items[key].open) for key, part in stop.given_up.items() if book.items[key].open > 0}
        if not parts or self._is_settled_elsewhere(name, parts):
            with self.assertRaises(UserError):
                write_off.with_user(self.head).action_approve()
            return
        write_off.with_user(self.head).action_approve()
        stop.end(self.day)
        self.counts["written off"] += 1
        for key, part in parts.items():
            book.give_up(f"write-off {write_off.id}", key, part, self.moment)
            self.owed[name, book.items[key].currency] -= part

    def _undo_write_off(self, name, which, much):
        """With the reversal of its entry the debts are open again."""
        stop, write_off = self._find_stop(name, which, "write_off", lambda write_off: write_off.state == "booked")
        if stop:
            write_off.with_user(self.head).action_undo()
            book = self.books[name]
            for pair in book.matched:
                if pair.credit == f"write-off {write_off.id}":
                    self.owed[name, book.items[pair.debt].currency] += pair.amount
            book.unmatch(f"write-off {write_off.id}")

    # -- an agency -------------------------------------------------------------------------------------------------------

    def _place(self, name, which, much):
        """What is overdue and not stopped can be proposed to an agency; one or two items of it are."""
        book, debts = self.books[name], self._debts(name)
        live = {key for stop in book.stops if isinstance(stop, Placement) and stop.state != "over" for key in stop.live()}
        free = [item for item in debts if item.key not in live and self._may_be_placed(book, item)]
        items = self._items_of(*(item.key for item in debts))
        obstacles = self.env["collection.placement"]._find_obstacles(items)
        found = {item.move_line_id for item in items if item not in obstacles}
        # What credits on account cover stays with us, too.
        covered = {item.move_line_id for item in items if obstacles.get(item) == "Covered by open credits"}
        self.assertTrue(not covered or any(item.amount_residual < 0 for item in items.case_id.item_ids), obstacles)
        free = [item for item in free if self.lines[item.key] not in covered]
        self.assertEqual(found, {self.lines[item.key] for item in free}, obstacles)
        if not free:
            return
        first = self._choose(free, which)
        second = self._choose([item for item in free if item.currency == first.currency], much)
        keys = frozenset((first.key, second.key))
        chosen = self._items_of(*keys)
        if self.env["collection.placement"]._find_obstacles(chosen):
            return  # credits cover it when it goes alone
        placement = self.env["collection.placement"]._propose(self.agency, chosen)
        self._stop(name, placement, Placement("placement", keys, self.day, counts=False))

    def _may_be_placed(self, book, item):
        return book.may_be_placed(item, self.day, TOLERANCE * RATES[item.currency])

    def _hand_over(self, name, which, much):
        """What was paid or stopped since the proposal drops out."""
        stop, placement = self._find_stop(name, which, "placement", lambda placement: placement.state == "proposed")
        if not stop:
            return
        book = self.books[name]
        stop.keys = frozenset(key for key in stop.keys if self._may_be_placed(book, book.items[key]))
        placement._approve(despite_notice=True)
        if not stop.keys:
            self.assertEqual(placement.state, "refused")
            stop.state = "over"
            return
        placement._hand_over()
        others = (other for other in book.stops if isinstance(other, Placement) and other.state == "handed_over")
        stop.ours = {key: day for other in others for key, day in other.ours.items() if key not in other.keys | stop.keys}
        stop.state, stop.counts, stop.first, stop.moment = "handed_over", True, self.day, self.moment
        self.assertEqual({line.item_id.move_line_id for line in placement.line_ids}, {self.lines[key] for key in stop.keys})
        self.counts["handed over"] += 1

    def _recall(self, name, which, much):
        """All of it, or one item."""
        stop, placement = self._find_stop(name, which, "placement", lambda placement: placement.state == "handed_over")
        if not stop:
            return
        lines = placement.line_ids.filtered(lambda line: not line.recalled_on)
        lines = lines[:1] if much % 2 else lines
        placement._recall(lines, tell=False)
        self.counts["recalled"] += 1
        recalled = {key for key in stop.keys if self.lines[key] in lines.item_id.move_line_id}
        stop.ours |= dict.fromkeys(recalled, self.day)
        if not stop.live():
            stop.state = "over"
            stop.end(self.day)

    def _remind_all_the_same(self, name, which, much):
        """A later item of a customer who is with an agency: a person lets our reminders go on."""
        case = self.case(self.partners[name])
        later = self.env["collection.item"].search([("case_id", "=", case.id), ("is_placement_later", "=", True)])
        item = self._choose(later, which)
        if not item:
            return
        in_force = [stop for stop in self.books[name].stops if isinstance(stop, Placement) and stop.state == "handed_over"]
        key = next(key for key, line in self.lines.items() if line == item.move_line_id)
        self.assertTrue(any(stop.covers(self.books[name].items[key], self.day) and key not in stop.keys for stop in in_force))
        item.action_remind_despite_placement()
        for stop in in_force:
            stop.ours.setdefault(key, self.day)

    def _judge(self, book):
        self._judge_notices(book)
        for stop in list(book.stops):
            if isinstance(stop, Plan):
                stop.judge(book, self.day, RATES)
            elif isinstance(stop, Offer):
                stop.judge(book, self.day, RATES)
                self._find_draft_of(book, stop)
            elif isinstance(stop, Placement) and stop.moment:
                stop.follow(book)

    def _judge_notices(self, book):
        """Matched over nearly its amount since it was recorded, or nothing left to pay: the notice has done its work."""
        for stop in book.stops:
            if stop.kind != "notice" or not stop.counts or (stop.last and stop.last < self.day):
                continue
            covered = [item for item in book.items.values() if stop.keys is None or item.key in stop.keys]
            currency = book.items[min(stop.keys)].currency if stop.keys else "USD"
            money = sum(
                pair.amount / RATES[book.items[pair.debt].currency] * RATES[currency]
                for pair in book.matched
                if pair.is_money and pair.moment >= stop.moment and pair.debt in {item.key for item in covered}
            )
            if money >= stop.amount * Decimal("0.98") or not any(item.open for item in covered):
                stop.end(self.day)

    # -- comparing -----------------------------------------------------------------------------------------------------

    def _compare_ledger(self):
        """The ledger is what was told, the items are the ledger, and the totals of the cases are their sums."""
        self.env["collection.case"]._refresh_marked()
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "in", [partner.id for partner in self.partners.values()]),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("amount_residual_currency", "!=", 0),
            ]
        )
        items = self.env["collection.item"].search([("case_id.company_id", "=", self.company.id)])
        for name, partner in self.partners.items():
            book, case = self.books[name], self.case(partner)
            told = {self.lines[item.key].id: item.open for item in book.items.values() if item.open}
            ledger = lines.filtered(lambda line, partner=partner: line.partner_id == partner)
            self.assertEqual({line.id: Decimal(str(line.amount_residual_currency)) for line in ledger}, told, name)
            own = items.filtered(lambda item, case=case: item.case_id == case)
            self.assertEqual(
                {item.move_line_id.id: Decimal(str(item.amount_residual_currency)) for item in own}, told, f"items of {name}"
            )
            for currency in RATES:
                together = sum(item.open for item in book.items.values() if item.currency == currency)
                self.assertEqual(together, self.owed[name, currency], f"money of {name} counts once")
            due = sum(item.open / RATES[item.currency] for item in book.items.values())
            credit = -sum(item.open / RATES[item.currency] for item in book.items.values() if item.open < 0)
            self.assertAlmostEqual(case.amount_due, float(due), 2, name)
            self.assertAlmostEqual(case.amount_due, sum(ledger.mapped("amount_residual")), 2, name)
            self.assertAlmostEqual(case.amount_credit, float(credit), 2, name)

    def _ask_the_queue(self):
        """What waits in Odoo's queue since the last cycle of the day leaves only if it is right at this moment."""
        waiting = self._in_queue()
        leaving = waiting._withdraw_outdated()
        self.counts["withdrawn"] += len(waiting) - len(leaving)
        for action in self.env["collection.action"].search([("mail_id", "in", leaving.ids)]):
            self._compare_message(action)

    def _in_queue(self):
        return self.env["mail.mail"].sudo().search([("state", "=", "outgoing"), ("model", "=", "collection.case")])

    def _run_cycle(self):
        before = self._actions()
        self.run_cycle(self.day)
        for action in self._actions() - before:
            self._compare_message(action)
            if self._is_about_instalments(action):
                self.counts["reminders of instalments"] += 1
                continue
            if action.request_id._get_told():
                continue  # it is about a part of what is owed
            self.counts["messages"] += 1
            book = self.books[action.partner_id.name]
            claimed = sum(amount / RATES[currency] for currency, amount in book.demanded(self.day, RATES).items())
            self.assertAlmostEqual(action.amount, float(claimed), 2, action.partner_id.name)
        for action in self.env["collection.action"].search([("mail_id", "in", self._in_queue().ids)]):
            self._compare_message(action)

    def _actions(self):
        partners = [partner.id for partner in self.partners.values()]
        return self.env["collection.action"].search([("partner_id", "in", partners), ("state", "=", "sent")])

    def _is_about_instalments(self, action):
        return action.request_id.kind == "instalment"

    def _compare_message(self, action):
        """Each line demands what may be collected of its item, no more and no less; the whole no more than all of it.

        An offer demands nothing: it names what is offered, and no other debt.
        """
        book = self.books[action.partner_id.name]
        if offers := action.request_id.settlement_ids:
            debts = action.line_ids.filtered(lambda line: line.amount_residual_currency > 0).item_id
            self.assertTrue(debts and debts <= offers.item_ids)
            for offer in offers:
                self._compare_offer(action, offer)
            return
        about_instalments, allowed = self._is_about_instalments(action), Decimal(0)
        keys = {self.lines[key].id: key for key in book.items}
        for line in action.line_ids:
            item = book.items[keys[line.move_line_id.id]]
            claimed, wanted = Decimal(str(line.amount_claimed_currency)), item.open
            if item.open > 0 and about_instalments:
                wanted = book.missed(item, self.day)
                allowed += wanted / RATES[item.currency]
            elif item.open > 0:
                wanted = book.collectable(item, self.day)
                self.assertLess(item.due, self.day)
                self.counts["messages about a part"] += 0 < claimed < item.open
            self.assertEqual(claimed, wanted, item)
            self.assertTrue(item.open < 0 or claimed > 0, item)
        if not about_instalments:
            allowed = sum(amount / RATES[currency] for currency, amount in book.demanded(self.day, RATES).items())
        self.assertLessEqual(Decimal(str(action.amount)), allowed, action.partner_id.name)
        self.assertGreater(action.amount, 0)

    def _compare_offer(self, action, offer):
        """The message says what is still to be paid by which day instead of which rest, by what has been paid since."""
        name = action.partner_id.name
        stop = next(stop for stop, record in self.recorded[name] if isinstance(stop, Offer) and record == offer)
        settled = sum(stop.since(self.books[name]))
        less, rest = (
            " ".join(format_amount(self.env, float(amount - settled), offer.currency_id).split())
            for amount in (stop.to_pay, stop.to_pay + stop.discount)
        )
        [key] = stop.keys
        words = " ".join(html2plaintext(action.body).replace("*", "").split())
        self.assertIn(f"{less} by", words)
        self.assertIn(f"instead of {rest} for {self.lines[key].move_id.name}", words)
        self.counts["messages about offers"] += 1

    def _compare_answers(self):
        """What plans, offers and agencies were paid is what was matched with their items, each amount once."""
        self.env["collection.placement.movement"]._find(self.company)
        self.env["collection.placement"].invalidate_model(["amount_recovered"])
        for stop, record in (pair for recorded in self.recorded.values() for pair in recorded):
            if isinstance(stop, Plan):
                self.assertEqual(record.state, stop.state)
                if stop.state == "running":
                    rests = [instalment.rest for instalment in stop.instalments]
                    self.assertEqual([Decimal(str(line.amount_rest)) for line in record.line_ids.sorted("date")], rests)
            elif isinstance(stop, Offer):
                self.assertEqual(record.state, stop.state)
                if stop.state != "cancelled":
                    self.assertEqual(Decimal(str(record.amount_received)), stop.received)
            elif isinstance(stop, Placement) and stop.moment:
                self.assertEqual(Decimal(str(record.amount_recovered)), stop.recovered())

    def _compare_stops(self):
        """Of each item: what is stopped and what is collectable make up what is open, and neither is below zero."""
        self.env.flush_all()
        select.select(self.env, self.company, self.day)
        withhold.withhold(self.env, self.company, self.day)
        self.env.cr.execute(
            """SELECT move_line_id, debtor_id, amount_residual_currency::text, stopped::text, claimable::text, collectable
                 FROM collection_tmp_item"""
        )
        rows = self.env.cr.fetchall()
        select.drop(self.env)
        names = {partner.id: name for name, partner in self.partners.items()}
        self.assertEqual(len(rows), sum(1 for book in self.books.values() for item in book.items.values() if item.open))
        for line_id, partner_id, *amounts, is_collectable in rows:
            open_, stopped, claimable = map(Decimal, amounts)
            book = self.books[names[partner_id]]
            item = next(item for item in book.items.values() if self.lines[item.key].id == line_id)
            expected = book.stopped(item, self.day) if item.open > 0 else 0
            self.assertEqual((open_, stopped, claimable), (item.open, expected, item.open - expected), item)
            least = RATES[item.currency]
            self.assertEqual(is_collectable, open_ > least and claimable > least, item)
            self.counts["items stopped wholly"] += open_ > 0 and stopped == open_
            self.counts["items stopped in part"] += 0 < stopped < open_

    def _compare_flags(self):
        """Odoo's own "no follow-up" is set where people's stops cover all that is open of an invoice, and nowhere else."""
        for book in self.books.values():
            documents = {}
            for item in book.items.values():
                if item.open and self.lines[item.key].move_id.move_type == "out_invoice":
                    documents.setdefault(self.lines[item.key].move_id, []).append(item)
            for move, items in documents.items():
                covered = all(book.is_held_by_a_person(item, self.day) for item in items)
                flags = set(self._receivable(move).mapped("no_followup"))
                self.assertEqual(flags, {covered}, f"{move.name}: {items}")
        for key, flag in self.flags.items():
            self.assertEqual(self.lines[key].no_followup, flag, "of an entry it stays as somebody set it")
