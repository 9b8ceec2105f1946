from odoo import fields, models


class CollectionMark(models.Model):
    """A note that the ledger of one debtor changed. Appended by the accountant's transaction, consumed by a refresh.

    Plain numbers without foreign keys: a key would lock the customer's row in the accountant's transaction.
    """

    _name = "collection.mark"
    _description = "Ledger Change to Project"
    _log_access = False

    company_ref = fields.Integer(required=True, help="Root company, by id.")
    partner_ref = fields.Integer(required=True, help="Debtor, by id.")
