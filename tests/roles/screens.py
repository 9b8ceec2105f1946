"""What a user can open, found by itself: menus, window actions, their views, and the filters, groupings and buttons in them.

Everything is asked for as the web client asks for it, with the rights of the environment's user: an action or a button that
a later feature adds needs no line here.
"""

import ast
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from lxml import etree
from odoo import fields as odoo_fields
from odoo.addons.web.controllers.utils import clean_action
from odoo.fields import Domain
from odoo.tools.safe_eval import datetime as safe_datetime
from odoo.tools.safe_eval import dateutil, safe_eval, time

CLONE = Path(__file__).resolve().parents[2]
SUITE = sorted(path.parent.name for path in CLONE.glob("*/__manifest__.py"))
NUMBERS = ("integer", "float", "monetary")
PAGE = 80
DECIDE_ON = 80  # records that are looked at for which buttons they show


# -- menus and actions ---------------------------------------------------------------------------------------------------


def menu_actions(env):
    """Return {(type, id) of an action: path of its menu} of the suite's menus that the user sees."""
    menus = env["ir.ui.menu"].load_web_menus(False)
    found = {}

    def walk(menu, path):
        path = [*path, menu["name"]]
        if menu["xmlid"].partition(".")[0] in SUITE and menu["actionID"] and menu["id"] != menu["appID"]:
            found[menu["actionModel"], menu["actionID"]] = " / ".join(path)
        for child in menu["children"]:
            walk(menus[child], path)

    for app in menus["root"]["children"]:
        walk(menus[app], [])
    return found


def suite_actions(env):
    """Return {(type, id): XML id} of the actions of the suite that the user may load."""
    kinds = ["ir.actions.act_window", "ir.actions.client", "ir.actions.server", "ir.actions.report", "ir.actions.act_url"]
    data = env["ir.model.data"].sudo().search([("module", "in", SUITE), ("model", "in", kinds)], order="id")
    found = {}
    for entry in data:
        action = env[entry.model].sudo().browse(entry.res_id).exists()
        groups = action.group_ids if "group_ids" in action else env["res.groups"]
        if action and (not groups or groups & env.user.all_group_ids):
            found[entry.model, entry.res_id] = entry.complete_name
    return found


def load_action(env, kind, action_id):
    """Return an action as the web client gets it."""
    record = env[kind].sudo().browse(action_id)
    values = record._get_action_dict() if kind == "ir.actions.act_window" else record.read()[0]
    return clean_action(values, env)


def extended_views(env):
    """Return the primary views of other modules' models that the suite extends: (model, view type, view id)."""
    data = env["ir.model.data"].sudo().search([("module", "in", SUITE), ("model", "=", "ir.ui.view")])
    ours = suite_models(env)
    found = set()
    for view in env["ir.ui.view"].sudo().browse(data.mapped("res_id")):
        root = view
        while root.inherit_id and root.mode == "extension":
            root = root.inherit_id
        if view.model and view.model not in ours and root.type in ("form", "list", "kanban", "search"):
            found.add((view.model, root.type, root.id))
    return sorted(found)


def suite_models(env):
    """Return the names of the models that the suite defines, abstract ones too."""
    return sorted(name for name, model in env.registry.items() if model._original_module in SUITE)


# -- evaluating what views say ------------------------------------------------------------------------------------------


def evaluate(expression, env, **names):
    """Evaluate an expression of a view as the web client does."""
    today = odoo_fields.Date.context_today(env.user)
    known = {
        "uid": env.uid,
        "context": dict(env.context),
        "context_today": lambda: today,
        "current_date": str(today),
        "today": str(today),
        "now": str(odoo_fields.Datetime.now()),
        "datetime": safe_datetime,
        "relativedelta": dateutil.relativedelta.relativedelta,
        "time": time,
        "true": True,
        "false": False,
        "active_id": False,
        "active_ids": [],
        "active_model": False,
        "allowed_company_ids": env.companies.ids,
        "companies": env.companies,
        "current_company_id": env.company.id,
    }
    return safe_eval(str(expression or "False"), {**known, **names})


