from odoo import models
from odoo.fields import Domain


class CollectionDispute(models.Model):
    """What the customer says of how its dispute was settled."""

    _name = "collection.dispute"
    # In this order: what rates is a thread, too, and a class comes before what it stands on.
    _inherit = ["rating.mixin", "collection.dispute"]

    def _rating_get_parent_field_name(self):
        return "case_id"

    def _rating_domain(self):
        return super()._rating_domain() & Domain("collection_company_id", "!=", False)

    def _rating_apply_get_default_subtype_id(self):
        """A note: it is for us, and is not mailed to who follows the dispute."""
        return self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")
