from odoo import fields, models


class CollectionCycle(models.Model):
    """What a cycle does about payment plans before it looks at the levels."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    instalment_count = fields.Integer(
        compute="_compute_instalment_count",
        help="Customers whom this cycle reminds of an instalment, once it is confirmed.",
    )

    def _compute_instalment_count(self):
        lines = self.env["collection.payment.plan.line"]
        for cycle in self:
            waiting = lines.search(lines._to_remind_domain(cycle.company_id, cycle.date)) if cycle.state == "preview" else lines
            cycle.instalment_count = len(waiting.case_id)

    def _write_about_plans(self, commit):
        """Remind of missed instalments.

        Runs before the levels are selected: whoever gets a reminder of an instalment gets no other message for some days.
        Batch by batch; after a crash the rest of a request is sent by its own job.
        """
        requests, company, date = self.env["collection.request"], self.company_id, self.date
        request = self._in_transaction(lambda: requests._begin_instalments(company, date), commit)
        while request and self._in_transaction(request._send_some, commit, done=int):
            continue
        self._in_transaction(request._finish, commit)
