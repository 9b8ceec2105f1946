from odoo import fields, models


class CollectionCase(models.Model):
    """The payments that the customer announced."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    payment_notice_ids = fields.One2many("collection.payment.notice", "case_id", string="Payments Announced")

    def action_payment_notice(self):
        """Record that the customer says it is paid: the overdue amount is proposed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_payment_notice_action_new")
        return action | {
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_amount": max(self.amount_overdue - self.amount_credit, 0.0),
            }
        }
