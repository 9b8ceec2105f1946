from odoo import fields, models


class CollectionCaseDecide(models.TransientModel):
    """After the last level: an agency or a lawyer."""

    _inherit = "collection.case.decide"  # pylint: disable=consider-merging-classes-inherited

    choice = fields.Selection(
        selection_add=[("agency", "Hand over to an agency or a lawyer")], ondelete={"agency": "set default"}
    )

    def _apply_agency(self):
        return self.case_ids.action_place()
