import logging

from markupsafe import escape
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..engine import findings, project, schedule, select, withhold
from ..engine.transactions import retrying
from ..engine.wish import SOFT, Wish

_logger = logging.getLogger(__name__)

BATCH = 100
# So many customers are written to while the person waits; more of them leave in the background.
AT_ONCE = 50
DRAFT_DAYS = 7
# What the person who prepares a request decides; everything else on it is found or recorded.
_CHOICES = {
    "sends_again",
    "advances",
    "template_id",
    "text_ids",
    "sets_aside_gap",
    "sets_aside_minimum",
    "sets_aside_deadline",
    "set_aside_because",
}
# Another choice of these finds other customers.
_FINDS = {"kind", "advances", "sets_aside_gap", "sets_aside_minimum", "sets_aside_deadline"}


class CollectionRequest(models.Model):
    """A person sends outside of the cycle: the level that is reached, the last one again, or a text of one's own.

    A draft shows what would leave and who is left out. Once confirmed it is worked through in batches, each looked at
    afresh and committed, so it survives any interruption. It is the `occasion` of its messages: sent once.
    """

    _name = "collection.request"
    _description = "Sending by Hand"
    _order = "id desc"

    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Sent By", required=True, readonly=True, ondelete="restrict")
    date = fields.Date(required=True, readonly=True, help="The day from which levels and days count.")
    kind = fields.Selection(
        [("next", "Next level"), ("again", "Same level again"), ("message", "Message")], required=True, readonly=True
    )
    state = fields.Selection(
        [("draft", "To Check"), ("queued", "Sending"), ("done", "Sent"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
    )
    sends_again = fields.Boolean(
        compute="_compute_sends_again",
        inverse="_inverse_sends_again",
        string="Send the same level again",
        help="Sends once more what the customer got last, instead of the next level. A level is never sent before its days.",
    )
    advances = fields.Boolean(
        string="Counts as the level that is reached",
        help="Items that reach their next level stand at it afterwards, as if its own message had been sent. "
        "Off: the message is a contact, but changes no level.",
    )
    template_id = fields.Many2one(
        "mail.template",
        string="Text",
        domain="[('model', '=', 'collection.action'), ('collection_is_message', '=', True)]",
        ondelete="restrict",
        help="The texts that a manager marked as messages to many customers.",
    )
    text_ids = fields.One2many("collection.request.text", "request_id", string="Texts by Language")
    sets_aside_gap = fields.Boolean(
        string="Send although they were contacted lately", help="The plan asks for some days between two messages."
    )
    sets_aside_minimum = fields.Boolean(
        string="Send although little is owed", help="The plan does not write about less than its minimum amount."
    )
    sets_aside_deadline = fields.Boolean(
        string="Send although they still have time to answer",
        help="The last message named a day to answer by, which has not passed.",
    )
    set_aside_because = fields.Char(string="Because", help="Your reason. It is recorded on each message that needed it.")
    line_ids = fields.One2many("collection.request.line", "request_id", string="Customers", readonly=True)
    included_line_ids = fields.One2many(
        "collection.request.line", "request_id", domain=[("state", "!=", "left_out")], string="Written To", readonly=True
    )
    left_out_line_ids = fields.One2many(
        "collection.request.line", "request_id", domain=[("state", "=", "left_out")], string="Left Out", readonly=True
    )
    action_ids = fields.One2many("collection.action", "request_id", string="Messages", readonly=True)
    done_at = fields.Datetime(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    is_test_mode = fields.Boolean(related="company_id.collection_test_mode")
    customer_count = fields.Integer(compute="_compute_counts", string="Chosen")
    planned_count = fields.Integer(compute="_compute_counts", string="To Send")
    sent_count = fields.Integer(compute="_compute_counts", string="Sent")
    left_out_count = fields.Integer(compute="_compute_counts", string="Number Left Out")
    amount = fields.Monetary(compute="_compute_counts", string="Claimed")
    has_gap = fields.Boolean(compute="_compute_counts")
    has_minimum = fields.Boolean(compute="_compute_counts")
    has_deadline = fields.Boolean(compute="_compute_counts")
    progress = fields.Float(compute="_compute_counts", help="Share of the customers who were looked at, in percent.")
    can_undo = fields.Boolean(compute="_compute_can_undo")
    one_reason = fields.Char(compute="_compute_one", help="Of a single customer: why nothing can be sent.")
    one_sentence = fields.Char(compute="_compute_one", help="Of a single customer: what would be sent.")
    preview_line_id = fields.Many2one("collection.request.line", string="Previewed", ondelete="set null", readonly=True)
    preview_position = fields.Char(compute="_compute_preview")
    preview_recipient = fields.Char(compute="_compute_preview", string="To")
    preview_subject = fields.Char(compute="_compute_preview", string="Subject")
    preview_body = fields.Html(compute="_compute_preview", sanitize=False)

    # -- beginning -------------------------------------------------------------------------------------------------

    @api.model
    def _begin(self, cases, kind, **values):
        """Return a draft that shows what a message of ``kind`` to ``cases`` would be, and who would be left out.

        ``values`` of the draft, where they are to differ from the usual ones.
        """
        self._check_collector()
        cases.check_access("read")
        if not cases:
            raise UserError(self.env._("Choose the customers to write to first."))
        if len(cases.company_id) > 1:
            raise UserError(
                self.env._(
                    "These customers belong to %(companies)s. One message is sent in the name of one company: choose "
                    "customers of one of them.",
                    companies=", ".join(cases.company_id.mapped("name")),
                )
            )
        company = cases.company_id
        request = self.sudo().create(
            {
                "company_id": company.id,
                "user_id": self.env.uid,
                "date": company._collection_today(),
                "kind": kind,
                "template_id": self._default_template().id if kind == "message" else False,
                **values,
            }
        )
        self.env.flush_all()
        findings.add_lines(request.env, request, cases.ids)
        request.invalidate_recordset(flush=False)
        request._find()
        return request.sudo(self.env.su)

    @api.model
    def _default_template(self):
        return self.env["mail.template"].search(
            [("model", "=", "collection.action"), ("collection_is_message", "=", True)], order="id", limit=1
        )

    def _get_approver(self):
        """Return the person who lets the messages go; nobody where the cycle sends by itself."""
        if self.kind == "instalment":
            return self.env["res.users"]
        return self.user_id.filtered(lambda user: user != self.env.ref("base.user_root"))

    def _check_collector(self):
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can send messages."))

    def _check_own_draft(self):
        """What was prepared by one person is sent by that person, who saw it."""
        self._check_collector()
        for request in self:
            request.check_access("read")
            if request.user_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "%(user)s prepared this message. Only the one who prepared it can change or send it.",
                        user=request.user_id.name,
                    )
                )

    def write(self, vals):
        """People choose what a draft asks for; what is found and what was sent is recorded, not written by hand."""
        if not self.env.su:
            recorded = [name for name in vals if name not in _CHOICES]
            if recorded:
                raise AccessError(
                    self.env._(
                        "%(fields)s of a sending cannot be changed by hand.",
                        fields=", ".join(self._fields[name].string for name in recorded),
                    )
                )
            self._check_own_draft()
            self._check_is_draft()
        result = super().write(vals)
        if _FINDS & set(vals):
            self.filtered(lambda request: request.state == "draft").sudo()._find()
        if "template_id" in vals:
            self.sudo()._offer_texts()
        return result

    def _check_is_draft(self):
        if sent := self.filtered(lambda request: request.state != "draft"):
            raise UserError(self.env._("%(request)s was confirmed already.", request=sent[0].display_name))

    @api.constrains("template_id")
    def _check_template_is_a_message(self):
        """Collectors send only what a manager offered for it: the texts of others may say what they should not."""
        for request in self:
            template_sudo = request.template_id.sudo()
            if template_sudo and not (template_sudo.model == "collection.action" and template_sudo.collection_is_message):
                raise ValidationError(
                    request.env._("%(template)s is no text for messages to many customers.", template=template_sudo.name)
                )

    @api.depends("kind")
    def _compute_sends_again(self):
        for request in self:
            request.sends_again = request.kind == "again"

    def _inverse_sends_again(self):
        for request in self.filtered(lambda request: request.kind != "message"):
            request.sudo().kind = "again" if request.sends_again else "next"

    @api.depends("kind", "state", "line_ids.state")
    @api.depends_context("lang")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            request.display_name = self.env._(
                "%(kind)s, %(date)s", kind=kinds.get(request.kind, ""), date=format_date(self.env, request.date)
            )

    # -- finding -----------------------------------------------------------------------------------------------------

    def _wish(self):
        """Return what `select` and `withhold` are asked for; what a cycle does by itself, for no request."""
        if not self:
            return Wish()
        chosen = zip(SOFT, (self.sets_aside_gap, self.sets_aside_minimum, self.sets_aside_deadline), strict=True)
        return Wish(self.kind, bool(self.advances), tuple(code for code, is_chosen in chosen if is_chosen))

    def _get_day(self):
        """Return the day from which levels and days count when something is sent."""
        return self.company_id._collection_today()

    def _occasion(self):
        return f"request:{self.id}"

    def _find(self):
        """Find out afresh, for a draft, to whom what would be sent and who is left out."""
        for request in self:
            request.date = request._get_day()
            lines = request._search_lines([("reason_code", "!=", "dropped_from_request")])
            request._look(lines.case_id)
            findings.record(request.env, request, lines, "planned")
            select.drop(request.env)
            if request.preview_line_id.state != "planned":
                request.preview_line_id = request._search_lines([("state", "=", "planned")], limit=1)
            request._offer_texts()

    def _search_lines(self, domain, limit=None):
        return self.env["collection.request.line"].search([("request_id", "=", self.id), *domain], limit=limit)

    def _look(self, cases, lock=False):
        """Run `select` and `withhold` for ``cases``, brought up to date with the ledger."""
        self.ensure_one()
        partner_ids = cases.partner_id.ids
        self.env.flush_all()
        project.append_pending_marks(self.env)
        project.refresh_marked(self.env, partner_ids=partner_ids)
        if lock:
            project.lock_cases(self.env, self.company_id.id, partner_ids)
        select.select(self.env, self.company_id, self.date, SQL("SELECT unnest(%s::int[])", cases.ids), self._wish())
        withhold.withhold(self.env, self.company_id, self.date, self._get_ignored_actions(), self._wish())

    def _get_ignored_actions(self):
        """Return the ids of messages that are no reason to wait with this one."""
        return []

    def _offer_texts(self):
        """Keep one text per language of the recipients: the template's, until a person writes another one."""
        for request in self.filtered(lambda request: request.kind == "message" and request.state == "draft"):
            counts = dict(
                self.env["collection.request.line"]._read_group(
                    [("request_id", "=", request.id), ("state", "=", "planned")], ["lang"], ["__count"]
                )
            )
            known = {text.lang: text for text in request.text_ids}
            for lang, text in known.items():
                text.customer_count = counts.get(lang, 0)
            request.text_ids.filtered(lambda text: not text.customer_count and not text.is_edited).unlink()
            self.env["collection.request.text"].create(
                [
                    {"request_id": request.id, "lang": lang, "customer_count": count}
                    for lang, count in counts.items()
                    if lang not in known
                ]
            )

    @api.depends("line_ids.state", "line_ids.amount", "line_ids.reason_code")
    def _compute_counts(self):
        lines = self.env["collection.request.line"]
        states = lines._read_group([("request_id", "in", self.ids)], ["request_id", "state"], ["__count", "amount:sum"])
        by_state = {(request.id, state): (count, amount) for request, state, count, amount in states}
        for request in self:
            count = {state: by_state.get((request.id, state), (0, 0))[0] for state in ("planned", "sent", "left_out")}
            request.planned_count, request.sent_count, request.left_out_count = count.values()
            request.customer_count = sum(count.values())
            request.amount = sum(by_state.get((request.id, state), (0, 0))[1] for state in ("planned", "sent"))
            seen = request.customer_count - request.planned_count
            request.progress = 100.0 * seen / request.customer_count if request.customer_count else 100.0
        self._compute_soft_reasons()

    def _compute_soft_reasons(self):
        """Which reasons could be set aside: of customers left out for them, or written to in spite of them."""
        rows = []
        if self.ids:
            self.env["collection.request.line"].flush_model()
            rows = self.env.execute_query(
                SQL(
                    """SELECT DISTINCT line.request_id, reason->>'code'
                         FROM collection_request_line line, jsonb_array_elements(line.reasons) reason
                        WHERE line.request_id IN %s AND line.reasons IS NOT NULL AND reason->>'code' IN %s""",
                    tuple(self.ids),
                    SOFT,
                )
            )
        found = set(rows)
        for request in self:
            gap, minimum, deadline = ((request._origin.id, code) in found for code in SOFT)
            request.has_gap = gap or request.sets_aside_gap
            request.has_minimum = minimum or request.sets_aside_minimum
            request.has_deadline = deadline or request.sets_aside_deadline

    @api.depends("line_ids.state", "line_ids.reasons", "line_ids.level_id", "line_ids.last_sent_date")
    @api.depends_context("lang")
    def _compute_one(self):
        for request in self:
            line = request.line_ids if request.customer_count == 1 else request.line_ids.browse()
            request.one_reason = line.reason if line.state == "left_out" else False
            request.one_sentence = line._get_sentence() if line.state == "planned" else False

    # -- looking at it before it leaves ----------------------------------------------------------------------------

    @api.depends("preview_line_id", "template_id", "text_ids.subject", "text_ids.body", "state")
    def _compute_preview(self):
        for request in self:
            line, rendered = request.preview_line_id, {}
            # Only what is saved can be prepared: while somebody types, the last preview stays.
            if isinstance(request.id, int) and request.state == "draft" and line.state == "planned":
                rendered = request.sudo()._render_preview(line.sudo())
            request.preview_recipient = rendered.get("recipient")
            request.preview_subject = rendered.get("subject")
            request.preview_body = rendered.get("body")
            request.preview_position = request._get_preview_position() if rendered else False

    def web_read(self, specification):
        """Read for a form, never through a read-only connection: the preview prepares a message and undoes it."""
        return super().web_read(specification)

    web_read._readonly = False

    def _get_preview_position(self):
        ids = self.included_line_ids.ids
        return self.env._("%(number)s of %(count)s", number=ids.index(self.preview_line_id.id) + 1, count=len(ids))

    def _render_preview(self, line):
        """Return the message to the customer of ``line`` as it would leave now: prepared, rendered, and undone."""
        self.env.flush_all()
        project.append_pending_marks(self.env)
        # A raw savepoint: one that flushes would forget what other modules do before the commit.
        undo = self.env.cr.savepoint(flush=False)
        try:
            request = self.with_context(lang=self.user_id.lang)
            actions, recipients = request._prepare_messages(line)
            action = actions[:1].with_company(self.company_id)
            action._address(self.date, recipients)
            text = self.env[f"collection.channel.{action.channel}"]._render(action)[action.id] if action else {}
            self.env.flush_all()
            return text and {
                "recipient": action._get_shown_recipients(),
                "subject": text["subject"],
                "body": text["body"],
            }
        except (UserError, ValueError) as error:
            reason = escape(self.env["collection.reason"]._describe_error(error))
            return {"recipient": line.recipient, "subject": self.env._("This text cannot be used"), "body": reason}
        finally:
            undo.close(rollback=True)
            self.env.transaction.clear()  # also what was not written yet: it belongs to records that are gone

    def action_preview_next(self):
        """Show the message to the next customer."""
        self._show_other(1)

    def action_preview_previous(self):
        """Show the message to the customer before."""
        self._show_other(-1)

    def _show_other(self, step):
        self.ensure_one()
        self._check_own_draft()
        lines = self.included_line_ids
        if lines:
            position = lines.ids.index(self.preview_line_id.id) if self.preview_line_id in lines else -step
            self.sudo().preview_line_id = lines[(position + step) % len(lines)]

    # -- sending -----------------------------------------------------------------------------------------------------

    def action_send(self):
        """Send to the customers shown: a few at once, many in the background. A second click changes nothing."""
        self.ensure_one()
        self._check_own_draft()
        request = self.sudo()
        request.lock_for_update()
        if request.state == "draft":
            request._check_can_send()
            request.state = "queued"
            request.env.flush_all()
            if request.planned_count <= AT_ONCE:
                while request._send_some():
                    continue
                request._finish()
            else:
                self.env.ref("account_collections_auto.ir_cron_requests").sudo()._trigger()
        return self._get_result_action()

    def _check_can_send(self):
        if not self.planned_count:
            raise UserError(self.env._("Every customer is left out, so there is nothing to send. The list says why."))
        if self._wish().ignored and not (self.set_aside_because or "").strip():
            raise UserError(self.env._("Say why you send in spite of a rule of the plan: it is recorded on the messages."))
        if self.kind == "message":
            if not self.template_id:
                raise UserError(self.env._("Choose a text first."))
            self.text_ids._check_placeholders()

    def _get_result_action(self):
        """Tell what happened, with a way back, and show the record of it unless it was about one customer."""
        if self.customer_count == 1:
            following = {"type": "ir.actions.act_window_close"}
        else:
            following = {"type": "ir.actions.client", "tag": "soft_reload"}
        return self._offer_undo(self._get_result_text(), following)

    def _get_result_text(self):
        if self.state == "queued":
            return self.env._("%(count)s messages leave in the background.", count=self.planned_count)
        if self.customer_count == 1:
            line = self.line_ids
            later = self.action_ids.filtered(lambda action: action.state == "queued")[:1]
            if line.state == "sent" and later.moved_note:
                return self.env._(
                    "The message to %(customer)s waits. %(reason)s",
                    customer=line.partner_id.display_name,
                    reason=later.moved_note,
                )
            if line.state == "sent":
                return self.env._("The message to %(customer)s leaves.", customer=line.partner_id.display_name)
            return self.env._(
                "Nothing was sent to %(customer)s: %(reason)s", customer=line.partner_id.display_name, reason=line.reason
            )
        return self.env._(
            "%(sent)s messages leave, %(left_out)s customers were left out.",
            sent=self.sent_count,
            left_out=self.left_out_count,
        )

    def _get_open_action(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(self.env.ref("account_collections_auto.collection_request_view_form").id, "form")],
        }

    def _send_some(self, limit=BATCH):
        """Look at some customers once more, write to those who may be written to. Return how many were looked at.

        All in this transaction: after a crash the customers are waiting again, or were written to, never half.
        """
        self.ensure_one()
        request = self.with_context(lang=self.user_id.lang).with_company(self.company_id)
        lines = request._lock_lines(limit)
        if not lines:
            return 0
        request.date = request._get_day()
        actions, recipients = request._prepare_messages(lines, lock=True)
        actions.filtered(lambda action: not action._waits())._send(request.date, recipients)
        return len(lines)

    def _lock_lines(self, limit):
        """Lock customers who wait; whom somebody else is working on is left to them."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM collection_request_line WHERE request_id = %s AND state = 'planned'
                    ORDER BY case_id LIMIT %s FOR UPDATE SKIP LOCKED""",
                self.id,
                limit,
            )
        )
        return self.env["collection.request.line"].browse([row[0] for row in rows])

    def _prepare_messages(self, lines, lock=False):
        """Write the messages to the customers of ``lines``, ready to leave. Return them and whom they reach.

        An unsent message of a customer is the one that is brought up to date; there is never a second one.
        """
        actions = self.env["collection.action"]
        self._look(lines.case_id, lock)
        findings.hold_back_other_levels(self.env, lines)
        findings.record(self.env, self, lines, "sent", vanished="paid_meanwhile")
        schedule.find_messages(self.env)
        schedule.renew_actions(self.env, self)
        self.env.invalidate_all(flush=False)
        actions.browse(schedule.not_renewed(self.env, self))._cancel_for_cause()
        self.env.flush_all()
        schedule.plan_actions(self.env, self, repeat_cause=self._get_repeat_cause())
        findings.leave_out_unwritten(self.env, lines)
        if self._wish().ignored:
            findings.note_what_was_set_aside(self.env, self)
        self.env.invalidate_all(flush=False)
        recipients = actions._read_recipients()
        prepared = actions.search(
            [("request_id", "=", self.id), ("case_id", "in", lines.case_id.ids), ("state", "=", "queued")]
        )
        prepared._set_contact_times(self.company_id, prepared._found_recipients_sql())
        select.drop(self.env)
        return prepared.with_company(self.company_id), recipients

    def _get_repeat_cause(self):
        """Return why the round of an item rises that is sent its last level again."""
        return "requested" if self.kind == "again" else "repeated"

    def _finish(self):
        """The last customer was looked at."""
        self.write({"state": "done", "done_at": fields.Datetime.now()})

    @api.model
    def _cron_send(self):
        """Work through the confirmed requests, batch by batch; each batch is a transaction of its own.

        A request that fails holds up no other one; the next run tries it again.
        """
        commit = self.env["ir.cron"]._commit_progress
        waiting = [("request_id.state", "=", "queued"), ("state", "=", "planned")]
        commit(remaining=self.env["collection.request.line"].search_count(waiting))
        for request in self.search([("state", "=", "queued")], order="id"):
            try:
                while retrying(self.env, request._send_some, done=int):
                    _logger.info("Collection request %s: batch", request.id)
                    if not commit():
                        return
                retrying(self.env, request._finish_in_background)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Collection request %s was interrupted", request.id)
        commit(remaining=0)  # what failed is tried again by the next run, not at once

    def _finish_in_background(self):
        if self.state == "queued" and not self.planned_count:
            self._finish()
            request = self.with_context(lang=self.user_id.lang)
            self.user_id._bus_send(
                "simple_notification", {"type": "success", "message": request._get_result_text(), "sticky": False}
            )

    # -- undo, giving up ---------------------------------------------------------------------------------------------

    @api.depends("action_ids.state")
    def _compute_can_undo(self):
        for request in self:
            request.can_undo = bool(request.sudo().action_ids._find_undoable(limit=1))

    def _offer_undo(self, message, following):
        """Return the client action that shows ``message`` with a way back and goes on with ``following``."""
        params = {"message": message, "model": self._name, "ids": self.ids, "next": following}
        return {"type": "ir.actions.client", "tag": "collection_undo", "params": params}

    def action_undo(self):
        """Take back the messages that have not left, and send to nobody who still waits."""
        self.ensure_one()
        self._check_collector()
        self.check_access("read")
        request = self.sudo()
        request.lock_for_update()
        if request.state == "queued":
            request._leave_out_the_rest()
        answer = self.action_ids.action_undo()
        if request.state == "done" and not request.sent_count:
            request.state = "cancelled"
        return answer

    def _leave_out_the_rest(self):
        """Stop a request that is being worked through: who was not written to yet is left out."""
        reason = {"code": "cancelled_by_user", "text": self.env.user.name}
        self._search_lines([("state", "=", "planned")]).write(
            {"state": "left_out", "reason_code": reason["code"], "reasons": [reason]}
        )
        self._finish()

    def action_view_messages(self):
        """Open the messages of this sending."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_action_action")
        return action | {"domain": [("request_id", "=", self.id)], "context": {}}

    @api.autovacuum
    def _gc_drafts(self):
        """Drafts that nobody confirmed go after a week."""
        before = fields.Datetime.subtract(fields.Datetime.now(), days=DRAFT_DAYS)
        self.search([("state", "=", "draft"), ("write_date", "<", before)]).unlink()
