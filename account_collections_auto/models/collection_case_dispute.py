from odoo import Command, fields, models


class CollectionCase(models.Model):
    """The disputes of a case."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    dispute_ids = fields.One2many("collection.dispute", "case_id", string="Disputes")
    dispute_count = fields.Integer(compute="_compute_dispute_count", string="Open Disputes")

    def _compute_dispute_count(self):
        counts = dict(
            self.env["collection.dispute"]._read_group(
                [("case_id", "in", self.ids), ("is_open", "=", True)], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.dispute_count = counts.get(case, 0)

    def action_dispute(self):
        """Record a dispute: the person chooses the items."""
        self.ensure_one()
        return self._action_new_dispute(self.env["collection.item"])

    def _action_new_dispute(self, items):
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_dispute_action_new")
        short = items and items == items.filtered("is_short_paid")
        return action | {
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_raised_by": "short_payment" if short else "customer",
                "default_line_ids": [Command.create({"item_id": item.id}) for item in items],
            }
        }
