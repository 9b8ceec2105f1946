from odoo import api, models


class CollectionReason(models.AbstractModel):
    """Reasons that have to do with placements."""

    _inherit = "collection.reason"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _reason_sentences(self, values):
        text = values.get("text") or ""
        return super()._reason_sentences(values) | {
            "placement": self.env._("With an agency: %(text)s", text=text),
            "placement_later": self.env._("The customer is with %(text)s; a person decides about later items", text=text),
            "placed": self.env._("Placed or proposed already: %(text)s", text=text),
        }

    @api.model
    def _short_reasons(self):
        return super()._short_reasons() | {
            "placement": self.env._("With an agency"),
            "placement_later": self.env._("Customer with an agency: to decide"),
            "placed": self.env._("Placed already"),
        }
