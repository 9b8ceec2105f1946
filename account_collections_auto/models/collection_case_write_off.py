from odoo import Command, fields, models


class CollectionCase(models.Model):
    """What of a case is given up, or proposed to be."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    write_off_count = fields.Integer(compute="_compute_write_off_count", string="Number of Write-offs")

    def _compute_write_off_count(self):
        groups = self.env["collection.write.off"]._read_group([("case_id", "in", self.ids)], ["case_id"], ["__count"])
        counts = dict(groups)
        for case in self:
            case.write_off_count = counts.get(case, 0)

    def action_write_off(self):
        """Propose to give up what this customer owes: its overdue items in company currency are chosen to start with."""
        self.ensure_one()
        self._check_collector()
        open_items = self.item_ids.filtered(lambda item: item.amount_residual_currency > 0)
        overdue = open_items.filtered(lambda item: item.days_overdue > 0) or open_items
        in_company_currency = overdue.filtered(lambda item: item.currency_id == self.currency_id)
        chosen = in_company_currency or overdue.filtered(lambda item: item.currency_id == overdue[:1].currency_id)
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_write_off_action_new")
        return action | {
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_item_ids": [Command.set(chosen.ids)],
            }
        }

    def action_view_write_offs(self):
        """Open the write-offs of this customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_write_off_action")
        return action | {"domain": [("case_id", "=", self.id)], "context": {}}
