from odoo import fields, models


class CollectionDisputeReason(models.Model):
    """Why customers dispute invoices, who looks into it, and within how many days. A sub-reason belongs to a reason."""

    _name = "collection.dispute.reason"
    _description = "Dispute Reason"
    _order = "sequence, id"
    _parent_name = "parent_id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    parent_id = fields.Many2one(
        "collection.dispute.reason",
        string="Reason",
        domain=[("parent_id", "=", False)],
        ondelete="cascade",
        index=True,
        help="Set for a sub-reason: the reason it belongs to.",
    )
    sub_reason_ids = fields.One2many("collection.dispute.reason", "parent_id", string="Sub-reasons")
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        domain=lambda self: [("all_group_ids", "in", self.env.ref("account_collections_auto.group_collector").ids)],
        help="Gets the to-do when such a dispute is recorded. Empty: somebody of the team, else the collector of the customer.",
    )
    team_id = fields.Many2one(
        "collection.team",
        help="Without an owner: the member of this team with the fewest open disputes who is not away gets the to-do, and its "
        "leader is told of late ones.",
    )
    escalation_user_id = fields.Many2one(
        "res.users",
        string="If Late, Tell",
        domain=lambda self: [("all_group_ids", "in", self.env.ref("account_collections_auto.group_collector").ids)],
        help="Gets a to-do when the dispute is not settled in time. Empty: the leader of the team, else the collections "
        "responsible of the company.",
    )
    service_days = fields.Integer(
        string="Settle Within", default=7, help="Days from the day the customer raised the dispute; the owner's due date."
    )

    _days_not_negative = models.Constraint("CHECK(service_days >= 0)", "The days to settle a dispute cannot be negative.")
