from odoo import api, fields, models


class CollectionDecision(models.AbstractModel):
    """What the questions about one case or many share: the cases, how much they owe, and a way back.

    A question extends `_apply`, which returns (sentence, what is needed to take it back), and `_take_back`.
    """

    _name = "collection.decision"
    _description = "Decision about Cases"
    _inherit = ["collection.recorded.mixin"]
    # What is taken back is what was done here, some of it with the rights of the system.
    _recorded = frozenset({"undo_values"})

    case_ids = fields.Many2many("collection.case", string="Cases", required=True, readonly=True)
    case_count = fields.Integer(compute="_compute_cases", string="Number of Customers")
    subject = fields.Char(compute="_compute_cases", string="Customers")
    undo_values = fields.Json(readonly=True)

    @api.depends("case_ids")
    def _compute_cases(self):
        for wizard in self:
            wizard.case_count = len(wizard.case_ids)
            wizard.subject = wizard.case_ids.display_name if wizard.case_count == 1 else wizard._describe_cases()

    def _describe_cases(self):
        return self.env._("%(count)s customers", count=self.case_count)

    def action_apply(self):
        """Do it, close the question, and offer to take it back."""
        self.ensure_one()
        self._check_cases()
        return self._finish(*self._apply())

    def _finish(self, message, undo_values):
        """Close the question, say what was done, and offer to take it back."""
        self.sudo().undo_values = undo_values
        return {
            "type": "ir.actions.client",
            "tag": "collection_undo",
            "params": {"message": message, "model": self._name, "id": self.id},
        }

    def action_undo(self):
        """Take back what was decided here. A second click changes nothing."""
        self.ensure_one()
        self._check_cases()
        if self.undo_values:
            self._take_back(self.undo_values)
            self.sudo().undo_values = False

    def _check_cases(self):
        self.case_ids._check_collector()
        self.case_ids.check_access("write")

    def _apply(self):
        raise NotImplementedError

    def _take_back(self, values):
        raise NotImplementedError
