from datetime import date, timedelta

from babel.dates import format_skeleton
from odoo import api, fields, models
from odoo.tools import get_lang

from ..engine import forecast
from .collection_action import SENT, UNSENT


class CollectionCase(models.Model):
    """One sentence that says where a case stands: what went out last, what comes next and when, or why nothing does."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    status_sentence = fields.Char(compute="_compute_status", string="Status in Words")

    @api.depends("action_ids.state", "snooze_until", "next_step", "plan_id", "state")
    @api.depends_context("lang")
    def _compute_status(self):
        explained = self.env["collection.cycle"]._explain(self)
        last, waiting = self._get_last_contacts(), self._get_waiting_messages()
        for case in self:
            case.stop_reason = explained["cases"].get(case.id, "")
            case.status_sentence = case._get_sentence(explained, last.get(case.id), waiting.get(case.id))

    def _get_sentence(self, explained, last, waiting):
        if self.state == "closed":
            return self.env._("Everything is settled.")
        parts = [self._describe_last(last)] if last else []
        contacts = self._forecast(explained, last)
        if self.next_step == "decide":
            parts.append(self.env._("The last level has passed without an answer: a person decides what happens next."))
        if waiting:
            parts.append(self._describe_waiting(waiting))
        elif contacts:
            parts.append(self._describe_next(explained, contacts))
        elif reason := self._get_obstacle(explained):
            parts.append(self.env._("Held back: %(reason)s.", reason=reason))
        elif not self._get_demanded_items():
            parts.append(self.env._("Nothing is planned: open credits cover what is owed."))
        elif self.next_step != "decide":
            parts.append(self.env._("Nothing is planned: there is no further level."))
        return " ".join(parts)

    # -- what was and is there ---------------------------------------------------------------------------------------

    def _get_last_contacts(self):
        """Return {case id: the last message or call}."""
        contacts = self.env["collection.action"].search(
            [("case_id", "in", self.ids), ("state", "in", SENT), ("is_test", "!=", True), ("channel", "!=", "record")],
            order="contact_date, id",
        )
        return {action.case_id.id: action for action in contacts}

    def _get_waiting_messages(self):
        waiting = self.env["collection.action"].search(
            [("case_id", "in", self.ids), ("state", "in", UNSENT)], order="state, id desc"
        )
        return {action.case_id.id: action for action in waiting}

    def _describe_last(self, action):
        what = action.level_id.name or action._get_channel_label()
        return self.env._("Last: %(what)s on %(date)s.", what=what, date=self._day_in_words(action.contact_date))

    def _describe_waiting(self, action):
        values = {"level": action.level_id.name or action._get_channel_label(), "channel": action._get_channel_label()}
        if action.state == "review":
            return self.env._("Next: %(level)s by %(channel)s, as soon as somebody approves it.", **values)
        return self.env._("Next: %(level)s by %(channel)s, on its way.", **values)

    # -- what comes next ---------------------------------------------------------------------------------------------

    def _describe_next(self, explained, contacts):
        reason = self._get_obstacle(explained)
        today = self.company_id._collection_today()
        levels = {level.id: level for level in self.plan_id.level_ids}
        coming = [(levels[contact.rung.id], contact.day) for contact in contacts]
        (level, day), *then = coming
        values = {"level": level.name, "how": level._get_manner(), "date": self._day_in_words(day)}
        if level.mode == "manual" or not level.step_ids:
            sentence, then = self.env._("Next: %(level)s on %(date)s, which a person sends by hand", **values), []
        elif day <= today:
            sentence = self.env._("Next: %(level)s %(how)s with the next cycle", **values)
        elif reason:
            sentence = self.env._("Held back: %(reason)s. After that: %(level)s %(how)s on %(date)s", reason=reason, **values)
        else:
            sentence = self.env._("Next: %(level)s %(how)s on %(date)s", **values)
        if then:
            level, day = then[0]
            sentence += self.env._("; then %(level)s on %(date)s", level=level.name, date=self._day_in_words(day))
        return sentence + "."

    def _get_obstacle(self, explained):
        """Return what stops the customer or all of its debts today, in words; '' when nothing does or only some."""
        stops = explained["case_stops"].get(self.id)
        if not stops:
            debts = self.item_ids.filtered(lambda item: item.amount_residual_currency > 0 and not item.is_small)
            found = [explained["item_stops"].get(item.id) for item in debts]
            stops = [stop for item_stops in found for stop in item_stops] if found and all(found) else []
        unique = {str(stop): stop for stop in stops}
        return self.env["collection.reason"]._describe_all(unique.values())

    def _forecast(self, explained, last=None, plan=None, count=2):
        """Return the next contacts under ``plan`` (default: the case's own) if nothing is paid, by the calendar."""
        self.ensure_one()
        plan = plan or self.plan_id
        today = self.company_id._collection_today()
        free_from = _free_from(explained["case_stops"].get(self.id))
        levels = {level.id: level for level in plan.level_ids}
        debts = [
            forecast.Debt(
                item.due_date,
                max(free_from, _free_from(explained["item_stops"].get(item.id))),
                item.level_days if item.level_date else None,
                item.level_date or None,
                item.deadline or item.level_date or None,
            )
            for item in self._get_demanded_items()
        ]
        return forecast.next_contacts(
            debts,
            plan._get_rules(),
            today,
            lambda rung, day: levels[rung.id]._get_deadline(day),
            last.contact_date if last and last.channel != "call" else None,
            count,
        )

    def _get_demanded_items(self):
        """Return the debts in the currencies in which the customer owes more than open credits cover."""
        items = self.item_ids.filtered(lambda item: not item.is_small)
        balance = {}
        for item in items:
            balance[item.currency_id] = balance.get(item.currency_id, 0.0) + item.amount_residual_currency
        return items.filtered(
            lambda item: item.amount_residual_currency > 0
            and item.currency_id.compare_amounts(balance[item.currency_id], 0) > 0
        )

    def _day_in_words(self, day):
        """Return a day as people say it: without the year in this one, the month in words."""
        skeleton = "MMMMd" if day.year == self.company_id._collection_today().year else "yMMMMd"
        return format_skeleton(skeleton, day, locale=get_lang(self.env).code)


def _free_from(stops):
    """Return the first day on which none of ``stops`` stops any more; one without an end stops for good."""
    if not stops:
        return date.min
    if any(not stop.get("until") for stop in stops):
        return date.max
    return max(fields.Date.to_date(stop["until"]) for stop in stops) + timedelta(days=1)
