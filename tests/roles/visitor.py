"""A user who opens screens and presses buttons, writes down what went wrong, and leaves the database as it was."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

from odoo import fields as odoo_fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.service.model import call_kw
from odoo.tests import Form

from .screens import PAGE, Screen, evaluate, load_action, names_in, values_for_expressions

LISTS = ("list", "kanban")
# Buttons that say in a sentence why not now, instead of hiding: the reason why that is better.
MAY_REFUSE = {
    ("collection.cycle", "action_confirm"): "a preview of a day to come can be confirmed on that day, and says so",
}


class Visitor:
    """One user at a time; `complaints` is what a person would have seen as an error."""

    def __init__(self, case, role):
        self.case = case
        self.role = role
        self.env = case.as_role(role)
        self.complaints = []
        self.pressed = {}
        self.opened = set()

    # -- taking notes, and undoing -------------------------------------------------------------------------------------

    def complain(self, where, error):
        lines = str(error).strip().splitlines() or [""]
        self.complaints.append(f"{self.role}: {where}: {type(error).__name__}: {' '.join(lines)[:400]}")

    @contextmanager
    def undone(self):
        """Take back everything that happens inside."""
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            yield
        finally:
            self.env.transaction.clear()
            savepoint.close(rollback=True)
            self.env.transaction.clear()
            self.env.cr.precommit.clear()
            self.env.cr.postcommit.clear()

    @contextmanager
    def noting(self, where, tolerated=()):
        """Write an error down and go on; ``tolerated`` ones are no error."""
        try:
            with self.undone():
                yield
        except tolerated as error:
            if isinstance(error, AccessError):
                self.complain(where, error)
        except Exception as error:  # whatever a person would see as an error dialog
            self.complain(where, error)

    # -- opening -------------------------------------------------------------------------------------------------------

    def open_action(self, where, action, **active):
        """Open an action of any kind as far as the server is concerned; return its screen if it is a window."""
        kind = action.get("type")
        if kind == "ir.actions.act_window":
            screen = Screen(self.env, action, active)
            self.look_at(where, screen)
            return screen
        if kind == "ir.actions.server":
            with self.noting(where):
                answer = self.env["ir.actions.server"].browse(action["id"]).with_context(**active).run()
                if answer:
                    self.open_action(where, answer)
        if kind == "ir.actions.report":
            with self.noting(where):
                report = self.env["ir.actions.report"].with_context(**active)
                report._render_qweb_html(action["report_name"], active.get("active_ids") or [])
        return None

    def look_at(self, where, screen, search=True):
        """Open every view of a screen, and use everything in its search box once."""
        key = (json.dumps(screen.action, default=str, sort_keys=True), str(screen.active))
        if key in self.opened:
            return
        self.opened.add(key)
        with self.noting(f"{where}: its views"):
            kinds = [kind for kind in screen.archs if search or kind != "search"]
            for kind in kinds:
                with self.noting(f"{where}: {kind}"):
                    getattr(self, f"_look_at_{kind}", self._look_at_other)(where, screen)

    def _look_at_list(self, where, screen, kind="list"):
        screen.read_page(kind)
        root = screen.archs[kind]
        grouping = screen.first_grouping or [name for name in (root.get("default_group_by") or "").split(",") if name]
        if grouping:
            screen.read_groups(grouping, kind)
        for name, info in screen.fields.items():
            if kind == "list" and info.get("sortable") and root.xpath(f"./field[@name='{name}']"):
                with self.noting(f"{where}: sorted by {name}"):
                    screen.model.web_search_read(list(screen.domain), {"id": {}}, limit=PAGE, order=f"{name} desc, id")

    def _look_at_kanban(self, where, screen):
        self._look_at_list(where, screen, "kanban")

    def _look_at_form(self, where, screen):
        root = screen.archs["form"]
        given = screen.action.get("res_id")
        if given:
            screen.model.browse(given).web_read(screen.specification("form"))
            return
        if not screen.model._transient:
            for record in screen.model.search(screen.domain, limit=3):
                record.web_read(screen.specification("form"))
        if root.get("create") not in ("0", "false", "False") and screen.model.has_access("create"):
            with self.noting(f"{where}: new"):
                screen.model.onchange({}, [], screen.specification("form"))
                Form(screen.model, view=self._view_id(screen, "form"))

    def _look_at_search(self, where, screen):
        kind = next((kind for kind in LISTS if kind in screen.archs), None)
        if not kind or not screen.model.has_access("read"):
            return
        for search in screen.searches():
            with self.noting(f"{where}: {search.label}"):
                screen.model.web_search_read(list(screen.domain & search.domain), {"id": {}}, limit=PAGE, count_limit=10001)
                if search.grouping:
                    screen.read_groups([search.grouping], kind)
        for node in screen.search_panel():
            with self.noting(f"{where}: search panel by {node.get('name')}"):
                screen.read_search_panel(node)

    def _look_at_pivot(self, where, screen):
        nodes = list(screen.archs["pivot"].iter("field"))
        by = {kind: [self._grouping(screen, node) for node in nodes if node.get("type") == kind] for kind in ("row", "col")}
        aggregates = ["__count", *self._measures(screen, nodes)]
        screen.model.formatted_read_grouping_sets(
            list(screen.first_domain), [[], by["row"], by["col"], by["row"] + by["col"]], aggregates
        )

    def _look_at_graph(self, where, screen):
        nodes = [node for node in screen.archs["graph"].iter("field") if node.get("type") != "measure"]
        measures = self._measures(screen, screen.archs["graph"].iter("field"))
        groupings = [self._grouping(screen, node) for node in nodes]
        screen.model.formatted_read_group(list(screen.first_domain), groupings, ["__count", *measures])

    def _look_at_activity(self, where, screen):
        self.env["mail.activity"].get_activity_data(screen.model._name, list(screen.first_domain), limit=PAGE)

    def _look_at_other(self, where, screen):
        """A view type that nobody described here, such as a calendar: its fields are read."""
        kind = where.rsplit(": ", 1)[-1]
        root = screen.archs.get(kind)
        names = {node.get("name") for node in root.iter("field")} if root is not None else set()
        screen.model.web_search_read(list(screen.first_domain), {name: {} for name in names if name}, limit=PAGE)

    @staticmethod
    def _grouping(screen, node):
        name = node.get("name")
        interval = node.get("interval") or ("month" if screen.fields[name]["type"] in ("date", "datetime") else "")
        return f"{name}:{interval}" if interval else name

    @staticmethod
    def _measures(screen, nodes):
        names = [node.get("name") for node in nodes if node.get("type") == "measure"]
        return [f"{name}:{screen.fields[name].get('aggregator') or 'sum'}" for name in names if name != "__count"]

    @staticmethod
    def _view_id(screen, kind):
        return next((view_id for view_id, view_kind in screen.action.get("views") or [] if view_kind == kind), None) or None

    # -- pressing --------------------------------------------------------------------------------------------------------

    def press_everything(self, where, screen):
        """Press each button on a record of each kind that shows it."""
        for kind in [kind for kind in ("form", *LISTS) if kind in screen.archs]:
            if screen.model._transient and not screen.action.get("res_id"):
                continue  # a dialog without an occasion; it is met where a button opens it
            buttons = screen.buttons(kind)
            self._press_on_records(f"{where}: {kind}", screen, [each for each in buttons if each.place in ("form", "row")])
            self._press_in_items(f"{where}: {kind}", screen, [each for each in buttons if each.place == "items"])
            self._press_on_selection(
                f"{where}: {kind}", screen, [each for each in buttons if each.place in ("selection", "menu")]
            )

    def _press_on_records(self, where, screen, buttons):
        for record, visible in screen.representatives(buttons):
            for button in visible:
                self.press(where, button, record)

    def _press_in_items(self, where, screen, buttons):
        for field in {button.through for button in buttons}:
            inside = [button for button in buttons if button.through == field]
            names = set().union(*(button.names for button in inside))
            asked = set().union(*(button.parent_names for button in inside))
            for record in screen.model.search(screen.domain & Domain(field, "!=", False), limit=5):
                parent = values_for_expressions(record, asked)
                for row in record[field][:5]:
                    values = values_for_expressions(row, names)
                    for button in inside:
                        around = any(evaluate(condition, self.env, **parent) for condition in button.around)
                        if not around and button.is_visible(row.env, values, parent=SimpleNamespace(**parent)):
                            self.press(where, button, row)

    def _press_on_selection(self, where, screen, buttons):
        selected = screen.model.search(screen.first_domain, limit=2)
        for button in buttons if selected else ():
            if button.is_visible(self.env, {}):
                self.press(where, button, selected)

    def press(self, where, button, records):
        """Press a button, open what it answers, and undo both. A sentence that refuses is fine, an access error is not."""
        done = self.pressed.setdefault(button.call, set())
        state = (str(records[0].state) if "state" in records else "", len(records) > 1)
        if state in done:
            return
        done.add(state)
        where = f"{where}: {button} on {records.ids}"
        # On a selection, the records decide; a sentence is the only way to say why not.
        may_refuse = button.place in ("selection", "menu") or (button.model, button.name) in MAY_REFUSE
        with self.noting(where, tolerated=(UserError,) if may_refuse else ()):
            answer, active = self._answer(button, records)
            if isinstance(answer, dict):
                self.follow(where, answer, active)

    def _answer(self, button, records):
        active = {"active_id": records[0].id, "active_ids": records.ids, "active_model": records._name}
        values = values_for_expressions(records[0], names_in(button.context or "{}"))
        context = evaluate(button.context or "{}", self.env, **{**active, **values})
        if button.kind == "action":
            kind = self.env["ir.actions.actions"].sudo().browse(int(button.name)).type
            return load_action(self.env, kind, int(button.name)), {**active, **context}
        context = {**records.env.context, **context}
        if button.place in ("selection", "menu"):
            context.update(active)
        arguments = evaluate(button.arguments or "[]", self.env)
        return call_kw(self.env[records._name], button.name, [records.ids, *arguments], {"context": context}), {}

    def follow(self, where, action, active=None):
        """Open what a button answered; in a dialog, press the buttons too."""
        screen = self.open_action(f"{where}: opens {action.get('name') or action.get('type')}", action, **(active or {}))
        if screen and action.get("target") == "new" and "form" in screen.archs:
            self._press_in_dialog(where, screen)

    def _press_in_dialog(self, where, screen):
        with self.noting(f"{where}: dialog", tolerated=(UserError, AssertionError)):
            record = screen.model.browse(screen.action.get("res_id"))
            if not record:
                record = filled_in(Form(screen.model, view=self._view_id(screen, "form"))).save()
            buttons = screen.buttons("form")
            values = values_for_expressions(record, set().union(*(button.names for button in buttons)))
            for button in buttons:
                if button.place == "form" and button.is_visible(record.env, values):
                    self._press_dialog_button(f"{where}: dialog: {button}", button, record)

    def _press_dialog_button(self, where, button, record):
        with self.noting(where, tolerated=(UserError,)):  # a dialog may say what is still missing
            answer, active = self._answer(button, record)
            if isinstance(answer, dict) and answer.get("type"):
                self.open_action(f"{where}: opens {answer.get('name') or answer['type']}", answer, **active)


def filled_in(form):
    """Answer what a dialog asks for and nobody answered yet, with anything."""
    for name, info in form._view["fields"].items():
        if name == "id" or form._values.get(name) or not form._get_modifier(name, "required"):
            continue
        if form._get_modifier(name, "readonly") or form._get_modifier(name, "invisible"):
            continue
        today = str(odoo_fields.Date.today())
        answers = {"char": "x@example.com", "text": "x", "html": "x", "date": today, "datetime": f"{today} 12:00:00"}
        if info["type"] == "many2one":
            form[name] = form._env[info["relation"]].search([], limit=1)
        elif info["type"] == "selection":
            form[name] = info["selection"][0][0]
        elif info["type"] in answers:
            form[name] = answers[info["type"]]
    return form
