from odoo import api, fields, models

from ..engine import findings
from ..engine.wish import Wish


class CollectionRequest(models.Model):
    """Reminders of missed instalments: the cycle sends them, one message per customer, outside of the levels.

    They go the way of a message by hand, so each is looked at afresh, held back for the same reasons, and sent once. A plan
    that was agreed on is reminded of however small its instalments are.
    """

    _inherit = "collection.request"  # pylint: disable=consider-merging-classes-inherited

    kind = fields.Selection(selection_add=[("instalment", "Reminder of an instalment")], ondelete={"instalment": "cascade"})

    @api.model
    def _begin_instalments(self, company, date):
        """Return a confirmed request for the customers of ``company`` to be reminded on ``date``; empty without any."""
        instalments = self.env["collection.payment.plan.line"]
        lines = instalments.search(instalments._to_remind_domain(company, date))
        if not lines:
            return self.browse()
        request = self.create(
            {
                "company_id": company.id,
                "user_id": self.env.uid,
                "date": date,
                "kind": "instalment",
                "state": "queued",
                "sets_aside_minimum": True,
                "set_aside_because": self.env._("Agreed instalment"),
            }
        )
        self.env.flush_all()
        findings.add_lines(self.env, request, lines.case_id.ids)
        request.invalidate_recordset(flush=False)
        request.line_ids.state = "planned"
        request.flush_recordset()
        request.line_ids.flush_recordset()
        return request

    def _wish(self):
        if self.kind == "instalment":
            return Wish("instalment", advances=False, ignored=("below_minimum",))
        return super()._wish()

    def _get_day(self):
        """Of instalments the day is that of the cycle."""
        return self.date if self.kind == "instalment" else super()._get_day()

    def _prepare_messages(self, lines, lock=False):
        if self.kind != "instalment":
            return super()._prepare_messages(lines, lock)
        instalments = self.env["collection.payment.plan.line"]
        waiting = instalments.search(instalments._to_remind_domain(self.company_id, self.date)).case_id
        # Reminded of meanwhile, by the rest of a request that was interrupted.
        lines.filtered(lambda line: line.case_id not in waiting).write(
            {"state": "left_out", "reason_code": "paid_meanwhile", "reasons": [{"code": "paid_meanwhile"}]}
        )
        lines = lines.filtered(lambda line: line.case_id in waiting)
        if not lines:
            return self.env["collection.action"], {}
        actions, recipients = super()._prepare_messages(lines, lock)
        instalments._note_held_back(lines, self.date)
        instalments._note_reminders(actions, self.date)
        return actions, recipients
