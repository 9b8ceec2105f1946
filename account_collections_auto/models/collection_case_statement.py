from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionCase(models.Model):
    """The statement of account of a case."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    statement_ids = fields.One2many("collection.statement.sent", "case_id", string="Statements of Account")
    statement_count = fields.Integer(compute="_compute_statement_count", string="Statements")

    @api.depends("statement_ids")
    def _compute_statement_count(self):
        counts = dict(
            self.env["collection.statement.sent"]._read_group([("case_id", "in", self.ids)], ["case_id"], ["__count"])
        )
        for case in self:
            case.statement_count = counts.get(case, 0)

    def action_statement(self):
        """Ask which statement of account of these customers to print or send."""
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Choose at least one case."))
        wizard = self.env["collection.statement"].create({"case_ids": [fields.Command.set(self.ids)]})
        return wizard._action_open()
