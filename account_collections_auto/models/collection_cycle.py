import logging
from contextlib import contextmanager
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import SQL, format_date

from ..engine import outlook, project, schedule, select, withhold
from ..engine.transactions import retrying

_logger = logging.getLogger(__name__)

DISPATCH_BATCH = 100


class CollectionCycle(models.Model):
    """One run for one company and date: project, select, withhold, schedule, dispatch, listen."""

    _name = "collection.cycle"
    _description = "Collection Cycle"
    _order = "date desc, id desc"

    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    is_past = fields.Boolean(compute="_compute_is_past")
    is_future = fields.Boolean(compute="_compute_is_past")
    state = fields.Selection(
        [("preview", "Preview"), ("running", "Running"), ("done", "Done"), ("cancelled", "Cancelled")],
        required=True,
        default="preview",
        readonly=True,
    )
    is_automatic = fields.Boolean(
        string="Automatic", readonly=True, help="Started by the daily job, not asked for by a person or program."
    )
    confirmed_by_id = fields.Many2one("res.users", string="Confirmed By", readonly=True)
    confirmed_at = fields.Datetime(string="Confirmed On", readonly=True)
    prepared_at = fields.Datetime(string="Prepared On", readonly=True, help="When the preview looked at the open items.")
    previous_id = fields.Many2one(
        "collection.cycle",
        string="Compared With",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The cycle before this one that contacted anybody.",
    )
    is_planned = fields.Boolean(readonly=True, help="Selection and scheduling are done; messages may still be leaving.")
    planned_at = fields.Datetime(readonly=True)
    done_at = fields.Datetime(readonly=True)
    stop_code = fields.Char(readonly=True)
    stop_values = fields.Json(readonly=True)
    stop_reason = fields.Char(compute="_compute_stop_reason", string="Why It Stopped")
    bank_status = fields.Json(readonly=True, help="Per bank journal: day of the last line, unmatched lines.")
    bank_summary = fields.Text(compute="_compute_bank_summary", string="Bank")
    outlook = fields.Json(
        readonly=True,
        help="Whom the next day's cycle would contact, as this one left it: level, collector, team, customers, amount.",
    )
    line_ids = fields.One2many("collection.cycle.line", "cycle_id", string="Decisions", readonly=True)
    action_ids = fields.One2many("collection.action", "cycle_id", string="Messages", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    contacted_count = fields.Integer(string="Customers Contacted", readonly=True)
    planned_count = fields.Integer(compute="_compute_counts", string="Planned")
    withheld_count = fields.Integer(compute="_compute_counts", string="Withheld")
    sent_count = fields.Integer(compute="_compute_counts", string="Sent")
    waiting_count = fields.Integer(compute="_compute_counts", string="Waiting")
    dropped_count = fields.Integer(compute="_compute_counts", string="Dropped")
    message_count = fields.Integer(compute="_compute_counts", string="Prepared Messages")
    summary = fields.Html(compute="_compute_summary", sanitize=False, help="Levels with sums, and reasons to hold back.")
    progress = fields.Float(compute="_compute_counts", help="Share of the automatic messages that left, in percent.")

    _one_per_day = models.UniqueIndex(
        "(company_id, date) WHERE state IN ('running', 'done')", "There is a cycle of this company for this day already."
    )

    # -- public: run and preview -----------------------------------------------------------------------------------

    @api.model
    def run(self, company, date, commit=False):
        """Return the finished cycle of ``company`` (record or id) on ``date`` (date or ISO text).

        A second call resumes an unfinished cycle; of a finished one it looks only at what was withheld or released since
        and never repeats a contact. Levels and days count from ``date``; amounts are the ledger's now. Commits per batch
        only with ``commit``. Managers only; a date later than today in the company's time zone is refused.
        """
        company, date = self._check_run(company, date)
        if date > company._collection_today():
            raise UserError(
                self.env._(
                    "A cycle cannot run for %(date)s, which is still to come. Make a preview for that day instead.",
                    date=format_date(self.env, date),
                )
            )
        return self.sudo().with_company(company)._run_day(company, date, commit=commit).sudo(self.env.su)

    @api.model
    def preview(self, company, date):
        """Return a cycle in state `preview`: the same selection, nothing sent, nothing changed for the customer.

        Future dates are welcome. Confirming it (`action_confirm`) selects afresh.
        """
        company, date = self._check_run(company, date)
        cycle = self.sudo().with_company(company).create({"company_id": company.id, "date": date})
        cycle.env.flush_all()
        project.append_pending_marks(cycle.env)
        project.refresh_company(cycle.env, company)
        cycle._decide_only()
        return cycle.sudo(self.env.su)

    def action_confirm(self):
        """Run what a preview showed: selects afresh, respects what was dropped, becomes the cycle of its date."""
        self.ensure_one()
        cycle = self._accept(self.date)
        with self._exclusively(cycle.company_id, commit=False):
            cycle._resume()
        return True

    def _accept(self, date):
        """Turn this preview into the running cycle of ``date`` in the name of this user; the messages are yet to come."""
        company, date = self._check_run(self.company_id, date)
        if self.state != "preview":
            raise UserError(self.env._("%(cycle)s is no preview any more.", cycle=self.display_name))
        if date > company._collection_today():
            raise UserError(
                self.env._(
                    "This preview is for %(date)s. It can be confirmed on that day, not before.",
                    date=format_date(self.env, date),
                )
            )
        if self.sudo().search_count(
            [("company_id", "=", company.id), ("date", "=", date), ("state", "in", ("running", "done"))]
        ):
            raise UserError(
                self.env._(
                    "The cycle of %(date)s ran already. Run that one again: it looks at what was withheld then, "
                    "and still leaves out what you dropped here.",
                    date=format_date(self.env, date),
                )
            )
        # sudo: nobody writes cycles; the right to confirm was checked
        cycle = self.sudo().with_company(company)
        cycle.write(
            {
                "state": "running",
                "date": date,
                "stop_code": False,
                "stop_values": False,
                "confirmed_by_id": self.env.uid,
                "confirmed_at": fields.Datetime.now(),
            }
        )
        return cycle

    def action_run_again(self):
        """Look again at what was withheld or released since; a cycle of today only, see `run` for any other day."""
        self._check_may_run_again()
        for cycle in self:
            cycle.run(cycle.company_id, cycle.date)
        return True

    def _check_may_run_again(self):
        """A message carries the date of its cycle, and its deadline counts from it: no person sends one of an earlier day."""
        self._check_manager()
        self.check_access("read")
        if past := self.filtered("is_past"):
            raise UserError(
                self.env._(
                    "%(cycle)s is of an earlier day, and its messages would carry that date. Whom it held back the cycle of "
                    "today looks at.",
                    cycle=past[0].display_name,
                )
            )

    def action_cancel(self):
        """Throw a preview away."""
        self._check_manager()
        for cycle in self:
            if cycle.state != "preview":
                raise UserError(
                    cycle.env._(
                        "%(cycle)s has run and stays as it is; only a preview can be cancelled.", cycle=cycle.display_name
                    )
                )
        self.sudo().write({"state": "cancelled"})

    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can run or preview a cycle."))

    def _check_run(self, company, date):
        """Return (root company, date) after checking the rights of the caller."""
        self._check_manager()
        company = self.env["res.company"].browse(company) if isinstance(company, int) else company
        company.ensure_one()
        # sudo: of another company not even the name may be readable. A cycle is about the root company with all its
        # branches, so a right to one branch is not enough.
        company = company.sudo().root_id
        if not self.env.su and company not in self.env.companies:
            raise AccessError(self.env._("You have no access to %(company)s.", company=company.name))
        if not company.collection_plan_id:
            raise UserError(
                self.env._(
                    "%(company)s has no default dunning plan. Choose one in the settings of Collections first.",
                    company=company.name,
                )
            )
        return company, fields.Date.to_date(date)

    # -- the six verbs -------------------------------------------------------------------------------------------------

    @api.model
    def _run_day(self, company, date, commit=False, automatic=False):
        """Find or create the cycle of the day and bring it to its end."""
        with self._exclusively(company, commit):
            cycle = self._in_transaction(lambda: self._find_or_create(company, date, automatic), commit)
            cycle._resume(commit)
        return cycle

    def _find_or_create(self, company, date, automatic):
        domain = [("company_id", "=", company.id), ("date", "=", date), ("state", "in", ("running", "done"))]
        if cycle := self.search(domain, limit=1):
            return cycle
        try:
            with self.env.cr.savepoint():
                return self.create({"company_id": company.id, "date": date, "state": "running", "is_automatic": automatic})
        except psycopg2.errors.UniqueViolation as error:
            # Of a worker that was faster, and whose cycle this transaction cannot see: Odoo does the call again.
            raise ConcurrencyError(str(error)) from error

    def _resume(self, commit=False):
        self.ensure_one()
        if not self.is_planned:
            if not self._in_transaction(self._project_all, commit):
                return
            _logger.info("Collection cycle %s: projected", self.id)
            self._write_about_plans(commit)
            if not self._in_transaction(self._plan_all, commit):
                return
        else:
            self._in_transaction(self._project_and_plan_rest, commit)
            self._write_about_plans(commit)
        _logger.info("Collection cycle %s: scheduled", self.id)
        self._dispatch(commit)
        _logger.info("Collection cycle %s: dispatched", self.id)
        self._in_transaction(self._listen_and_finish, commit)
        self._in_transaction(self._look_ahead, commit)
        _logger.info("Collection cycle %s: done", self.id)

    def _in_transaction(self, step, commit, **options):
        """Run one phase; with ``commit`` it is a transaction of its own, done again after a conflict."""
        return retrying(self.env, step, **options) if commit else step()

    def _lock(self, function, company):
        """Call one of PostgreSQL's functions on the lock of the company's cycles. Return its answer."""
        self.env.cr.execute(SQL("SELECT %s(hashtext('collection_cycle'), %s)", SQL(function), company.id))
        return self.env.cr.fetchone()[0]

    @contextmanager
    def _exclusively(self, company, commit):
        """Let one worker at a time run a cycle of the company; a second one waits and then finds little left to do."""
        if not commit:
            self._lock("pg_advisory_xact_lock", company)
            yield
            return
        # The lock of the session outlives the commits between the batches, and dies with the process.
        self._lock("pg_advisory_lock", company)
        try:
            self.env["ir.cron"]._commit_progress()  # the wait is over: see what the other worker did
            self.env.invalidate_all(flush=False)
            yield
        except BaseException:
            self.env.cr.rollback()  # a transaction that failed could not unlock, and the connection is used again
            raise
        finally:
            self._lock("pg_advisory_unlock", company)

    def _project_all(self):
        """Project the whole ledger of the company. Returns False when the bank is not in and nothing may be sent."""
        self._project_company(self.company_id, self.date)
        self.bank_status = self._get_bank_status()
        stale = self._may_stop_itself() and self._bank_is_stale()
        if stale:
            self._stop_as_preview("bank_not_fresh", stale)
        return not stale

    @api.model
    def _project_company(self, company, date):
        self.env.flush_all()
        project.append_pending_marks(self.env)
        project.refresh_company(self.env, company)
        self.env["collection.promise"]._judge(company, date)
        self.env["collection.payment.notice"]._judge(company, date)
        self.env["collection.payment.plan"]._judge(company, date)
        self.env["collection.settlement.offer"]._judge(company, date)
        self.env["collection.mirror"]._sync(company, date)

    def _plan_all(self):
        project.keep_cases(self.env, self.company_id.id)
        project.refresh_marked(self.env)
        self.env["collection.action"]._expire_reviews(self.company_id, self.date)
        self._forget_decisions()
        self._select_and_withhold(self._eligible_cases())
        excess = self._may_stop_itself() and self._excess_contacts()
        if excess:
            self._stop_as_preview("brake", excess)
            return False
        self._schedule()
        self.is_planned = True
        self._note_planned()
        self._send_progress()
        return True

    def _project_and_plan_rest(self):
        """Of a planned cycle, look only at what was withheld then or whose ledger changed since."""
        self.env.flush_all()
        project.keep_cases(self.env, self.company_id.id)
        project.append_pending_marks(self.env)
        project.refresh_marked(self.env)
        self.env["collection.promise"]._judge(self.company_id, self.date)
        self.env["collection.payment.notice"]._judge(self.company_id, self.date)
        self.env["collection.payment.plan"]._judge(self.company_id, self.date)
        self.env["collection.settlement.offer"]._judge(self.company_id, self.date)
        self.env["collection.mirror"]._sync(self.company_id, self.date)
        self._select_and_withhold(
            SQL(
                """SELECT case_id FROM collection_cycle_line WHERE cycle_id = %(cycle)s AND decision != 'planned'
                    UNION
                   SELECT id FROM collection_case
                    WHERE company_id = %(company)s
                      AND refreshed_at > (SELECT planned_at FROM collection_cycle WHERE id = %(cycle)s)
                    UNION
                   SELECT case_id FROM collection_action
                    WHERE cycle_id = %(cycle)s AND state IN ('cancelled', 'bounced', 'failed')
                """,
                cycle=self.id,
                company=self.company_id.id,
            )
        )
        self._schedule()
        self._note_planned()

    def _note_planned(self):
        """Remember up to which refresh this plan saw the cases: one that was on its way meanwhile carries a later time."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE collection_cycle
                      SET planned_at = GREATEST(now() AT TIME ZONE 'UTC',
                                                (SELECT max(refreshed_at) FROM collection_case WHERE company_id = %s))
                    WHERE id = %s""",
                self.company_id.id,
                self.id,
            )
        )
        self.invalidate_recordset()

    def _decide_only(self):
        self.bank_status = self._get_bank_status()
        self._select_and_withhold(None)
        self._record_decisions()
        select.drop(self.env)

    def _record_decisions(self):
        """Keep what was selected and withheld as the decisions of this cycle."""
        self.write({"previous_id": self._find_previous().id, "prepared_at": fields.Datetime.now()})
        self.env.flush_all()
        schedule.find_messages(self.env)
        schedule.record_decisions(self.env, self)
        self.env.invalidate_all(flush=False)

    def _forget_decisions(self):
        """Make room for deciding afresh; whom a person dropped stays dropped."""
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM collection_cycle_line WHERE cycle_id = %s AND decision != 'dropped'", self.id))
        self.env.invalidate_all(flush=False)

    def _find_previous(self):
        """Return the last cycle before this one that had anybody to contact."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("state", "=", "done"),
                ("date", "<", self.date),
                ("line_ids.decision", "=", "planned"),
            ],
            limit=1,
        )

    def _eligible_cases(self):
        """SQL for the cases of a first pass, None for all. Extend to leave some out without a reason of their own."""
        return None

    def _select_and_withhold(self, cases):
        self.env.flush_all()
        select.select(self.env, self.company_id, self.date, cases)
        withhold.withhold(self.env, self.company_id, self.date)

    def _schedule(self):
        self._record_decisions()
        schedule.keep_contact_problems(self.env)
        schedule.renew_actions(self.env, self)
        self.env.invalidate_all(flush=False)
        self._cancel_what_has_nothing_to_say()
        schedule.plan_actions(self.env, self)
        self.env.invalidate_all(flush=False)
        planned = self.env["collection.action"].browse(schedule.planned(self.env))
        planned._set_contact_times(self.company_id, planned._found_recipients_sql())
        self._mark_decisions_to_take()
        self._ask_about_returns()
        select.drop(self.env)

    def _ask_about_returns(self):
        """What looks like a payment that the bank took back waits for a person."""
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT item.case_id FROM collection_tmp_stop stop JOIN collection_tmp_item item USING (item_id)
                    WHERE stop.code = 'returned_payment'"""
            )
        )
        self.env["collection.case"]._ask_about_returns(self.company_id, [case_id for (case_id,) in rows], self.date)

    def _cancel_what_has_nothing_to_say(self):
        """An unsent message that this cycle looked at and did not renew has nothing left to say, or is held back now."""
        actions = self.env["collection.action"].browse(schedule.not_renewed(self.env, self))
        actions._cancel_for_cause()
        self.env.flush_all()

    def _mark_decisions_to_take(self):
        """A case with an item past its last deadline waits for a person: once per case, one to-do."""
        self.env.cr.execute(
            SQL(
                """WITH finished AS MATERIALIZED (
                       SELECT DISTINCT item.case_id FROM collection_tmp_item item
                         JOIN collection_tmp_claim claim
                           ON claim.case_id = item.case_id AND claim.currency_id = item.currency_id
                        WHERE item.collectable AND item.is_overdue AND item.got_days > 0 AND item.level_id IS NULL
                          AND item.got_deadline < %(date)s AND claim.net > claim.tolerance
                   )
                   UPDATE collection_case kase
                      SET next_step = CASE WHEN kase.id IN (SELECT case_id FROM finished) THEN 'decide' END
                     FROM (SELECT DISTINCT case_id FROM collection_tmp_item) seen
                    WHERE kase.id = seen.case_id
                      AND (kase.next_step IS NOT DISTINCT FROM 'decide') != (kase.id IN (SELECT case_id FROM finished))
                   RETURNING kase.id, kase.next_step""",
                date=self.date,
            )
        )
        changed = self.env.cr.fetchall()
        cases = self.env["collection.case"].browse([case_id for case_id, _step in changed])
        cases.invalidate_recordset(["next_step"], flush=False)
        cases._forget_settled_decisions(self.company_id)
        cases.filtered("next_step")._ask_for_decision(self.date)

    def _dispatch(self, commit):
        """Send what is queued, batch by batch; with ``commit`` each batch is a transaction of its own."""
        actions = self.env["collection.action"]
        domain = [("cycle_id", "=", self.id), ("state", "=", "queued")]

        def dispatch_batch():
            count = actions._dispatch_batch(domain, self.date, DISPATCH_BATCH)
            self._send_progress()
            return count

        while True:
            done = self._in_transaction(dispatch_batch, commit, done=int)
            if not done:
                return
            _logger.info("Collection cycle %s: batch of %s", self.id, done)

    def _listen_and_finish(self):
        self.env["collection.action"]._listen()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """SELECT count(DISTINCT case_id) FROM collection_action
                    WHERE cycle_id = %s AND state IN ('sent', 'delivered', 'failed', 'bounced') AND is_test IS NOT TRUE""",
                self.id,
            )
        )
        self.write({"state": "done", "done_at": fields.Datetime.now(), "contacted_count": self.env.cr.fetchone()[0]})
        self._send_progress()

    def _look_ahead(self):
        """Note what a cycle of the next day would do, for Today: rows of `outlook.outlook_sql`. The cycle is over already."""
        self.env.flush_all()
        tomorrow = self.date + timedelta(days=1)
        scope = SQL("NOT (%s)", self.env["collection.case"]._stopped_sql("kase", day=SQL("%s::date", tomorrow)))
        rows = self.env.execute_query(outlook.outlook_sql(self.env, self.company_id, tomorrow, scope))
        self.outlook = [list(row) for row in rows]

    @api.model
    def _case_stops(self, company, date, ignore_actions=()):
        """Return SELECTs of (case_id, code, until, text) over ``collection_tmp_case``. Extend to hold back customers."""
        return [
            withhold.own_company(),
            withhold.archived(),
            withhold.below_minimum(),
            withhold.nobody_to_write_to(),
            withhold.contacted_lately(date, ignore_actions, company.collection_test_mode),
            withhold.unmatched_bank_line(company, date),
            withhold.unreachable(),
            withhold.dropped(company, date),
        ]

    def _occasion(self):
        return f"cycle:{self.id}"

    # -- crons -----------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Run or prepare the daily cycle of each company whose hour has come, and go on with what a person confirmed."""
        cycles = self.sudo()
        cycles._close_abandoned()
        active = self.env["res.company"].sudo().search([("collection_is_active", "=", True), ("parent_id", "=", False)])
        ready = cycles._companies_at_work() | active.filtered(self._is_due)
        for number, company in enumerate(ready, start=1):
            try:
                cycles.with_company(company)._run_or_prepare(company)
            except Exception:
                # Whatever it is, it must not hold up the other companies; the next call goes on with this one.
                self.env.cr.rollback()
                _logger.exception("The collection cycle of company %s was interrupted", company.id)
            self.env["ir.cron"]._commit_progress(1, remaining=len(ready) - number)

    @api.model
    def _companies_at_work(self):
        """The companies whose cycle of today is under way, also where no daily cycle was switched on."""
        running = self.search([("state", "=", "running")])
        return running.filtered(lambda cycle: cycle.date == cycle.company_id._collection_today()).company_id

    @api.model
    def _run_or_prepare(self, company):
        """Do what is due today for ``company``: its cycle, or the preview that a person confirms."""
        if company.collection_mode == "prepare" and company not in self._companies_at_work():
            self._prepare_day(company, company._collection_today(), commit=True)
        else:
            self._run_day(company, company._collection_today(), commit=True, automatic=True)

    @api.model
    def _close_abandoned(self):
        """A cycle of an earlier day that was killed does not go on for that day: what it queued leaves with the outbox,
        checked for today, and what it did not plan today's cycle selects. What was confirmed waits as a preview again."""
        for cycle in self.search([("state", "=", "running")]):
            if cycle.date >= cycle.company_id._collection_today():
                continue
            if self._lock("pg_try_advisory_xact_lock", cycle.company_id):
                unplanned = "preview" if cycle.confirmed_by_id else "cancelled"
                cycle.state = "done" if cycle.is_planned else unplanned
        self.env["ir.cron"]._commit_progress()

    def _is_due(self, company):
        """Its hour has come, and today's cycle (or the preview to confirm) is missing or unfinished.

        A cycle that stopped as a preview waits for a person, and so does a preview that was thrown away.
        """
        now = company._collection_now()
        cycles = self.sudo().search([("company_id", "=", company.id), ("date", "=", now.date())])
        if cycles.filtered(lambda cycle: cycle.state == "running"):
            return True
        if cycles.filtered(lambda cycle: cycle.state == "done"):
            return False
        hour = now.hour + now.minute / 60.0
        if company.collection_mode == "prepare":
            return hour >= company.collection_prepare_time and not cycles.filtered("is_automatic")
        return hour >= company.collection_send_time and not cycles.filtered("stop_code")