def names_in(expression):
    """Return the names that an expression uses."""
    return {node.id for node in ast.walk(ast.parse(str(expression).strip(), mode="eval")) if isinstance(node, ast.Name)}


def parent_names_in(expression):
    """Return the fields of ``parent`` that an expression uses."""
    nodes = ast.walk(ast.parse(str(expression).strip(), mode="eval"))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "parent"}


def values_for_expressions(record, names):
    """Return the values of a record as the expressions of a view see them."""
    known = [name for name in names if name in record._fields]
    (values,) = record.read(known, load="") if known else ({},)
    return {name: _plain(value) for name, value in {"id": record.id, **values}.items()}


def _plain(value):
    return str(value) if isinstance(value, date | datetime) else list(value) if isinstance(value, tuple) else value


# -- buttons ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Button:
    """A button of a view. `place` is form, row, selection, items (a list inside a form) or menu (bound to the model)."""

    model: str
    kind: str
    name: str
    label: str
    place: str
    context: str = ""
    arguments: str = ""
    conditions: tuple = ()  # that hide it, on the record whose button it is
    through: str = ""  # the field of the form that holds the list, for place "items"
    around: tuple = ()  # that hide that list, on the record of the form

    def is_visible(self, env, values, **names):
        """Whether a record with these values shows the button."""
        return not any(evaluate(condition, env, **{**names, **values}) for condition in self.conditions)

    @property
    def names(self):
        """The fields that decide on it."""
        return set().union(*map(names_in, self.conditions))

    @property
    def parent_names(self):
        """The fields of the form around a list that decide on a button in it."""
        return set().union(*map(names_in, self.around), *map(parent_names_in, self.conditions))

    @property
    def call(self):
        """What pressing it does, however many views show it."""
        return self.model, self.kind, self.name, self.context, self.arguments

    def __str__(self):
        return f"button {self.label or self.name!r} ({self.place}) of {self.model}"


def _depth(node):
    return len(list(node.iterancestors("field")))


def _conditions(node, root):
    found = []
    while node is not None and node is not root:
        found += [node.get(name) for name in ("invisible", "column_invisible") if node.get(name)]
        node = node.getparent()
        if node is not None and node.tag == "field":
            break
    return tuple(found)


def buttons_of(root, model, place):
    """Return the buttons of the view ``root`` itself, without those of lists inside it."""
    depth = _depth(root)
    found = []
    for node in root.iter("button", "a"):
        if not node.get("name") or node.get("type") not in ("object", "action", None) or _depth(node) != depth:
            continue
        if node.get("special") or (node.tag == "a" and not node.get("type")):
            continue
        in_header = node.getparent().tag == "header" and root.tag == "list"
        found.append(
            Button(
                model=model,
                kind=node.get("type") or "object",
                name=node.get("name"),
                label=node.get("string") or "".join(node.itertext()).strip() or node.get("title") or "",
                place="selection" if in_header else place,
                context=node.get("context") or "",
                arguments=node.get("args") or "",
                conditions=_conditions(node, root),
            )
        )
    return found


# -- a window action and its views -----------------------------------------------------------------------------------------


