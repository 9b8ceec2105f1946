from babel.lists import format_list
from odoo import api, fields, models
from odoo.tools import format_amount


class CollectionAction(models.Model):
    """What a message says of promises that were not kept."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    promised_text = fields.Char(compute="_compute_promised_text", compute_sudo=True, string="Promised")

    @api.depends("request_id.promise_ids", "case_id")
    @api.depends_context("lang")
    def _compute_promised_text(self):
        """Amount and day of each promise, in the language of the context."""
        for action in self:
            own = action.request_id.promise_ids.filtered(lambda promise, action=action: promise.case_id == action.case_id)
            texts = [
                action.env._(
                    "%(amount)s by %(date)s",
                    amount=format_amount(action.env, promise.amount, promise.currency_id),
                    date=action._long_date(promise.promise_date),
                )
                for promise in own.sorted("promise_date")
            ]
            action.promised_text = format_list(texts, locale=action._locale()) if texts else ""
