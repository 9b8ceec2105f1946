from odoo import api, fields, models

DONE_AS = {
    "collection.payment.notice": "notice",
    "collection.promise": "promise",
    "collection.dispute": "dispute",
    "collection.hold": "hold",
}


class CollectionStopMixin(models.AbstractModel):
    """The answer by e-mail from which a stop was recorded; recording it closes the answer."""

    _inherit = "collection.stop.mixin"  # pylint: disable=consider-merging-classes-inherited

    reply_id = fields.Many2one(
        "collection.reply",
        string="From the Answer",
        readonly=True,
        copy=False,
        ondelete="set null",
        index="btree_not_null",
        help="The e-mail of the customer that this was recorded from.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        stops = super().create(vals_list)
        for stop in stops.filtered("reply_id"):
            stop.reply_id._close("done", DONE_AS.get(stop._name, False))
        return stops
