"""Texts of other programs become bodies of templates, if nothing in them is a program. No Odoo here."""

import re

from lxml import etree, html
from markupsafe import Markup, escape

# What the texts of `account_followup` and its offspring name in Python's old way, and what we call it.
NAMES = {
    "partner_name": '<t t-out="object.greeting_name"/>',
    "company_name": '<t t-out="object.company_id.name"/>',
    "date": '<t t-out="object.deadline_text"/>',
    "user_signature": "",
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_PROGRAM = re.compile(r"\{\{|\$\{|#\{|%\(|\{%")


def from_plain(text: str) -> str | None:
    """Return a plain text with ``%(partner_name)s`` and the like as HTML; None if it names something unknown.

    >>> from_plain("Dear %(partner_name)s,\\n\\n100%% <due>")
    '<p>Dear <t t-out="object.greeting_name"/>,</p><p>100% &lt;due&gt;</p>'
    >>> from_plain("Pay %(amount)s") is None
    True
    >>> from_plain(" ") is None
    True
    """
    if not text.strip() or any(name not in NAMES for name in _PLACEHOLDER.findall(text)):
        return None
    safe = _PLACEHOLDER.sub(lambda match: f"\0{match[1]}\0", text).replace("%%", "%")
    if _PROGRAM.search(safe):
        return None
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", safe.strip())]
    body = "".join(f"<p>{Markup('<br/>').join(escape(part).splitlines())}</p>" for part in paragraphs if part)
    return re.sub("\0(\\w+)\0", lambda match: NAMES[match[1]], body)


def from_html(text: str) -> str | None:
    """Return ``text`` if it is HTML without instructions for a template, None otherwise or if it is empty.

    >>> from_html("<p>Please pay.</p>")
    '<p>Please pay.</p>'
    >>> from_html('<p>Dear <t t-out="object.name"/></p>') is None
    True
    >>> from_html('<p t-if="True">Dear</p>') is None
    True
    >>> from_html("<p>{{ object.name }}</p>") is None, from_html("<p> <br/></p>") is None
    (True, True)
    """
    if not text or _PROGRAM.search(text):
        return None
    try:
        tree = html.fragment_fromstring(text, create_parent="div")
    except etree.ParserError:
        return None
    if not tree.text_content().strip():
        return None
    for element in tree.iter(etree.Element):
        if element.tag == "t" or any(name.startswith("t-") for name in element.attrib):
            return None
    return text
