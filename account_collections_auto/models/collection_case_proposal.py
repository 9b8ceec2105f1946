from odoo import fields, models


class CollectionCase(models.Model):
    """What its level proposes when it passes without an answer."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    proposed_decision = fields.Selection(
        related="level_id.proposed_decision", string="Proposed", help="What the level proposes to decide; a person does."
    )
