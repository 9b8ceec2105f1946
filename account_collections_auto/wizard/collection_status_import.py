import base64
import binascii
import hashlib
from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..engine import replies, status_file

# Answers that a file can set, and the records that they become.
MODELS = {
    "paid": "collection.payment.notice",
    "promise": "collection.promise",
    "run": "collection.hold",
    "dispute": "collection.dispute",
}


class _WrongCell(Exception):
    """A cell that cannot be used: (role of its column, what is wrong)."""


class Row(NamedTuple):
    """A row of the file that can be set."""

    line: models.Model
    kind: str
    items: models.Model
    day: object
    amount: float
    reason: models.Model


class CollectionStatusImport(models.TransientModel):
    """What a customer's payables portal says about our invoices, set in one go: first seen, then done, all of it or nothing."""

    _name = "collection.status.import"
    _description = "Statuses from a Customer's Portal"

    company_id = fields.Many2one("res.company", required=True, readonly=True, default=lambda self: self.env.company.root_id)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        domain="[('parent_id', '=', False)]",
        help="Whose portal the file is from. Empty: invoices of all customers are found by their number.",
    )
    file = fields.Binary(help="CSV with a row for each invoice, as the portal writes it: any delimiter, encoding and language.")
    file_name = fields.Char()
    month_first = fields.Boolean(
        string="Dates Begin With the Month", help="3/4/2026 is the 4th of March, as in the United States."
    )
    dispute_reason_id = fields.Many2one(
        "collection.dispute.reason",
        string="Reason Otherwise",
        domain="[('parent_id', '=', False)]",
        default=lambda self: self.env["collection.dispute.reason"].search([("parent_id", "=", False)], limit=1),
        help="Of disputes whose reason in the file is not recognised.",
    )
    state = fields.Selection([("file", "File"), ("preview", "Preview"), ("done", "Done")], default="file", readonly=True)
    column_ids = fields.One2many("collection.status.import.column", "wizard_id", string="Columns")
    line_ids = fields.One2many("collection.status.import.line", "wizard_id", string="Rows", readonly=True)
    ready_count = fields.Integer(compute="_compute_counts", string="To Set")
    skipped_count = fields.Integer(compute="_compute_counts", string="Nothing to Set")
    refused_count = fields.Integer(compute="_compute_counts", string="Refused")
    summary = fields.Text(readonly=True)
    refused_file = fields.Binary(compute="_compute_refused_file", string="Refused Rows")
    refused_file_name = fields.Char(compute="_compute_refused_file")

    @api.depends_context("lang")
    def _compute_display_name(self):
        self.display_name = self.env._("Statuses from a Customer's Portal")

    @api.depends("line_ids.outcome")
    def _compute_counts(self):
        for wizard in self:
            counts = Counter(wizard.line_ids.mapped("outcome"))
            wizard.ready_count, wizard.skipped_count = counts["ready"], counts["skipped"]
            wizard.refused_count = counts["refused"]

    @api.depends("line_ids.outcome")
    def _compute_refused_file(self):
        """The refused rows with the reason, to be corrected and uploaded again."""
        for wizard in self:
            refused = wizard.line_ids.filtered(lambda line: line.outcome == "refused")
            head = [self.env._("Row"), self.env._("Column"), self.env._("Problem"), *wizard.column_ids.mapped("name")]
            rows = [[line.row, line.column or "", line.problem or "", *(line.cells or [])] for line in refused]
            wizard.refused_file = base64.b64encode(status_file.write([head, *rows])) if refused else False
            wizard.refused_file_name = f"refused_{wizard.file_name or 'statuses.csv'}"

    # -- reading -------------------------------------------------------------------------------------------------------

    def _check_collector(self):
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can set what customers answered."))
        if not self.env.su and self.company_id not in self.env.companies:
            raise AccessError(self.env._("You have no access to %(company)s.", company=self.company_id.sudo().name))

    def action_read(self):
        """Read the file and show what each row would set."""
        self.ensure_one()
        self._check_collector()
        sheet = self._read_sheet()
        self.column_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "position": position,
                        "name": name,
                        "sample": next((cells[position] for _row, cells in sheet.rows if cells[position]), ""),
                        "role": next((role for role, column in sheet.roles.items() if column == position), False),
                    }
                )
                for position, name in enumerate(sheet.head)
            ),
        ]
        self._look(sheet)
        return self._reload()

    def action_look_again(self):
        """Show what each row would set with the columns as they are chosen now."""
        self.ensure_one()
        self._check_collector()
        self._look(self._read_sheet())
        return self._reload()

    def _read_sheet(self):
        try:
            content = base64.b64decode(self.file or b"", validate=False)
            if len(content) > status_file.SIZE_LIMIT:
                raise UserError(self.env._("This file is too large. Export fewer invoices at a time."))
            sheet = status_file.read(content)
        except (ValueError, binascii.Error) as error:
            raise UserError(
                self.env._("This is no CSV file with rows. Export it from the portal as CSV, or save the spreadsheet as CSV.")
            ) from error
        if not sheet.rows:
            raise UserError(self.env._("The file has a head and no rows."))
        if len(sheet.rows) >= status_file.ROW_LIMIT:
            raise UserError(self.env._("The file has more than %(limit)s rows. Split it.", limit=f"{status_file.ROW_LIMIT:,}"))
        return sheet

    def _get_roles(self):
        """Return {role: position of its column}; complain when a column that is needed is not chosen."""
        chosen = self.column_ids.filtered("role")
        doubled = [role for role, count in Counter(chosen.mapped("role")).items() if count > 1]
        roles = {column.role: column.position for column in chosen}
        labels = dict(self.env["collection.status.import.column"]._fields["role"]._description_selection(self.env))
        if doubled:
            raise UserError(self.env._("Two columns are chosen as %(role)s. Choose one.", role=labels[doubled[0]]))
        return roles

    def _look(self, sheet):
        """Make a line of each row: what it would set, or why not."""
        roles = self._get_roles()
        self.line_ids.unlink()
        if not {"number", "status"} <= roles.keys():
            self.state = "preview"
            return
        self.env["collection.case"]._refresh_marked()
        found = self._find_items({status_file.key(cells[roles["number"]]) for _row, cells in sheet.rows} - {""})
        statuses = {cells[roles["status"]] for _row, cells in sheet.rows}
        kinds = self._sort_texts(statuses, "status")
        reasons = self._sort_texts({cells[roles["reason"]] for _row, cells in sheet.rows} if "reason" in roles else (), "mail")
        recorded = self._find_recorded(found)
        seen, vals_list = {}, []
        for row, cells in sheet.rows:
            vals = {role: cells[position] for role, position in roles.items()}
            vals |= {"wizard_id": self.id, "row": row, "cells": cells, "outcome": "ready"}
            vals |= self._judge(vals, found, kinds, reasons, seen, recorded)
            vals_list.append(vals)
        self.env["collection.status.import.line"].create(vals_list)
        self.state = "preview"

    def _judge(self, cells, found, kinds, reasons, seen, recorded):
        """Return what one row sets, or {"outcome", "column", "problem"}."""
        number = status_file.key(cells["number"])
        ids = found.get(number, [])
        kind, reason_id = kinds[cells["status"]]
        if problem := self._find_wrong_number(number, ids, seen):
            return self._refuse("number", problem)
        if kind is None:
            return self._refuse("status", self.env._("Nobody has said what this status means. Add it to the words of answers."))
        seen[number] = cells["row"]
        known = {"answer_type": kind, "item_ids": [Command.set(ids)]}
        if kind not in MODELS and kind != "missing":
            return {**known, "outcome": "skipped", "problem": self.env._("Nothing is set for it.")}
        try:
            day, amount = self._read_day(kind, cells.get("date")), self._read_amount(cells.get("amount"))
        except _WrongCell as wrong:
            return self._refuse(*wrong.args)
        if recorded & {(kind, item_id) for item_id in ids}:
            return {**known, "outcome": "skipped", "problem": self.env._("It is recorded already.")}
        named_reason_id = reasons.get(cells.get("reason"), (None, False))[1]
        return {**known, "day": day, "value": amount, "dispute_reason_id": named_reason_id or reason_id}

    def _find_wrong_number(self, number, ids, seen):
        """Return what is wrong with the number of a row, '' when it names one document."""
        if not number:
            return self.env._("There is no number.")
        if not ids:
            return self.env._("No open invoice has this number.")
        if ids == "several":
            return self.env._("Several invoices have this number.")
        if number in seen:
            return self.env._("Row %(row)s is about the same invoice.", row=seen[number])
        return ""

    def _read_day(self, kind, text):
        today = self.company_id._collection_today()
        try:
            day = status_file.parse_day(text, today, self.month_first)
        except ValueError as error:
            raise _WrongCell("date", self.env._("This is no date.")) from error
        if kind == "paid":
            return status_file.last_day(day, today)
        if kind in ("promise", "run") and not day:
            raise _WrongCell("date", self.env._("Without a day nothing can wait for it."))
        if kind in ("promise", "run") and day < today:
            raise _WrongCell("date", self.env._("The day has passed already."))
        return day

    def _read_amount(self, text):
        try:
            amount = status_file.parse_amount(text)
        except ValueError as error:
            raise _WrongCell("amount", self.env._("This is no amount.")) from error
        if amount is not None and amount <= 0:
            raise _WrongCell("amount", self.env._("The amount is not above zero."))
        return amount or 0.0

    def _refuse(self, role, problem):
        column = self.column_ids.filtered(lambda column: column.role == role)
        return {"outcome": "refused", "column": column.name or "", "problem": problem}

    def _sort_texts(self, texts, source):
        """Return {text: (kind, dispute reason id)} by the rules; the kind of a status that no rule knows is None."""
        rules = self.env["collection.reply.rule"]._get_rules(source)
        today = self.company_id._collection_today()
        sorted_texts = {}
        for text in texts:
            answer = replies.sort(text, rules, today)
            reason = self.env["collection.reply"]._guess_reason(answer)
            sorted_texts[text] = (answer.type if answer.seen else None, reason.id)
        return sorted_texts

    def _find_items(self, keys):
        """Return {key of a number: ids of the open items of that document, or "several"}; one statement."""
        self.env.flush_all()
        plain = SQL("lower(regexp_replace(%s, '[^[:alnum:]]', '', 'g'))", SQL("named.number"))
        rows = self.env.execute_query(
            SQL(
                """SELECT %(plain)s, named.rank, move.id, array_agg(DISTINCT item.id)
                     FROM collection_item item
                     JOIN collection_case kase ON kase.id = item.case_id
                     JOIN account_move move ON move.id = item.move_id
                    CROSS JOIN LATERAL (VALUES (1, move.name), (2, move.payment_reference), (2, move.ref)) named (rank, number)
                    WHERE item.active AND item.amount_residual_currency > 0 AND kase.company_id = %(company)s
                      AND %(of_customer)s AND %(plain)s = ANY(%(keys)s)
                    GROUP BY 1, 2, 3 ORDER BY 2""",
                plain=plain,
                company=self.company_id.id,
                of_customer=SQL("kase.partner_id = %s", self.partner_id.commercial_partner_id.id)
                if self.partner_id
                else SQL("TRUE"),
                keys=list(keys),
            )
        )
        best, found = {}, {}
        for key, rank, move_id, ids in rows:
            if key not in best:
                best[key], found[key] = (rank, move_id), ids
            elif best[key][0] == rank and best[key][1] != move_id:
                found[key] = "several"
        return found

    def _find_recorded(self, found):
        """Return {(kind, item id)} of what is recorded already and still open; one statement a kind."""
        ids = [item_id for each in found.values() if each != "several" for item_id in each]
        open_states = {
            "paid": [("state", "in", ("open", "to_check"))],
            "promise": [("state", "in", ("open", "to_approve"))],
            "run": [("date_until", ">=", self.company_id._collection_today())],
            "dispute": [("is_open", "=", True)],
        }
        recorded = set()
        for kind, domain in open_states.items():
            stops = self.env[MODELS[kind]].search([("item_ids", "in", ids), *domain])
            recorded.update((kind, item_id) for item_id in stops.item_ids.ids)
        return recorded

    # -- setting -------------------------------------------------------------------------------------------------------

    def action_apply(self):
        """Record what the rows say, in one transaction; the refused ones are left as they are."""
        self.ensure_one()
        self._check_collector()
        if self.state != "preview":
            raise UserError(self.env._("Read the file first."))
        self._remember_file()
        rows = [
            Row(line, line.answer_type, line.item_ids, line.day, line.value, line.dispute_reason_id or self.dispute_reason_id)
            for line in self.line_ids
            if line.outcome == "ready"
        ]
        if not rows:
            raise UserError(self.env._("No row can be set."))
        made = Counter()
        for kind, model in MODELS.items():
            vals_list = getattr(self, f"_prepare_{kind}")(self._group(rows, kind))
            self.env[model].create(vals_list)
            made[kind] = len(vals_list)
        made["missing"] = self._ask_to_resend(rows)
        self.summary = self._describe(made)
        self.state = "done"
        return self._reload()

    def _group(self, rows, kind):
        """Return {(case, currency, day, reason): rows}: of a customer, one record for many invoices."""
        groups = {}
        for row in rows:
            if row.kind == kind:
                item = row.items[:1]
                reason = row.reason if kind == "dispute" else self.env["collection.dispute.reason"]
                currency = item.currency_id if kind in ("paid", "promise") else self.env["res.currency"]
                groups.setdefault((item.case_id, currency, row.day, reason), []).append(row)
        return groups

    def _prepare_common(self, case, rows):
        return {
            "partner_id": case.partner_id.id,
            "company_id": self.company_id.id,
            "date_from": self.company_id._collection_today(),
            "item_ids": [Command.set([item_id for row in rows for item_id in row.items.ids])],
        }

    def _sum(self, rows):
        return sum(row.amount or sum(row.items.mapped("amount_residual_currency")) for row in rows)

    def _prepare_paid(self, groups):
        return [
            {
                **self._prepare_common(case, rows),
                "payment_date": day,
                "amount": self._sum(rows),
                "currency_id": currency.id,
                "reference": self.file_name,
            }
            for (case, currency, day, _reason), rows in groups.items()
        ]

    def _prepare_promise(self, groups):
        return [
            {
                **self._prepare_common(case, rows),
                "promise_date": day,
                "amount": self._sum(rows),
                "currency_id": currency.id,
                "channel": "portal",
                "note": self.file_name,
            }
            for (case, currency, day, _reason), rows in groups.items()
        ]

    def _prepare_run(self, groups):
        reason = self.env["collection.reply"]._get_run_reason(self.company_id)
        return [
            {
                **self._prepare_common(case, rows),
                "reason_id": reason.id,
                "payment_run_date": day,
                "date_until": day + timedelta(days=case.plan_id.in_transit_days),
                "reason": self.env._("Customer's payment run on %(date)s", date=format_date(self.env, day)),
            }
            for (case, _currency, day, _reason), rows in groups.items()
        ]

    def _prepare_dispute(self, groups):
        prepared = []
        for (case, _currency, _day, reason), rows in groups.items():
            vals = self._prepare_common(case, rows)
            del vals["item_ids"]  # follow from the lines
            lines = [Command.create(line) for row in rows for line in self._prepare_dispute_lines(row)]
            said = dict.fromkeys(row.line.reason for row in rows if row.line.reason)
            prepared.append({**vals, "reason_id": reason.id, "line_ids": lines, "description": "\n".join(list(said)[:5])})
        return prepared

    def _prepare_dispute_lines(self, row):
        """Return how much of each instalment is disputed: the amount of the row, the oldest first; all without one."""
        rest = row.amount or sum(row.items.mapped("amount_residual_currency"))
        for item in row.items.sorted("due_date"):
            amount = min(rest, item.amount_residual_currency)
            if amount > 0:
                yield {"item_id": item.id, "amount": amount}
                rest -= amount

    def _ask_to_resend(self, rows):
        """One to-do per customer who does not have some invoices; returns how many."""
        numbers = {}
        for row in rows:
            if row.kind == "missing":
                numbers.setdefault(row.items.case_id, []).append(row.items[:1].move_id.name or "")
        for case, names in numbers.items():
            shown = ", ".join(names[:20]) + (" ..." if len(names) > 20 else "")
            case.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self.company_id._collection_today(),
                user_id=case._get_collector().id or self.env.uid,
                summary=self.env._("Not in the customer's system, send again: %(numbers)s", numbers=shown)[:250],
            )
        return len(numbers)

    def _remember_file(self):
        """Refuse a file that was set before, and remember this one."""
        checksum = hashlib.sha256(base64.b64decode(self.file or b"")).hexdigest()
        # sudo: what was imported is recorded, and written by hand by nobody
        files = self.env["collection.status.file"].sudo()
        earlier = files.search([("company_id", "=", self.company_id.id), ("checksum", "=", checksum)], limit=1)
        if earlier:
            raise UserError(
                self.env._(
                    "%(user)s has set this file on %(date)s already.",
                    user=earlier.user_id.name,
                    date=format_date(self.env, earlier.create_date.date()),
                )
            )
        files.create(
            {
                "name": self.file_name or "statuses.csv",
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "checksum": checksum,
                "user_id": self.env.uid,
                "set_count": self.ready_count,
                "refused_count": self.refused_count,
            }
        )

    def _describe(self, made):
        lines = [
            (made["paid"], self.env._("payments announced")),
            (made["promise"], self.env._("promises")),
            (made["run"], self.env._("holds until a payment run")),
            (made["dispute"], self.env._("disputes")),
            (made["missing"], self.env._("customers to send invoices to again")),
            (self.skipped_count, self.env._("rows with nothing to set")),
            (self.refused_count, self.env._("rows refused")),
        ]
        return "\n".join(f"{count} {what}" for count, what in lines if count)

    def _reload(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statuses from a Customer's Portal"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "current",
        }
