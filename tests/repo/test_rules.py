"""Rules about the files themselves: where things lie, what they are called, what they may know of each other."""

import ast
import csv
import re
import subprocess
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
MODULES = sorted(path.parent for path in CLONE.glob("*/__manifest__.py"))
# The engine's files that talk to the database; every other one is pure: dates and numbers in, dates and numbers out.
WITH_SQL = {"__init__", "project", "plan_rules", "select", "withhold", "schedule", "findings", "rates", "takeover", "history"}
WITH_SQL |= {"statement", "outlook", "promises", "notices", "placements", "instalments", "instalment_charges", "told"}
WITH_SQL |= {"settlements", "attempt", "disputes", "ratings", "late_charges"}
WITH_SQL |= {"as_of", "kpi_inputs", "dashboard_inputs", "returned", "forecast_inputs", "aged", "contact_times"}
# Overrides of Odoo's own methods, whose meaning Odoo documents.
ODOO_METHODS = {"create", "write", "unlink", "copy", "copy_data", "init", "default_get", "fields_get", "search", "read"}


def tracked(*patterns):
    ran = subprocess.run(["git", "ls-files", *patterns], cwd=CLONE, capture_output=True, text=True, check=True)
    return [CLONE / name for name in ran.stdout.splitlines() if (CLONE / name).is_file()]


def sources(module):
    return [path for path in module.rglob("*.py") if "tests" not in path.relative_to(module).parts]


def parse(path):
    return ast.parse(path.read_text(), str(path))


def classes(path):
    """Yield (class, kind, its plain attributes) of the Odoo models in a file."""
    for node in parse(path).body:
        if isinstance(node, ast.ClassDef) and node.bases:
            base = ast.unparse(node.bases[0])
            if base.startswith("models.") and base.endswith("Model"):
                yield node, base.removeprefix("models."), _attributes(node)


def _attributes(node):
    found = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in ("_name", "_inherit"):
                found[name] = ast.literal_eval(statement.value)
    if isinstance(found.get("_inherit"), list) and found.get("_name") in found["_inherit"]:
        found["_inherit"] = found.pop("_name")  # gives a mixin to a model that is there already
    return found


def name(path):
    return str(path.relative_to(CLONE))


def test_pure_files_of_the_engine_know_nothing_of_odoo():
    guilty = []
    for path in [path for module in MODULES for path in (module / "engine").glob("*.py") if path.stem not in WITH_SQL]:
        for node in ast.walk(parse(path)):
            imported = [alias.name for alias in getattr(node, "names", [])] if isinstance(node, ast.Import) else []
            imported += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            guilty += [f"{name(path)} imports {target}" for target in imported if target.split(".")[0] == "odoo"]
    assert guilty == []


def test_one_model_per_file_and_the_file_is_called_like_it():
    wrong = []
    for path in [path for module in MODULES for path in sources(module)]:
        found = list(classes(path))
        if len(found) > 1:
            wrong.append(f"{name(path)} holds {len(found)} models")
        for _node, _kind, attributes in found:
            inherit = attributes.get("_inherit")
            model = attributes.get("_name") or (inherit if isinstance(inherit, str) else inherit[0])
            allowed = {model.replace(".", "_"), model.removeprefix("collection.channel.").replace(".", "_")}
            if path.parent.name == "wizard" and model.replace(".", "_").startswith(path.stem):
                continue  # the names of wizards are long
            if "_name" not in attributes and path.stem.startswith(model.replace(".", "_") + "_"):
                continue  # one aspect of a model: collection_action_mail
            if path.stem not in allowed:
                wrong.append(f"{name(path)} holds {model}")
    assert wrong == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_model_has_access_rules(module):
    models = {
        attributes["_name"]
        for path in sources(module)
        for _node, kind, attributes in classes(path)
        if kind in ("Model", "TransientModel") and "_name" in attributes
    }
    if not models:
        return  # it only extends what other modules define
    with (module / "security/ir.model.access.csv").open() as file:
        ruled = {row["model_id:id"].rsplit(".", 1)[-1].removeprefix("model_") for row in csv.DictReader(file)}
    assert sorted(model for model in models if model.replace(".", "_") not in ruled) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_manifest_lists_every_data_file_once(module):
    manifest = ast.literal_eval((module / "__manifest__.py").read_text())
    listed = manifest.get("data", []) + manifest.get("demo", [])
    folders = ("security", "data", "views", "wizard", "report", "demo", "templates")
    there = [
        str(path.relative_to(module))
        for folder in folders
        for path in (module / folder).rglob("*")
        if path.suffix in (".xml", ".csv")
    ]
    assert sorted(listed) == sorted(there)


def test_no_path_of_a_machine_is_written_down():
    """Neither a home, nor where somebody keeps the clone."""
    path_of_a_machine = re.compile(r"(?<![\w.$}])/(?:root|home|work|Users|mnt)/[\w.-]")
    guilty = []
    for path in tracked():
        if path != Path(__file__) and path.suffix not in (".png", ".jpg", ".pdf"):
            guilty += [
                f"{name(path)}: {line.strip()}" for line in path.read_text().splitlines() if path_of_a_machine.search(line)
            ]
    assert guilty == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_public_methods_say_what_they_promise(module):
    silent = []
    for path in sources(module):
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                silent += [f"{name(path)}: {node.name}.{method.name}" for method in node.body if _is_silent(method)]
            elif isinstance(node, ast.Module):
                silent += [f"{name(path)}: {function.name}" for function in node.body if _is_silent(function)]
    assert silent == []


def _is_silent(node):
    return (
        isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and node.name not in ODOO_METHODS
        and not ast.get_docstring(node)
    )


def test_continuous_integration_runs_the_command_of_developers():
    script = CLONE / ".ci/run"
    assert script.stat().st_mode & 0o100
    assert re.search(r"\bsetup/test\b", script.read_text())


def test_licence_is_the_one_that_the_modules_declare():
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (CLONE / "LICENSE").read_text()
    for module in MODULES:
        assert ast.literal_eval((module / "__manifest__.py").read_text())["license"] == "LGPL-3"
