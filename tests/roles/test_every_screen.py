from .auditor import AuditorChangesNothing
from .companies import CompaniesSeeTheirOwn
from .screens import SUITE, Screen, extended_views, load_action, menu_actions, suite_actions, suite_models
from .visitor import Visitor
from .world import ROLES, World


class TestEveryScreen(AuditorChangesNothing, CompaniesSeeTheirOwn, World):
    """Each role opens every menu, action and view, uses every search, presses every button: nobody meets an error."""

    def test_no_screen_would_be_opened_empty(self):
        """Who adds a screen adds something to show on it to the demonstration data."""
        actions = [self.env[kind].browse(action_id) for kind, action_id in suite_actions(self.env)]
        models = {action.res_model for action in actions if action._name == "ir.actions.act_window"}
        empty = {
            name
            for name in models & set(suite_models(self.env))
            if not self.env[name]._transient and not self.env[name].with_context(active_test=False).search_count([], limit=1)
        }
        self.assertEqual(empty, set())

    def visit(self, role):
        visitor = Visitor(self, role)
        menus = menu_actions(visitor.env)
        screens = []
        for (kind, action_id), where in {**suite_actions(visitor.env), **menus}.items():
            with visitor.noting(where):
                action = load_action(visitor.env, kind, action_id)
                if (kind, action_id) in menus or self.is_for(visitor.env, action):
                    screen = visitor.open_action(where, action)
                    screens += [(where, screen)] if screen else []
        for where, screen in screens:
            with visitor.noting(where):
                visitor.press_everything(where, screen)
        return visitor, menus

    @staticmethod
    def is_for(env, action):
        """Whether a button or a link could lead this user to the action."""
        model = action.get("res_model") or action.get("model")
        if not model or action["type"] == "ir.actions.server":
            return False  # met through the menu or the button that runs it
        return env[model].has_access("create" if env[model]._transient else "read")

    def test_each_role_meets_no_error(self):
        for role in ROLES:
            with self.subTest(role):
                visitor, menus = self.visit(role)
                self.assertEqual(visitor.complaints, [], "\n" + "\n".join(visitor.complaints))
                self.assertEqual(bool(menus), role != "billing clerk")
                pressed = {name for _model, _kind, name, *_rest in visitor.pressed}
                self.assertEqual("action_approve" in pressed, role in ("collector", "manager", "administrator"))

    def test_the_screens_of_odoo_that_we_extend_open_for_everybody(self):
        for role in ROLES:
            visitor = Visitor(self, role)
            for model, kind, view_id in extended_views(self.env):
                if visitor.env[model].has_access("read"):
                    action = {"type": "ir.actions.act_window", "res_model": model, "views": [(view_id, kind)]}
                    visitor.look_at(f"{model} ({kind} view {view_id})", Screen(visitor.env, action), search=False)
            with self.subTest(role):
                self.assertEqual(visitor.complaints, [], "\n" + "\n".join(visitor.complaints))

    def test_the_suite_is_found(self):
        self.assertIn("account_collections_auto", SUITE)
