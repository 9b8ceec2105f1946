from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class CollectionItem(models.Model):
    """Items and disputes: what is disputed of an item, and short payments that look like a dispute nobody told us of."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    dispute_line_ids = fields.One2many("collection.dispute.line", "item_id", string="Disputes")
    amount_disputed = fields.Monetary(compute="_compute_amount_disputed", string="Disputed")
    is_short_paid = fields.Boolean(
        compute="_compute_is_short_paid",
        search="_search_is_short_paid",
        string="Paid Short",
        help="Paid except for a small part, more than the tolerance, and not in dispute. The range is in the settings.",
    )

    @api.depends("dispute_line_ids.amount_left", "dispute_line_ids.dispute_id.is_open")
    def _compute_amount_disputed(self):
        for item in self:
            lines = item.dispute_line_ids.filtered("dispute_id.is_open")
            item.amount_disputed = min(sum(lines.mapped("amount_left")), item.amount_residual_currency)

    def _compute_is_short_paid(self):
        found = self.search([("id", "in", self.ids), ("is_short_paid", "=", True)])
        for item in self:
            item.is_short_paid = item._origin in found

    def _search_is_short_paid(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()  # the condition is SQL
        short = Domain.custom(to_sql=lambda model, alias, query: self._short_paid_sql(alias))
        return short if True in value else ~short

    @api.model
    def _short_paid_sql(self, alias):
        return SQL(
            """%(id)s IN (
                   SELECT item.id FROM collection_item item
                     JOIN account_move_line line ON line.id = item.move_line_id
                     JOIN res_company branch ON branch.id = item.company_id
                     JOIN res_company company ON company.id = split_part(branch.parent_path, '/', 1)::int
                    WHERE item.active AND item.is_small IS NOT TRUE AND item.amount_residual_currency > 0
                      AND item.amount_residual_currency < line.amount_currency
                      AND item.amount_residual_currency * 100 <= line.amount_currency * company.collection_short_payment_percent
                      AND EXISTS (SELECT 1 FROM account_partial_reconcile partial
                                    JOIN account_move_line credit ON credit.id = partial.credit_move_id
                                   WHERE partial.debit_move_id = line.id AND credit.move_id IN (
                                         SELECT move_id FROM account_payment WHERE move_id IS NOT NULL
                                          UNION ALL SELECT move_id FROM account_bank_statement_line))
                      AND NOT EXISTS (SELECT 1 FROM collection_dispute_line disputed WHERE disputed.item_id = item.id))""",
            id=SQL.identifier(alias, "id"),
        )

    def action_dispute(self):
        """Prepare a dispute over these items: what is left of them."""
        if len(self.case_id) != 1:
            raise UserError(
                self.env._(
                    "These items belong to %(count)s customers. A dispute is with one customer: choose items of one only.",
                    count=len(self.case_id),
                )
            )
        debts = self.filtered(lambda item: item.amount_residual_currency > 0)
        if not debts:
            raise UserError(self.env._("Nothing is open of what you chose, so there is nothing to dispute."))
        return self.case_id._action_new_dispute(debts)
