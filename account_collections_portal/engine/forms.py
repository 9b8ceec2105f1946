"""What people type into the forms of our pages, as dates, amounts and words. Pure."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,6})?")


def read_day(typed: str | None, first: date, last: date) -> date | None:
    """Return the day that a date field sent, None unless it lies between two days.

    >>> read_day("2026-09-20", date(2026, 9, 15), date(2026, 12, 1))
    datetime.date(2026, 9, 20)
    >>> [read_day(typed, date(2026, 9, 15), date(2026, 12, 1)) for typed in ("2026-09-14", "9999-12-31", "x", None)]
    [None, None, None, None]
    """
    try:
        day = date.fromisoformat(typed or "")
    except ValueError:
        return None
    return day if first <= day <= last else None


def read_amount(typed: str | None, digits: int = 2) -> float | None:
    """Return the amount that a number field sent, rounded to the currency; None unless it is more than zero.

    >>> read_amount("12.345"), read_amount("1200", 0), read_amount("0.001")
    (12.35, 1200.0, None)
    >>> [read_amount(typed) for typed in ("-5", "nan", "inf", "1e9", "0x10", "", None, "9" * 40)]
    [None, None, None, None, None, None, None, None]
    """
    typed = (typed or "").strip().replace(",", ".")
    if not typed.isascii() or not _AMOUNT.fullmatch(typed):
        return None
    try:
        amount = float(Decimal(typed).quantize(Decimal(1).scaleb(-digits), rounding="ROUND_HALF_UP"))
    except InvalidOperation:
        return None
    return amount or None


def read_number(typed: str | None) -> int:
    """Return the whole number that somebody typed or that stands in an address, 0 for anything else.

    >>> [read_number(typed) for typed in ("12", "-5", "1.5", "²", "٣", "9" * 10, "", None)]
    [12, 0, 0, 0, 0, 0, 0, 0]
    """
    typed = typed or ""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def read_text(typed: str | None, length: int = 2000) -> str:
    """Return what somebody wrote, without control characters, cut to a length.

    >>> read_text("  Hello\\x00 there \\r\\n"), read_text("x" * 10, 4), read_text(None)
    ('Hello there', 'xxxx', '')
    """
    cleaned = "".join(sign for sign in (typed or "").replace("\r\n", "\n") if sign == "\n" or sign.isprintable())
    return cleaned.strip()[:length]


def read_email(typed: str | None) -> str:
    """Return one e-mail address, '' for anything else.

    >>> read_email(" Anna@Example.com "), read_email("a@b.c, d@e.f"), read_email("a@b.c\\nBcc: x@y.z")
    ('anna@example.com', '', '')
    """
    typed = (typed or "").strip().lower()
    return typed if re.fullmatch(r"[^@\s,;<>\"]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", typed) else ""
