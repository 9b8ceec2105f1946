from odoo import fields, models
from odoo.tools import SQL


class CollectionPlacementReport(models.Model):
    """What was placed, what came back and what it cost, by agency and month, in company currency."""

    _name = "collection.placement.report"
    _description = "Placement Analysis"
    _auto = False
    _order = "date desc"
    _rec_name = "placement_id"
    _depends = {
        "collection.placement": ["agency_id", "company_id", "partner_id", "state", "outcome", "handed_over_on"],
        "collection.placement.line": ["placement_id", "amount_company"],
        "collection.placement.movement": ["kind", "date", "amount_company", "commission_company", "corrected_id"],
    }

    placement_id = fields.Many2one("collection.placement", readonly=True)
    agency_id = fields.Many2one("collection.agency", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True, help="The day of the hand-over, of the payment, or of what took it back.")
    state = fields.Selection(
        selection=lambda self: self.env["collection.placement"]._fields["state"]._description_selection(self.env), readonly=True
    )
    outcome = fields.Selection(
        selection=lambda self: self.env["collection.placement"]._fields["outcome"]._description_selection(self.env),
        readonly=True,
    )
    placed = fields.Monetary(readonly=True, help="What was open on the day of the hand-over.")
    recovered = fields.Monetary(readonly=True, help="Paid since, to the agency or to us, less what was returned.")
    commission = fields.Monetary(readonly=True, help="By the terms, on what the agency collected or was told of.")
    net = fields.Monetary(readonly=True, help="Recovered less commission.")

    @property
    def _table_query(self):
        return SQL(
            """SELECT line.id * 2 AS id, placement.id AS placement_id, placement.agency_id, placement.company_id,
                      placement.partner_id, company.currency_id, placement.handed_over_on AS date, placement.state,
                      placement.outcome, line.amount_company AS placed, 0.0 AS recovered, 0.0 AS commission, 0.0 AS net
                 FROM collection_placement_line line
                 JOIN collection_placement placement ON placement.id = line.placement_id
                 JOIN res_company company ON company.id = placement.company_id
                WHERE placement.handed_over_on IS NOT NULL
                UNION ALL
               SELECT movement.id * 2 + 1, placement.id, placement.agency_id, placement.company_id, placement.partner_id,
                      company.currency_id, movement.date, placement.state, placement.outcome, 0.0, paid.amount,
                      COALESCE(movement.commission_company, 0), paid.amount - COALESCE(movement.commission_company, 0)
                 FROM collection_placement_movement movement
                 JOIN collection_placement placement ON placement.id = movement.placement_id
                 JOIN res_company company ON company.id = placement.company_id
                 LEFT JOIN collection_placement_movement corrected ON corrected.id = movement.corrected_id
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN COALESCE(corrected.kind, movement.kind) IN ('agency', 'direct')
                                THEN movement.amount_company ELSE 0 END AS amount) paid"""
        )
