from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..engine import project
from ..engine.transactions import retrying
from .collection_action import UNSENT

_MARKS_PER_TRANSACTION = 1000

_DERIVED = {
    "company_id",
    "partner_id",
    "plan_id",
    "rule_id",
    "rule_plan_id",
    "level_id",
    "state",
    "amount_due",
    "amount_credit",
    "oldest_due_date",
    "next_action_date",
    "next_step",
    "needs_review",
    "contact_problem_code",
    "contact_problem_values",
    "refreshed_at",
    "overdue_then",
    "overdue_from",
    "overdue_until",
}


class CollectionCase(models.Model):
    """The standing file of one customer in one company: exactly one per (root company, debtor)."""

    _name = "collection.case"
    _description = "Collection Case"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.calendar.mixin"]
    _order = "oldest_due_date, id"
    _rec_name = "partner_id"

    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, index=True, readonly=True, ondelete="restrict"
    )
    plan_id = fields.Many2one(
        "collection.plan",
        readonly=True,
        ondelete="set null",
        help="The plan set on the customer, else that of the first plan rule that fits, else the company's default plan.",
    )
    rule_id = fields.Many2one(
        "collection.plan.rule",
        string="Plan Rule",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The first rule that fitted this customer when the rules were last applied.",
    )
    rule_plan_id = fields.Many2one(
        "collection.plan",
        string="Plan by Rule",
        readonly=True,
        ondelete="set null",
        help="The plan of that rule; a plan set on the customer wins over it.",
    )
    level_id = fields.Many2one(
        "collection.level", readonly=True, ondelete="set null", help="The highest level in force among the open items."
    )
    state = fields.Selection([("open", "Open"), ("closed", "Closed")], required=True, default="open", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="Collector", tracking=True, domain="[('share', '=', False)]", index="btree_not_null"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount_due = fields.Monetary(
        string="Balance", readonly=True, help="All open items less all open credits: what the ledger says."
    )
    amount_credit = fields.Monetary(string="Open Credits", readonly=True, help="Credits and payments not yet matched.")
    amount_overdue = fields.Monetary(
        compute="_compute_calendar_figures",
        search="_search_amount_overdue",
        aggregator="sum",
        string="Overdue",
        help="Open items past their due date, before credits.",
    )
    # What the last refresh found overdue is right from that day on until the next item falls due.
    overdue_then = fields.Monetary(string="Overdue at the Last Refresh", readonly=True)
    overdue_from = fields.Date(string="Overdue Since the Refresh Of", readonly=True)
    overdue_until = fields.Date(readonly=True)
    oldest_due_date = fields.Date(readonly=True, index=True)
    days_overdue = fields.Integer(
        compute="_compute_calendar_figures", search="_search_days_overdue", aggregator="max", help="Of the oldest item."
    )
    next_action_date = fields.Date(
        readonly=True,
        help="The first day on which an item may reach its next level. A day in the past: with the next cycle, unless "
        "something holds it back.",
    )
    next_step = fields.Selection(
        [("decide", "Decide")],
        readonly=True,
        tracking=True,
        help="The last level has passed without an answer: a person decides what happens next.",
    )
    needs_review = fields.Boolean(
        string="Approve First Message",
        readonly=True,
        help="The next message to this customer waits for approval, whatever the mode of its level.",
    )
    contact_problem_code = fields.Selection(
        selection=lambda self: self.env["collection.reason"]._selection_code(),
        string="Problem",
        readonly=True,
        index="btree_not_null",
    )
    contact_problem_values = fields.Json(readonly=True)
    contact_problem = fields.Char(compute="_compute_contact_problem", string="Could Not Send")
    item_ids = fields.One2many("collection.item", "case_id", string="Open Items")
    action_ids = fields.One2many("collection.action", "case_id", string="Collection Messages")
    unsent_count = fields.Integer(compute="_compute_unsent_count", string="Prepared Messages")
    stop_reason = fields.Char(compute="_compute_status", string="Why Nothing Is Sent")
    refreshed_at = fields.Datetime(readonly=True)

    _debtor_unique = models.UniqueIndex("(company_id, partner_id)", "This customer already has a case in this company.")

    def write(self, vals):
        """What the engine derives from the ledger cannot be written by hand, whatever a client sends."""
        derived = [name for name in vals if self._fields[name].store and name in _DERIVED]
        if derived and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s of a case come from the ledger and the messages sent; they cannot be changed by hand.",
                    fields=", ".join(self._fields[name].string for name in derived),
                )
            )
        return super().write(vals)

    def unlink(self):
        self.check_access("unlink")  # before Odoo deletes the conversation, and asks only then
        return super().unlink()

    @api.depends("contact_problem_code", "contact_problem_values")
    @api.depends_context("lang")
    def _compute_contact_problem(self):
        for case in self:
            case.contact_problem = self.env["collection.reason"]._describe(
                case.contact_problem_code, case.contact_problem_values
            )

    def _calendar_expressions(self, alias, today):
        return {
            "amount_overdue": SQL(
                """(CASE WHEN %(today)s >= %(since)s AND %(today)s <= COALESCE(%(until)s, %(today)s) THEN %(then)s
                         ELSE (SELECT COALESCE(SUM(overdue.amount_residual), 0) FROM collection_item overdue
                                WHERE overdue.case_id = %(id)s AND overdue.active AND overdue.amount_residual > 0
                                  AND overdue.due_date < %(today)s) END)""",
                today=today,
                since=SQL.identifier(alias, "overdue_from"),
                until=SQL.identifier(alias, "overdue_until"),
                then=SQL.identifier(alias, "overdue_then"),
                id=SQL.identifier(alias, "id"),
            ),
            "days_overdue": SQL("(%s - %s)", today, SQL.identifier(alias, "oldest_due_date")),
        }

    def _search_amount_overdue(self, operator, value):
        return self._search_calendar_figure("amount_overdue", operator, value)

    def _search_days_overdue(self, operator, value):
        return self._search_calendar_figure("days_overdue", operator, value)

    @api.depends("action_ids.state")
    def _compute_unsent_count(self):
        unsent = self.env["collection.action"]._read_group(
            [("case_id", "in", self.ids), ("state", "in", UNSENT)], ["case_id"], ["__count"]
        )
        counts = dict(unsent)
        for case in self:
            case.unsent_count = counts.get(case, 0)

    def action_open_customer(self):
        """Open the contact that the reminders go to, the one to correct when its address is missing or wrong."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.contact_partner_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _debtor_sql(self, alias):
        """Return SQL for the debtor of ``alias``, a row of res_partner: who is one debtor is decided here only."""
        return SQL.identifier(alias, "commercial_partner_id")

    @api.model
    def _refresh_marked(self):
        """Bring the cases whose ledger changed up to date, from the ledger, in this transaction."""
        self.env.flush_all()
        project.append_pending_marks(self.env)
        project.refresh_marked(self.env)

    @api.model
    def _cron_refresh(self):
        """Do what a crash or a busy moment left undone."""
        while retrying(self.env, lambda: project.refresh_some_marked(self.env, _MARKS_PER_TRANSACTION), done=int):
            pass

    def message_update(self, msg_dict, update_vals=None):
        """A reply of the customer reaches somebody: the one who answers for the case follows it from then on."""
        for case in self:
            case.message_subscribe(partner_ids=case._get_collector().partner_id.ids)
        return super().message_update(msg_dict, update_vals=update_vals)

    def _get_collector(self):
        """Return the user who answers for this case: its collector, else the company's."""
        self.ensure_one()
        return self.user_id or self.company_id.collection_user_id

    def _get_reply_address(self):
        """Return the address that customers are told to write to: the collector's, else the company's."""
        self.ensure_one()
        return self._get_collector().email_normalized or self.company_id.email or ""
