"""Files of statuses from a customer's payables portal: read whatever the portal writes. Pure: bytes in, rows out."""

import csv
import io
import re
from datetime import date, datetime
from typing import NamedTuple

from .reply_amounts import parse_number
from .reply_dates import find_days
from .reply_words import normalise

SIZE_LIMIT = 5 * 1024 * 1024
ROW_LIMIT = 20_000
CELL_LIMIT = 500
ROLES = ("number", "status", "date", "amount", "reason")
_DELIMITERS = (";", ",", "\t", "|")
_HEADER_ROWS = 10
# Words in the heads of columns, in the order in which they decide.
_HEADS = {
    "number": "invoice number|invoice no|invoice|document number|document|rechnungsnummer|rechnungsnr|rechnung|belegnummer|"
    "beleg|numéro de facture|n° facture|facture|factuurnummer|factuur|número de factura|nº factura|factura|numero fattura|"
    "n. fattura|fattura|reference|referenz|référence|referentie|referencia|riferimento",
    "status": "status|state|statut|estado|stato|zustand|état|payment status|zahlungsstatus",
    "date": "payment date|paid on|pay date|scheduled|zahlungsdatum|zahltag|date de paiement|date de règlement|betaaldatum|"
    "fecha de pago|data pagamento|data di pagamento|date|datum|fecha|data",
    "amount": "amount|betrag|montant|bedrag|importe|importo|total|summe|value",
    "reason": "reason|comment|remark|note|grund|bemerkung|kommentar|motif|commentaire|reden|opmerking|motivo|comentario|nota|"
    "note|begründung",
}


class Sheet(NamedTuple):
    """``head``: names of the columns; ``rows``: (number of the row in the file, cells); ``roles``: {role: column}."""

    head: list
    rows: list
    roles: dict


