"""Plays a story in Odoo and to the oracle at once, and compares what they do, day by day."""

import time
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import groupby

import pytest
from odoo import Command
from odoo.addons.account_collections_auto.tests.bulk import copy_rows
from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import tagged

from . import oracle

QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True, "no_reset_password": True}
# The reasons to hold back a whole customer that a story can bring about.
REASONS = {"below_minimum", "bounced", "gap"}
ORDER = ("invoice", "credit", "payment", "unmatch", "cancel", "match", "due", "hold", "bounce", "fix")


@tagged("post_install", "-at_install")
class ReplayCase(CollectionsCase):
    """A company in USD that also sells in CAD. `replay` runs a cycle on each day and fails on the first difference."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, **QUIET})
        cls.company = cls.env.company
        cls.env.ref("base.USD").active = cls.env.ref("base.CAD").active = True
        cls.currencies = {name: cls.env.ref(f"base.{name}") for name in ("USD", "CAD")}
        cls.rates = [(None, {"USD": Decimal(1), "CAD": Decimal("1.25")})]
        cls.set_rate(cls.currencies["CAD"], 1.25, on="2000-01-01")
        cls.partners, cls.books, cls.documents, cls.templates = {}, {}, {}, {}
        cls.spent = Counter()

    @pytest.fixture(autouse=True)
    def _show_counts(self, record_property):
        self.show = lambda text: record_property("counts", text)

    # -- set-up --------------------------------------------------------------------------------------------------------

    @classmethod
    def change_rate(cls, day, per_usd):
        """From ``day`` on one USD buys ``per_usd`` CAD."""
        cls.set_rate(cls.currencies["CAD"], float(per_usd), on=day)
        cls.rates.append((day, {"USD": Decimal(1), "CAD": Decimal(per_usd)}))

    @classmethod
    def make_suite_plan(cls, plan):
        """Create the plan of the suite that says what ``plan``, one of the oracle, says."""
        weekdays = [str(day) for day in sorted(plan.weekdays)]
        calendar = cls.env["resource.calendar"].create(
            {
                "name": "Working days",
                "attendance_ids": [
                    Command.create({"name": day, "dayofweek": day, "hour_from": 8, "hour_to": 16}) for day in weekdays
                ],
            }
        )
        levels = [
            (
                level.days,
                {
                    "response_days": level.response_days,
                    "minimum_days_since_previous": level.wait_days,
                    "final_notice": level.is_final,
                },
            )
            for level in plan.levels
        ]
        return cls.make_plan(
            levels,
            minimum_days_between_contacts=plan.gap_days,
            grace_days=plan.grace_days,
            minimum_amount=float(plan.minimum),
            tolerance_amount=float(plan.tolerance),
            calendar_id=calendar.id,
            catch_up=plan.catch_up,
            repeat_last_days=plan.repeat_days,
            repeat_last_times=plan.repeat_times,
        )

    @classmethod
    def enrol(cls, names, plan, suite_plan):
        """Make customers of both worlds that follow one plan."""
        partners = cls.env["res.partner"].create(
            [{"name": name, "email": f"{name.replace(' ', '-')}@example.com"} for name in names]
        )
        partners.collection_plan_id = suite_plan
        for name, partner in zip(names, partners, strict=True):
            cls.partners[name] = partner
            cls.books[name] = oracle.Customer(plan)
        cls.names = {partner.id: name for name, partner in cls.partners.items()}

    # -- what happens --------------------------------------------------------------------------------------------------

    def happen(self, day, events):
        """Do the events of a day in the ledger and tell them to the oracle."""
        by_kind = defaultdict(list)
        for event in events:
            by_kind[event.kind].append(event)
        self._post(day, [event for kind in ("invoice", "credit", "payment") for event in by_kind[kind]])
        for kind in ORDER[3:]:
            if by_kind[kind]:
                getattr(self, f"_do_{kind}")(day, by_kind[kind])
        for event in sorted(events, key=lambda event: ORDER.index(event.kind)):
            self._tell(day, event)

    def _tell(self, day, event):
        customer, args = self.books[event.customer], event.args
        tell = lambda *what: oracle.happen(customer, day, *what)  # noqa: E731
        if event.kind == "invoice":
            tell("post", *args[:4])
        elif event.kind in ("credit", "payment"):
            key, currency, amount = args
            tell("post", key, currency, day, -amount)
        elif event.kind in ("match", "unmatch"):
            credit, invoice, amount = args
            sign = 1 if event.kind == "match" else -1
            tell("change", credit, sign * amount)
            tell("change", invoice, -sign * amount)
        elif event.kind == "cancel":
            tell("change", args[0], -customer.items[args[0]].open)
        else:
            tell(event.kind, *args)

    def _post(self, day, events):
        """Post the documents of a day. Their drafts are copies of one that Odoo made: posting them is all it has to do."""
        if not events:
            return
        moves = self.env["account.move"]
        for kind, group in groupby(events, key=lambda event: event.kind):
            moves |= self._draft(day, kind, list(group))
        moves.action_post()
        for event, move in zip(events, moves, strict=True):
            line = move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
            self.documents[event.args[0]] = line

    def _draft(self, day, kind, events):
        """Return drafts of ``events`` of one kind: invoices, credit notes, or money that came in."""
        template = self._get_template(kind)
        facts = [self._prepare_facts(day, event) for event in events]
        moves = copy_rows(template, [{**document, "access_token": None} for document, _partner, _sums, _due in facts])
        for line in template.line_ids:
            is_receivable = line.account_id.account_type == "asset_receivable"
            sign = 1 if line.balance > 0 else -1
            copies = []
            for move, (document, partner, (amount, balance), due) in zip(moves.ids, facts, strict=True):
                values = {"move_id": move, "date": document["date"], "currency_id": document["currency_id"]}
                values |= {"partner_id": partner, "debit": max(sign * balance, 0), "credit": max(-sign * balance, 0)}
                values |= {"balance": sign * balance, "amount_currency": sign * amount}
                if line.display_type == "product" and kind != "payment":
                    values |= dict.fromkeys(("price_unit", "price_subtotal", "price_total"), amount)
                if is_receivable or line.account_id.reconcile:
                    values |= {"amount_residual": sign * balance, "amount_residual_currency": sign * amount}
                if is_receivable:
                    values["date_maturity"] = due
                if "invoice_date" in document:
                    values["invoice_date"] = document["invoice_date"]
                copies.append(values)
            copy_rows(line, copies)
        self.env.invalidate_all(flush=False)
        return moves

    def _prepare_facts(self, day, event):
        """Return (columns of the document, partner id, (amount, in company currency), due date) of ``event``."""
        key, currency = event.args[:2]
        amount, issued, due = event.args[2], day, day
        if event.kind == "invoice":
            due, amount, issued = event.args[2:5]
        partner = self.partners[event.customer].id
        rate = self.rates_of(issued)[currency]
        sums = (float(amount), float(round(amount / rate, 2)))
        document = {"ref": key, "partner_id": partner, "commercial_partner_id": partner, "date": issued}
        document["currency_id"] = self.currencies[currency].id
        if event.kind == "payment":
            document |= dict.fromkeys(("amount_total", "amount_total_signed"), sums[1])
            return document, partner, sums, due
        sign = 1 if event.kind == "invoice" else -1
        document |= {"partner_shipping_id": partner, "invoice_partner_display_name": event.customer}
        document |= {"invoice_date": issued, "invoice_date_due": due, "invoice_currency_rate": float(rate)}
        document |= dict.fromkeys(("amount_untaxed", "amount_total", "amount_residual"), sums[0])
        signed = ("amount_untaxed_signed", "amount_total_signed", "amount_residual_signed")
        document |= dict.fromkeys(signed, sign * sums[1])
        in_currency = ("amount_untaxed_in_currency_signed", "amount_total_in_currency_signed")
        document |= dict.fromkeys(in_currency, sign * sums[0])
        return document, partner, sums, due

    def _get_template(self, kind):
        """Return the draft that the others are copies of, made by Odoo."""
        if kind not in self.templates:
            partner = next(iter(self.partners.values()))
            common = {"partner_id": partner.id, "currency_id": self.currencies["USD"].id}
            if kind == "payment":
                receivable = self.company_data["default_account_receivable"].id
                sides = ((receivable, -100.0), (self.pay_in_cash.default_account_id.id, 100.0))
                lines = [Command.create({**common, "account_id": account, "balance": sum_}) for account, sum_ in sides]
                values = {"move_type": "entry", "journal_id": self.pay_in_cash.id, "line_ids": lines}
            else:
                line = Command.create({"name": "Goods", "price_unit": 100.0, "tax_ids": []})
                move_type = "out_invoice" if kind == "invoice" else "out_refund"
                dates = dict.fromkeys(("invoice_date", "invoice_date_due"), "2020-01-01")
                values = {"move_type": move_type, "invoice_line_ids": [line], "invoice_payment_term_id": False, **dates}
            self.templates[kind] = self.env["account.move"].create({**common, **values})
        return self.templates[kind]

    def _do_match(self, day, events):
        pairs = [self.documents[event.args[0]] + self.documents[event.args[1]] for event in events]
        self.env["account.move.line"]._reconcile_plan(pairs)

    def _do_unmatch(self, day, events):
        for event in events:
            self.documents[event.args[0]].remove_move_reconcile()

    def _do_cancel(self, day, events):
        moves = self.env["account.move"].union(*(self.documents[event.args[0]].move_id for event in events))
        for event in events:
            self.documents[event.args[0]].remove_move_reconcile()
        moves.button_draft()
        moves.button_cancel()

    def _do_due(self, day, events):
        for event in events:
            key, due = event.args
            self.documents[key].date_maturity = due

    def _do_hold(self, day, events):
        self.env["collection.case"]._refresh_marked()
        for event in events:
            keys, first, last = event.args
            moves = [self.documents[key].move_id.id for key in keys or ()]
            items = self.env["collection.item"].with_context(active_test=False).search([("move_id", "in", moves)])
            self.env["collection.hold"].create(
                {
                    "partner_id": self.partners[event.customer].id,
                    "item_ids": items.ids,
                    "reason": "Asked for more time",
                    "date_from": first,
                    "date_until": last,
                }
            )

    def _do_bounce(self, day, events):
        """The mail server refused the last message: what the e-mail channel records then."""
        for event in events:
            partner = self.partners[event.customer]
            action = (
                self.env["collection.action"]
                .sudo()
                .search(
                    [("partner_id", "=", partner.id), ("state", "in", ("sent", "delivered"))],
                    order="contact_date desc",
                    limit=1,
                )
            )
            action._change_state("bounced", allowed_from=("sent", "delivered"), reason_code="mail_bounced")
            self.env["collection.bounce"].sudo().create(
                {
                    "email": partner.email_normalized,
                    "company_id": self.company.id,
                    "action_id": action.id,
                    "case_id": action.case_id.id,
                }
            )

    def _do_fix(self, day, events):
        for event in events:
            self.partners[event.customer].email = f"fixed-{day}-{self.partners[event.customer].id}@example.com"

    def rates_of(self, day):
        return [rates for since, rates in self.rates if since is None or since <= day][-1]

    # -- day by day ----------------------------------------------------------------------------------------------------

    def replay(self, story, bounce_one_in=0):
        """Run all days of ``story``; one message in ``bounce_one_in`` bounces on the next day, and is corrected later."""
        sent = Counter()
        day = story.first
        while day <= story.last:
            with self.on_day(day):
                events = story.days.pop(day, [])
                self._timed("events", self.happen, day, events)
                cycle = self._timed("cycles", self.run_cycle, day)
                expected = self._timed("oracle", self._ask_oracle, day)
                self._timed("comparing", self._compare, day, cycle, expected)
                if day.day == 1:
                    self._compare_totals(day)
                if day.weekday() == 0:
                    self._refresh_statistics()
            for name, message in expected["messages"].items():
                sent[message.tone] += not message.reasons
                if bounce_one_in and not message.reasons and story.dice.randrange(bounce_one_in) == 0:
                    story.tell(day + timedelta(days=1), name, "bounce")
                    story.tell(story.soon(day, 2, 12), name, "fix")
            day += timedelta(days=1)
        self._compare_totals(story.last)
        return sent

    def _refresh_statistics(self):
        """What the database does by itself between commits: a year in one transaction would be planned for empty tables."""
        self.env.flush_all()
        self.env.cr.execute(
            "ANALYZE collection_case, collection_item, collection_action, collection_action_line, collection_cycle_line, "
            "account_move, account_move_line, account_partial_reconcile"
        )

    def _timed(self, what, function, *args):
        started = time.monotonic()
        result = function(*args)
        self.spent[what] += time.monotonic() - started
        return result

    def _ask_oracle(self, day):
        rates = self.rates_of(day)
        decided = {name: oracle.decide_day(customer, day, rates) for name, customer in self.books.items()}
        return {
            "messages": {name: message for name, message in decided.items() if message},
            "decide": {name for name, customer in self.books.items() if oracle.must_decide(customer, day, rates)},
        }

    def _compare(self, day, cycle, expected):
        sent = {
            name: (message.tone, message.advancing, sorted(message.listed), message.claimed, message.total, message.deadline)
            for name, message in expected["messages"].items()
            if not message.reasons
        }
        withheld = {name: message.reasons for name, message in expected["messages"].items() if message.reasons}
        for what, found, wanted in (
            ("sent (tone, advancing, listed, claimed, total, deadline)", self._sent_by_suite(cycle), sent),
            ("withheld", self._withheld_by_suite(cycle), withheld),
            ("to decide", self._decide_by_suite(), dict.fromkeys(expected["decide"], True)),
        ):
            if found != wanted:
                self.fail(self._difference(day, what, found, wanted))

    def _difference(self, day, what, found, wanted):
        lines = [f"{day}: {what}"]
        for name in sorted({*found, *wanted}):
            if found.get(name) != wanted.get(name):
                lines += [f"{name}: suite {found.get(name)}", f"{name}: oracle {wanted.get(name)}"]
                lines += [f"    {item}" for item in self.books[name].items.values() if item.open]
                lines += [f"    holds {self.books[name].holds}", f"    plan {self.books[name].plan}"]
                lines += [f"    suite: {text}" for text in self._suite_says(self.partners[name])]
        return "\n".join(lines)

    def _suite_says(self, partner):
        lines = self.env["collection.cycle.line"].search([("case_id.partner_id", "=", partner.id)], order="id desc", limit=4)
        actions = self.actions(partner).sorted("id", reverse=True)[:4]
        return [f"{line.cycle_id.date} {line.level_id.name} {line.decision} {line.reasons}" for line in lines] + [
            f"message of {action.planned_date} {action.state} {action.reason_code} {action.reason_values}" for action in actions
        ]

    def _sent_by_suite(self, cycle):
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT action.partner_id, max(level.days_overdue), max(action.amount), max(action.deadline),
                      json_agg(json_build_array(move.ref, line.advances, line.level_days, currency.name,
                                                line.amount_residual_currency::text))
                 FROM collection_action action
                 JOIN collection_level level ON level.id = action.level_id
                 JOIN collection_action_line line ON line.action_id = action.id
                 JOIN account_move move ON move.id = line.move_id
                 JOIN res_currency currency ON currency.id = line.currency_id
                WHERE action.cycle_id = %s AND action.state = 'sent'
                GROUP BY action.id, action.partner_id""",
            [cycle.id],
        )
        rows = self.env.cr.fetchall()
        self.assertEqual(len({partner_id for partner_id, *_rest in rows}), len(rows), "one message per customer")
        return {self.names[partner_id]: self._as_oracle(cycle, self.names[partner_id], *rest) for partner_id, *rest in rows}

    def _as_oracle(self, cycle, name, tone, amount, deadline, lines):
        advancing = {key: level for key, advances, level, _currency, _amount in lines if advances}
        listed = sorted(key for key, advances, *_rest, open_ in lines if not advances and Decimal(open_) > 0)
        claimed = defaultdict(Decimal)
        for _key, _advances, _level, currency, open_ in lines:
            claimed[currency] += Decimal(open_)
        tolerance, rates = self.books[name].plan.tolerance, self.rates_of(cycle.date)
        claimed = {currency: total for currency, total in claimed.items() if total > tolerance * rates[currency]}
        return tone, advancing, listed, claimed, Decimal(str(amount)), deadline

    def _withheld_by_suite(self, cycle):
        self.env.cr.execute(
            """SELECT kase.partner_id, array_agg(DISTINCT reason->>'code')
                 FROM collection_cycle_line line
                 JOIN collection_case kase ON kase.id = line.case_id, jsonb_array_elements(line.reasons) reason
                WHERE line.cycle_id = %s AND line.decision = 'withheld' AND reason->>'code' = ANY(%s)
                GROUP BY kase.partner_id""",
            [cycle.id, list(REASONS)],
        )
        return {self.names[partner_id]: set(codes) for partner_id, codes in self.env.cr.fetchall()}

    def _decide_by_suite(self):
        self.env.cr.execute("SELECT partner_id FROM collection_case WHERE next_step = 'decide'")
        return {self.names[partner_id]: True for (partner_id,) in self.env.cr.fetchall()}

    def _compare_totals(self, day):
        """The totals of each case are those of the ledger, and the oracle's open amounts too, per currency."""
        self.env["collection.case"]._refresh_marked()
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT kase.partner_id, kase.amount_due, kase.amount_credit,
                      COALESCE(sum(line.amount_residual), 0),
                      COALESCE(-sum(line.amount_residual) FILTER (WHERE line.amount_residual < 0), 0)
                 FROM collection_case kase
                 LEFT JOIN account_move_line line ON line.partner_id = kase.partner_id AND line.parent_state = 'posted'
                  AND line.account_id IN (SELECT id FROM account_account WHERE account_type = 'asset_receivable')
                GROUP BY kase.id"""
        )
        for partner_id, due, credit, ledger_due, ledger_credit in self.env.cr.fetchall():
            self.assertEqual((due, credit), (ledger_due, ledger_credit), f"{day} {self.names[partner_id]}")
        self.env.cr.execute(
            """SELECT line.partner_id, currency.name, sum(line.amount_residual_currency)::text
                 FROM account_move_line line JOIN res_currency currency ON currency.id = line.currency_id
                 JOIN account_account account ON account.id = line.account_id
                WHERE account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
                  AND line.amount_residual_currency != 0 AND line.partner_id = ANY(%s)
                GROUP BY line.partner_id, currency.name HAVING sum(line.amount_residual_currency) != 0""",
            [list(self.names)],
        )
        ledger = {(self.names[partner_id], currency): Decimal(total) for partner_id, currency, total in self.env.cr.fetchall()}
        told = defaultdict(Decimal)
        for name, customer in self.books.items():
            for item in customer.items.values():
                told[name, item.currency] += item.open
        self.assertEqual(ledger, {key: total for key, total in told.items() if total}, f"{day}: open per currency")
