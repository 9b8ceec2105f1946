"""A language in which every text that can be translated stands between marks: what shows without them cannot be translated.

The terms of the suite come from an export of the database (what `i18n/export` writes as .pot), those of Odoo's own code from
its .pot files. Odoo's own labels in the database stay as they are; `labels_of_odoo` lists them.
"""

import io
import re
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import patch

import polib
from odoo.modules import get_module_path
from odoo.tools.translate import CodeTranslations, TranslationImporter, code_translations, trans_export

CODE = "en_NZ"  # a language that browsers know, and that nobody translates the suite into
OPEN, CLOSE = "⟦", "⟧"
NOT_TEXT = re.compile(r"(<[^>]+>|\{\{.*?\}\})", re.DOTALL)


def marked(text):
    """Put marks around each piece of text between tags.

    >>> marked("Pay <b>now</b>: 5")
    '⟦Pay⟧ <b>⟦now⟧</b>: 5'
    """
    return "".join(piece if number % 2 else _marked_piece(piece) for number, piece in enumerate(NOT_TEXT.split(text)))


def _marked_piece(piece):
    if not re.search(r"[^\W\d_]{2}", piece):
        return piece
    bare = piece.strip()
    return piece.replace(bare, f"{OPEN}{bare}{CLOSE}", 1)


def exported(env, modules):
    """Return the entries of a fresh export of ``modules``: all texts that translators get."""
    buffer = io.BytesIO()
    trans_export("", modules, buffer, "po", env)
    return polib.pofile(buffer.getvalue().decode())


@contextmanager
def pseudo_language(env, entries, modules):
    """Have the language in the database of ``env`` and in the code, for as long as the block runs."""
    env["res.lang"]._activate_lang(CODE)
    for entry in entries:
        entry.msgstr = marked(entry.msgid)
    importer = TranslationImporter(env.cr, verbose=False)
    with tempfile.NamedTemporaryFile(suffix=".pseudo") as file:  # Odoo wants a name
        file.write(str(entries).encode())
        importer.load(file, "po", CODE)
    importer.save(overwrite=True, force_overwrite=True)
    of_suite = [(_comments(entry), entry.msgid) for entry in entries]
    original = CodeTranslations._get_code_translations

    def marked_code(module, lang, wanted):
        if lang != CODE:
            return original(module, lang, wanted)
        terms = of_suite if module in modules else _terms_of(module)
        return {text: marked(text) for comments, text in terms if wanted({"value": text, "comments": comments})}

    try:
        with patch.object(CodeTranslations, "_get_code_translations", staticmethod(marked_code)):
            yield
    finally:
        for known in (code_translations.python_translations, code_translations.web_translations):
            for key in [key for key in known if key[1] == CODE]:
                del known[key]


def _comments(entry):
    return entry.comment


@cache
def _terms_of(module):
    """Return (comments, text) of the code of one of Odoo's modules. Reads the file by itself: polib takes seconds."""
    path = Path(get_module_path(module) or "") / "i18n" / f"{module}.pot"
    if not path.exists():
        return []
    found = []
    for block in path.read_text().split("\n\n")[1:]:
        comments, _sep, rest = block.partition("\nmsgid ")
        if "odoo-javascript" in comments or "odoo-python" in comments:
            lines = rest.partition("\nmsgstr ")[0].splitlines()
            found.append((comments, "".join(polib.unescape(line.strip()[1:-1]) for line in lines)))
    return found


def labels_of_odoo(env, modules):
    """Return the texts of the database that belong to Odoo's other modules, so that nobody here translates them."""
    env.cr.execute(
        """SELECT label FROM (
               SELECT field_description->>'en_US' AS label, model || '.' || name AS key FROM ir_model_fields
                UNION ALL SELECT choice.name->>'en_US', field.model || '.' || field.name
                  FROM ir_model_fields_selection choice JOIN ir_model_fields field ON field.id = choice.field_id
           ) labels
            WHERE NOT EXISTS (SELECT 1 FROM ir_model_data data JOIN ir_model_fields field ON field.id = data.res_id
                               WHERE data.model = 'ir.model.fields' AND data.module = ANY(%s)
                                 AND field.model || '.' || field.name = labels.key)""",
        [list(modules)],
    )
    found = {row[0] for row in env.cr.fetchall()}
    for table in ("ir_act_window", "ir_ui_menu", "ir_model", "mail_activity_type", "mail_message_subtype"):
        env.cr.execute(f"SELECT name->>'en_US' FROM {table}")
        found |= {row[0] for row in env.cr.fetchall()}
    return {label for label in found if label}
