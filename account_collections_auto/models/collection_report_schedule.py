import base64
import logging
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from ..engine import dates

_logger = logging.getLogger(__name__)


class CollectionReportSchedule(models.Model):
    """A report that goes to some people by mail, each week or each month."""

    _name = "collection.report.schedule"
    _description = "Scheduled Report"
    _inherit = ["collection.recorded.mixin"]
    _order = "next_date, id"
    _recorded = frozenset({"last_sent_at", "last_count"})

    name = fields.Char(required=True, default=lambda self: self.env._("Aged receivables"), help="The subject of the mail.")
    active = fields.Boolean(default=True, help="An archived report is not sent.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        help="The report is about this company and its branches.",
    )
    report = fields.Selection([("aged", "Aged receivables")], required=True, default="aged", help="What is sent.")
    file_format = fields.Selection(
        [("xlsx", "Spreadsheet (XLSX)"), ("pdf", "PDF")],
        string="File",
        required=True,
        default="xlsx",
        help="A PDF that would be too long to read is sent as a spreadsheet.",
    )
    with_items = fields.Boolean(help="The open items of each customer, too.")
    collector_id = fields.Many2one(
        "res.users",
        string="Only Customers Of",
        domain="[('share', '=', False)]",
        ondelete="set null",
        help="Only the customers of this collector. Empty: all.",
    )
    user_ids = fields.Many2many(
        "res.users",
        "collection_report_schedule_user_rel",
        "schedule_id",
        "user_id",
        string="Goes To",
        required=True,
        domain="[('share', '=', False)]",
        help="In their language. Nothing goes to somebody without access to Collections in this company.",
    )
    frequency = fields.Selection(
        [("weekly", "Each week"), ("monthly", "Each month")], required=True, default="weekly", help="How often it is sent."
    )
    weekday = fields.Selection(
        [
            ("0", "Monday"),
            ("1", "Tuesday"),
            ("2", "Wednesday"),
            ("3", "Thursday"),
            ("4", "Friday"),
            ("5", "Saturday"),
            ("6", "Sunday"),
        ],
        required=True,
        default="0",
        help="The day of the week on which it is sent.",
    )
    month_day = fields.Integer(string="Day of the Month", default=1, help="A month that is too short sends it on its last day.")
    hour = fields.Float(string="At", default=7.0, help="Hour of the day in the time zone of Collections.")
    as_of = fields.Selection(
        [("before", "The day before"), ("same", "The day it is sent")],
        string="Figures Of",
        required=True,
        default="before",
        help="Sent on the first of a month, the day before is the end of the month.",
    )
    next_date = fields.Date(string="Next", compute="_compute_next_date", store=True, help="The day on which it is sent next.")
    last_sent_at = fields.Datetime(string="Last Sent", readonly=True, copy=False)
    last_count = fields.Integer(
        string="Recipients", readonly=True, copy=False, help="How many people got it the last time: who has no access got none."
    )

    _month_day_exists = models.Constraint("CHECK(month_day BETWEEN 1 AND 31)", "A month has 1 to 31 days.")
    _hour_exists = models.Constraint("CHECK(hour >= 0 AND hour < 24)", "A day has 24 hours.")

    @api.constrains("user_ids")
    def _check_recipients(self):
        for schedule in self:
            if not schedule.user_ids:
                raise ValidationError(self.env._("%(name)s: choose who gets the report.", name=schedule.name))

    @api.depends("frequency", "weekday", "month_day", "hour", "company_id")
    def _compute_next_date(self):
        """Today counts only as long as its hour has not come: who sets it up in the afternoon expects nothing at once."""
        for schedule in self:
            now = (schedule.company_id or self.env.company)._collection_now()
            is_over = now.hour + now.minute / 60.0 >= schedule.hour
            schedule.next_date = schedule._find_next(now.date() - timedelta(days=0 if is_over else 1))

    def _find_next(self, after):
        return dates.next_report_day(after, self.frequency, int(self.weekday), min(max(self.month_day, 1), 31))

    def _is_due(self):
        """Whether its day and hour have come."""
        now = self.company_id._collection_now()
        if not self.next_date or self.next_date > now.date():
            return False
        return self.next_date < now.date() or now.hour + now.minute / 60.0 >= self.hour

    @api.model
    def _cron_send(self):
        """Send what is due; one report that cannot be made does not hold up the others."""
        ready = self.search([("next_date", "!=", False)]).filtered(lambda schedule: schedule._is_due())
        for number, schedule in enumerate(ready, start=1):
            schedule_id = schedule.id
            try:
                schedule._send()
                schedule.next_date = schedule._find_next(schedule.company_id._collection_today())
            except Exception:
                # Whatever it is, the others are sent; the next call tries this one again.
                self.env.cr.rollback()
                _logger.exception("The scheduled report %s was not sent", schedule_id)
            self.env["ir.cron"]._commit_progress(1, remaining=len(ready) - number)

    def action_send(self):
        """Send it now, besides its days."""
        if not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can send scheduled reports."))
        self.check_access("write")
        for schedule in self:
            schedule._send()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if all(self.mapped("last_count")) else "warning",
                "message": self.env._("%(count)s people get the report within minutes.", count=sum(self.mapped("last_count"))),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _send(self):
        """Queue a mail for each recipient with access; who shares language and branches shares the file."""
        self.ensure_one()
        company = self.company_id.sudo()  # sudo: the company is that of the report; who sees it is decided per recipient
        files, mails = {}, self.env["mail.mail"].sudo()
        for user in self.user_ids.sudo().filtered(lambda user: self._may_get(user)):
            branches = user.company_ids.filtered(lambda branch: branch.root_id == company)
            key = (user.lang, tuple(branches.ids))
            report = self.env["collection.aged.report"].sudo(False).with_user(user)
            report = report.with_context(allowed_company_ids=(company | branches).ids, lang=user.lang)
            if key not in files:
                files[key] = self._make_file(report)
            mails |= mails.create(self._prepare_mail_vals(report, user, *files[key]))
        for mail in mails:
            mail._trigger_queue()
        # sudo: what was sent is recorded by the system
        self.sudo().write({"last_sent_at": fields.Datetime.now(), "last_count": len(mails)})

    def _may_get(self, user):
        is_reader = user.has_group("account_collections_auto.group_collection_auditor")
        return user.active and not user.share and is_reader and self.company_id in user.company_ids and user.email_normalized

    def _get_day(self):
        return self.company_id.sudo()._collection_today() - timedelta(days=1 if self.as_of == "before" else 0)

    def _make_file(self, report):
        """Return (content, file name) with the rights and in the language of the recipient."""
        options = {"date": fields.Date.to_string(self._get_day()), "user_id": self.collector_id.id}
        scope = report._get_scope(options)
        try:
            return report._render_file(scope, self.file_format, self.with_items)
        except UserError:
            if self.file_format == "xlsx":
                raise
            return report._render_file(scope, "xlsx", self.with_items)

    def _prepare_mail_vals(self, report, user, content, name):
        company, env = self.company_id.sudo(), report.env
        body = env["ir.qweb"]._render(
            "account_collections_auto.collection_report_mail",
            {
                "company": company,
                "user": user,
                "name": self.name,
                "date": format_date(env, self._get_day()),
                "url": f"{company.get_base_url()}/odoo/aged-receivables",
            },
        )
        return {
            "subject": f"{company.name}: {self.name}",
            "body_html": body,
            "email_from": company.email_formatted or user.email_formatted,
            "email_to": user.email_formatted,
            "attachment_ids": [Command.create({"name": name, "datas": base64.b64encode(content)})],
            "auto_delete": True,
        }