@dataclass
class Screen:
    """A window action as the web client opens it for the environment's user."""

    env: object
    action: dict
    active: dict = field(default_factory=dict)

    @cached_property
    def context(self):
        given = self.action.get("context") or {}
        if isinstance(given, str):
            given = evaluate(given, self.env, **self.active)
        return {**self.env.context, **self.active, **given}

    @cached_property
    def model(self):
        kept = {name: value for name, value in self.context.items() if not name.startswith("search_default_")}
        return self.env[self.action["res_model"]].with_context(kept)

    @cached_property
    def views(self):
        """The answer of `get_views`."""
        views = list(self.action.get("views") or [(False, kind) for kind in self._view_types()])
        search = self.action.get("search_view_id")
        views.append((search[0] if isinstance(search, list | tuple) else search, "search"))
        options = {"toolbar": True, "load_filters": True, "action_id": self.action.get("id") or False}
        return self.model.get_views(views, options)

    def _view_types(self):
        return (self.action.get("view_mode") or "list,form").split(",")

    @cached_property
    def archs(self):
        """{view type: root element}"""
        return {kind: etree.fromstring(view["arch"]) for kind, view in self.views["views"].items()}

    @property
    def fields(self):
        return self.views["models"][self.model._name]["fields"]

    @cached_property
    def domain(self):
        given = self.action.get("domain") or []
        return Domain(evaluate(given, self.env, **self.context) if isinstance(given, str) else given)

    @cached_property
    def first_domain(self):
        """What the user sees first: the domain of the action with the filters that it switches on."""
        domain = self.domain
        for search in self.searches():
            if search.is_default:
                domain &= search.domain
        return domain

    @cached_property
    def first_grouping(self):
        """The groupings that the user sees first."""
        found = [search.grouping for search in self.searches() if search.is_default and search.grouping]
        given = self.context.get("group_by") or []
        return found or ([given] if isinstance(given, str) else list(given))

    # -- reading ---------------------------------------------------------------------------------------------------------

    def specification(self, kind, root=None, model=None):
        """Return what the web client asks `web_read` for, from the fields of a view."""
        root = self.archs[kind] if root is None else root
        known = self.views["models"].get(model or self.model._name, {"fields": {}})["fields"]
        depth = _depth(root)
        asked = {}
        for node in root.iter("field"):
            info = known.get(node.get("name"))
            if node is root or info is None or _depth(node) != depth:
                continue
            asked[node.get("name")] = self._specification_of(node, info)
        return asked

    def _specification_of(self, node, info):
        if info["type"] in ("many2one", "reference"):
            return {"fields": {"display_name": {}}}
        if info["type"] in ("one2many", "many2many"):
            inside = {}
            for view in node.iterchildren("list", "kanban", "form"):
                inside.update(self.specification(None, view, info["relation"]))
            return {"fields": inside or {"display_name": {}}, "limit": 40}
        return {}

    def aggregates(self, kind):
        """Return the totals that a grouped list asks for."""
        return [
            f"{name}:{self.fields[name]['aggregator']}"
            for name in self.specification(kind)
            if self.fields[name].get("aggregator") and self.fields[name]["type"] in NUMBERS
        ]

    def read_page(self, kind="list", domain=None, limit=PAGE):
        """Read the first page of a list or kanban."""
        root = self.archs[kind]
        return self.model.web_search_read(
            list(self.first_domain if domain is None else domain),
            self.specification(kind),
            limit=int(root.get("limit") or limit),
            order=root.get("default_order"),
            count_limit=10001,
        )

    def read_groups(self, groupby, kind="list", domain=None):
        """Read the groups of a list or kanban, with their totals."""
        return self.model.web_read_group(
            list(self.first_domain if domain is None else domain),
            groupby,
            self.aggregates(kind),
            limit=PAGE,
            auto_unfold=kind == "kanban",
            unfold_read_specification=self.specification(kind) if kind == "kanban" else None,
        )

    def read_totals(self, kind="list"):
        """Read the totals of all records, whatever the page shows."""
        return self.model.formatted_read_group(list(self.first_domain), [], ["__count", *self.aggregates(kind)])

    # -- searching -------------------------------------------------------------------------------------------------------

    def searches(self):
        """Return everything that can be chosen in the search box, as `Search`es."""
        if "search" not in self.archs:
            return []
        found = []
        for node in self.archs["search"].iter("filter", "field"):
            if next(node.iterancestors("searchpanel"), None) is None and node.get("invisible") not in ("1", "True"):
                found.append(self._search_of(node))
        return found

    def _search_of(self, node):
        name = node.get("name")
        given = self.context.get(f"search_default_{name}")
        if node.tag == "field":
            return Search(f"search in {name}", self._domain_of_field(node, given or None), "", bool(given))
        grouping = evaluate(node.get("context") or "{}", self.env).get("group_by", "")
        if grouping and self.fields.get(grouping, {}).get("type") in ("date", "datetime"):
            grouping += ":month"
        domain = Domain.TRUE
        if node.get("domain"):
            domain = Domain(evaluate(node.get("domain"), self.env, **self.context))
        elif node.get("date"):
            domain = Domain(node.get("date"), ">=", "today -30d") & Domain(node.get("date"), "<=", "today")
        return Search(f"filter {node.get('string') or name}", domain, grouping, bool(given))

    def _domain_of_field(self, node, given):
        name, info = node.get("name"), self.fields[node.get("name")]
        if node.get("filter_domain"):
            return Domain(evaluate(node.get("filter_domain"), self.env, self=given or "a", raw_value=given or "a"))
        if given:
            given = given[0] if isinstance(given, list | tuple) and len(given) == 1 else given
            operator = "in" if isinstance(given, list | tuple) else node.get("operator") or "="
            return Domain(name, operator, given)
        if info["type"] in ("char", "text", "html", "many2one", "one2many", "many2many"):
            operator = node.get("operator") or "ilike"
            found = self.env[info["relation"]].search([], limit=1).id if operator == "child_of" else "a"
            return Domain(name, operator, found)
        sample = {"selection": next(iter(info.get("selection") or [("",)]))[0], "boolean": True, "date": "today"}
        return Domain(name, "=", sample.get(info["type"], 1))

    def search_panel(self):
        """Return the nodes of the search panel's fields."""
        return self.archs["search"].xpath("//searchpanel//field") if "search" in self.archs else []

    def read_search_panel(self, node):
        """Read what a field of the search panel offers."""
        many = self.model.search_panel_select_multi_range
        return (many if node.get("select") == "multi" else self.model.search_panel_select_range)(
            node.get("name"),
            category_domain=[],
            filter_domain=[],
            search_domain=list(self.first_domain),
            enable_counters=node.get("enable_counters") in ("1", "True", "true"),
            expand=node.get("expand") in ("1", "True", "true"),
            limit=int(node.get("limit") or 200),
        )

    # -- buttons ---------------------------------------------------------------------------------------------------------

    def buttons(self, kind):
        """Return the buttons of a view, with those of the lists inside a form and of a list's cog menu."""
        root = self.archs[kind]
        found = buttons_of(root, self.model._name, "form" if kind == "form" else "row")
        if kind == "form":
            for node in root.iter("field"):
                if _depth(node) == 0 and self.fields.get(node.get("name"), {}).get("relation"):
                    found += self._buttons_inside(node, root)
        if kind == "list":
            found += self._bound_actions()
        return found

    def _buttons_inside(self, node, root):
        name = node.get("name")
        inside = [view for view in node.iterchildren("list", "kanban")]
        found = [button for view in inside for button in buttons_of(view, self.fields[name]["relation"], "items")]
        return [replace(button, through=name, around=_conditions(node, root)) for button in found]

    def _bound_actions(self):
        toolbar = self.views["views"]["list"].get("toolbar", {})
        for action in [*toolbar.get("action", []), *toolbar.get("print", [])]:
            yield Button(self.model._name, "action", str(action["id"]), action["name"], "menu")

    def representatives(self, buttons, domain=None):
        """Return one record for each set of buttons that records of this screen show: [(record, its buttons)]."""
        names = set().union(*(button.names for button in buttons)) if buttons else set()
        found = {}
        for record in self.model.search(self.domain if domain is None else domain, limit=DECIDE_ON):
            values = values_for_expressions(record, names)
            visible = tuple(button for button in buttons if button.is_visible(record.env, values))
            found.setdefault(visible, record)
        return [(record, list(visible)) for visible, record in found.items()]


@dataclass(frozen=True)
class Search:
    """One thing to choose in the search box: a filter, a grouping, or a field to search in."""

    label: str
    domain: Domain
    grouping: str = ""
    is_default: bool = False
