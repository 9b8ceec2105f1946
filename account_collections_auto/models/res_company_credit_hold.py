from odoo import fields, models


class ResCompany(models.Model):
    """What a credit hold does, and whether a person approves it."""

    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    collection_credit_hold_effect = fields.Selection(
        [("warn", "Warn, and let them go on"), ("refuse", "Refuse, except for collection managers")],
        string="Credit Hold",
        required=True,
        default="refuse",
        help="What happens to who posts an invoice, or confirms an order, of a customer on credit hold. A draft shows the "
        "hold in any case, and whoever goes on leaves a note.",
    )
    collection_credit_hold_approval = fields.Boolean(
        string="Approve Credit Holds",
        default=True,
        help="A credit hold that a level proposes waits until a collector approves it. Off: it is on at once.",
    )
    collection_has_credit_holds = fields.Boolean(
        readonly=True, copy=False, help="Somebody is on hold: only then is anything looked up when an invoice is posted."
    )
