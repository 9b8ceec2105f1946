from odoo import api, fields, models


class CollectionCase(models.Model):
    """What a person does first with a case as it stands: the one button of its form that stands out."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    main_action = fields.Selection(
        [
            ("decide", "Decide"),
            ("approve", "Approve the message"),
            ("correct", "Correct the address"),
            ("send_now", "Send now"),
            ("call", "Call"),
        ],
        compute="_compute_main_action",
        string="To Do First",
        help="Empty: nothing, it goes on by itself.",
    )

    @api.depends("state", "stop_reason", "contact_problem_code", "is_to_decide", "action_ids.state")
    def _compute_main_action(self):
        reviews = self.env["collection.action"]._read_group(
            [("case_id", "in", self.ids), ("state", "=", "review")], ["case_id"]
        )
        in_review = self.browse(case.id for (case,) in reviews)
        for case in self:
            case.main_action = case._find_main_action(case._origin in in_review)

    def _find_main_action(self, is_in_review):
        if self.state == "closed":
            return False
        if self.is_to_decide:
            return "decide"
        if is_in_review:
            return "approve"
        if self.contact_problem_code:
            return "correct"
        if not self.stop_reason:
            return "send_now"
        return "call" if self.days_overdue > 0 and not self._is_resting() else False

    def _is_resting(self):
        """Whether somebody or something stops messages to the customer, or about one of its items: then wait for that."""
        explained = self.explanation or {}
        return bool(self.contact_notice or explained.get("stops") or explained.get("item_stops"))

    def action_view_prepared(self):
        """Open the messages to this customer that are prepared and have not left."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_action_action_review")
        waiting = self.action_ids.filtered(lambda message: message.state == "review")
        action |= {"domain": [("case_id", "in", self.ids)], "context": {}}
        if len(waiting) == 1:
            action |= {"res_id": waiting.id, "views": [(False, "form")], "view_mode": "form"}
        return action
