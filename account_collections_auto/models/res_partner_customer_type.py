from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ResPartner(models.Model):
    """What kind of customer somebody is: contact rules, interest and fees depend on it more than on the country."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    collection_customer_type = fields.Selection(
        [
            ("consumer", "Consumer"),
            ("sole_trader", "Sole trader"),
            ("business", "Business"),
            ("public_authority", "Public body"),
        ],
        string="Customer Type",
        help="Empty: a person without VAT number is a consumer, everybody else a business.",
    )
    # Not stored: nobody's change of a contact waits for it, and no table of contacts is rewritten.
    collection_customer_type_used = fields.Selection(
        selection=lambda self: self._fields["collection_customer_type"].selection,
        compute="_compute_collection_customer_type_used",
        search="_search_collection_customer_type_used",
        string="Treated As",
        help="The type that was chosen for the customer; where none was, what the name and the VAT number say.",
    )

    @api.depends(
        "commercial_partner_id.collection_customer_type", "commercial_partner_id.is_company", "commercial_partner_id.vat"
    )
    def _compute_collection_customer_type_used(self):
        for partner in self:
            customer = partner.commercial_partner_id
            is_person = not customer.is_company and (customer.vat or "").strip() in ("", "/")
            partner.collection_customer_type_used = customer.collection_customer_type or (
                "consumer" if is_person else "business"
            )

    def _search_collection_customer_type_used(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model(["collection_customer_type", "commercial_partner_id", "is_company", "vat"])
        found = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                """EXISTS (SELECT 1 FROM res_partner customer
                            WHERE customer.id = %s AND %s = ANY(%s))""",
                SQL.identifier(alias, "commercial_partner_id"),
                self._collection_customer_type_sql("customer"),
                [code for code in value if code],
            )
        )
        return found

    @api.model
    def _collection_customer_type_sql(self, alias):
        """Return SQL for the type of ``alias``, a row of res_partner that is a debtor: as `collection_customer_type_used`."""
        return SQL(
            """COALESCE(%(chosen)s, CASE WHEN %(is_company)s IS NOT TRUE AND btrim(COALESCE(%(vat)s, '')) IN ('', '/')
                                         THEN 'consumer' ELSE 'business' END)""",
            chosen=SQL.identifier(alias, "collection_customer_type"),
            is_company=SQL.identifier(alias, "is_company"),
            vat=SQL.identifier(alias, "vat"),
        )
