from babel.dates import format_skeleton
from odoo import api, fields, models
from odoo.tools import get_lang

from ..engine import simulate
from .collection_action import UNSENT


class CollectionCase(models.Model):
    """One sentence that says where a case stands: what went out last, what comes next and when, or why nothing does."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    status_sentence = fields.Char(compute="_compute_status", string="Status in Words")
    explanation = fields.Json(
        compute="_compute_explanation",
        exportable=False,
        string="Why Nothing Is Sent, in Detail",
        help="Of the case and of each of its items. Found once for all that is told from it.",
    )

    @api.depends("action_ids.state", "snooze_until", "next_step", "plan_id", "state")
    @api.depends_context("lang")
    def _compute_explanation(self):
        explained = self.env["collection.cycle"]._explain(self._origin)
        for case in self:
            case.explanation = explained.get(case._origin.id)

    @api.depends("explanation")
    @api.depends_context("lang")
    def _compute_status(self):
        outlook, waiting = self._get_outlook(), self._get_waiting_messages()
        last = {case: outlook.last[case.id][-1:] for case in self if case.id in outlook.last}
        claimed = self._get_claimed_items([*last.values(), *waiting.values()])
        for case in self:
            case.stop_reason = outlook.explained[case.id]["reason"]
            case.status_sentence = case._get_sentence(outlook, last.get(case), waiting.get(case.id), claimed)

    @api.model
    def _get_claimed_items(self, actions):
        """Return {message: ids of the items that it brings to its own level}; it may bring others to a lower one."""
        found = self.env["collection.action.line"]._read_group(
            [("action_id", "in", [action.id for action in actions]), ("advances", "=", True)],
            ["action_id", "level_id"],
            ["item_id:array_agg"],
        )
        return {action: set(item_ids) for action, level, item_ids in found if level == action.level_id}

    def _get_sentence(self, outlook, last, waiting, claimed):
        if self.state == "closed":
            return self.env._("Everything is settled.")
        parts = []
        if last:
            parts.append(self._describe_last(last))
        told = claimed.get(last)
        if self.next_step == "decide":
            parts.append(self.env._("The last level has passed without an answer: a person decides what happens next."))
        if waiting:
            parts.append(self._describe_waiting(waiting, _is_about_others(told, claimed.get(waiting))))
        elif events := self._forecast(outlook):
            parts.append(self._describe_next(outlook, events, told))
        elif reason := self._get_obstacle(outlook):
            parts.append(self.env._("Held back: %(reason)s.", reason=reason))
        elif self._is_covered():
            parts.append(self.env._("Nothing is planned: open credits cover what is owed."))
        elif self.next_step != "decide":
            parts.append(self.env._("Nothing is planned: there is no further level."))
        return " ".join(parts)

    def _get_waiting_messages(self):
        waiting = self.env["collection.action"].search(
            [("case_id", "in", self.ids), ("state", "in", UNSENT)], order="state, id desc"
        )
        return {action.case_id.id: action for action in waiting}

    def _describe_last(self, action):
        what = action.level_id.name or action._get_channel_label()
        return self.env._("Last: %(what)s on %(date)s.", what=what, date=self._day_in_words(action.contact_date))

    def _describe_waiting(self, action, is_about_others):
        values = {"level": action.level_id.name or action._get_channel_label(), "channel": action._get_channel_label()}
        if action.state == "review":
            what = self.env._("%(level)s by %(channel)s, as soon as somebody approves it", **values)
        else:
            what = self.env._("%(level)s by %(channel)s, on its way", **values)
        return self._say_next(what, is_about_others) + "."

    def _say_next(self, what, is_about_others):
        if is_about_others:
            return self.env._("Next, about other invoices: %(what)s", what=what)
        return self.env._("Next: %(what)s", what=what)

    def _describe_next(self, outlook, events, told):
        event, *then = events
        reason = self._get_obstacle(outlook)
        what = self._describe_event(self.plan_id, event)
        if reason:
            sentence = self.env._("Held back: %(reason)s. After that: %(what)s", reason=reason, what=what)
        else:
            sentence = self._say_next(what, _is_about_others(told, _claimed_items(event)))
        if then:
            level = self.plan_id.level_ids.filtered(lambda level: level.id == then[0].level.key)
            date = self._day_in_words(then[0].day)
            sentence += self.env._("; then %(level)s on %(date)s", level=level.name, date=date)
        return sentence + "."

    def _describe_event(self, plan, event):
        """Return what a forecast event is, in words: "Second reminder by E-mail on March 3"."""
        level = plan.level_ids.filtered(lambda level: level.id == event.level.key)
        values = {"level": level.name, "how": level._get_manner(), "date": self._day_in_words(event.day)}
        is_now = event.day <= self.company_id._collection_today()
        if isinstance(event, simulate.ByHand):
            if is_now:
                return self.env._("%(level)s, which a person sends by hand", **values)
            return self.env._("%(level)s on %(date)s, which a person sends by hand", **values)
        if is_now:
            return self.env._("%(level)s %(how)s with the next cycle", **values)
        return self.env._("%(level)s %(how)s on %(date)s", **values)

    def _is_covered(self):
        """Whether open credits cover what is owed, in each currency."""
        items = self.item_ids.filtered(lambda item: not item.is_small)
        for currency, own in items.grouped("currency_id").items():
            if currency.compare_amounts(sum(own.mapped("amount_residual_currency")), 0) > 0:
                return False
        return True

    def _day_in_words(self, day):
        """Return a day as people say it: without the year in this one, the month in words."""
        skeleton = "MMMMd" if day.year == self.company_id._collection_today().year else "yMMMMd"
        return format_skeleton(skeleton, day, locale=get_lang(self.env).code)


def _claimed_items(event):
    """Return the items that a forecast ``event`` brings to its own level."""
    if isinstance(event, simulate.ByHand):
        return event.items
    return [item_id for item_id, level in event.advancing.items() if level.key == event.level.key]


def _is_about_others(told, items):
    """Whether a message about ``items`` is about none of those that the last one ``told`` of."""
    return bool(told and items) and told.isdisjoint(items)
