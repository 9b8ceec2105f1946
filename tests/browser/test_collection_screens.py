from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged

ACTION = "/odoo/action-account_collections_auto."


@tagged("post_install", "-at_install")
class TestCollectionScreens(CollectionsCase, HttpCase):
    """A collector opens the screens in a real browser: they draw what the story made, without an error."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = cls.company._collection_today()
        cls.level(7).mode = "review"
        cls.debtor = cls.customer("Debtor of the Story")
        cls.invoice(cls.debtor, 500, due=today - timedelta(days=10))
        cls.run_cycle(today)
        cls.collector = cls.make_user("browser", "account_collections_auto.group_collector")
        cls.collector.password = cls.collector.login

    def shows(self, path, selector, text):
        """Open ``path`` and wait until an element at ``selector`` holds ``text``."""
        found = f"[...document.querySelectorAll('{selector}')].some((e) => e.textContent.includes('{text}'))"
        self.browser_js(path, "console.log('test successful')", ready=found, login=self.collector.login)

    def test_case_says_that_a_message_waits(self):
        self.shows("/odoo/collection-cases", ".o_data_row", "Debtor of the Story")
        self.shows(f"/odoo/collection-cases/{self.case(self.debtor).id}", ".btn-primary", "Approve the Message")

    def test_message_to_approve_and_cycle_open(self):
        self.shows(f"{ACTION}collection_action_action_review", ".o_data_row", "Debtor of the Story")
        self.shows(f"/odoo/collection-messages/{self.actions(self.debtor).id}", "button", "Approve")
        self.shows(f"/odoo/collection-cycles/{self.actions(self.debtor).cycle_id.id}", "td", "L1")

    def test_the_tour_of_the_first_day(self):
        self.start_tour("/odoo", "collections_first_day", login=self.collector.login, timeout=120)

    def test_the_cash_forecast_in_two_currencies_and_the_items_behind_a_figure(self):
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        due = self.company._collection_today() - timedelta(days=3)
        self.invoice(self.debtor, 700, due=due, currency=francs)
        self.case(self.debtor)
        self.start_tour("/odoo/collection-forecast", "collection_forecast_tour", login=self.collector.login, timeout=120)

    def test_a_manager_goes_from_a_figure_to_an_invoice(self):
        manager = self.make_user("manager", "account_collections_auto.group_collection_manager")
        manager.password = manager.login
        self.collector.name = "Browser of the Story"
        self.case(self.debtor).user_id = self.collector
        today = self.company._collection_today()
        self.invoice(self.debtor, 200, due=today + timedelta(days=20), issued=today)
        self.invoice(self.customer("Other Debtor"), 400, due=today - timedelta(days=40))
        self.case(self.debtor)
        self.start_tour("/odoo/collection-dashboard", "collection_dashboard_tour", login=manager.login, timeout=120)
