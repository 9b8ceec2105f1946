"""Amounts of money in a text, as six languages write them. Pure."""

import re
from typing import NamedTuple

_SIGNS = {"€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "$": "USD", "usd": "USD", "us$": "USD"}
_SIGNS |= {"£": "GBP", "gbp": "GBP", "chf": "CHF", "fr.": "CHF", "sfr": "CHF"}
_CURRENCY = r"(?:€|us\$|\$|£|\b(?:euros?|eur|usd|gbp|chf|sfr)(?![a-z]))"
_NUMBER = r"\d{1,3}(?:[ .,'’\u00a0\u202f]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,12}(?:[.,]\d{1,2})?"
_AMOUNT = re.compile(
    rf"(?P<before>{_CURRENCY})?[ \u00a0]?(?<![\d.,/-])(?P<number>{_NUMBER})(?:,-{{1,2}}|\.-{{1,2}})?(?![\d/]|[.,-]\d)"
    rf"[ \u00a0\u202f]?(?P<after>{_CURRENCY})?",
    re.IGNORECASE,
)


class Amount(NamedTuple):
    value: float
    currency: str
    start: int
    end: int


def parse_number(text):
    """Return the number that ``text`` means, None when it is none: the last mark before one or two digits is the decimal one.

    >>> [parse_number(text) for text in ("1.234,56", "1,234.56", "1 234,5", "1'234.50", "1.234", "12,50", "1234.56")]
    [1234.56, 1234.56, 1234.5, 1234.5, 1234.0, 12.5, 1234.56]
    >>> parse_number("abc")
    """
    plain = re.sub(r"[\s'’\u00a0\u202f]", "", text or "")
    match = re.fullmatch(r"([+-]?[\d.,]*?)(?:[.,](\d{1,2}))?", plain)
    if not match or not re.search(r"\d", plain):
        return None
    whole = re.sub(r"[.,]", "", match.group(1))
    if not re.fullmatch(r"[+-]?\d*", whole):
        return None
    return float(f"{whole or 0}.{match.group(2) or 0}")


def find_amounts(text):
    """Return the amounts in ``text``: with a currency, or with two decimals; a currency not named is ''.

    >>> [(each.value, each.currency) for each in find_amounts("1.234,56 € and $500, EUR 1,000.00; 12.03.2026; 4.500,- euro")]
    [(1234.56, 'EUR'), (500.0, 'USD'), (1000.0, 'EUR'), (4500.0, 'EUR')]
    >>> [each.value for each in find_amounts("rest 250,00 follows, invoice 4711 of 3.4.26")]
    [250.0]
    """
    found = []
    for match in _AMOUNT.finditer(text):
        sign = (match["before"] or match["after"] or "").lower()
        value = parse_number(match["number"])
        has_cents = re.search(r"[.,]\d\d$", match["number"])
        if value and (sign or has_cents):
            found.append(Amount(value, _SIGNS.get(sign, ""), match.start("number"), match.end("number")))
    return found
