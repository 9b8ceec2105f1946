"""Pure functions on what a person typed: is it plausible? No Odoo here."""

import re

_MAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s.,;]{2,}")


def is_address(text: str) -> bool:
    """Return whether ``text`` can be one e-mail address, with or without a name before it.

    >>> is_address("accounts@example.com"), is_address("Accounts <accounts@example.com>")
    (True, True)
    >>> is_address("accounts.example.com"), is_address("a@example.com, b@example.com"), is_address("")
    (False, False, False)
    """
    found = re.fullmatch(r"(?:[^<>@]*<)?([^<>]+)>?", (text or "").strip())
    return bool(found and _MAIL.fullmatch(found[1]))


def looks_like_iban(number: str) -> bool:
    """Return whether an account number starts like an IBAN: two letters, two figures.

    >>> looks_like_iban("BE71 0961 2345 6769"), looks_like_iban("12345678")
    (True, False)
    """
    return bool(re.match(r"[A-Z]{2}\d{2}\s*[A-Z0-9]", (number or "").strip().upper()))


def iban_is_right(number: str) -> bool:
    """Return whether the check figures of an IBAN agree with the rest of it.

    >>> iban_is_right("BE71 0961 2345 6769"), iban_is_right("BE71 0961 2345 6768"), iban_is_right("BE71")
    (True, False, False)
    """
    compact = re.sub(r"[\s.-]", "", number or "").upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", compact):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def is_phone(text: str) -> bool:
    """Return whether ``text`` holds enough figures to be a phone number.

    >>> is_phone("+32 2 555 01 23"), is_phone("555"), is_phone("")
    (True, False, False)
    """
    return len(re.findall(r"\d", text or "")) >= 6
