import logging
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..engine import statement
from ..engine.attempt import attempt
from ..engine.dates import last_monthly_date
from ..engine.transactions import retrying
from .collection_statement_document import Period

_logger = logging.getLogger(__name__)

# Making a PDF takes about a second: so many in one transaction.
BATCH = 20


class CollectionStatementSent(models.Model):
    """One statement of account for one customer: asked for by a person, or the one of a month; sent, or why not.

    It changes no level and counts as no contact. `occasion` is the month; with it a month's statement exists once per
    customer, whatever crashes in between.
    """

    _name = "collection.statement.sent"
    _description = "Statement of Account"
    _order = "id desc"
    _rec_name = "case_id"

    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        related="case_id.partner_id", string="Customer", store=True, index=True, precompute=True, ondelete="restrict"
    )
    occasion = fields.Char(string="Month", readonly=True, help="The month of an automatic statement; empty for one by hand.")
    kind = fields.Selection(
        [("open", "Open items"), ("movements", "Movements of a period")], required=True, readonly=True, default="open"
    )
    date_from = fields.Date(string="From", readonly=True)
    date = fields.Date(string="As of", required=True, readonly=True, help="The last day that the statement is about.")
    file_format = fields.Selection(
        [("pdf", "PDF"), ("xlsx", "Spreadsheet")], string="File", required=True, readonly=True, default="pdf"
    )
    state = fields.Selection(
        [("queued", "Queued"), ("sent", "Sent"), ("withheld", "Not sent"), ("failed", "Failed")],
        required=True,
        default="queued",
        readonly=True,
        index=True,
    )
    reason_code = fields.Char(readonly=True)
    reason_values = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason", string="Why Not")
    requested_by_id = fields.Many2one(
        "res.users", string="Asked For By", readonly=True, ondelete="set null", help="Empty: the monthly statement."
    )
    is_test = fields.Boolean(
        string="Test", readonly=True, default=False, help="Goes to the test address; the real one of the month still follows."
    )
    amount = fields.Monetary(string="Balance", readonly=True, help="In company currency, at the rates of the booking.")
    currency_id = fields.Many2one(related="company_id.currency_id")

    _once_a_month = models.UniqueIndex(
        "(case_id, occasion, is_test) WHERE occasion IS NOT NULL", "This customer has its statement of the month already."
    )

    @api.depends("reason_code", "reason_values")
    @api.depends_context("lang")
    def _compute_reason(self):
        for sent in self:
            sent.reason = self.env["collection.reason"]._describe(sent.reason_code, sent.reason_values)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_evidence(self):
        if sent := self.filtered("sent_at"):
            raise UserError(
                self.env._(
                    "The statement to %(customer)s was sent on %(date)s and is evidence: it cannot be deleted.",
                    customer=sent[0].partner_id.display_name,
                    date=format_date(self.env, sent[0].sent_at),
                )
            )

    def _period(self):
        self.ensure_one()
        return Period(self.date, self.date_from if self.kind == "movements" else None)

    def _change_state(self, target, *, allowed_from, reason_code=False, reason_values=None, **values):
        """The only writer of ``state``."""
        wrong = self.filtered(lambda sent: sent.state not in allowed_from)
        if wrong:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "The statement to %(customer)s is already %(state)s, so it cannot become %(target)s.",
                    customer=wrong[0].partner_id.display_name,
                    state=labels[wrong[0].state],
                    target=labels[target],
                )
            )
        self.write({"state": target, "reason_code": reason_code, "reason_values": reason_values or False, **values})

    def _withhold(self, code, **values):
        self._change_state("withheld", allowed_from=("queued",), reason_code=code, reason_values=values)

    # -- by hand -------------------------------------------------------------------------------------------------------

    def action_send_again(self):
        """Try again what was not sent: the address was corrected, or the server works again."""
        self._check_collector()
        self.sudo()._change_state("queued", allowed_from=("withheld", "failed"))
        self._trigger()

    def action_cancel(self):
        """Do not send what still waits."""
        self._check_collector()
        self.sudo()._withhold("cancelled_by_user", text=self.env.user.name)

    def action_open_case(self):
        """Open the case of the customer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "collection.case",
            "res_id": self.case_id.id,
            "views": [(False, "form")],
        }

    @api.model
    def _request(self, cases, period, file_format):
        """Queue a statement for each of ``cases``, asked for by the user; it leaves within minutes. Return them."""
        # sudo: nobody writes here by hand; whoever calls this was checked to be a collector of these cases
        sent = self.sudo().create(
            [
                {
                    "case_id": case.id,
                    "company_id": case.company_id.id,
                    "kind": "movements" if period.date_from else "open",
                    "date_from": period.date_from,
                    "date": period.day,
                    "file_format": file_format,
                    "is_test": case.company_id.collection_test_mode,
                    "requested_by_id": self.env.uid,
                }
                for case in cases
            ]
        )
        self._trigger()
        return sent.sudo(False)

    def _trigger(self):
        self.env.ref("account_collections_auto.ir_cron_statements").sudo()._trigger()

    def _check_collector(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can send statements or hold them back."))

    # -- monthly ---------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_send(self):
        """Queue the statements of the month where its day has come, and send what is queued; resumable at any point."""
        commit = self.env["ir.cron"]._commit_progress
        statements = self.sudo()
        companies = (
            self.env["res.company"]
            .sudo()
            .search(
                [("parent_id", "=", False), ("collection_is_active", "=", True), ("collection_statement_date", "!=", False)]
            )
        )
        for company in companies:  # each in a transaction of its own; what goes wrong in one holds up no other
            retrying(self.env, partial(attempt, company, statements._queue_month_if_due, company))
        now = fields.Datetime.now()
        due = [("state", "=", "queued"), "|", ("scheduled_at", "=", False), ("scheduled_at", "<=", now)]
        commit(remaining=statements.search_count(due))
        while retrying(self.env, lambda: statements._send_batch(BATCH), done=int):
            if not commit():
                return

    @api.model
    def _queue_month_if_due(self, company):
        if company.collection_statement_date <= company._collection_today():
            self._queue_month(company)

    @api.model
    def _queue_month(self, company):
        """Queue the statements of the month that ``company`` sends today, once per customer, and set its next day."""
        self.env["collection.case"]._refresh_marked()
        today = company._collection_today()
        due = last_monthly_date(company.collection_statement_day, today)
        if company.collection_statement_kind == "movements":
            until = due.replace(day=1) - timedelta(days=1)
            date_from = until.replace(day=1)
        else:
            until, date_from = today, None
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """INSERT INTO collection_statement_sent
                          (case_id, company_id, partner_id, occasion, kind, date_from, date, file_format, state, is_test,
                           attempts, create_uid, create_date, write_uid, write_date)
                   SELECT kase.id, kase.company_id, kase.partner_id, %(month)s, %(kind)s, %(date_from)s, %(date)s,
                          CASE WHEN partner.collection_statement IN ('pdf', 'xlsx') THEN partner.collection_statement
                               ELSE %(file_format)s END,
                          'queued', %(is_test)s, 0,
                          %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                     FROM collection_case kase
                     JOIN res_partner partner ON partner.id = kase.partner_id
                    WHERE kase.company_id = %(company)s AND kase.state = 'open'
                      AND (partner.collection_statement IN ('pdf', 'xlsx')
                           OR (partner.collection_statement IS NULL AND %(for_all)s
                               AND NOT EXISTS (SELECT 1 FROM res_company own WHERE own.partner_id = partner.id)))
                    ORDER BY kase.id
                   ON CONFLICT DO NOTHING""",
                month=f"{due:%Y-%m}",
                kind=company.collection_statement_kind,
                date_from=date_from,
                date=until,
                file_format=company.collection_statement_format,
                is_test=bool(company.collection_test_mode),
                for_all=company.collection_statement_for == "all",
                company=company.id,
                uid=self.env.uid,
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model(flush=False)
        company._collection_set_statement_date()
        _logger.info("%s statements of account of company %s are queued", count, company.id)
        return count

    # -- sending -----------------------------------------------------------------------------------------------------------

    @api.model
    def _send_batch(self, limit):
        """Send a batch of queued statements, or note why not. Return how many were handled.

        Everything happens in this transaction: after a crash the batch is queued again, or sent, never half of it.
        """
        self.flush_model(["state", "scheduled_at"])
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM collection_statement_sent
                    WHERE state = 'queued' AND (scheduled_at IS NULL OR scheduled_at <= %s)
                    ORDER BY company_id, kind, date, date_from, id LIMIT %s FOR UPDATE SKIP LOCKED""",
                fields.Datetime.now(),
                limit,
            )
        )
        batch = self.browse([row[0] for row in rows])
        for (company, _period), group in batch.grouped(lambda sent: (sent.company_id, sent._period())).items():
            group.with_company(company)._withhold_or_send(company)
        return len(batch)

    def _withhold_or_send(self, company):
        """Send the statements of one company and period. First what a person decided, then the ledger, then addresses."""
        self._withhold_stopped(company)
        waiting = self.filtered(lambda sent: sent.state == "queued")
        if not waiting:
            return
        documents = self.env["collection.statement.document"]
        accounts = documents._get_statements(company, waiting.partner_id, waiting[0]._period())
        for sent in waiting:
            account = accounts[sent.partner_id]
            sent.amount = sum(section.balance_company for section in account.sections)
            if account.is_zero():
                sent._withhold("zero_balance")
        waiting = waiting.filtered(lambda sent: sent.state == "queued")
        reached = statement.recipients(self.env, company, waiting.case_id.ids)
        for sent in waiting:
            sent._address(reached[sent.case_id.id])
        reachable = waiting.filtered(lambda sent: sent.state == "queued")
        (reachable - reachable._wait_for_hours(company))._mail(accounts)

    def _withhold_stopped(self, company):
        """What a person decided stands above the monthly statement, not above one that a person asks for."""
        for sent in self.filtered(lambda sent: sent.is_test != bool(company.collection_test_mode)):
            sent._withhold("test_mode_changed")
        monthly = self.filtered(lambda sent: sent.occasion and sent.state == "queued")
        holds = monthly.partner_id._get_collection_hold()
        for sent in monthly:
            hold = holds.get(sent.partner_id)
            if not company.collection_is_active:
                sent._withhold("switched_off")
            elif not sent.partner_id.active:
                sent._withhold("archived")
            elif hold and hold._stops("messages"):
                until = hold.date_until and hold.date_until.isoformat()
                sent._withhold("hold", text=hold.reason, **({"until": until} if until else {}))

    def _address(self, reached):
        """Note whom it reaches; nobody: why."""
        usable = [recipient for recipient in reached if not recipient[3]]
        if not usable:
            problem = reached[0] if reached else (None, None, None, "no_address")
            self._withhold(problem[3], **({"text": problem[1]} if problem[1] else {}))
            return
        self.write(
            {
                "recipient": ", ".join(dict.fromkeys(address for _partner, address, _lang, _problem in usable)),
                "recipient_ids": [fields.Command.set([partner for partner, _address, _lang, _problem in usable])],
                "lang": usable[0][2] or self.partner_id.lang,
            }
        )