def decode(content):
    """Return the text of a file, whatever wrote it; ValueError for what is no text.

    >>> decode("Betrag in €".encode("cp1252")), decode("Betrag".encode("utf-16")), decode("\\ufeffé".encode())
    ('Betrag in €', 'Betrag', 'é')
    >>> decode(b"PK\\x03\\x04\\x00\\x00")
    Traceback (most recent call last):
    ValueError: no text
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise ValueError("no text")
    return text


def read(content):
    """Return the ``Sheet`` of a file; ValueError when it is no text or has no rows.

    >>> sheet = read(b"Exported by us\\n\\nInvoice No;Status;Payment date\\nINV/1;Paid;2026-03-02\\n;;\\nINV/2;Open;\\n")
    >>> sheet.head, sheet.rows, sheet.roles
    (['Invoice No', 'Status', 'Payment date'], [(4, ['INV/1', 'Paid', '2026-03-02']), (6, ['INV/2', 'Open', ''])], \
{'status': 1, 'number': 0, 'date': 2})
    """
    text = decode(content[:SIZE_LIMIT])
    delimiter = find_delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = []
    try:
        for cells in reader:
            clean = [" ".join(cell.split())[:CELL_LIMIT] for cell in cells]
            if any(clean):
                rows.append((reader.line_num, clean))
            if len(rows) > ROW_LIMIT:
                break
    except csv.Error as error:
        raise ValueError(str(error)) from error
    if not rows:
        raise ValueError("empty")
    place, roles = find_head(rows)
    head = rows[place][1] if place is not None else []
    body = rows[place + 1 :] if place is not None else rows
    width = max(len(cells) for _number, cells in [(0, head), *body])
    head = [head[column] if column < len(head) and head[column] else str(column + 1) for column in range(width)]
    return Sheet(head, [(number, cells + [""] * (len(head) - len(cells))) for number, cells in body], roles)


def find_delimiter(text):
    """Return what separates the cells: what is there on most of the first lines, as often as possible.

    >>> find_delimiter("a;b;c\\n1,5;2;3\\n"), find_delimiter("a,b\\n1,2\\n"), find_delimiter("a\\tb\\n")
    (';', ',', '\\t')
    """
    lines = [line for line in text[:50_000].splitlines() if line.strip()][:30]

    def share(delimiter):
        counts = [line.count(delimiter) for line in lines]
        there = sorted(count for count in counts if count)
        return len(there), there[len(there) // 2] if there else 0

    return max(_DELIMITERS, key=share)


def find_head(rows):
    """Return (position of the row that names the columns, {role: column}); None when no row does."""
    best, best_roles = None, {}
    for position, (_number, cells) in enumerate(rows[:_HEADER_ROWS]):
        roles = find_roles(cells)
        if len(roles) > len(best_roles) and ("number" in roles or "status" in roles):
            best, best_roles = position, roles
    return (best, best_roles) if len(best_roles) >= 2 else (None, {})


def find_roles(cells):
    """Return {role: column} by the heads of the columns; each column has one role.

    >>> find_roles(["Rechnungsdatum", "Rechnungsnummer", "Zahlungsstatus", "Zahlungsdatum", "Betrag (EUR)"])
    {'status': 2, 'number': 1, 'date': 3, 'amount': 4}
    """
    heads = [_plain(cell) for cell in cells]
    roles = {}
    for role in ("status", "number", "date", "amount", "reason"):
        for word in map(_plain, _HEADS[role].split("|")):
            fits = [
                column
                for column, head in enumerate(heads)
                if column not in roles.values() and (head == word or f" {word} " in f" {head} ")
            ]
            if fits:
                roles[role] = fits[0]
                break
    return roles


def _plain(cell):
    return " ".join(normalise(word) for word in re.findall(r"[^\W_]+", cell))


def key(number):
    """Return a number of a document as it is compared: letters and digits only.

    >>> key(" inv-2026/00012 ")
    'inv202600012'
    """
    return re.sub(r"[\W_]+", "", (number or "").casefold())


def parse_day(text, today, month_first=False):
    """Return the day in a cell, None when there is none; ValueError when it cannot be read.

    >>> [str(parse_day(text, date(2026, 3, 9))) for text in ("2026-03-20", "20/03/26", "20260320", "2026-03-20T00:00:00")]
    ['2026-03-20', '2026-03-20', '2026-03-20', '2026-03-20']
    >>> parse_day("", date(2026, 3, 9))
    >>> parse_day("soon", date(2026, 3, 9))
    Traceback (most recent call last):
    ValueError: soon
    """
    text = (text or "").strip()
    if not text or text in ("-", "n/a"):
        return None
    if re.fullmatch(r"20\d{6}", text):
        return datetime.strptime(text, "%Y%m%d").date()
    plain = re.sub(r"(?<=\d)[T ]\d{1,2}:\d{2}.*$", "", text)
    days = find_days(plain, today, month_first)
    if not days:
        raise ValueError(text)
    return days[0].later or days[0].earlier


def parse_amount(text):
    """Return the amount in a cell, None when there is none; ValueError when it cannot be read.

    >>> parse_amount("EUR 1.234,50"), parse_amount("")
    (1234.5, None)
    """
    plain = re.sub(r"[^\d.,'’+\-\s\u00a0\u202f]", "", text or "").strip()
    if not (text or "").strip():
        return None
    value = parse_number(plain)
    if value is None:
        raise ValueError(text)
    return value


def neutral(cell):
    """Return a cell that no spreadsheet takes for a formula.

    >>> neutral("=1+1"), neutral("INV/1"), neutral("-5")
    ("'=1+1", 'INV/1', "'-5")
    """
    text = str(cell if cell is not None and cell is not False else "")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def write(rows):
    """Return rows as a file that opens in any spreadsheet."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=";").writerows([[neutral(cell) for cell in row] for row in rows])
    return buffer.getvalue().encode("utf-8-sig")


def last_day(day: date | None, today: date) -> date:
    """Return ``day``, or today when there is none or it lies ahead: of a payment that was made."""
    return min(day, today) if day else today
