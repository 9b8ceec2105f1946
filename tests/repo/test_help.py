"""Whoever configures finds an explanation at each field, and whoever opens an empty list finds the next step."""

import ast
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

CLONE = Path(__file__).resolve().parents[2]
MODULES = sorted(path.parent for path in CLONE.glob("*/__manifest__.py"))
CONFIGURATION = {"collection.plan", "collection.level", "collection.step", "collection.plan.rule", "res.config.settings"}
CONFIGURATION |= {"collection.hold.reason", "collection.policy", "collection.policy.hours"}
CONFIGURATION |= {"collection.reference.rate", "collection.reference.rate.value"}
CONFIGURATION |= {"collection.charge.terms", "collection.charge.terms.bracket"}
# Long lists of words, which nobody writes on a phone.
WORDS_OF_ANSWERS = "collection_reply_rule_action"
# What says itself all there is to say.
PLAIN = {"name", "active", "sequence", "company_id", "currency_id", "company_currency_id", "level_ids", "step_ids", "plan_id"}


@cache
def classes():
    """Return the classes of all modules with the names of the models that they are about."""
    files = [path for module in MODULES for folder in ("models", "wizard") for path in (module / folder).glob("*.py")]
    nodes = [node for path in files for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    return [(node, _models_of(node)) for node in nodes]


@cache
def fields_of(model):
    """Return {field: (has help, model behind it, is computed)} of a model, from its Python files."""
    wanted = {model, "res.company"} if model == "res.config.settings" else {model}
    return {name: facts for node, models in classes() if models & wanted for name, facts in _fields_in(node)}


def _models_of(node):
    names = set()
    for statement in node.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") in ("_name", "_inherit"):
            value = ast.literal_eval(statement.value)
            names |= {value} if isinstance(value, str) else set(value)
    return names


def _fields_in(node):
    for statement in node.body:
        call = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("fields."):
            options = {keyword.arg: keyword.value for keyword in call.keywords}
            related = ast.literal_eval(options["related"]) if "related" in options else ""
            comodel = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            comodel = comodel or (ast.literal_eval(options["comodel_name"]) if "comodel_name" in options else None)
            has_help = "help" in options or related.startswith("company_id.")
            is_computed = "compute" in options and "store" not in options and "inverse" not in options
            yield statement.targets[0].id, (has_help, comodel, is_computed)


def configuration_views():
    """Yield (file, model, arch) of the views of the models that people configure."""
    for path in [path for module in MODULES for path in (module / "views").glob("*.xml")]:
        for record in etree.parse(str(path)).iter("record"):
            model = record.findtext("field[@name='model']")
            arch = record.find("field[@name='arch']")
            if record.get("model") == "ir.ui.view" and model in CONFIGURATION and arch is not None:
                if not arch.xpath("search"):
                    yield path, model, arch


def without_help(model, node):
    """Yield the fields inside ``node`` that nobody explains; lists inside a form belong to another model."""
    for child in node:
        inner = model
        if child.tag == "field" and child.get("name"):
            has_help, comodel, is_computed = fields_of(model).get(child.get("name"), (True, None, False))
            hidden = {child.get("invisible"), child.get("column_invisible")} & {"1", "True"}
            explained = has_help or child.get("help") or any(each.get("help") for each in child.iterancestors("setting"))
            if not (explained or hidden or is_computed or child.get("name") in PLAIN):
                yield f"{model}.{child.get('name')}"
            inner = comodel or model
        if inner in CONFIGURATION:
            yield from without_help(inner, child)


def test_every_configuration_field_has_help():
    found = {f"{path.name}: {name}" for path, model, arch in configuration_views() for name in without_help(model, arch)}
    assert sorted(found) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_list_says_the_next_step_when_it_is_empty(module):
    silent = []
    for path in [*(module / "views").glob("*.xml"), *(module / "wizard").glob("*.xml"), *(module / "report").glob("*.xml")]:
        for record in etree.parse(str(path)).iter("record"):
            modes = (record.findtext("field[@name='view_mode']") or "list").split(",")
            if record.get("model") == "ir.actions.act_window" and {"list", "kanban"} & set(modes):
                if record.find("field[@name='help']") is None and record.findtext("field[@name='target']") != "new":
                    silent.append(f"{path.name}: {record.get('id')}")
    assert silent == []


def test_every_list_of_a_menu_has_cards_for_phones():
    actions, opened, cards = {}, set(), set()
    for path in [path for module in MODULES for path in (module / "views").glob("*.xml")]:
        for node in etree.parse(str(path)).iter("record", "menuitem"):
            if node.tag == "menuitem":
                opened.add(node.get("action"))
            elif node.get("model") == "ir.actions.act_window":
                actions[node.get("id")] = node
            elif node.get("model") == "ir.ui.view" and node.xpath("field[@name='arch']/kanban"):
                cards.add(node.findtext("field[@name='model']"))
    modes = {name: (node.findtext("field[@name='view_mode']") or "list").split(",") for name, node in actions.items()}
    lists = {name for name in opened & set(actions) if "list" in modes[name] and not {"pivot", "graph"} & set(modes[name])}
    without = {
        name
        for name in lists - {WORDS_OF_ANSWERS}
        if "kanban" not in modes[name] or actions[name].findtext("field[@name='res_model']") not in cards
    }
    assert len(lists) > 20
    assert sorted(without) == []
