from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.i18n import format_list

# What a hold may stop; each is a field of the reason, with "stops_" before it.
WHAT = ("messages", "calls", "interest", "fees", "credit", "placement")


class CollectionHoldReason(models.Model):
    """Why customers are put on hold, what that stops, and to whom one may write meanwhile.

    A hold without a reason of this list stops messages, calls and the hand-over to an agency.
    """

    _name = "collection.hold.reason"
    _description = "Hold Reason"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, help="What people choose when they put a customer on hold.")
    code = fields.Char(copy=False, help="A technical name, by which other programs find this reason. People do not see it.")
    sequence = fields.Integer(default=10, help="The order in which the reasons are offered.")
    active = fields.Boolean(default=True, help="An archived reason is not offered any more; its holds go on.")
    company_id = fields.Many2one("res.company", help="Empty: for all companies.")
    help_text = fields.Text(
        string="What to Do",
        translate=True,
        help="Shown to whoever chooses this reason: what to mind, what to ask for.",
    )
    stops_messages = fields.Boolean(
        default=True,
        help="No reminder leaves by itself while it lasts, and none by Send Now.",
    )
    allows_by_hand = fields.Boolean(
        string="A Person May Write",
        help="Only what leaves by itself is stopped: Send Now and messages of a person still work.",
    )
    stops_calls = fields.Boolean(
        default=True, help="The customer is not proposed under Call on Today, nor in the list of calls."
    )
    stops_interest = fields.Boolean(help="Days of such a hold bear no late interest, where late interest is in use.")
    stops_fees = fields.Boolean(help="No late fee is charged meanwhile, where late fees are in use.")
    stops_credit = fields.Boolean(
        help="Nothing more is sold on account meanwhile: the customer is put on credit hold as well, until the hold ends or "
        "somebody lifts that. Salespeople read the name of this reason."
    )
    stops_placement = fields.Boolean(
        string="Stops Hand-over", help="Such a customer is not handed over to an agency or a lawyer meanwhile."
    )
    stops_text = fields.Char(compute="_compute_stops_text", string="Stops")
    contact_rule = fields.Selection(
        [
            ("customer", "The customer, as usual"),
            ("representative", "Only a representative: lawyer, administrator, guardian"),
            ("estate", "Only whoever settles the estate"),
            ("nobody", "Nobody"),
        ],
        string="May Be Written To",
        required=True,
        default="customer",
        help="Holds for all messages and calls, also by hand. With a representative or an estate, the hold names the contact, "
        "and without one nothing is sent. It is then about the whole customer.",
    )
    date_rule = fields.Selection(
        [
            ("free", "May last until somebody ends it"),
            ("required", "Needs a last day"),
            ("payment_run", "Needs the day of the customer's payment run"),
        ],
        string="Duration",
        required=True,
        default="free",
        help="With a payment run, the hold ends when the money has had the days in transit of the dunning plan to arrive.",
    )
    todo = fields.Char(
        string="To-do", translate=True, help="What somebody has to do because of it. Empty: no to-do is made for the collector."
    )
    todo_days = fields.Integer(
        string="To-do Within", default=7, help="Days to do it, where nobody enters another day on the hold."
    )
    asks_todo_date = fields.Boolean(
        string="Ask for the Deadline", help="Whoever puts the customer on hold enters the day by which the to-do is to be done."
    )

    _code_unique = models.UniqueIndex("(code) WHERE code IS NOT NULL", "Another hold reason has this technical name.")
    _days_not_negative = models.Constraint("CHECK(todo_days >= 0)", "The days of a to-do cannot be negative.")

    @api.depends(*(f"stops_{what}" for what in WHAT), "allows_by_hand")
    @api.depends_context("lang")
    def _compute_stops_text(self):
        labels = {
            "messages": self.env._("messages"),
            "calls": self.env._("calls"),
            "interest": self.env._("interest"),
            "fees": self.env._("fees"),
            "credit": self.env._("credit"),
            "placement": self.env._("hand-over"),
        }
        for reason in self:
            stopped = dict(labels)
            if reason.allows_by_hand:
                stopped["messages"] = reason.env._("messages that leave by themselves")
            stopped = [stopped[what] for what in WHAT if reason[f"stops_{what}"]]
            reason.stops_text = format_list(self.env, stopped) if stopped else self.env._("nothing by itself")

    @api.model
    def _of_stop_sql(self, expression, default):
        """Return SQL for ``expression`` on ``reason``, the reason of the hold ``stop``; ``default`` for one without."""
        return SQL(
            "COALESCE((SELECT (%s) IS TRUE FROM collection_hold_reason reason WHERE reason.id = stop.reason_id), %s)",
            expression,
            default,
        )
