from odoo import fields, models

from .collection_reference_rate import CONFIDENCE


class CollectionReferenceRateValue(models.Model):
    """What a reference rate is from a day on."""

    _name = "collection.reference.rate.value"
    _description = "Value of a Reference Rate"
    _order = "reference_id, valid_from desc"
    _rec_name = "valid_from"

    reference_id = fields.Many2one("collection.reference.rate", required=True, index=True, ondelete="cascade")
    valid_from = fields.Date(string="From", required=True, help="The first day of this value; it holds until the next one.")
    percent = fields.Float(string="Percent a Year", required=True, digits=(16, 4), help="Negative values are possible.")
    confidence = fields.Selection(
        CONFIDENCE,
        required=True,
        default="high",
        help="How sure the value is: high was read where it is published or in several places, low needs a check.",
    )

    _once = models.UniqueIndex("(reference_id, valid_from)", "There is a value from this day on already: change that one.")
