from odoo import fields, models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    collection_case_id = fields.Many2one(
        "collection.case",
        compute="_compute_collection_case_id",
        string="Collection Case",
        groups="account_collections_auto.group_collection_auditor",
    )

    def _compute_collection_case_id(self):
        """The case of the customer in the company of the payment."""
        cases = self.env["collection.case"].search(
            [
                ("partner_id", "in", self.partner_id.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.root_id.ids),
            ]
        )
        found = {(case.partner_id, case.company_id): case for case in cases}
        for payment in self:
            key = (payment.partner_id.commercial_partner_id, payment.company_id.root_id)
            payment.collection_case_id = found.get(key, False) if payment.partner_type == "customer" else False

    def action_view_collection_case(self):
        """Open the case of the customer."""
        return self.collection_case_id.get_formview_action()
