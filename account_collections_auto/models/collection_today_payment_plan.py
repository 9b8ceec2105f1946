from odoo import api, models


class CollectionToday(models.AbstractModel):
    """What became of payment plans and nobody has dealt with."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _answer_kinds(self):
        return [
            *super()._answer_kinds(),
            *self._for_managers(
                (self.env._("Payment plans that a manager approves"), "open_plans_to_approve", self._plans_to_approve())
            ),
            (self.env._("Instalments that were missed"), "open_missed_instalments", self._missed_instalments()),
            (self.env._("Payment plans that were broken off"), "open_ended_plans", self._ended_plans()),
        ]

    @api.model
    def _plans_to_approve(self):
        return "collection.payment.plan", [("state", "=", "to_approve")]

    @api.model
    def _missed_instalments(self):
        return "collection.payment.plan.line", [
            ("plan_state", "=", "running"),
            ("state", "in", ("late", "missed")),
            ("seen_on", "=", False),
            *self._mine_domain("case_id."),
        ]

    @api.model
    def _ended_plans(self):
        todo = self._todo("mail_activity_type_payment_plan_ended")
        return "collection.payment.plan", [("state", "=", "ended"), todo, *self._mine_domain("case_id.")]

    @api.model
    def open_plans_to_approve(self):
        """Open the payment plans beyond the limits."""
        return self._open("collection_payment_plan_action", self._plans_to_approve()[1], context={"collection_bulk": "approve"})

    @api.model
    def open_missed_instalments(self):
        """Open the instalments past their day of plans that still run."""
        context = {"collection_bulk": "done"}
        return self._open("collection_payment_plan_line_action", self._missed_instalments()[1], context=context)

    @api.model
    def open_ended_plans(self):
        """Open the plans that were broken off and that nobody has dealt with."""
        return self._open("collection_payment_plan_action", self._ended_plans()[1], context={"collection_bulk": "done"})
