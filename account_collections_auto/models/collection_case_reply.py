from odoo import fields, models


class CollectionCase(models.Model):
    """The answers that came by e-mail."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    reply_ids = fields.One2many("collection.reply", "case_id", string="Answers by E-mail")
    reply_count = fields.Integer(compute="_compute_reply_count", string="Answers to Read")

    def _compute_reply_count(self):
        counts = dict(
            self.env["collection.reply"]._read_group(
                [("case_id", "in", self.ids), ("state", "=", "new")], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.reply_count = counts.get(case, 0)
