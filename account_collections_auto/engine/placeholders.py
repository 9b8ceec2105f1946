"""Placeholders: the text of a message as people edit it, with names in brackets instead of a program.

What a person writes is never executed: a known name in brackets is replaced by its value, everything else stays text.
"""

import re

from markupsafe import Markup, escape

# What stands for it in an edited text: the expression of a template.
EXPRESSIONS = {
    "customer": "object.greeting_name",
    "company": "object.company_id.name",
    "amount": "object.claimed_text",
    "amount in words": "object.claimed_words",
    "promise": "object.promised_text",
    "offer": "object.offered_text",
    "items": "object.items_table",
    "how to pay": "object.payment_details",
    "contact": "object.contact_details",
}
_NAMES = {expression: name for name, expression in EXPRESSIONS.items()}
_NODE = re.compile(
    r"""<(?P<tag>[a-z]+)(?P<attributes>[^<>]*?)\st-out=(["'])(?P<expression>[^"'<>]+)\3(?P<more>[^<>]*?)(?:/>|>\s*</(?P=tag)>)"""
)
_BRACES = re.compile(r"\{\{(?P<expression>[^{}]+)\}\}")
_BRACKETS = re.compile(r"\[([a-z ]{2,30})\]")
_PROGRAM = re.compile(r"<t[\s>]|\st-[a-z]+(?:-[a-z]+)*\s*=|\{\{")


def to_placeholders(template):
    """Return a template's text with names in brackets; None when it holds more of a program than that.

    >>> to_placeholders('<p>Dear <t t-out="object.greeting_name" />,</p>')
    '<p>Dear [customer],</p>'
    >>> to_placeholders('Please pay <b class="x" t-out="object.claimed_text"></b>.')
    'Please pay <b class="x">[amount]</b>.'
    >>> to_placeholders("{{ object.company_id.name }}: your account")
    '[company]: your account'
    >>> to_placeholders('<p t-if="object.amount">x</p>'), to_placeholders("{{ object.secret }}")
    (None, None)
    """

    def name(match):
        known = _NAMES.get(match["expression"].strip())
        return f"[{known}]" if known else match[0]

    def element(match):
        tag, inside = match["tag"], name(match)
        if tag == "t" or inside == match[0]:
            return inside
        return f"<{tag}{match['attributes']}{match['more'].rstrip()}>{inside}</{tag}>"

    text = _BRACES.sub(name, _NODE.sub(element, template or ""))
    return None if _PROGRAM.search(text) else text


def unknown_placeholders(text):
    """Return the names in brackets that are no placeholders, for instance because of a slip.

    >>> unknown_placeholders("Dear [custmer], [items]"), unknown_placeholders("see [1]")
    (['custmer'], [])
    """
    return [name for name in _BRACKETS.findall(text or "") if name not in EXPRESSIONS]


def fill_html(body, values):
    """Return ``body`` with its placeholders replaced; plain text is escaped, and nothing inside of a tag is touched.

    >>> fill_html('<p title="[customer]">Dear [customer] [x]</p>', {"customer": "A & B"})
    Markup('<p title="[customer]">Dear A &amp; B [x]</p>')
    """

    def value(match):
        return escape(values[match[1]]) if match[1] in values else match[0]

    pieces = re.split(r"(<[^>]*>)", body or "")
    return Markup("").join(Markup(piece if number % 2 else _BRACKETS.sub(value, piece)) for number, piece in enumerate(pieces))


def fill_text(text, values):
    """Return one line of ``text`` with its placeholders replaced.

    >>> fill_text("[company]: [amount]", {"company": "A & B", "amount": "$ 5"})
    'A & B: $ 5'
    """
    filled = _BRACKETS.sub(lambda match: str(values.get(match[1], match[0])), text or "")
    return " ".join(filled.split())
