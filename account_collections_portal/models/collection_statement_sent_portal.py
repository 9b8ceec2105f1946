from odoo import fields, models


class CollectionStatementSent(models.Model):
    """The customer's page of a statement of account."""

    _inherit = "collection.statement.sent"  # pylint: disable=consider-merging-classes-inherited

    portal_link_ids = fields.One2many("collection.portal.link", "statement_id", string="Links to the Customer's Page")
