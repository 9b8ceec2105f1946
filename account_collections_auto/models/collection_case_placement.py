from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CollectionCase(models.Model):
    """The placements of a case."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    placement_ids = fields.One2many("collection.placement", "case_id", string="Placements")
    placement_count = fields.Integer(compute="_compute_placements", string="Number of Placements")
    placement_sentence = fields.Char(
        compute="_compute_placements", string="With an Agency", help="Who has items of this customer, and since when."
    )

    def _compute_placements(self):
        for case in self:
            placements = case.placement_ids
            case.placement_count = len(placements)
            with_agency = placements.filtered(lambda placement: placement.state in ("approved", "handed_over"))
            case.placement_sentence = "; ".join(placement._describe_stay() for placement in with_agency)

    @api.model
    def _to_decide_sql(self, alias):
        """What is proposed to an agency waits for a manager, not for another decision."""
        return SQL(
            """(%s) AND NOT EXISTS (SELECT 1 FROM collection_placement proposal
                                     WHERE proposal.case_id = %s AND proposal.state = 'proposed')""",
            super()._to_decide_sql(alias),
            SQL.identifier(alias, "id"),
        )

    def action_place(self):
        """Ask which items of these customers are proposed to which agency."""
        action = self._open_decision("collection.place", self.env._("Hand Over to an Agency"))
        if not self.env["collection.agency"].search_count([("company_id", "in", self.company_id.ids)], limit=1):
            raise UserError(self.env._("There is no agency yet. A manager creates it in Configuration, Agencies and Lawyers."))
        return action
