from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CollectionAction(models.Model):
    """Which unsent messages are no longer what they were when they were prepared: to be found, not only to be read."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    has_changes = fields.Boolean(
        compute="_compute_has_changes",
        search="_search_has_changes",
        string="Changed Since Prepared",
        help="Its claim was brought up to date, or the ledger moved since.",
    )

    @api.depends("change_note")
    def _compute_has_changes(self):
        for action in self:
            action.has_changes = bool(action.change_note)

    def _search_has_changes(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()  # the condition is SQL
        return Domain.custom(to_sql=lambda model, alias, query: self._has_changes_sql(alias))

    @api.model
    def _has_changes_sql(self, alias):
        """Return the condition that `change_note` of the row ``alias`` says something."""
        return SQL(
            """(%(state)s IN ('planned', 'review', 'queued')
                AND (COALESCE(%(before)s, 0) != 0 AND %(before)s != %(amount)s
                     OR EXISTS (SELECT 1 FROM collection_action_line line
                                  LEFT JOIN collection_item item ON item.id = line.item_id
                                 WHERE line.action_id = %(id)s
                                   AND COALESCE(item.amount_residual_currency, 0) != line.amount_residual_currency)))""",
            state=SQL.identifier(alias, "state"),
            before=SQL.identifier(alias, "amount_before"),
            amount=SQL.identifier(alias, "amount"),
            id=SQL.identifier(alias, "id"),
        )
