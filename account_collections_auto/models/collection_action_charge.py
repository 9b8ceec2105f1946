from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models

from ..engine import interest, late_charges, late_fees
from .collection_action import DEAD, UNSENT
from .collection_charge_terms import exact


class Found(NamedTuple):
    """What a message claims besides the invoices."""

    charges: list[dict]  # values of `collection.late.charge`
    refused: list[str]  # sentences: why interest or a sum is left out
    missing: list[tuple]  # (terms, day) of rates that nobody entered yet


class CollectionAction(models.Model):
    """Interest and fees that a notice states: worked out on the day it leaves, and kept from then on."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    late_charge_ids = fields.One2many("collection.late.charge", "action_id", string="Interest and Fees", readonly=True)
    charge_note = fields.Text(
        compute="_compute_charge_note", compute_sudo=True, string="Not Claimed", help="Why interest or a fixed sum is left out."
    )

    charge_refusal = fields.Text(readonly=True, help="Why interest or a fixed sum was left out when the message left.")

    @api.depends("level_id.charge_terms_ids", "line_ids", "state", "charge_refusal")
    @api.depends_context("lang")
    def _compute_charge_note(self):
        """What the terms of its level would claim and may not, with the reason; of one that left, as it was then."""
        found = self.filtered(lambda action: action.state in UNSENT)._find_charges()
        for action in self:
            action.charge_note = "\n".join(found[action].refused) if action in found else action.charge_refusal

    # -- working it out ------------------------------------------------------------------------------------------------

    def _find_charges(self):
        """Return {action: `Found`} of the messages whose level claims interest and fees, as of the day they leave.

        Two statements for each company and day, whatever the number of items.
        """
        claiming = self.filtered(lambda action: action.level_id.sudo().charge_terms_ids)
        found = {}
        if claiming:
            self.env.flush_all()  # the questions are SQL
        for (company, day), actions in claiming.grouped(
            lambda action: (action.company_id, action.contact_date or action.company_id._collection_today())
        ).items():
            lines = actions.line_ids.filtered(_bears_charges)
            facts = late_charges.read_facts(self.env, company, lines.item_id.ids, day) if lines else {}
            found |= {action: action._work_out_charges(facts, day) for action in actions}
        return found

    def _work_out_charges(self, facts, day):
        found, with_fee = Found([], [], []), set()
        terms = self._get_charge_terms()
        for line in self.line_ids.filtered(lambda line: _bears_charges(line) and line.item_id.id in facts) if terms else ():
            of_item = facts[line.item_id.id]
            results = [self._work_out_interest(terms, line, of_item, day, found.missing)]
            if not of_item.has_fee and line.move_id not in with_fee:
                with_fee.add(line.move_id)
                results.append(self._work_out_fee(terms, line, of_item, day))
            for vals, reason in results:
                if vals:
                    found.charges.append(self._prepare_charge(terms, line) | vals)
                if reason:
                    found.refused.append(f"{line.move_name}: {reason}")
        return found

    def _prepare_charge(self, terms, line):
        """Return the values that charges of ``line`` have in common. Extend with yours; writes nothing."""
        return {
            "case_id": self.case_id.id,
            "company_id": self.company_id.id,
            "action_id": self.id,
            "item_id": line.item_id.id,
            "move_id": line.move_id.id,
            "move_name": line.move_name,
            "terms_id": terms.id,
            "currency_id": line.currency_id.id,
        }

    def _get_charge_terms(self):
        """Return the first terms of the level that fit the customer, none where none do."""
        customer = self.partner_id.commercial_partner_id
        wanted = ("all", "consumer" if customer.collection_customer_type_used == "consumer" else "business")
        # sudo: whoever sends need not see the terms
        return self.level_id.sudo().charge_terms_ids.filtered(
            lambda terms: terms.customers in wanted and terms.country_id in (customer.country_id, terms.country_id.browse())
        )[:1]

    def _work_out_interest(self, terms, line, facts, day, missing):
        """Return (values, why not) of the interest of a line through ``day``; a rate that is missing goes to ``missing``."""
        if terms.interest_condition == "agreed" and not terms.is_agreed:
            return None, ""
        digits = line.currency_id.decimal_places
        stopped = exact(line.amount_stopped_currency or 0)
        balances = [balance._replace(amount=max(balance.amount - stopped, Decimal(0))) for balance in facts.balances]
        since = max(facts.charged_until or facts.due_date, facts.due_date)
        arguments = (terms._get_terms(digits), facts.due_date, day, balances)
        try:
            amount = interest.rounded(interest.interest(*arguments, since=since, free=facts.free), digits)
            steps = interest.steps(*arguments, since=since, free=facts.free)
        except interest.MissingRate as error:
            if not terms.valid_from or error.day >= terms.valid_from:  # else nobody can enter it: the terms say nothing then
                missing.append((terms, error.day))
            return None, terms._describe_missing(error)
        if amount <= 0:
            return None, ""
        return {
            "kind": "interest",
            "date_from": since + timedelta(days=1),
            "date_to": day,
            "amount": float(amount),
            "calculation": "\n".join(terms._describe_step(step, line.currency_id) for step in steps),
        }, ""

    def _work_out_fee(self, terms, line, facts, day):
        """Return (values, why not) of the fixed sum for the invoice of a line."""
        amount = terms._get_fee(exact(line.amount_original_currency))
        if terms.fee_condition == "forbidden" or amount <= 0:
            return None, ""
        notice = next((sent for sent, is_notice in facts.notices if is_notice), None)
        fee_day = notice and late_fees.first_fee_day(notice, terms.notice_days)
        code = "fee_held" if facts.is_fee_held else late_fees.refusal(terms.fee_condition, terms.is_agreed, fee_day, day)
        if not code and terms.fee_currency_id != line.currency_id:
            code = "fee_currency"
        if not code and terms.customers == "consumer" and not facts.notices:
            code = "fee_first_reminder"
        if code:
            return None, terms._describe_refusal(code, fee_day)
        return {
            "kind": "fee",
            "date_from": day,
            "date_to": day,
            "amount": float(amount),
            "calculation": terms.citation or terms.name,
        }, ""

    # -- stating it ------------------------------------------------------------------------------------------------------

    def _state_charges(self):
        """Keep what these messages claim besides the invoices; runs in the transaction that hands them over.

        A test message claims nothing. A rate that is missing becomes a to-do for whoever is in charge.
        """
        found = self.filtered(lambda action: not action.is_test)._find_charges()
        # Of two messages about one item, by e-mail and by letter, the first claims; both show it.
        once = {}
        for each in found.values():
            for vals in each.charges:
                once.setdefault((vals["kind"], vals["move_id"] if vals["kind"] == "fee" else vals["item_id"]), vals)
        # sudo: nobody writes charges by hand
        self.env["collection.late.charge"].sudo().create(list(once.values()))
        for action, each in found.items():
            if each.refused:
                action.charge_refusal = "\n".join(each.refused)
            for terms, day in each.missing:
                terms.reference_id.sudo()._ask_for(day, action.company_id.collection_user_id or self.env.user)

    def _change_state(self, target, *, allowed_from, **values):
        """A notice that did not arrive claims nothing: the next one does."""
        result = super()._change_state(target, allowed_from=allowed_from, **values)
        if target in DEAD:
            self.sudo().late_charge_ids._reverse(self.env._("The notice did not arrive."))
        return result

    # -- showing it ------------------------------------------------------------------------------------------------------

    @api.depends("late_charge_ids.state", "case_id.late_charge_ids.state")
    def _compute_items_table(self):
        """As ever; with what the message claims besides the invoices."""
        return super()._compute_items_table()

    def _prepare_items_table(self, formats):
        return super()._prepare_items_table(formats) | self._prepare_charges_table(formats)

    def _prepare_charges_table(self, formats):
        """Return what the table shows besides the invoices: what earlier notices claimed, its own, and the sums with them."""
        if not self.level_id.sudo().charge_terms_ids:
            return {"charges": [], "charge_sums": []}
        claimed = self.case_id.late_charge_ids.filtered(lambda charge: charge.state == "claimed")
        if self.contact_id:
            claimed = claimed.filtered(lambda charge: charge.move_id in self.line_ids.move_id)
        rows = [
            (
                charge.kind,
                charge.move_name,
                charge.date_from,
                charge.date_to,
                charge.calculation,
                charge.amount,
                charge.currency_id,
            )
            for charge in claimed.sorted("id")
        ]
        if not self.contact_date or self.is_test:  # what it would claim; one that leaves has its charges already
            currencies = self.line_ids.currency_id.grouped("id")
            found = self._find_charges()[self].charges
            keys = ("kind", "move_name", "date_from", "date_to", "calculation", "amount")
            rows += [(*(vals[key] for key in keys), currencies[vals["currency_id"]]) for vals in found]
        sums = {}
        for *_values, amount, currency in rows:
            sums[currency] = sums.get(currency, 0) + amount
        demands = self._get_demands()
        return {
            "charges": [self._prepare_charge_row(formats, *row) for row in rows],
            "charge_sums": [
                {"currency": currency.name, "total": formats.amount(demands.get(currency, 0) + amount, currency)}
                for currency, amount in sums.items()
            ],
        }

    def _prepare_charge_row(self, formats, kind, number, first, last, calculation, amount, currency):
        if kind == "fee":
            text = self.env._("Fixed sum for late payment (%(law)s)", law=calculation)
        else:
            text = self.env._("Late interest from %(first)s to %(last)s", first=formats.date(first), last=formats.date(last))
        return {"number": number, "text": text, "amount": formats.amount(amount, currency)}


def _bears_charges(line):
    return line.item_id and line.days_overdue > 0 and line.amount_residual_currency > 0
