from odoo import fields, models


class CollectionRound(models.Model):
    """The recorded event that allows a level again for one item. Append-only."""

    _name = "collection.round"
    _description = "Dunning Round"
    _order = "item_id, number"

    item_id = fields.Many2one("collection.item", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    number = fields.Integer(required=True, help="Starts at 2: the first round needs no event.")
    cause = fields.Selection(
        [
            ("due_date_moved", "Due date moved later"),
            ("repeated", "Last level repeated"),
            ("requested", "Asked for by a person"),
        ],
        required=True,
    )
    restarts = fields.Boolean(help="The ladder starts again at the first level.")
    date = fields.Date(required=True)

    _number_unique = models.UniqueIndex("(item_id, number)", "This round of the item is recorded already.")
