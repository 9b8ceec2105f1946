"""Statements of account and other reports as a workbook: real dates, real numbers, formulas only where we put them.

No Odoo here.
"""

import io
import re
from dataclasses import dataclass
from datetime import datetime, time

import xlsxwriter

SHEET_NAME_LENGTH = 31
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]+")
# What a spreadsheet program may take for a formula when a person edits or re-imports the cell.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Column:
    """A column: its heading, what is in it (text, date, integer, amount), how wide it is, its decimal places."""

    name: str
    kind: str
    width: int
    digits: int = 2
    is_summed: bool = False


@dataclass
class Table:
    """Rows under headings; a column that is summed gets a formula below."""

    title: str
    columns: list
    rows: list
    sum_label: str = ""


@dataclass
class Sheet:
    """One customer: who and when, the tables of each currency, the ageing. Or another report: its facts and tables."""

    name: str
    title: str
    subtitle: str
    facts: list
    tables: list
    ageing: Table | None = None
    right_to_left: bool = False
    date_format: str = "yyyy-mm-dd"


def write_workbook(sheets):
    """Return the workbook of ``sheets`` as bytes."""
    output = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    workbook = xlsxwriter.Workbook(output, options)
    taken, formats = set(), {}
    for sheet in sheets:
        _SheetWriter(workbook, sheet, sheet_name(sheet.name, taken), formats).fill()
    workbook.close()
    return output.getvalue()


def sheet_name(name, taken):
    """Return a name that a sheet may have and that is not in ``taken``, and add it there.

    >>> taken = set()
    >>> sheet_name("A/B: [Ltd]", taken), sheet_name("a b ltd", taken), sheet_name("'", taken)
    ('A B Ltd', 'a b ltd (2)', 'Sheet')
    >>> len(sheet_name("x" * 40, taken))
    31
    """
    base = " ".join(_NOT_IN_SHEET_NAMES.sub(" ", name or "").split()).strip("'") or "Sheet"
    found, number = base[:SHEET_NAME_LENGTH].rstrip(), 1
    while found.lower() in taken or found.lower() == "history":
        number += 1
        tail = f" ({number})"
        found = base[: SHEET_NAME_LENGTH - len(tail)].rstrip() + tail
    taken.add(found.lower())
    return found


class _SheetWriter:
    def __init__(self, workbook, sheet, name, formats):
        self.workbook, self.sheet, self.formats = workbook, sheet, formats
        self.paper = workbook.add_worksheet(name)
        self.row = 0

    def fill(self):
        """Write everything."""
        sheet, paper = self.sheet, self.paper
        if sheet.right_to_left:
            paper.right_to_left()
        paper.set_landscape()
        paper.set_paper(9)
        paper.fit_to_pages(1, 0)
        paper.set_footer("&C&P / &N")
        self._text(0, sheet.title, bold=True, font_size=14)
        self._text(0, sheet.subtitle, row=1)
        self.row = 3
        for label, value in sheet.facts:
            self._text(0, label, font_color="#5F6B7A")
            self._text(1, value)
            self.row += 1
        tables = [*sheet.tables, *([sheet.ageing] if sheet.ageing else [])]
        self._widths(tables)
        for table in tables:
            self.row += 1
            self._table(table)

    def _widths(self, tables):
        widths = {}
        for table in tables:
            for number, column in enumerate(table.columns):
                widths[number] = max(widths.get(number, 0), column.width)
        for number, width in widths.items():
            self.paper.set_column(number, number, width)

    def _table(self, table):
        self._text(0, table.title, bold=True, font_size=12)
        self.row += 1
        for number, column in enumerate(table.columns):
            is_figure = column.kind in ("amount", "integer")
            self._text(number, column.name, bold=True, bottom=1, text_wrap=True, align="right" if is_figure else "left")
        first = self.row = self.row + 1
        for row in table.rows:
            for number, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                self._cell(number, column, value)
            self.row += 1
        if table.sum_label and table.rows:
            self._sums(table, first)

    def _sums(self, table, first):
        """A formula, so that whoever filters or edits sees where the sum comes from; with its value for simple viewers."""
        self._text(0, table.sum_label, bold=True, top=1)
        for number, column in enumerate(table.columns[1:], start=1):
            if not column.is_summed:
                self.paper.write_blank(self.row, number, None, self._format(top=1))
                continue
            letter = xlsxwriter.utility.xl_col_to_name(number)
            value = round(sum(row[number] or 0.0 for row in table.rows), column.digits)
            style = self._format(num_format=_amount_format(column.digits), bold=True, top=1)
            self.paper.write_formula(self.row, number, f"=SUM({letter}{first + 1}:{letter}{self.row})", style, value)
        self.row += 1

    def _cell(self, number, column, value):
        if value is None or value == "":
            return
        if column.kind == "text":
            self._text(number, value)
        elif column.kind == "date":
            style = self._format(num_format=self.sheet.date_format, align="left")
            self.paper.write_datetime(self.row, number, datetime.combine(value, time()), style)
        elif column.kind == "integer":
            self.paper.write_number(self.row, number, value, self._format(num_format="0"))
        else:
            self.paper.write_number(self.row, number, value, self._format(num_format=_amount_format(column.digits)))

    def _text(self, number, value, row=None, **style):
        """Write text, never anything else: what customers and their references are called is theirs to choose."""
        if value.startswith(_FORMULA_SIGNS):
            style["quote_prefix"] = True
        self.paper.write_string(self.row if row is None else row, number, value, self._format(**style))

    def _format(self, **style):
        key = tuple(sorted(style.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(style)
        return self.formats[key]


def _amount_format(digits):
    """Return the number format of amounts.

    >>> _amount_format(2), _amount_format(0)
    ('#,##0.00', '#,##0')
    """
    return "#,##0." + "0" * digits if digits else "#,##0"


def excel_date(date_format):
    """Return a date format of Odoo as one of a spreadsheet.

    >>> excel_date("%m/%d/%Y"), excel_date("%d.%m.%Y"), excel_date("%A the %-d of %b")
    ('mm/dd/yyyy', 'dd.mm.yyyy', 'yyyy-mm-dd')
    """
    pattern = date_format or ""
    for code, excel in (("%-d", "d"), ("%-m", "m"), ("%d", "dd"), ("%m", "mm"), ("%Y", "yyyy"), ("%y", "yy"), ("%b", "mmm")):
        pattern = pattern.replace(code, excel)
    return pattern if pattern and set(pattern) <= set("dmy /.-,") else "yyyy-mm-dd"
