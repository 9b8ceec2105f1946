from babel.dates import format_skeleton
from odoo import api, fields, models
from odoo.tools import get_lang

from ..engine import simulate
from .collection_action import UNSENT


class CollectionCase(models.Model):
    """One sentence that says where a case stands: what went out last, what comes next and when, or why nothing does."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    status_sentence = fields.Char(compute="_compute_status", string="Status in Words")

    @api.depends("action_ids.state", "snooze_until", "next_step", "plan_id", "state")
    @api.depends_context("lang")
    def _compute_status(self):
        outlook, waiting = self._get_outlook(), self._get_waiting_messages()
        for case in self:
            case.stop_reason = outlook.explained["cases"].get(case.id, "")
            case.status_sentence = case._get_sentence(outlook, waiting.get(case.id))

    def _get_sentence(self, outlook, waiting):
        if self.state == "closed":
            return self.env._("Everything is settled.")
        parts = []
        if last := outlook.last.get(self.id):
            parts.append(self._describe_last(last[-1:]))
        if self.next_step == "decide":
            parts.append(self.env._("The last level has passed without an answer: a person decides what happens next."))
        if waiting:
            parts.append(self._describe_waiting(waiting))
        elif events := self._forecast(outlook):
            parts.append(self._describe_next(outlook, events))
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

    def _describe_waiting(self, action):
        values = {"level": action.level_id.name or action._get_channel_label(), "channel": action._get_channel_label()}
        if action.state == "review":
            return self.env._("Next: %(level)s by %(channel)s, as soon as somebody approves it.", **values)
        return self.env._("Next: %(level)s by %(channel)s, on its way.", **values)

    def _describe_next(self, outlook, events):
        event, *then = events
        reason = self._get_obstacle(outlook)
        what = self._describe_event(self.plan_id, event)
        if reason:
            sentence = self.env._("Held back: %(reason)s. After that: %(what)s", reason=reason, what=what)
        else:
            sentence = self.env._("Next: %(what)s", what=what)
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
