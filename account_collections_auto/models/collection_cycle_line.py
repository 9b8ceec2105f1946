from odoo import api, fields, models


class CollectionCycleLine(models.Model):
    """What the cycle decided for one case and level: planned, withheld, or dropped by a person."""

    _name = "collection.cycle.line"
    _description = "Cycle Decision"
    _order = "cycle_id desc, decision, amount desc, id"
    _rec_name = "case_id"

    cycle_id = fields.Many2one("collection.cycle", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    case_id = fields.Many2one("collection.case", required=True, index=True, ondelete="cascade", readonly=True)
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    level_id = fields.Many2one("collection.level", ondelete="set null", readonly=True, index="btree_not_null")
    decision = fields.Selection(
        [("planned", "Planned"), ("withheld", "Withheld"), ("dropped", "Dropped")], required=True, readonly=True
    )
    item_count = fields.Integer(string="Items", readonly=True, help="Items that reach this level.")
    amount = fields.Monetary(readonly=True, help="Planned: what is claimed. Withheld: the items that reach this level.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    oldest_due_date = fields.Date(readonly=True)
    reason_code = fields.Char(readonly=True, index=True, help="The first of the reasons.")
    reasons = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    until_date = fields.Date(string="Until", readonly=True)
    drops_for_good = fields.Boolean(readonly=True, help="Dropped until a person says otherwise.")
    dropped_by_id = fields.Many2one("res.users", readonly=True)
    action_ids = fields.One2many("collection.action", "cycle_line_id", string="Messages", readonly=True)

    _decision_unique = models.UniqueIndex(
        "(cycle_id, case_id, level_id, decision)", "The cycle has decided this case and level already."
    )

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_reason(self):
        for line in self:
            line.reason = self.env["collection.reason"]._describe_all(line.reasons)
