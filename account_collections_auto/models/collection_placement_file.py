import hashlib
import io
import logging
import re
import zipfile
from functools import partial

from markupsafe import Markup
from odoo import api, fields, models
from odoo.addons.base.models.ir_qweb import QWebError
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..engine import placement_csv
from ..engine.transactions import retrying
from .collection_placement import COLLECTOR
from .collection_statement_document import Period

_logger = logging.getLogger(__name__)

TODO_FAILED = "account_collections_auto.mail_activity_type_placement_file_failed"

# A PDF takes about a second: so many placements are finished before the next commit, and so few are done while one waits.
BATCH = 5


class CollectionPlacementFile(models.Model):
    """What an agency gets at a hand-over: one ZIP with the list of items as CSV and the evidence of each customer.

    It is made in batches in the background, unless it is small. When it is complete, its time and its fingerprint (SHA-256)
    are recorded, so that one can show later what was handed over.
    """

    _name = "collection.placement.file"
    _description = "File for an Agency"
    _order = "id desc"

    agency_id = fields.Many2one("collection.agency", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    date = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="Handed Over By", required=True, readonly=True)
    placement_ids = fields.One2many("collection.placement", "file_id", string="Placements", readonly=True)
    state = fields.Selection(
        [("making", "Being Made"), ("done", "Ready")], required=True, default="making", readonly=True, index=True
    )
    attachment_id = fields.Many2one("ir.attachment", readonly=True, ondelete="restrict")
    content = fields.Binary(compute="_compute_content", string="File")
    content_name = fields.Char(compute="_compute_content")
    sha256 = fields.Char(string="Fingerprint (SHA-256)", readonly=True, help="Of the file as it was made. It never changes.")
    made_at = fields.Datetime(readonly=True)
    placement_count = fields.Integer(compute="_compute_progress", string="Number of Placements")
    done_count = fields.Integer(compute="_compute_progress", string="Evidence Made")
    missing = fields.Text(readonly=True, help="Documents that could not be made; the file went without them.")
    message_ids = fields.One2many("collection.agency.message", "file_id", string="Sent", readonly=True)

    @api.depends("agency_id", "date")
    def _compute_display_name(self):
        for file in self:
            file.display_name = f"{file.agency_id.name or ''} {file.date or ''}".strip()

    @api.depends("attachment_id")
    @api.depends_context("bin_size")
    def _compute_content(self):
        for file in self:
            # sudo: whoever may read the record may have its file
            file.content = file.sudo().attachment_id.with_context(bin_size=self.env.context.get("bin_size")).datas
            file.content_name = file.sudo().attachment_id.name

    @api.depends("placement_ids.evidence_ids")
    def _compute_progress(self):
        for file in self:
            file.placement_count = len(file.placement_ids)
            file.done_count = len(file.sudo().placement_ids.filtered("evidence_ids"))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A file that was handed over is evidence and cannot be deleted."))

    # -- making --------------------------------------------------------------------------------------------------------

    def _start(self):
        """Make small files now, and larger ones in the background."""
        for file in self:
            if len(file.placement_ids) <= BATCH:
                file._make_batch()
        if self.filtered(lambda file: file.state == "making"):
            self.env.ref("account_collections_auto.ir_cron_placement_files").sudo()._trigger()

    @api.model
    def _cron_make(self):
        """Go on with the files that are being made, a few customers at a time; one that fails holds up no other."""
        commit = self.env["ir.cron"]._commit_progress
        files = self.sudo().search([("state", "=", "making")], order="id")
        commit(remaining=len(files.placement_ids.filtered(lambda placement: not placement.evidence_ids)))
        for file in files:
            try:
                while file.state == "making":
                    retrying(self.env, file._make_batch, done=int)
                    if not commit():
                        return
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("The file %s for an agency could not be made", file.id)
                try:
                    retrying(self.env, partial(file._ask_manager, error))
                except Exception:
                    self.env.cr.rollback()
                    _logger.exception("Nobody could be told that the file %s for an agency was not made", file.id)
        commit(remaining=0)  # what failed is tried again by the next run, not at once

    def _ask_manager(self, error):
        """One to-do until the file is made: what fails each hour is mended by a person, and the agency waits for it."""
        placement = self.placement_ids[:1]
        if not placement or self._get_failed_todos():
            return
        responsible = self.company_id._collection_responsible()
        # Who reads it is told in their own language, whatever that of the cron is.
        told = self.with_context(lang=responsible.lang)
        reason = told.env["collection.reason"]._describe_error(error)
        placement.with_context(mail_activity_quick_update=True).activity_schedule(
            TODO_FAILED,
            date_deadline=self.company_id._collection_today(),
            user_id=responsible.id,
            summary=told.env._("The file for %(agency)s cannot be made", agency=told.agency_id.name),
            note=told.env._("It is tried again every hour. %(reason)s", reason=reason),
        )

    def _get_failed_todos(self):
        # sudo: the to-do of a manager, and whoever hands over may make the file
        placements_sudo = self.sudo().placement_ids
        return placements_sudo.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref(TODO_FAILED))

    def _make_batch(self):
        """Make the evidence of some customers; after the last one the file. Return how many were done."""
        self.ensure_one()
        if self.state != "making":
            return 0
        self.env.cr.execute(SQL("SELECT FROM collection_placement_file WHERE id = %s FOR NO KEY UPDATE", self.id))
        waiting = self.placement_ids.filtered(lambda placement: not placement.evidence_ids)
        for placement in waiting[:BATCH]:
            placement.evidence_ids = self._make_evidence(placement)
        if len(waiting) <= BATCH:
            self._finish()
        return len(waiting[:BATCH])

    def _finish(self):
        content = self._zip()
        name = f"{_plain(self.agency_id.name)} {self.date}.zip"
        attachment = self.env["ir.attachment"].create(
            {
                "name": name,
                "raw": content,
                "mimetype": "application/zip",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.write(
            {
                "state": "done",
                "attachment_id": attachment.id,
                "sha256": hashlib.sha256(content).hexdigest(),
                "made_at": fields.Datetime.now(),
            }
        )
        self._get_failed_todos().unlink()
        self.placement_ids._message_log_batch(
            {
                placement.id: self.env._(
                    "The file for the agency is ready: %(name)s, SHA-256 %(hash)s", name=name, hash=self.sha256
                )
                for placement in self.placement_ids
            }
        )

    def _zip(self):
        output = io.BytesIO()
        with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("items.csv", self._make_csv())
            for placement in self.placement_ids.sorted("id"):
                folder = f"{_plain(placement.name)} {_plain(placement.partner_id.name)}"
                names = set()
                for attachment in placement.evidence_ids.sorted("id"):
                    name = _once(_plain(attachment.name), names)
                    archive.writestr(f"{folder}/{name}", attachment.raw)
        return output.getvalue()

    # -- the list --------------------------------------------------------------------------------------------------------

    def _make_csv(self):
        """Return the list of items, one row each, with headings in the language of the agency."""
        file = self.with_context(lang=self.agency_id.partner_id.lang or self.env.lang)
        columns = file._get_columns()
        lines = self.placement_ids.line_ids.sorted(lambda line: (line.placement_id.id, line.due_date, line.id))
        reminders = self._get_reminders(lines)
        rows = [[make(line, reminders) for _title, make in columns] for line in lines]
        return placement_csv.write([title for title, _make in columns], rows)

    def _get_columns(self):
        """Return [(heading, function of a line and the reminders)]; extend to add a column."""
        text, amount = placement_csv.text_cell, placement_csv.amount_cell

        def partner(name):
            return lambda line, _reminders: text(line.placement_id.partner_id[name] or "")

        def money(name):
            return lambda line, _reminders: amount(line[name], line.currency_id.decimal_places)

        def day(name):
            return lambda line, _reminders: str(line[name] or "")

        return [
            (self.env._("Placement"), lambda line, _reminders: text(line.placement_id.name)),
            (self.env._("Customer"), partner("name")),
            (self.env._("Customer Number"), partner("ref")),
            (self.env._("Street"), partner("street")),
            (self.env._("Street 2"), partner("street2")),
            (self.env._("Postcode"), partner("zip")),
            (self.env._("City"), partner("city")),
            (self.env._("Country"), lambda line, _reminders: line.placement_id.partner_id.country_id.code or ""),
            (self.env._("Tax ID"), partner("vat")),
            (self.env._("E-mail"), partner("email")),
            (self.env._("Phone"), partner("phone")),
            (self.env._("Language"), partner("lang")),
            (self.env._("Number"), lambda line, _reminders: text(line.move_name or "")),
            (self.env._("Customer's Reference"), lambda line, _reminders: text(line.move_reference or "")),
            (self.env._("Date"), day("invoice_date")),
            (self.env._("Due Date"), day("due_date")),
            (self.env._("Days Overdue"), lambda line, _reminders: str(line.days_overdue)),
            (self.env._("Original"), money("amount_original")),
            (
                self.env._("Paid or Credited"),
                lambda line, _reminders: amount(line.amount_original - line.amount, line.currency_id.decimal_places),
            ),
            (self.env._("Open"), money("amount")),
            (self.env._("Currency"), lambda line, _reminders: line.currency_id.name),
            # No interest is charged yet: what the agency claims is its own.
            (self.env._("Interest Claimed"), lambda line, _reminders: amount(0, line.currency_id.decimal_places)),
            (
                self.env._("Reminders Sent"),
                lambda line, reminders: text(
                    "; ".join(f"{day_sent} {level}" for day_sent, level in reminders.get(line.item_id.id, []))
                ),
            ),
            (self.env._("Last Deadline"), day("deadline")),
            (self.env._("Note"), lambda line, _reminders: text(line.placement_id.note or "")),
        ]

    def _get_reminders(self, lines):
        """Return {item id: [(day, level)]} of the reminders that were sent, in one statement."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT line.item_id, action.contact_date::text, COALESCE(line.level_name, '')
                     FROM collection_action_line line JOIN collection_action action ON action.id = line.action_id
                    WHERE line.item_id = ANY(%s) AND line.is_live AND action.state IN ('sent', 'delivered')
                      AND action.is_test IS NOT TRUE AND action.channel NOT IN ('record', 'call')
                    GROUP BY 1, 2, 3 ORDER BY 1, 2""",
                lines.item_id.ids,
            )
        )
        reminders = {}
        for item_id, day, level in rows:
            reminders.setdefault(item_id, []).append((day, level))
        return reminders

    # -- evidence ----------------------------------------------------------------------------------------------------------

    def _make_evidence(self, placement):
        """Return the documents of one customer: statement of account, messages as they were sent, invoices."""
        placement = placement.with_company(self.company_id).with_context(lang=placement.partner_id.lang or self.env.lang)
        documents = placement.env["collection.statement.document"]
        account = documents._get_statements(self.company_id, placement.partner_id, Period(self.date))[placement.partner_id]
        files = self._make_pdf(placement, documents._file_name(account, "pdf"), lambda: documents._render_pdf(account))
        actions = self._get_actions(placement)
        if actions:
            name = self.env._("Messages sent")
            files += self._make_pdf(placement, f"{name}.pdf", lambda: self._render_messages(placement, actions))
            files += self._keep(placement, actions.sent_attachment_ids.filtered(lambda file: file.res_model == actions._name))
        for move in placement.line_ids.sorted("due_date").move_id.filtered(lambda move: move.is_sale_document()):
            kept = move.invoice_pdf_report_id
            if kept:
                files += self._keep(placement, kept)
                continue
            name = f"{_plain(move.name)}.pdf"
            files += self._make_pdf(placement, name, lambda move=move: self._render_invoice(move))
        if not files:
            files = self._store(placement, "missing.txt", (self.missing or "").encode())
        return files

    def _render_invoice(self, move):
        reports = self.env["ir.actions.report"].sudo().with_company(move.company_id)
        return reports._render_qweb_pdf("account.account_invoices", move.ids)[0]

    def _get_actions(self, placement):
        """Return the messages about the placed items that left, the oldest first."""
        return self.env["collection.action"].search(
            [
                ("case_id", "=", placement.case_id.id),
                ("line_ids.item_id", "in", placement.line_ids.item_id.ids),
                ("state", "in", ("sent", "delivered")),
                ("is_test", "=", False),
                ("mail_message_id", "!=", False),
            ],
            order="contact_date, id",
        )

    def _render_messages(self, placement, actions):
        """Return a PDF of the messages with day, recipient and subject, each on a page of its own."""
        messages = [
            {
                "date": str(action.contact_date),
                "recipient": action.recipient or "",
                "subject": action.sent_subject or "",
                "message_id": action.message_id or "",
                "body": Markup(action.mail_message_id.body or ""),
            }
            for action in actions
        ]
        page = placement.env["ir.qweb"]._render(
            "account_collections_auto.placement_messages",
            {"messages": messages, "partner": placement.partner_id, "lang": (placement.env.lang or "en_US").replace("_", "-")},
            minimal_qcontext=True,
        )
        reports = self.env["ir.actions.report"].sudo().with_company(self.company_id)
        if reports.get_wkhtmltopdf_state() not in ("ok", "upgrade"):
            raise UserError(self.env._("The PDF cannot be made: the program wkhtmltopdf is missing on the server."))
        return reports._run_wkhtmltopdf(
            [str(Markup("<!DOCTYPE html>") + page)], specific_paperformat_args={"data-report-without-scripts": True}
        )

    def _make_pdf(self, placement, name, render):
        """Return the document as a file of the placement; one that cannot be made is noted, and the others go on."""
        try:
            # Odoo's reports may write on what they print: keep a failure away from the batch.
            with self.env.cr.savepoint():
                content = render()
        except (UserError, OSError, ValueError, QWebError) as error:
            _logger.info("No %s for placement %s: %s", name, placement.id, error)
            self.missing = "\n".join(filter(None, [self.missing, f"{placement.display_name}: {name}"]))
            return self.env["ir.attachment"]
        return self._store(placement, name, content)

    def _keep(self, placement, attachments):
        """Return copies: what was handed over stays, whatever becomes of the original."""
        return self.env["ir.attachment"].union(
            *(self._store(placement, attachment.name, attachment.raw) for attachment in attachments)
        )

    def _store(self, placement, name, content):
        return self.env["ir.attachment"].create(
            {"name": name, "raw": content, "res_model": placement._name, "res_id": placement.id}
        )

    # -- what people do ------------------------------------------------------------------------------------------------------

    def action_download(self):
        """Download the file."""
        self.ensure_one()
        self.check_access("read")
        if self.state != "done":
            raise UserError(self.env._("The file is being made; have another look in a minute."))
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/content/{self.content_name}?download=true",
            "target": "download",
        }

    def action_send(self):
        """Send the file to the agency's address."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(COLLECTOR):
            raise AccessError(self.env._("Only a collector can send a file to an agency."))
        if self.state != "done":
            raise UserError(self.env._("The file is being made; have another look in a minute."))
        self.env["collection.agency.message"]._tell(
            self.agency_id, "file", file_id=self.id, attachments=self.sudo().attachment_id
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("The file is on its way to %(address)s.", address=self.agency_id.email),
                "type": "success",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


def _plain(text):
    """Return a text that is safe as the name of a file on any computer.

    >>> _plain("Müller & Co/KG: ../x"), _plain("")
    ('Müller & Co KG .. x', 'file')
    """
    return " ".join(re.sub(r'[\\/:*?"<>|\x00-\x1f]+', " ", text or "").split()).strip(". ") or "file"


def _once(name, names):
    """Return ``name``, numbered when it is taken, and remember it in ``names``."""
    stem, dot, extension = name.rpartition(".")
    number = 1
    found = name
    while found in names:
        number += 1
        found = f"{stem} ({number}){dot}{extension}"
    names.add(found)
    return found
