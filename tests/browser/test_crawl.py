import json
from pathlib import Path

from odoo.tests import tagged

from ..roles.screens import SUITE, Screen, load_action, menu_actions, suite_actions, suite_models
from ..roles.world import World
from .pseudo_language import CLOSE, CODE, OPEN, exported, labels_of_odoo, pseudo_language

CRAWLER = Path(__file__).with_name("crawler.js").read_text()
NAMED = (
    "res.partner res.users res.company res.currency res.country res.lang account.move account.journal account.payment "
    "account.payment.term resource.calendar mail.template res.groups ir.filters"
).split()
# Computed, but not by words of ours: what a person typed, and texts for customers.
NO_SENTENCES = set(
    "contact_email subject template_subject preview_subject content_name lacking credit_hold_reason".split()
)
# Zones that are Odoo's, or that speak the customer's language and not the reader's.
IGNORED = ", ".join(
    [
        ".o-mail-Chatter",
        ".o-mail-ActivityMenu, .o_menu_systray",
        # a message as the customer reads it
        ".o_field_widget[name=body], .o_field_widget[name=subject], .o_field_widget[name^=preview], .o_collection_subject",
        ".o_pager, .o_cp_switch_buttons",
        ".o_breadcrumb [data-tooltip]",
        ".o_column_progress, .o_animated_number",
        ".o_field_translate",
        ".fc",  # the labels of weeks and days are the calendar library's own
        "script, style, iframe",
    ]
)


@tagged("post_install", "-at_install")
class TestCrawl(World):
    """Each role opens every screen in a real browser: no error, and no text that nobody can translate."""

    browser_size = "1366x768"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        entries = exported(cls.env, SUITE)
        cls.enterClassContext(pseudo_language(cls.env, entries, SUITE))
        for user in cls.users.values():
            user.lang = CODE

    # -- what to open --------------------------------------------------------------------------------------------------

    def stops(self, role, press):
        env = self.as_role(role)
        menus = menu_actions(env)
        stops = []
        for (kind, action_id), where in {**suite_actions(env), **menus}.items():
            action = load_action(env, kind, action_id)
            if kind == "ir.actions.client" and menus:
                stops.append({"label": where, "action": action_id, "model": action["tag"], "press": press})
            elif kind == "ir.actions.act_window" and ((kind, action_id) in menus or self.can_open(env, action)):
                stops += self.stops_of_window(where, Screen(env, action), press)
        return [{**stop, "label": f"{role}: {stop['label']}"} for stop in stops]

    @staticmethod
    def can_open(env, action):
        """A window that can be opened by itself; dialogs are met where a button opens them."""
        access = "create" if action["view_mode"] == "form" else "read"
        return action["target"] != "new" and env[action["res_model"]].has_access(access)

    def stops_of_window(self, where, screen, press):
        stop = {"action": screen.action["id"], "model": screen.action["res_model"]}
        kinds = [kind for kind in screen.archs if kind != "search"]
        if kinds == ["form"]:
            return [{**stop, "label": where, "press": press and screen.action.get("target") != "new"}]
        found = [{**stop, "label": f"{where}: {kind}", "viewType": kind} for kind in kinds if kind != "form"]
        if "form" in kinds:
            own = [button for button in screen.buttons("form") if button.place != "items"]
            records = [record for record, _buttons in screen.representatives(own)][:3]
            form = {**stop, "viewType": "form", "press": press}
            found += [{**form, "label": f"{where}: form of {record.id}", "resId": record.id} for record in records]
            if screen.archs["form"].get("create") not in ("0", "false", "False") and screen.model.has_access("create"):
                found.append({**stop, "label": f"{where}: new", "viewType": "form", "press": False})
        return found

    # -- what is data, what is text ----------------------------------------------------------------------------------------

    def data(self):
        """Return what is no text of ours though no mark is on it: names of records, and Odoo's own labels."""
        names = labels_of_odoo(self.env, SUITE)
        names |= set(dict(self.env["collection.reply.rule"]._selection_lang()).values())
        for model in [*NAMED, *suite_models(self.env)]:
            records = self.env[model]
            if records._auto and not records._abstract and not records._transient:
                found = records.with_context(active_test=False, lang="en_US").search([], limit=2000)
                names |= set(found.mapped("display_name"))
        return sorted(name for name in names if name)

    def kinds(self):
        """Return {field: "text"} for fields whose value is a text of ours: choices, and sentences made by the code."""
        kinds = {}
        for model in suite_models(self.env):
            for name, field in self.env[model]._fields.items():
                is_sentence = field.type in ("char", "text", "html") and field.compute and not field.store
                is_ours = field._module in SUITE and not field.related and name not in NO_SENTENCES | {"display_name"}
                is_text = is_ours and (is_sentence or field.type == "selection")
                kinds[name] = "text" if is_text and kinds.get(name) != "data" else "data"
        return {name: kind for name, kind in kinds.items() if kind == "text"}

    def crawl(self, role, press=True, start="/odoo/collection-cases"):
        stops = self.stops(role, press) + self.neighbours(role)
        task = {
            "stops": stops,
            "open": OPEN,
            "close": CLOSE,
            "data": self.data(),
            "kinds": self.kinds(),
            "ignored": IGNORED,
            "blocks": ", ".join(f".app_settings_block[data-key={module}]" for module in SUITE),
            "models": suite_models(self.env),
        }
        self.browser_js(
            start,
            f"{CRAWLER}\ncrawl({json.dumps(task)})",
            ready="odoo.isReady && !!document.querySelector('.o_action_manager > *')",
            login=self.users[role].login,
            timeout=300,
        )

    def neighbours(self, role):
        """Odoo's own forms that the suite adds to: of a customer, an invoice and a payment."""
        item = self.env["collection.item"].search([("move_id.move_type", "=", "out_invoice")], limit=1)
        payment = self.env["account.payment"].search([], limit=1)
        return [
            {
                "label": f"{role}: {record._name}",
                "action": {"type": "ir.actions.act_window", "res_model": record._name, "views": [[False, "form"]]},
                "model": record._name,
                "viewType": "form",
                "resId": record.id,
                "press": False,
            }
            for record in (item.partner_id, item.move_id, payment)
            if record.with_env(self.as_role(role)).has_access("read")
        ]

    def test_administrator(self):
        self.crawl("administrator")

    def test_manager(self):
        self.crawl("manager", press=False)  # the administrator presses the same buttons

    def test_collector(self):
        self.crawl("collector")

    def test_auditor(self):
        self.crawl("auditor")

    def test_billing_clerk(self):
        """Somebody who makes invoices and knows nothing of collections."""
        self.crawl("billing clerk", start="/odoo")

    def test_collector_on_a_phone(self):
        self.browser_size, self.touch_enabled = "390x844", True
        self.crawl("collector", press=False)
