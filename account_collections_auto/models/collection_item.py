from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CollectionItem(models.Model):
    """A projection of one open receivable line plus its dunning progress.

    Written by `engine/project.py` only; rebuildable from the ledger and the actions. An item that is no longer open is
    archived, not deleted: when its payment is undone, it goes on where it stood.
    """

    _name = "collection.item"
    _description = "Open Item"
    _inherit = ["collection.calendar.mixin"]
    _order = "due_date, id"
    _rec_name = "move_id"

    active = fields.Boolean(default=True, readonly=True, help="Off when nothing is open any more.")
    case_id = fields.Many2one("collection.case", required=True, index=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    move_id = fields.Many2one("account.move", string="Document", required=True, readonly=True, ondelete="cascade")
    move_line_id = fields.Many2one("account.move.line", readonly=True, ondelete="set null", index="btree_not_null")
    instalment = fields.Integer(required=True, readonly=True)
    due_date = fields.Date(required=True, readonly=True)
    days_overdue = fields.Integer(
        compute="_compute_calendar_figures", search="_search_days_overdue", aggregator="max", help="Negative before due."
    )
    amount_residual = fields.Monetary(string="Open", readonly=True, currency_field="company_currency_id")
    amount_residual_currency = fields.Monetary(string="Open in Currency", readonly=True, aggregator=None)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    is_small = fields.Boolean(
        string="Small Residual", readonly=True, help="Within the tolerance of the plan: counts as settled."
    )
    level_id = fields.Many2one("collection.level", readonly=True, ondelete="set null", index="btree_not_null")
    level_days = fields.Integer(readonly=True, aggregator=None, help="Days of the level when it was sent.")
    level_date = fields.Date(readonly=True, help="Day the message of this level left.")
    deadline = fields.Date(readonly=True, help="Last day to answer, as printed on the message.")
    round = fields.Integer(readonly=True, default=1, required=True, aggregator=None)
    first_round = fields.Integer(readonly=True, default=1, required=True, aggregator=None)
    stop_reason = fields.Char(compute="_compute_stop_reason", string="Why Not Reminded")

    _key = models.UniqueIndex("(move_id, instalment)", "This instalment is projected already.")
    _open_credits = models.Index("(case_id) WHERE active AND amount_residual < 0")

    def _calendar_expressions(self, alias, today):
        return {"days_overdue": SQL("(%s - %s)", today, SQL.identifier(alias, "due_date"))}

    def _search_days_overdue(self, operator, value):
        return self._search_calendar_figure("days_overdue", operator, value)

    @api.depends_context("lang")
    def _compute_stop_reason(self):
        for case, items in self.grouped("case_id").items():
            sentences = (case.explanation or {}).get("items", {})
            for item in items:
                item.stop_reason = sentences.get(str(item._origin.id), "")

    def action_open_document(self):
        """Open the invoice, credit note, payment or entry behind the item."""
        self.ensure_one()
        return self.move_id.action_open_business_doc()

    def action_hold(self):
        """Prepare a hold on these items."""
        if len(self.case_id) > 1:
            raise UserError(
                self.env._(
                    "These items belong to %(count)s customers. A hold is about one customer: choose items of one only.",
                    count=len(self.case_id),
                )
            )
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_hold_action_new")
        return action | {
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.case_id.company_id.id,
                "default_item_ids": self.ids,
            }
        }

    @api.depends("move_id", "instalment")
    def _compute_display_name(self):
        for item in self:
            item.display_name = item.move_id.name or ""
