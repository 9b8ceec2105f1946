"""The list of placed items for an agency, as a CSV file: comma, decimal point, ISO dates, UTF-8 with a byte order mark.

The mark lets spreadsheet programs read umlauts rightly on a double click; programs that import take "utf-8-sig".
"""

import csv
import io

# A cell that starts so is a formula for a spreadsheet; customers write their names themselves.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def text_cell(value: str) -> str:
    """Return a text for a cell in one line that no spreadsheet takes for a formula.

    >>> text_cell("=HYPERLINK(1)"), text_cell("  @SUM(A1)"), text_cell("Street 1\\nTown"), text_cell("")
    ("'=HYPERLINK(1)", "'@SUM(A1)", 'Street 1 Town', '')
    """
    risky = value.startswith(_FORMULA)
    value = " ".join(value.split())
    return f"'{value}" if risky or value.startswith(_FORMULA) else value


def amount_cell(value: float, digits: int) -> str:
    """Return an amount with a decimal point and without grouping.

    >>> amount_cell(-1234.5, 2), amount_cell(12, 0)
    ('-1234.50', '12')
    """
    return f"{value:.{digits}f}"


def write(header: list[str], rows: list[list[str]]) -> bytes:
    """Return the file.

    >>> write(["Number", "Name"], [["INV/1", "Müller, Ltd"]]).decode("utf-8")
    '\\ufeffNumber,Name\\r\\nINV/1,"Müller, Ltd"\\r\\n'
    """
    output = io.StringIO(newline="")
    csv.writer(output).writerows([header, *rows])
    return output.getvalue().encode("utf-8-sig")
