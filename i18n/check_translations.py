"""What is missing or wrong in the translations of a module. Needs ``polib`` and nothing of Odoo."""

import re
import sys
from collections import Counter
from pathlib import Path

import polib

CLONE = Path(__file__).resolve().parents[1]
LANGUAGES = ("de", "es", "fr", "it", "nl")
# Python files whose sentences customers read, beside the templates in report/.
CUSTOMER_FILES = (
    "models/collection_action_text.py",
    "models/collection_action_mail.py",
    "models/collection_action_proof.py",
    "models/collection_action_told.py",
    "models/collection_payment_plan_agreement.py",
    "models/collection_statement_document.py",
)
CUSTOMER_FIELDS = ("model:mail.template,subject", "model:mail.template,body_html", "model:collection.level,name")
TEMPLATE_IDS = re.compile(r'<template id="(\w+)"')
# What a translation must keep: %(names)s, {{ expressions }}, tags with their attributes.
PLACEHOLDERS = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\{.*?\}\}|</?[a-z][^<>]*>")


def modules():
    """The folders of the modules that have translations."""
    return sorted(path.parent for path in CLONE.glob("*/i18n") if (path.parent / "__manifest__.py").exists())


def customer_templates(module):
    """Ids of the QWeb templates that end up in front of customers: those in ``report/``."""
    return {found for path in (module / "report").glob("*.xml") for found in TEMPLATE_IDS.findall(path.read_text())}


def is_for_customers(entry, module, templates):
    """Whether a customer may read this text."""
    for place, _line in entry.occurrences:
        if place.startswith(CUSTOMER_FIELDS) or place.endswith(CUSTOMER_FILES):
            return True
        if place.startswith("model_terms:ir.ui.view") and place.rsplit(f"{module.name}.", 1)[-1] in templates:
            return True
    return False


def placeholders(text):
    """What must be the same in a text and its translation, whatever the order.

    >>> placeholders("pay %(amount)s by <b>{{ day }}</b>") == placeholders("bis <b>{{ day }}</b>: %(amount)s")
    True
    """
    return Counter(re.sub(r"\s+", " ", found).replace(" />", "/>") for found in PLACEHOLDERS.findall(text))


def complaints(module):
    """Yield what is wrong, one sentence each."""
    template = polib.pofile(str(module / "i18n" / f"{module.name}.pot"))
    wanted = {entry.msgid for entry in template}
    for language in LANGUAGES:
        path = module / "i18n" / f"{language}.po"
        if not path.exists():
            yield f"{language}: there is no {path.name}"
            continue
        yield from (f"{language}: {problem}" for problem in _complaints_of(polib.pofile(str(path)), wanted, module))


def _complaints_of(file, wanted, module):
    entries = [entry for entry in file if not entry.obsolete]
    there = {entry.msgid for entry in entries}
    for text in sorted(wanted - there):
        yield f"lacks the text {text[:60]!r}; run i18n/export"
    for text in sorted(there - wanted):
        yield f"has a text that is gone: {text[:60]!r}; run i18n/export"
    templates = customer_templates(module)
    for entry in entries:
        if not entry.msgstr:
            if is_for_customers(entry, module, templates):
                yield f"customers read an untranslated text: {entry.msgid[:60]!r}"
        elif "fuzzy" in entry.flags:
            yield f"is unsure about {entry.msgid[:60]!r}"
        elif placeholders(entry.msgid) != placeholders(entry.msgstr):
            yield f"has other placeholders in the translation of {entry.msgid[:60]!r}"


def report(module):
    """Print the share of each language, and return how many complaints there are."""
    found = list(complaints(module))
    for complaint in found:
        print(f"{module.name}: {complaint}")
    for language in LANGUAGES:
        path = module / "i18n" / f"{language}.po"
        if path.exists():
            print(f"{module.name}: {language} has {polib.pofile(str(path)).percent_translated()} % of all texts")
    return len(found)


if __name__ == "__main__":
    sys.exit(1 if sum(report(module) for module in modules()) else 0)
