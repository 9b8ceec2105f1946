from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from odoo import fields, models

from ..engine import history, simulate, withhold
from .collection_action import SENT

# So far ahead is looked for what comes next.
HORIZON = timedelta(days=200)
# Reasons of today that the simulation finds by itself, on the day on which they hold.
SIMULATED = {"gap", "below_minimum", "covered_by_credit", "manual_level", "no_steps", "resuming"}
# The explanation of a case that is not saved yet.
NOTHING_FOUND = {"reason": "", "stops": [], "items": {}, "item_stops": {}, "parts": {}}


class Outlook(NamedTuple):
    """What the forecasts of several cases share, read at once: see `_get_outlook`."""

    explained: dict  # {case id: its explanation}
    last: dict
    stops: dict
    rates: dict


class CollectionCase(models.Model):
    """What comes next if nothing is paid and nothing gets in between: told to people, never used to send."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    def _get_outlook(self):
        """Return what `_forecast` needs for these cases: why not today, last contacts, stops, rates."""
        stops, rates = {}, {}
        for company, cases in self.grouped("company_id").items():
            company = company.sudo()
            today = company._collection_today()
            stops[company.id] = history.read_stops(self.env, company, cases.partner_id)
            currencies = cases.item_ids.currency_id.ids
            rates[company.id] = history.read_rates(self.env, company, currencies, today, today)
        explained = {case.id: case.explanation or NOTHING_FOUND for case in self}
        return Outlook(explained, self._get_last_contacts(), stops, rates)

    def _get_last_contacts(self):
        """Return {case id: [the last message and the last contact of any kind]}."""
        contacts = self.env["collection.action"].search(
            [("case_id", "in", self.ids), ("state", "in", SENT), ("is_test", "!=", True), ("channel", "!=", "record")],
            order="contact_date, id",
        )
        return contacts.grouped(lambda action: action.case_id.id)

    def _forecast(self, outlook, plan=None, count=2):
        """Return the next events under ``plan`` (default: the case's own), as `simulate` tells them."""
        self.ensure_one()
        plan = plan or self.plan_id
        today = self.company_id._collection_today()
        first = max(today, _free_from(outlook.explained[self.id]["stops"]))
        if first == date.max or not plan:
            return []
        messages = outlook.last.get(self.id, self.env["collection.action"]).filtered(lambda action: action.channel != "call")
        events = simulate.happen(
            plan._prepare_simulation(first, first + HORIZON),
            self._prepare_simulated_items(outlook, plan, first),
            outlook.rates[self.company_id.id],
            first,
            first + HORIZON,
            contacted=messages[-1:].contact_date or date.min,
        )
        return list(islice(events, count))

    def _prepare_simulated_items(self, outlook, plan, first):
        stops, explained = outlook.stops[self.company_id.id], outlook.explained[self.id]
        levels = {level.id: level._prepare_simulation() for level in plan.level_ids}
        own_codes = {code for name in withhold.stop_models(self.env) for code in self.env[name]._stop_codes()}
        items = []
        for item in self.item_ids:
            reasons = explained["item_stops"].get(str(item.id), [])
            stopped = stops[self.partner_id.id, None] + stops[self.partner_id.id, item.move_line_id.id]
            if any(reason["code"] not in own_codes | SIMULATED for reason in reasons):
                stopped = [(date.min, None)]
            amount = explained["parts"].get(str(item.id), item.amount_residual_currency)
            opened = ((first, Decimal(str(item.currency_id.round(float(amount))))),)
            got = _prepare_got(item, levels, plan)
            items.append(simulate.Item(item.id, item.currency_id.id, item.due_date, opened, tuple(stopped), got))
        return items

    def _get_obstacle(self, outlook):
        """Return what stops the customer or all of its debts today, in words; '' when nothing does or only some."""
        explained = outlook.explained[self.id]
        stops = explained["stops"]
        if not stops:
            debts = self.item_ids.filtered(lambda item: item.amount_residual_currency > 0 and not item.is_small)
            found = [explained["item_stops"].get(str(item.id)) for item in debts if str(item.id) not in explained["parts"]]
            stops = [reason for reasons in found for reason in reasons] if len(found) == len(debts) and all(found) else []
        unique = {str(reason): reason for reason in stops}
        return self.env["collection.reason"]._describe_all(unique.values())


def _prepare_got(item, levels, plan):
    """Return what the item got, for the simulation; a level of another plan is not repeated."""
    if not item.level_date:
        return None
    level = levels.get(item.level_id.id)
    repeats = item.round - item.first_round if level else plan.repeat_last_times
    level = level or simulate.Level(item.level_id.id, item.level_days)
    return simulate.Got(level._replace(days=item.level_days), item.level_date, item.deadline or item.level_date, repeats)


def _free_from(reasons):
    """Return the first day on which none of the customer's ``reasons`` stops any more; one without an end stops for good."""
    reasons = [reason for reason in reasons or [] if reason["code"] not in SIMULATED]
    if not reasons:
        return date.min
    if any(not reason.get("until") for reason in reasons):
        return date.max
    return max(fields.Date.to_date(reason["until"]) for reason in reasons) + timedelta(days=1)
