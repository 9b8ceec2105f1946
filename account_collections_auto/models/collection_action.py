import logging

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, formatLang

from ..engine import project, schedule, select, withhold
from ..engine.attempt import trying
from ..engine.transactions import retrying

_logger = logging.getLogger(__name__)

UNSENT = ("planned", "review", "queued")
SENT = ("sent", "delivered")
DEAD = ("cancelled", "failed", "bounced")
# Of an error, or of what a mail server answered, so much is shown as the reason; the rest is in the log or on the address.
REASON_LENGTH = 200


class CollectionAction(models.Model):
    """One contact attempt with one customer. `sent` means: handed to Odoo's outgoing queue with a fixed Message-ID."""

    _name = "collection.action"
    _description = "Collection Message"
    _order = "id desc"
    _rec_name = "case_id"

    cycle_id = fields.Many2one("collection.cycle", readonly=True, ondelete="set null", index="btree_not_null")
    cycle_line_id = fields.Many2one("collection.cycle.line", readonly=True, ondelete="set null", index="btree_not_null")
    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    contact_id = fields.Many2one(
        "res.partner", string="Invoice Contact", readonly=True, ondelete="set null", index="btree_not_null"
    )
    plan_id = fields.Many2one(related="case_id.plan_id")
    level_id = fields.Many2one("collection.level", readonly=True, ondelete="set null", index="btree_not_null")
    step_id = fields.Many2one("collection.step", readonly=True, ondelete="set null", index="btree_not_null")
    channel = fields.Selection(
        selection=lambda self: [
            *self.env["collection.step"]._fields["channel"]._description_selection(self.env),
            ("call", self.env._("Phone call")),
            ("imported", self.env._("By another program")),
            ("record", self.env._("Only recorded")),
        ],
        help="Only recorded: the level was reached before the automatic cycle was switched on; no message left.",
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("review", "To Approve"),
            ("queued", "Queued"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("failed", "Failed"),
            ("bounced", "Bounced"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="planned",
        readonly=True,
        index=True,
    )
    occasion = fields.Char(required=True, readonly=True, help="The cycle, or the request for sending now.")
    reason_code = fields.Char(readonly=True)
    reason_values = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    note_code = fields.Char(readonly=True, help="What went differently, though the message left.")
    note = fields.Char(compute="_compute_reason")
    recipient = fields.Char(readonly=True, help="The addresses used, as text.")
    recipient_ids = fields.Many2many("res.partner", string="Recipients", readonly=True)
    lang = fields.Char(readonly=True, help="Language of the message: the recipient's.")
    is_test = fields.Boolean(string="Test", readonly=True, help="Went to the test address; counts for nothing.")
    planned_date = fields.Date(readonly=True, help="The day for which the message was last brought up to date.")
    waiting_since = fields.Date(readonly=True)
    scheduled_at = fields.Datetime(readonly=True, default=fields.Datetime.now)
    sent_at = fields.Datetime(readonly=True)
    contact_date = fields.Date(readonly=True, help="The day from which everything counts: when the message left.")
    deadline = fields.Date(readonly=True, help="Last day to answer, as printed.")
    amount = fields.Monetary(string="Claimed", readonly=True, help="In company currency, after credits.")
    amount_before = fields.Monetary(readonly=True, help="What the message claimed before it was brought up to date.")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True)
    approved_at = fields.Datetime(readonly=True)
    message_id = fields.Char(string="Message-ID", readonly=True, index="btree_not_null")
    mail_id = fields.Many2one("mail.mail", readonly=True, ondelete="set null", index="btree_not_null")
    mail_message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null", index="btree_not_null")
    attempts = fields.Integer(readonly=True, help="How often the mail server could not be reached.")
    line_ids = fields.One2many("collection.action.line", "action_id", string="Items", readonly=True)
    change_note = fields.Char(compute="_compute_change_note", string="What Changed")
    body = fields.Html(compute="_compute_body", sanitize=False, help="As it was sent, or as it would read now.")

    _once = models.UniqueIndex(
        "(case_id, channel, step_id, occasion, COALESCE(contact_id, 0)) WHERE state NOT IN ('cancelled', 'failed', 'bounced')",
        "This step was prepared for this customer on this occasion already.",
    )
    _one_unsent = models.UniqueIndex(
        "(case_id, channel, COALESCE(contact_id, 0)) WHERE state IN ('planned', 'review', 'queued')",
        "There is an unsent message to this customer already.",
    )
    _case_sent = models.Index("(case_id, contact_date) WHERE state IN ('sent', 'delivered')")

    @api.depends("reason_code", "reason_values", "note_code")
    @api.depends_context("lang")
    def _compute_reason(self):
        for action in self:
            action.reason = self.env["collection.reason"]._describe(action.reason_code, action.reason_values)
            action.note = self.env["collection.reason"]._describe(action.note_code)

    @api.depends("state", "amount", "amount_before", "line_ids.amount_open_now")
    def _compute_change_note(self):
        """What an approver should know: the claim was brought up to date, or the ledger moved since."""
        for action in self:
            action.change_note = "; ".join(action._get_changes()) if action.state in UNSENT else False

    def _get_changes(self):
        changes = []
        if self.amount_before and self.currency_id.compare_amounts(self.amount_before, self.amount):
            changes.append(
                self.env._(
                    "it claimed %(before)s before, now %(after)s",
                    before=formatLang(self.env, self.amount_before, currency_obj=self.currency_id),
                    after=formatLang(self.env, self.amount, currency_obj=self.currency_id),
                )
            )
        for line in self.line_ids:
            if line.currency_id.compare_amounts(line.amount_open_now, line.amount_residual_currency):
                changes.append(
                    self.env._(
                        "%(number)s: %(amount)s is open by now",
                        number=line.move_name,
                        amount=formatLang(self.env, line.amount_open_now, currency_obj=line.currency_id),
                    )
                )
        return changes

    @api.depends("mail_message_id.body", "state", "line_ids")
    def _compute_body(self):
        """The message as it was sent; for one that waits, its template rendered now in the customer's language."""
        for action in self:
            if action.mail_message_id or action.state not in UNSENT:
                action.body = action.sudo().mail_message_id.body
            else:
                action.body = action._render_draft()

    def _render_draft(self):
        template_sudo = self.sudo()._get_template()
        if not template_sudo or not self.id:
            return False
        lang = self.lang or self.partner_id.lang
        template_sudo = template_sudo.with_context(lang=lang)
        try:
            with template_sudo._explaining():
                return template_sudo._generate_template([self.id], ("body_html",))[self.id]["body_html"]
        except UserError as error:  # the message can be opened, and says what is wrong
            return Markup("<p>%s</p>") % self.env["collection.reason"]._describe_error(error)

    # -- states ----------------------------------------------------------------------------------------------------

    def _change_state(self, target, *, allowed_from, reason_code=False, reason_values=None, **values):
        """The only writer of ``state``. Items and cases follow: their level is derived from live, sent actions."""
        wrong = self.filtered(lambda action: action.state not in allowed_from)
        if wrong:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "The message to %(customer)s is already %(state)s, so it cannot become %(target)s.",
                    customer=wrong[0].partner_id.display_name,
                    state=labels[wrong[0].state],
                    target=labels[target],
                )
            )
        if not self:
            return
        self.write({"state": target, "reason_code": reason_code, "reason_values": reason_values or False, **values})
        if target == "sent":
            self.filtered(lambda action: not action.is_test).case_id.filtered("needs_review").needs_review = False
        if target in DEAD:
            self.line_ids.write({"is_live": False})
        if target in SENT + DEAD:
            self._refresh_progress()
        if target == "sent":
            self.env["collection.escalation"]._run(self)

    def _refresh_progress(self):
        self.env.flush_all()
        project.refresh_progress(self.env, self.line_ids.filtered("advances").item_id.ids)
        for company, actions in self.grouped("company_id").items():
            project.refresh_cases(self.env, company.root_id.id, sorted(set(actions.case_id.partner_id.ids)))
        self.env["collection.case"].invalidate_model(flush=False)

    def _cancel(self, reason_code, **reason_values):
        self._change_state("cancelled", allowed_from=UNSENT, reason_code=reason_code, reason_values=reason_values)

    def _cancel_for_cause(self):
        """Cancel messages that have nothing left to say, with the reason that `withhold` found for it."""
        if not self:
            return
        stopped, causes = self._stopped_cases(), schedule.causes(self.env, self)
        unknown = ("paid_meanwhile", None)
        by_cause = self.grouped(lambda action: stopped.get(action.case_id.id) or causes.get(action.id) or unknown)
        for (code, text), actions in by_cause.items():
            actions._cancel(code, **self._reason_values(code, text))

    def _reason_values(self, code, text):
        """Return the values of a reason from the text that `withhold` keeps with its code."""
        return {"date" if code in withhold.DATED else "text": text} if text else {}

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_evidence(self):
        if sent := self.filtered("sent_at"):
            raise UserError(
                self.env._(
                    "The message to %(customer)s was sent on %(date)s and is evidence: it cannot be deleted.",
                    customer=sent[0].partner_id.display_name,
                    date=sent[0].contact_date,
                )
            )

    def action_approve(self):
        """Approve reviewed messages: they are brought up to date and leave within minutes."""
        self._check_collector()
        self.sudo()._change_state(
            "queued",
            allowed_from=("review",),
            approved_by_id=self.env.uid,
            approved_at=fields.Datetime.now(),
            scheduled_at=fields.Datetime.now(),
        )
        self.env.ref("account_collections_auto.ir_cron_outbox").sudo()._trigger()
        return self._offer_undo(self.env._("%(count)s messages are approved and leave within minutes.", count=len(self)))

    def action_cancel(self):
        """Do not send these messages; the items may be selected again by a later cycle."""
        self._check_collector()
        self.sudo()._cancel("cancelled_by_user", text=self.env.user.name)

    def _check_collector(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can approve or cancel messages."))

    @api.model
    def _expire_reviews(self, company, date):
        """Cancel what nobody approved in time; it is selected anew."""
        waiting = self.search([("company_id", "=", company.id), ("state", "=", "review")])
        waiting.filtered(lambda action: (date - action.waiting_since).days >= action.plan_id.review_expiry_days)._cancel(
            "review_expired"
        )

    # -- dispatch --------------------------------------------------------------------------------------------------

    @api.model
    def _dispatch_batch(self, domain, date, limit):
        """Check a batch of queued actions once more and hand it to the channels. Return how many were handled.

        Everything happens in this transaction: after a crash the batch is queued again, or sent, never half of it.
        """
        batch = self._lock_some([*domain, ("state", "=", "queued"), ("scheduled_at", "<=", fields.Datetime.now())], limit)
        # What a person asked for is looked at as that person asked for it.
        for (company, _request), actions in batch.grouped(lambda action: (action.company_id, action.request_id)).items():
            actions = actions.with_company(company)
            recipients = actions._bring_up_to_date(company, date)
            actions.filtered(lambda action: action.state == "queued" and not action._waits())._send(date, recipients)
        return len(batch)

    @api.model
    def _lock_some(self, domain, limit):
        """Lock actions that nobody else has locked, of cases that nobody is merging just now.

        `try_lock_for_update` after a search could find all of them taken.
        """
        query = self._search(domain, limit=limit, order="case_id, id")
        rows = self.env.execute_query(SQL("%s FOR UPDATE OF %s SKIP LOCKED", query.select(), SQL.identifier(self._table)))
        actions = self.browse([row[0] for row in rows])
        free = self.env.execute_query(
            SQL("SELECT id FROM collection_case WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE SKIP LOCKED", actions.case_id.ids)
        )
        free_ids = {case_id for (case_id,) in free}
        return actions.filtered(lambda action: action.case_id.id in free_ids)

    def _bring_up_to_date(self, company, date):
        """Compare the actions with the ledger and the stops of this moment; rewrite or cancel what changed.

        Returns {(case id, contact id, channel): [(partner id, address, lang)]} of whom they can reach.
        """
        project.refresh_marked(self.env, partner_ids=self.partner_id.ids)
        waiting = self.filtered(lambda action: action.state == "queued")  # the refresh cancels what has nothing left
        if not waiting:
            return {}
        # The cases are written when the batch is sent: a refresh in between waits for it and does not undo it.
        project.lock_cases(self.env, company.root_id.id, waiting.partner_id.ids)
        waiting._examine(company, date)
        changed = schedule.outdated(self.env, waiting) | waiting.filtered(lambda action: action.planned_date != date)
        stopped = self._stopped_cases()
        changed |= waiting.filtered(lambda action: action.case_id.id in stopped)
        if changed:
            alive = schedule.replan(self.env, changed, date, self.request_id._get_repeat_cause())
            (changed - alive)._cancel_for_cause()
        # Hours may have closed, or opened, since the message was prepared.
        live = waiting.filtered(lambda action: action.state == "queued")
        live._set_contact_times(company, live._found_recipients_sql())
        recipients = self._read_recipients()
        select.drop(self.env)
        return recipients

    def _waits(self):
        """Return whether this message is for a later moment."""
        return bool(self.scheduled_at) and self.scheduled_at > fields.Datetime.now()

    def _examine(self, company, date):
        """Run `select` and `withhold` for the cases of these actions."""
        self.env.flush_all()
        wish = self.request_id._wish()
        select.select(self.env, company, date, SQL("SELECT unnest(%s::int[])", self.case_id.ids), wish)
        withhold.withhold(self.env, company, date, ignore_actions=self.ids, wish=wish)

    def _stopped_cases(self, ignored=()):
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (case_id) case_id, code, info FROM collection_tmp_case_stop
                    WHERE NOT (code = ANY(%s)) ORDER BY case_id, code""",
                list(ignored),
            )
        )
        return {case_id: (code, info) for case_id, code, info in rows}

    def _read_recipients(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT case_id, contact_id, channel, partner_id, address, lang FROM collection_tmp_recipient
                    WHERE problem IS NULL ORDER BY case_id, contact_id, channel, partner_id, address"""
            )
        )
        recipients = {}
        for case_id, contact_id, channel, *recipient in rows:
            recipients.setdefault((case_id, contact_id, channel), []).append(tuple(recipient))
        return recipients

    def _send(self, date, recipients):
        """Address the actions, fix their dates, and let the channels hand them over; a broken one fails alone."""
        self._address(date, recipients)
        for channel, actions in self.grouped("channel").items():
            with trying(actions, "handing over") as outcome:
                actions._state_charges()
                sent = self.env[f"collection.channel.{channel}"]._send(actions)
            if not outcome.error:
                sent._change_state("sent", allowed_from=("queued",), sent_at=fields.Datetime.now())
            elif len(actions) == 1:
                actions._fail("mail_failed", text=self.env["collection.reason"]._describe_error(outcome.error))
            else:
                for action in actions:
                    action._send(date, recipients)

    def _address(self, date, recipients):
        test_mode = self.company_id.collection_test_mode
        partners = []
        for action in self:
            reached = recipients.get((action.case_id.id, action.contact_id.id or 0, action.channel), [])
            action.write(
                {
                    "contact_date": date,
                    "deadline": action._get_deadline(date),
                    "recipient": ", ".join(dict.fromkeys(address for _partner, address, _lang in reached)),
                    "lang": reached[0][2] if reached else action.partner_id.lang,
                    "is_test": test_mode,
                }
            )
            partners.append((action, [fields.Command.set([partner_id for partner_id, _address, _lang in reached])]))
            action.line_ids.filtered(lambda line, test=action.is_test: line.is_live == test).write(
                {"is_live": not action.is_test}
            )
        # All at once: a write of its own costs two statements for each action.
        self._fields["recipient_ids"].write_batch(partners)

    def _fail(self, code, **values):
        self._change_state("failed", allowed_from=("queued", "sent"), reason_code=code, reason_values=values)

    # -- listen --------------------------------------------------------------------------------------------------------

    @api.model
    def _listen(self):
        """Ask each channel what became of the messages it sent."""
        for channel in self.env["collection.channel"]._channels():
            channel._listen()

    @api.model
    def _cron_outbox(self):
        """Send what was approved, and hear what became of what was sent."""
        commit = self.env["ir.cron"]._commit_progress
        self._listen()
        domain = [("state", "=", "queued"), ("cycle_id.state", "!=", "running")]
        domain.append(("scheduled_at", "<=", fields.Datetime.now()))
        commit(remaining=self.search_count(domain))
        for company in self.search(domain).company_id:
            own = [*domain, ("company_id", "=", company.id)]
            try:
                today = company._collection_today()
                while retrying(self.env, lambda own=own, today=today: self._dispatch_batch(own, today, 100), done=int):
                    if not commit():
                        return
            except Exception:
                # Whatever it is, it must not hold up the other companies; the next call goes on with this one.
                self.env.cr.rollback()
                _logger.exception("The outbox of company %s was interrupted", company.id)
