"""The states of electronic invoices that withhold a reminder, compared with the e-invoicing modules that Odoo ships."""

import ast
from pathlib import Path

import odoo.addons.account
from odoo.addons.account_collections_auto.engine.withhold import ELECTRONIC_STATES

ADDONS = Path(odoo.addons.account.__file__).parents[1]
EXCUSED = {
    "l10n_gr_edi_state": "only says that the tax office has it; an invoice that it refused has no state",
    "l10n_tw_edi_refund_state": "about credit notes",
}


def _shipped_states():
    """Return {field: its values} of the stored states of an invoice, from the files of Odoo's modules."""
    found = {}
    for path in ADDONS.glob("*/models/account_move.py"):
        if path.parts[-3] != "account":
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and "account.move" in _inherited(node):
                    found |= dict(_stored_states(node))
    return found


def _inherited(node):
    for statement in node.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "_inherit":
            value = ast.literal_eval(statement.value)
            return [value] if isinstance(value, str) else value
    return []


def _stored_states(node):
    for statement in node.body:
        call = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "fields.Selection":
            name = statement.targets[0].id
            options = {keyword.arg: keyword.value for keyword in call.keywords}
            is_stored = "store" in options or not {"compute", "related"} & options.keys()
            if is_stored and name.endswith(("_state", "_status")):
                selection = call.args[0] if call.args else options["selection"]
                yield name, {value for value, _label in ast.literal_eval(selection)}


def test_every_state_of_an_electronic_invoice_is_looked_at_or_excused():
    shipped = _shipped_states()
    assert len(shipped) > 10
    assert sorted(shipped.keys() - ELECTRONIC_STATES.keys() - EXCUSED.keys()) == []
    assert sorted({*ELECTRONIC_STATES, *EXCUSED} - shipped.keys()) == []


def test_every_state_that_withholds_exists():
    shipped = _shipped_states()
    assert {name: gone for name, states in ELECTRONIC_STATES.items() if (gone := set(states) - shipped[name])} == {}
