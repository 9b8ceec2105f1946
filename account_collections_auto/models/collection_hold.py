from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .undo import offer_undo

_TODO = "account_collections_auto.mail_activity_type_hold"
# What a hold without a reason of the list stops.
_PLAIN = ("messages", "calls", "placement")


class CollectionHold(models.Model):
    """A person asked us to stop contacting a customer, or about some items, for a time and a reason.

    What it stops, and to whom one may write meanwhile, says its reason (`collection.hold.reason`).
    """

    _name = "collection.hold"
    _description = "Collection Hold"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.stop.mixin"]
    _order = "date_from desc, id desc"
    _rec_name = "reason"

    reason_id = fields.Many2one(
        "collection.hold.reason",
        string="Reason",
        domain="[('company_id', 'in', (company_id, False))]",
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="What the hold stops, and to whom one may write. Empty: messages, calls and hand-over.",
    )
    reason = fields.Char(
        string="In Words",
        compute="_compute_reason",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        tracking=True,
        help="Everybody sees it next to the customer.",
    )
    date_from = fields.Date(tracking=True)
    date_until = fields.Date(compute="_compute_date_until", store=True, precompute=True, readonly=False, tracking=True)
    active = fields.Boolean(tracking=True)
    partner_id = fields.Many2one(tracking=True)
    contact_id = fields.Many2one(
        "res.partner",
        string="Write Only To",
        index="btree_not_null",
        tracking=True,
        help="The representative, or whoever settles the estate. Messages go to nobody else, and without one nothing is sent.",
    )
    payment_run_date = fields.Date(
        string="Payment Run On",
        tracking=True,
        help="The day on which the customer pays. The hold ends some days later.",
    )
    todo_date = fields.Date(
        string="Deadline", tracking=True, help="The last day to do it, for example to file a claim. Empty: soon."
    )
    help_text = fields.Text(related="reason_id.help_text", string="What to Do")
    stops_text = fields.Char(compute="_compute_stops_text", string="Stops")
    contact_rule = fields.Selection(related="reason_id.contact_rule")
    date_rule = fields.Selection(related="reason_id.date_rule")
    asks_todo_date = fields.Boolean(related="reason_id.asks_todo_date")

    # -- what follows from the reason --------------------------------------------------------------------------------

    @api.depends("reason_id")
    def _compute_reason(self):
        for hold in self:
            hold.reason = hold.reason_id.name or hold.reason

    @api.depends("reason_id", "payment_run_date")
    def _compute_date_until(self):
        runs = self.filtered(lambda hold: hold.date_rule == "payment_run" and hold.payment_run_date)
        cases = runs._find_cases_of_customers()
        for hold in self:
            hold.date_until = hold.date_until
        for run in runs:
            plan = cases[run].plan_id or run.company_id.sudo().collection_plan_id
            run.date_until = run.payment_run_date + timedelta(days=plan.in_transit_days)

    @api.depends("reason_id")
    @api.depends_context("lang")
    def _compute_stops_text(self):
        for hold in self:
            hold.stops_text = hold.reason_id.stops_text if hold.reason_id else self.env._("messages, calls and hand-over")

    @api.constrains("reason_id", "date_until", "payment_run_date", "item_ids", "contact_id", "partner_id", "company_id")
    def _check_reason(self):
        for hold in self:
            problem = hold._find_problem()
            if problem:
                raise ValidationError(problem)

    def _find_problem(self):
        """Return what the reason of this hold asks for and is missing, '' when all is there."""
        values = {"reason": self.reason_id.name}
        if self.date_rule == "required" and not self.date_until:
            return self.env._("%(reason)s: say until when, a hold for this reason has a last day.", **values)
        if self.date_rule == "payment_run" and not self.payment_run_date:
            return self.env._("%(reason)s: say on which day the customer pays.", **values)
        if self.contact_rule not in (False, "customer") and not self.is_for_all:
            return self.env._("%(reason)s is about the whole customer, not about some items: leave the items empty.", **values)
        if self.contact_id and self.contact_id == self.partner_id:
            return self.env._("%(contact)s is the customer. Name somebody else to write to.", contact=self.contact_id.name)
        if self.reason_id.company_id and self.reason_id.company_id != self.company_id:
            return self.env._("%(reason)s is a reason of another company.", **values)
        return ""

    # -- the to-do of the reason -------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        holds._forget_who_may_be_written_to()
        holds._schedule_todo()
        return holds

    def write(self, vals):
        result = super().write(vals)
        self._forget_who_may_be_written_to()
        if not vals.keys().isdisjoint(("active", "reason_id", "todo_date")):
            self.activity_unlink([_TODO])
            self._schedule_todo()
        return result

    def unlink(self):
        result = super().unlink()
        self._forget_who_may_be_written_to()
        return result

    @api.model
    def _forget_who_may_be_written_to(self):
        """What the cases answered in this transaction is not true any more."""
        names = ["is_contact_restricted", "only_contact_id", "contact_notice"]
        self.env["collection.case"].invalidate_model(names, flush=False)

    def _schedule_todo(self):
        """One to-do for the collector, where the reason asks for one; a hold that was ended needs none any more."""
        holds = self.filtered(lambda hold: hold.active and hold.reason_id.todo)
        cases = holds._find_cases_of_customers()
        for hold in holds:
            collector = cases[hold] and cases[hold]._get_todo_user()
            soon = hold.company_id._collection_today() + timedelta(days=hold.reason_id.todo_days)
            hold.with_context(mail_activity_quick_update=True).activity_schedule(
                _TODO,
                date_deadline=hold.todo_date or soon,
                user_id=(collector or hold.company_id.collection_user_id or self.env.user).id,
                summary=hold.reason_id.todo,
            )

    # -- ending it ---------------------------------------------------------------------------------------------------

    def action_end(self):
        """End the hold: from today on the items go on where they stood. Offers a way back."""
        ended = self.filtered("active")
        super().action_end()
        message = self.env._("%(customers)s: the hold has ended.", customers=ended._name_customers())
        return offer_undo(message, ended)

    def _name_customers(self):
        customers = self.partner_id
        return customers.display_name if len(customers) == 1 else self.env._("%(count)s customers", count=len(customers))

    def action_undo(self):
        """Take back that a hold was ended today: it goes on as if nothing had been. A second click changes nothing."""
        self.check_access("write")
        self.filtered(lambda hold: not hold.active and hold.ended_on == hold.company_id._collection_today()).active = True

    # -- what the engine asks ----------------------------------------------------------------------------------------

    def _stops(self, what):
        """Return whether this hold stops ``what`` (one of `collection.hold.reason`'s), as `_stops_sql` says it."""
        self.ensure_one()
        return self.reason_id[f"stops_{what}"] if self.reason_id else what in _PLAIN

    def _counts(self):
        return self._stops("messages")

    @api.model
    def _stop_code(self):
        return "hold"

    @api.model
    def _stop_codes(self):
        return super()._stop_codes() | {"hold_by_hand"}

    @api.model
    def _stop_code_sql(self):
        """A hold that leaves it to people to write has a code of its own, which holds back nothing that a person sends."""
        by_hand = self.env["collection.hold.reason"]._of_stop_sql(SQL("reason.allows_by_hand"), SQL("FALSE"))
        return SQL("CASE WHEN %s THEN 'hold_by_hand' ELSE 'hold' END", by_hand)

    @api.model
    def _stop_text_sql(self, alias):
        return SQL.identifier(alias, "reason")

    @api.model
    def _stops_sql(self, what):
        """What its reason says; who may not be written to is not called either."""
        stops = SQL.identifier("reason", f"stops_{what}")
        if what == "calls":
            stops = SQL("(%s OR reason.contact_rule != 'customer')", stops)
        return self.env["collection.hold.reason"]._of_stop_sql(stops, SQL("TRUE" if what in _PLAIN else "FALSE"))

    @api.model
    def _placement_obstacles_sql(self, company, date):
        """What its reason says of the hand-over, whatever it says of messages."""
        return self._items_of_sql(company, date, "placement")

    @api.model
    def _stopped_instalments_sql(self, company, date):
        """Nothing is charged while messages are stopped, or the customer may not be written to."""
        stops = self.env["collection.hold.reason"]._of_stop_sql(
            SQL("reason.stops_messages OR reason.contact_rule != 'customer'"), SQL("TRUE")
        )
        columns = SQL("'hold', stop.date_until, %s, NULL::numeric", self._stop_text_sql("stop"))
        return self._stops_with_items_sql(company, columns, SQL("%s AND %s", self._in_force_sql(date), stops))

    @api.model
    def _is_stopped_sql(self, alias, what, date):
        """Return a condition on ``alias``, a row of collection_case: on ``date`` a hold of the whole customer stops ``what``.

        ``what``: messages, calls, interest, fees, credit or placement. ``date``: a day, or SQL for one.
        """
        stopped = self._stopped_partners_sql(what, SQL("%s::date", date))
        return self.env["collection.case"]._debtor_among_sql(alias, stopped)

    # -- to whom one may write ---------------------------------------------------------------------------------------

    @api.model
    def _only_contacts_sql(self, date):
        """Return a SELECT of (company_id, debtor_id, contact_id, info, until): of the customers of whom a hold says so on
        ``date``, who alone may be written to. Without a contact: nobody. Of several holds the one without counts.
        """
        return SQL(
            """SELECT DISTINCT ON (company_id, debtor_id) company_id, debtor_id, contact_id, info, until
                 FROM (SELECT stop.id, stop.company_id, %(debtor)s AS debtor_id, stop.reason AS info, stop.date_until AS until,
                              CASE WHEN reason.contact_rule != 'nobody' THEN stop.contact_id END AS contact_id
                         FROM collection_hold stop
                         JOIN collection_hold_reason reason ON reason.id = stop.reason_id
                                                           AND reason.contact_rule != 'customer'
                         JOIN res_partner debtor ON debtor.id = stop.partner_id
                        WHERE %(in_force)s) hold
                ORDER BY company_id, debtor_id, contact_id IS NOT NULL, id DESC""",
            debtor=self.env["collection.case"]._debtor_sql("debtor"),
            in_force=self._in_force_sql(date),
        )
