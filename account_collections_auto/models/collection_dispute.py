from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..engine import dates, disputes
from ..engine.attempt import attempt, attempt_each

# The to-do of an accepted dispute: it is not taken off in accounting by itself.
FINISH = "account_collections_auto.mail_activity_type_dispute_accepted"
# So many days an accountant has for it.
FINISH_DAYS = 3
OPEN = ("new", "in_progress", "waiting")
SETTLED = ("accepted", "partly_accepted", "rejected", "withdrawn")


def _end_todo(disputes):
    disputes.activity_feedback([FINISH])


class CollectionDispute(models.Model):
    """A customer says that some items, or a part of them, are not owed. That part is not claimed until it is settled.

    Settling it makes a draft credit note of what was accepted; until that is posted, this part stays unclaimed.
    """

    _name = "collection.dispute"
    _description = "Dispute"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.answer.mixin"]
    _order = "is_open desc, deadline, id"
    _follow_ups = ("mail_activity_type_dispute_accepted",)
    _recorded = frozenset({"state", "ended_on", "escalated_on", "resolution", "amount_accepted"})
    _is_in_one_currency = False

    partner_id = fields.Many2one(tracking=True)
    reason_id = fields.Many2one(
        "collection.dispute.reason",
        required=True,
        domain="[('parent_id', '=', False), ('company_id', 'in', (company_id, False))]",
        ondelete="restrict",
        tracking=True,
    )
    sub_reason_id = fields.Many2one(
        "collection.dispute.reason", domain="[('parent_id', '=', reason_id)]", ondelete="restrict", tracking=True
    )
    description = fields.Text(help="What the customer says, in a few words. It is shown where the items are held back.")
    raised_by = fields.Selection(
        [("customer", "The customer"), ("collector", "A collector"), ("short_payment", "A short payment")],
        required=True,
        default="customer",
        tracking=True,
    )
    money_pays = fields.Selection(
        [("undisputed", "The undisputed part first"), ("disputed", "The disputed part first")],
        string="Incoming Money Pays",
        required=True,
        default="undisputed",
        tracking=True,
        help="Money that comes in while the dispute runs reduces the rest, which is claimed, unless the customer says that it "
        "is for the disputed part. Credit notes from elsewhere always reduce the undisputed part.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        compute="_compute_user_id",
        store=True,
        readonly=False,
        domain=lambda self: [("all_group_ids", "in", self.env.ref("account_collections_auto.group_collector").ids)],
        tracking=True,
        help="Who looks into it and settles it.",
    )
    deadline = fields.Date(
        string="Settle By",
        compute="_compute_deadline",
        store=True,
        readonly=False,
        tracking=True,
        help="From the day it was raised, the days of the reason; a working day.",
    )
    escalated_on = fields.Date(readonly=True, copy=False)
    state = fields.Selection(
        [
            ("new", "New"),
            ("in_progress", "In Progress"),
            ("waiting", "Waiting for Customer"),
            ("accepted", "Accepted"),
            ("partly_accepted", "Partly Accepted"),
            ("rejected", "Rejected"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="new",
        readonly=True,
        copy=False,
        tracking=True,
    )
    is_open = fields.Boolean(compute="_compute_is_open", store=True)
    is_late = fields.Boolean(compute="_compute_is_late", search="_search_is_late")
    line_ids = fields.One2many("collection.dispute.line", "dispute_id", string="Disputed Items", copy=False)
    item_ids = fields.Many2many(compute="_compute_item_ids", store=True, readonly=True)
    credit_note_ids = fields.Many2many("account.move", compute="_compute_credit_notes", string="Credit Notes")
    resolution = fields.Text(readonly=True, copy=False, help="What the customer was told.")
    days_to_settle = fields.Integer(
        compute="_compute_days_to_settle", store=True, aggregator="avg", help="Days from the day it was raised."
    )
    # Not before the items are there: the rest of an answer computes it from them.
    currency_id = fields.Many2one(precompute=False, required=False, readonly=True)
    amount = fields.Monetary(
        string="Disputed", compute="_compute_amount", store=True, help="Company currency, at the rate of the first day."
    )
    amount_accepted = fields.Monetary(string="Accepted", compute="_compute_amount", store=True)

    # -- what follows from the rest ------------------------------------------------------------------------------------

    @api.depends("company_id")
    def _compute_currency_id(self):
        for dispute in self:
            dispute.currency_id = dispute.company_id.currency_id

    @api.depends("reason_id", "case_id")
    def _compute_user_id(self):
        for dispute in self:
            # On a new form somebody is proposed before the reason is chosen, which says who looks into it.
            if not dispute._origin or not dispute.user_id:
                dispute.user_id = dispute._find_owner()

    def _find_owner(self):
        """Return who looks into it: the reason's owner, somebody of its team, or the collector; or who stands in."""
        today = (self.company_id or self.env.company)._collection_today()
        team = self._get_team()
        if self._who_may_see(self.reason_id.user_id) or not team:
            collector = self.case_id and self.case_id._get_collector()
            owner = self._who_may_see(self.reason_id.user_id) or collector or self.env.user
            return owner._collection_stand_in(today)
        (owner,) = team._share_out(self, today)
        return owner

    def _who_may_see(self, user):
        """Return ``user`` if that person works for this company: a reason for all may name somebody of another one."""
        # sudo: whoever records a dispute need not see for whom others work
        return user if (self.company_id or self.env.company) in user.sudo().company_ids else user.browse()

    def _get_team(self):
        """Return the team that the reason names, if it works for this company."""
        # sudo: a reason for all companies may name the team of another one
        team = self.reason_id.sudo().team_id
        return team if team.company_id == self.company_id and team.active else team.browse()

    def _workload_domain(self):
        return [("is_open", "=", True)]

    @api.depends("reason_id", "date_from")
    def _compute_deadline(self):
        for dispute in self:
            first = dispute.date_from or fields.Date.context_today(dispute)
            plan = dispute.case_id.plan_id
            working_days = plan._get_working_days(first) if plan else ()
            dispute.deadline = dates.deadline(first, dispute.reason_id.service_days, *working_days)

    @api.depends("state")
    def _compute_is_open(self):
        for dispute in self:
            dispute.is_open = dispute.state in OPEN

    @api.depends("deadline", "is_open")
    def _compute_is_late(self):
        today = fields.Date.context_today(self)
        for dispute in self:
            dispute.is_late = dispute.is_open and dispute.deadline and dispute.deadline < today

    def _search_is_late(self, operator, value):
        if operator != "in":
            return NotImplemented
        late = [("is_open", "=", True), ("deadline", "<", fields.Date.context_today(self))]
        return late if True in value else ["!", "&", *late]

    @api.depends("line_ids.item_id")
    def _compute_item_ids(self):
        for dispute in self:
            dispute.item_ids = dispute.with_context(active_test=False).line_ids.item_id

    @api.depends("line_ids.credit_note_id")
    def _compute_credit_notes(self):
        for dispute in self:
            dispute.credit_note_ids = dispute.line_ids.credit_note_id

    @api.depends("ended_on", "date_from")
    def _compute_days_to_settle(self):
        for dispute in self:
            dispute.days_to_settle = (dispute.ended_on - dispute.date_from).days if dispute.ended_on else False

    @api.depends("line_ids.amount", "line_ids.amount_accepted", "date_from", "company_id")
    def _compute_amount(self):
        for dispute in self:
            sums = {"amount": 0.0, "amount_accepted": 0.0}
            for line in dispute.line_ids:
                for name in sums:
                    sums[name] += line.currency_id._convert(
                        line[name], dispute.currency_id, dispute.company_id, dispute.date_from
                    )
            dispute.update(sums)

    @api.depends("partner_id", "reason_id")
    def _compute_display_name(self):
        for dispute in self:
            is_named = dispute.partner_id and dispute.reason_id
            dispute.display_name = f"{dispute.partner_id.name or ''}: {dispute.reason_id.name}" if is_named else False

    # -- recording -----------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        disputes = super().create(vals_list)
        for dispute in disputes:
            if not dispute.line_ids:
                raise UserError(dispute.env._("Choose the items that are disputed, and how much of each."))
            dispute._schedule_owner()
        return disputes

    def write(self, vals):
        owners = {dispute: dispute.user_id for dispute in self}
        result = super().write(vals)
        if "user_id" in vals or "deadline" in vals:
            for dispute in self.filtered("is_open"):
                if "deadline" in vals or owners[dispute] != dispute.user_id:
                    dispute._schedule_owner()
        return result

    def _schedule_owner(self):
        """One to-do for the owner, due when the dispute has to be settled."""
        xmlid = "account_collections_auto.mail_activity_type_dispute"
        self.activity_unlink([xmlid])
        if self.user_id:
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                xmlid, date_deadline=self.deadline, user_id=self.user_id.id, summary=self.env._("Settle the dispute")
            )

    # -- the way of a dispute ------------------------------------------------------------------------------------------

    def _check_open(self):
        self.check_access("write")
        for dispute in self:
            if not dispute.is_open:
                raise UserError(dispute.env._("%(dispute)s is settled already. Reopen it first.", dispute=dispute.display_name))

    def action_start(self):
        """Say that somebody looks into it."""
        self._check_open()
        self.sudo().state = "in_progress"

    def action_wait(self):
        """Say that the customer has to answer first."""
        self._check_open()
        self.sudo().state = "waiting"

    def action_withdraw(self):
        """The customer does not dispute it any more: the items go on where they stood."""
        self._settle("withdrawn")

    def action_settle(self):
        """Ask what is accepted of each item and what the customer is told."""
        self.ensure_one()
        self._check_open()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settle the Dispute"),
            "res_model": "collection.dispute.settle",
            "view_mode": "form",
            "target": "new",
            "context": {"default_dispute_id": self.id},
        }

    def _settle(self, state, resolution=False):
        self._check_open()
        for company, settled in self.grouped("company_id").items():
            settled.sudo().write({"state": state, "resolution": resolution, "ended_on": company._collection_today()})
        self.activity_feedback(
            [
                "account_collections_auto.mail_activity_type_dispute",
                "account_collections_auto.mail_activity_type_dispute_late",
            ]
        )

    def action_reopen(self):
        """Undo the settlement. Credit notes that are still drafts are deleted; posted ones have to be dealt with first."""
        self.check_access("write")
        posted = self.credit_note_ids.filtered(lambda move: move.state == "posted")
        if posted:
            raise UserError(
                self.env._(
                    "%(numbers)s is posted already. Reverse it first, then reopen the dispute.",
                    numbers=", ".join(posted.mapped("name")),
                )
            )
        # sudo: made by the settlement on behalf of the one who now takes it back
        self.line_ids.sudo().credit_note_id.unlink()
        self.line_ids.sudo().amount_accepted = 0
        self.activity_unlink([FINISH])
        self.sudo().write({"state": "in_progress", "ended_on": False, "resolution": False})
        for dispute in self:
            dispute._schedule_owner()

    def action_merge(self):
        """Join disputes of one customer over the same items into the oldest one; of each item the larger amount counts.

        What was paid of a disputed part is not disputed any more.
        """
        self._check_open()
        kept = self.sorted("id")[:1]
        joined = self - kept
        if not joined:
            raise UserError(self.env._("Choose the disputes that are to become one."))
        if len(self.case_id) != 1:
            raise UserError(self.env._("These disputes are of several customers and cannot become one."))
        if any(not (dispute.item_ids & (self - dispute).item_ids) for dispute in joined):
            raise UserError(self.env._("These disputes are not about the same items. Settle them one by one."))
        amounts = {line.item_id: line for line in kept.line_ids}
        for line in joined.line_ids:
            if line.item_id not in amounts:
                if line.amount_left:
                    amounts[line.item_id] = line.copy({"dispute_id": kept.id, "amount": line.amount_left})
            elif line.amount_left > amounts[line.item_id].amount_left:
                amounts[line.item_id].amount = line.amount_left
        self.env["ir.attachment"].search([("res_model", "=", self._name), ("res_id", "in", joined.ids)]).res_id = kept.id
        for dispute in joined:
            kept.message_post(body=self.env._("Joined with a dispute of %(date)s.", date=dispute.date_from))
        joined._settle("withdrawn", self.env._("Joined with another dispute over the same items."))
        return kept.get_formview_action()

    # -- settling ------------------------------------------------------------------------------------------------------

    def _accept(self, amounts, resolution):
        """Settle with what is accepted: ``amounts`` is {line: amount in the item's currency}. Returns the draft credit notes.

        All of it: accepted; some of it: partly accepted; nothing: rejected.
        """
        self.ensure_one()
        self._check_open()
        for line in self.line_ids:
            line.sudo().amount_accepted = amounts.get(line, 0.0)
        credit_notes = self.env["account.move"]
        for move, lines in self.line_ids.filtered("amount_accepted").grouped("move_id").items():
            if not move.is_sale_document(include_receipts=True):
                continue  # a journal entry has no credit note: an accountant takes it off
            # The customer reads it on the credit note.
            to_customer = self.with_context(lang=self.partner_id.lang or self.env.lang)
            ref = to_customer.env._(
                "Reversal of: %(number)s, dispute: %(reason)s", number=move.name, reason=to_customer.reason_id.name
            )
            # A part of several instalments: a credit note for each, so that each reduces its own.
            is_all = all(line.currency_id.compare_amounts(line.amount_accepted, line.amount_open) >= 0 for line in lines)
            for part in [lines] if is_all else lines:
                credit_note = self.env["collection.case"]._draft_credit_note(move, sum(part.mapped("amount_accepted")), ref)
                part.sudo().credit_note_id = credit_note
                credit_notes += credit_note
        accepted = sum(self.line_ids.mapped("amount_accepted"))
        whole = all(not line.currency_id.compare_amounts(line.amount, line.amount_accepted) for line in self.line_ids)
        self.env.flush_all()
        disputes.note_credited(self.env, self.line_ids.ids)
        self.line_ids.invalidate_recordset(["credited_before"], flush=False)
        self._settle("accepted" if whole else "partly_accepted" if accepted else "rejected", resolution)
        if accepted:
            self._ask_to_finish(
                self.env._("Post the credit note over what was accepted")
                if credit_notes
                else self.env._("Take off in accounting what was accepted")
            )
        return credit_notes

    def _ask_to_finish(self, summary):
        """One to-do for whoever is asked about this customer: what was accepted stays unclaimed until it is taken off."""
        self.activity_unlink([FINISH])
        for dispute in self:
            dispute.with_context(mail_activity_quick_update=True).activity_schedule(
                FINISH,
                date_deadline=dispute.company_id._collection_today() + timedelta(days=FINISH_DAYS),
                user_id=dispute.case_id._get_todo_user().id,
                summary=summary,
            )

    @api.model
    def _end_finished(self, company):
        """The to-dos of those disputes are done of which everything that was accepted is taken off."""
        finish = self.env.ref(FINISH)
        asked = self.search([("company_id", "=", company.id), ("activity_ids.activity_type_id", "=", finish.id)]).ids
        self.env.flush_all()
        waiting = SQL(
            """SELECT line.dispute_id FROM collection_dispute_line line
                 JOIN account_move credit_note ON credit_note.id = line.credit_note_id AND credit_note.state = 'draft'
                WHERE line.dispute_id = ANY(%(asked)s)
                UNION
               SELECT dispute_id FROM (%(accepted)s) accepted""",
            asked=asked,
            accepted=disputes.accepted_sql(SQL("stop.id = ANY(%s)", asked)),
        )
        still = {row[0] for row in self.env.execute_query(waiting)}
        attempt_each(self.browse(set(asked) - still), _end_todo)

    def _tell_customer(self):
        """Send what became of it to whom the reminders go, in the customer's language; in test mode to the test address."""
        template = self.env.ref("account_collections_auto.mail_template_dispute_settled")
        for dispute in self:
            dispute.case_id._tell(template, dispute)

    @api.model
    def _cron_escalate(self):
        """Tell the person named for it, once, that a dispute was not settled in time; one company or dispute at a time."""
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            attempt(company, self._end_finished, company)
            attempt(company, self._escalate_late, company)

    @api.model
    def _escalate_late(self, company):
        late = [("company_id", "=", company.id), ("is_late", "=", True), ("escalated_on", "=", False)]
        for dispute in self.search(late):
            attempt(dispute, dispute._tell_responsible)

    def _tell_responsible(self):
        user = self._find_responsible()
        self.sudo().escalated_on = self.company_id._collection_today()
        if user and user != self.user_id:
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "account_collections_auto.mail_activity_type_dispute_late",
                date_deadline=self.escalated_on + timedelta(days=1),
                user_id=user.id,
                summary=self.env._("The dispute was to be settled by %(owner)s", owner=self.user_id.name or ""),
            )

    def _find_responsible(self):
        """Return who is told of a late dispute: the one named by the reason, the team's leader, or who stands in."""
        reason, company = self.reason_id, self.company_id
        named = self._who_may_see(reason.escalation_user_id)
        user = named or self._get_team().leader_id.sudo(False) or company.collection_user_id
        return user._collection_stand_in(company._collection_today())

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_settled(self):
        if not self.env.is_superuser() and any(dispute.state in SETTLED for dispute in self):
            raise AccessError(self.env._("A settled dispute is evidence and cannot be deleted."))

    # -- what the engine asks ------------------------------------------------------------------------------------------

    def _get_whole_items(self):
        return self.line_ids.filtered("is_whole").item_id

    @api.model
    def _stop_code(self):
        return "dispute"

    @api.model
    def _stop_text_sql(self, alias):
        return SQL.identifier(alias, "description")

    @api.model
    def _stopped_items_sql(self, company, date):
        """As in the mixin: what is disputed of each item by now, NULL where all that is open is disputed.

        Of a settled dispute what was accepted stays unclaimed until it is taken off in accounting: until its credit note is
        posted, and where there is none (an entry, a draft that somebody deleted) until as much was matched without money.
        """
        in_force = SQL("stop.company_id = %s AND %s", company.id, self._in_force_sql(date))
        return SQL(
            """SELECT item.id, %(code)s, stop.date_until, %(text)s,
                      CASE WHEN line.amount_left < item.amount_residual_currency THEN line.amount_left END
                 FROM (%(lines)s) line
                 JOIN collection_dispute stop ON stop.id = line.dispute_id
                 JOIN collection_item item ON item.id = line.item_id AND item.active
                WHERE line.amount_left > 0
                UNION ALL
               SELECT item.id, 'credit_note_draft', NULL, credit_note.ref,
                      CASE WHEN line.amount_accepted < item.amount_residual_currency THEN line.amount_accepted END
                 FROM collection_dispute_line line
                 JOIN collection_dispute stop ON stop.id = line.dispute_id
                 JOIN account_move credit_note ON credit_note.id = line.credit_note_id AND credit_note.state = 'draft'
                 JOIN collection_item item ON item.id = line.item_id AND item.active
                WHERE stop.company_id = %(company)s AND stop.ended_on <= %(date)s
                UNION ALL
               SELECT item.id, 'let_go', NULL, NULL,
                      CASE WHEN accepted.amount < item.amount_residual_currency THEN accepted.amount END
                 FROM (%(accepted)s) accepted JOIN collection_item item ON item.id = accepted.item_id""",
            accepted=disputes.accepted_sql(SQL("stop.company_id = %s AND stop.ended_on <= %s", company.id, date)),
            code=self._stop_code(),
            text=self._stop_text_sql("stop"),
            lines=disputes.left_sql(in_force),
            company=company.id,
            date=date,
        )

    @api.model
    def _unclaimed_sql(self, condition, date):
        """Return a SELECT of (item_id, amount) of what of items is in dispute on ``date``, or accepted and not taken off yet.

        ``condition``: SQL on ``line``, the disputed items.
        """
        in_force = SQL("%s AND %s", condition, self._in_force_sql(date))
        return SQL(
            """SELECT item_id, amount_left FROM (%(open)s) open_dispute
                UNION ALL
               SELECT item_id, amount FROM (%(accepted)s) accepted
                UNION ALL
               SELECT line.item_id, line.amount_accepted
                 FROM collection_dispute_line line
                 JOIN account_move credit_note ON credit_note.id = line.credit_note_id AND credit_note.state = 'draft'
                WHERE %(condition)s""",
            open=disputes.left_sql(in_force),
            accepted=disputes.accepted_sql(condition),
            condition=condition,
        )

    @api.model
    def _ended_periods_sql(self, company, date):
        """As in the mixin; days of a dispute about a part of an item were time to pay the rest of it.

        The draft credit note over what was accepted is a stop of its own: it is over on the day on which it is posted.
        """
        return SQL(
            """SELECT item.id, period.first_day, period.last_day, period.resume_date, period.is_whole
                 FROM collection_dispute_line line
                 JOIN collection_dispute stop ON stop.id = line.dispute_id
                 JOIN collection_item item ON item.id = line.item_id AND item.active
                 JOIN collection_case kase ON kase.id = item.case_id
                 LEFT JOIN collection_plan plan ON plan.id = kase.plan_id
                CROSS JOIN LATERAL (
                    SELECT stop.date_from AS first_day, %(last_day)s AS last_day, %(resume_date)s AS resume_date, line.is_whole
                     WHERE %(is_over)s
                     UNION ALL
                    SELECT stop.ended_on, line.credited_on - 1, line.credited_on + plan.resume_days,
                           line.is_whole AND line.amount_accepted >= line.amount
                      FROM account_move credit_note
                     WHERE credit_note.id = line.credit_note_id AND credit_note.state = 'posted'
                       AND line.credited_on > stop.ended_on AND line.credited_on <= %(date)s) period
                WHERE stop.company_id = %(company)s""",
            last_day=self._last_day_sql(),
            resume_date=self._resume_date_sql(),
            company=company.id,
            date=date,
            is_over=self._is_over_sql(date),
        )
