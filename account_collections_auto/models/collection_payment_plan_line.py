from odoo import api, fields, models
from odoo.tools import SQL, format_date

from ..engine import instalments
from .collection_action import DEAD
from .collection_action_text import Formats


class CollectionPaymentPlanLine(models.Model):
    """One instalment: a day, an amount, and what the ledger says of it."""

    _name = "collection.payment.plan.line"
    _description = "Instalment"
    _inherit = ["collection.recorded.mixin"]
    _order = "date, id"
    _recorded = frozenset(
        {"state", "amount_paid", "amount_credited", "amount_rest", "amount_covered", "reopened_on", "grace_until"}
        | {"reminder_id", "reminder_reasons", "charge_reasons", "plan_state", "company_id", "partner_id"}
    )

    payment_plan_id = fields.Many2one("collection.payment.plan", required=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one(related="payment_plan_id.partner_id", store=True, index=True)
    company_id = fields.Many2one(related="payment_plan_id.company_id", store=True, index=True)
    case_id = fields.Many2one(related="payment_plan_id.case_id")
    plan_state = fields.Selection(related="payment_plan_id.state", string="State of the Plan", store=True)
    currency_id = fields.Many2one(related="payment_plan_id.currency_id")
    date = fields.Date(string="Due On", required=True)
    amount = fields.Monetary(required=True)
    item_id = fields.Many2one(
        "collection.item",
        string="Pays",
        domain="[('case_id', '=', case_id)]",
        ondelete="set null",
        index="btree_not_null",
        help="The item that this instalment pays, where money pays as agreed for each instalment.",
    )
    state = fields.Selection(
        [
            ("open", "To Come"),
            ("covered", "On Account"),
            ("late", "Late"),
            ("missed", "Missed"),
            ("paid", "Paid"),
        ],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        help="On account: money of the customer is there, but not matched with the items yet.",
    )
    amount_paid = fields.Monetary(string="Paid", readonly=True, copy=False)
    amount_credited = fields.Monetary(string="Credited", readonly=True, copy=False)
    amount_rest = fields.Monetary(string="Still to Pay", readonly=True, copy=False)
    amount_covered = fields.Monetary(
        string="On Account",
        readonly=True,
        copy=False,
        help="Money of the customer that is there but not matched yet, and pays this instalment once it is.",
    )
    reopened_on = fields.Date(
        readonly=True, copy=False, help="Its payment was undone on this day: its days of grace count anew."
    )
    grace_until = fields.Date(readonly=True, copy=False, help="Money dated up to this day is in time, whenever it is booked.")
    reminder_id = fields.Many2one(
        "collection.action", string="Reminder", readonly=True, copy=False, ondelete="set null", index="btree_not_null"
    )
    reminder_reasons = fields.Json(readonly=True, copy=False)
    reminder_note = fields.Char(compute="_compute_reminder_note", string="Why Not Reminded")

    _amount_positive = models.Constraint("CHECK(amount > 0)", "An instalment is about more than zero.")

    @api.depends("reminder_reasons", "reminder_id")
    @api.depends_context("lang")
    def _compute_reminder_note(self):
        for line in self:
            is_waiting = line.state in ("late", "missed") and not line.reminder_id
            line.reminder_note = is_waiting and self.env["collection.reason"]._describe_all(line.reminder_reasons)

    @api.depends("date", "amount", "partner_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = self.env._(
                "%(customer)s: %(amount)s on %(date)s",
                customer=line.partner_id.name or "",
                amount=line.currency_id.format(line.amount) if line.currency_id else "",
                date=format_date(self.env, line.date) if line.date else "",
            )

    # -- recording -----------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_plan_is_draft()
        return lines

    def write(self, vals):
        self._check_plan_is_draft()
        result = super().write(vals)
        if "payment_plan_id" in vals:
            self._check_plan_is_draft()  # nor does a line move into a plan that stays as it is
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_draft(self):
        self._check_plan_is_draft()

    def _check_plan_is_draft(self):
        if not self.env.su:
            self.payment_plan_id.check_access("write")
            self.payment_plan_id._check_is_draft()

    def action_open_plan(self):
        """Open the plan of this instalment."""
        return self.payment_plan_id.get_formview_action()

    def _render_table(self):
        """Return the table of these instalments for customers, in the language of the context."""
        formats = Formats(self.env)
        rows = [
            {
                "number": number,
                "date": formats.date(line.date),
                "amount": formats.amount(line.amount, line.currency_id),
                "paid": formats.amount(line.amount_paid, line.currency_id) if line.amount_paid else "",
                "rest": formats.amount(line.amount_rest if line.plan_state != "draft" else line.amount, line.currency_id),
                "item": line.item_id.display_name or "",
            }
            for number, line in enumerate(self.sorted("date"), start=1)
        ]
        values = {
            "rows": rows,
            "has_paid": any(row["paid"] for row in rows),
            "has_items": any(row["item"] for row in rows),
        }
        return self.env["ir.qweb"]._render("account_collections_auto.instalments_table", values, minimal_qcontext=True)

    # -- reminders -----------------------------------------------------------------------------------------------------

    @api.model
    def _credited_sql(self):
        return instalments.credited_sql(SQL("item.move_line_id"))

    @api.model
    def _to_remind_domain(self, company, date):
        """The instalments past their day of which nobody was reminded: a reminder that never arrived does not count."""
        return [
            ("company_id", "=", company.id),
            ("plan_state", "=", "running"),
            ("state", "in", ("late", "missed")),
            "|",
            "|",
            ("reminder_id", "=", False),
            ("reminder_id.state", "in", DEAD),
            "&",
            ("reminder_id.is_test", "=", True),
            ("reminder_id.contact_date", "<", date),
        ]

    @api.model
    def _note_reminders(self, actions, date):
        """Remember the reminder of each instalment that one of ``actions`` is about.

        Two transactions cannot both remind of an instalment: the second one to write here is done again by Odoo.
        """
        by_case = {action.case_id: action for action in actions}
        for company in actions.company_id:
            lines = self.search([*self._to_remind_domain(company, date), ("case_id", "in", actions.case_id.ids)])
            for case, of_case in lines.grouped("case_id").items():
                of_case.write({"reminder_id": by_case[case].id, "reminder_reasons": False})

    @api.model
    def _note_held_back(self, request_lines, date):
        """Remember why customers were not reminded."""
        held = {line.case_id: line.reasons for line in request_lines if line.state == "left_out"}
        for company in request_lines.company_id:
            cases = self.env["collection.case"].union(*held)
            lines = self.search([*self._to_remind_domain(company, date), ("case_id", "in", cases.ids)])
            for line in lines:
                line.reminder_reasons = held[line.case_id]
