from odoo import models
from odoo.tools import SQL

from ..engine import schedule, select


class CollectionCycle(models.Model):
    """The messages that a preview would send, to be looked at."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    def _make_messages_of(self, case):
        """Return the messages that this cycle would send for ``case``, addressed. The caller rolls them back."""
        self._select_and_withhold(SQL("SELECT %s", case.id))
        schedule.find_messages(self.env)
        schedule.renew_actions(self.env, self)
        messages = self.env["collection.action"]
        unsent = messages.search([("case_id", "=", case.id), ("state", "in", ("planned", "review", "queued"))])
        # what is prepared for another occasion would be cancelled by now
        unsent.filtered(lambda message: message.cycle_id != self).line_ids.write({"is_live": False})
        self.env.flush_all()
        schedule.plan_actions(self.env, self)
        self.env.invalidate_all(flush=False)
        made = messages.search([("cycle_id", "=", self.id), ("case_id", "=", case.id)])
        made._address(self.date, made._read_recipients())
        select.drop(self.env)
        return made
