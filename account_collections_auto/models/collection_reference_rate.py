import csv
from datetime import date
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import file_open, format_date

CONFIDENCE = [("high", "High"), ("medium", "Medium"), ("low", "Low")]
_SHIPPED = "account_collections_auto/rates/reference_rates.csv"
_COLUMNS = ["code", "valid_from", "percent", "confidence"]


class CollectionReferenceRate(models.Model):
    """A rate that somebody publishes and late interest is counted from: the one of a central bank, or of a decree."""

    _name = "collection.reference.rate"
    _description = "Reference Rate"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, help="Who publishes the rate, and what it is called there.")
    code = fields.Char(required=True, help="A short name without spaces, which files of rates use.")
    sequence = fields.Integer(default=10)
    source = fields.Char(
        tracking=True, help="Where the rate is published, and which of its days counts, with the paragraph that says so."
    )
    known_until = fields.Date(
        tracking=True,
        help="The last day for which the last value is sure to hold. No interest is worked out for a later day: enter the next "
        "value, then set this day. Empty: the last value holds until another one follows.",
    )
    value_ids = fields.One2many(
        "collection.reference.rate.value", "reference_id", string="Values", copy=True, help="Each value with its first day."
    )
    percent_today = fields.Float(compute="_compute_percent_today", string="Today (%)", digits=(16, 4))
    is_missing = fields.Boolean(compute="_compute_percent_today", string="Not Known Today")

    _code = models.UniqueIndex("(code)", "Another reference rate has this code already.")

    @api.depends("value_ids.valid_from", "value_ids.percent", "known_until")
    def _compute_percent_today(self):
        """The value in force today; none where the series does not reach today."""
        today = fields.Date.context_today(self)
        for reference in self:
            begun = reference.value_ids.filtered(lambda value: value.valid_from and value.valid_from <= today)
            is_over = bool(reference.known_until) and reference.known_until < today
            reference.is_missing = is_over or not begun
            reference.percent_today = 0 if reference.is_missing else begun.sorted("valid_from")[-1].percent

    def _ask_for(self, day, user):
        """Ask ``user`` for the value of ``day``: one to-do for each rate, however many invoices wait for it."""
        self.ensure_one()
        if self.activity_ids:
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=user.id,
            summary=self.env._("Enter the rate of %(day)s", day=format_date(self.env, day)),
            note=self.env._("Interest that counts from this rate is not claimed until its value and the last day are entered."),
        )

    # -- files of rates ----------------------------------------------------------------------------------------------

    @api.model
    def _load_shipped(self):
        """Add the values that come with this module; see `_load_values`."""
        with file_open(_SHIPPED) as file:
            return self._load_values(file)

    @api.model
    def _load_values(self, lines):
        """Add the values of a CSV file: code, first day, percent a year, confidence. Returns those that were added.

        A value that is there stays as it is, whatever the file says: somebody may have corrected it. Raises `UserError`,
        which names row and column, for a file that is wrong; then nothing of it is added.
        """
        reader = csv.DictReader(lines)
        if reader.fieldnames != _COLUMNS:
            raise UserError(
                self.env._("Row 1: the columns have to be %(columns)s, in this order.", columns=", ".join(_COLUMNS))
            )
        references = {reference.code: reference for reference in self.search([])}
        there = {(reference.id, value.valid_from) for reference in references.values() for value in reference.value_ids}
        vals_list = []
        for number, row in enumerate(reader, 2):
            vals = self._read_row(number, row, references)
            key = (vals["reference_id"], vals["valid_from"])
            if key not in there:
                there.add(key)
                vals_list.append(vals)
        return self.env["collection.reference.rate.value"].create(vals_list)

    def _read_row(self, number, row, references):
        def refuse(column):
            text = row[column] if row[column] is not None else ""
            raise UserError(
                self.env._(
                    "Row %(row)s, column %(column)s: %(text)s cannot be used.", row=number, column=column, text=f"“{text}”"
                )
            )

        if row["code"] not in references:
            refuse("code")
        try:
            start = date.fromisoformat(row["valid_from"] or "")
        except ValueError:
            refuse("valid_from")
        try:
            percent = Decimal(row["percent"] or "")
        except InvalidOperation:
            refuse("percent")
        if not percent.is_finite():
            refuse("percent")
        if row["confidence"] not in dict(CONFIDENCE):
            refuse("confidence")
        return {
            "reference_id": references[row["code"]].id,
            "valid_from": start,
            "percent": float(percent),
            "confidence": row["confidence"],
        }
