from datetime import timedelta

from odoo import Command

from .common import TODAY
from .test_today import TodayCase


class TestTodayMail(TodayCase):
    """The figures of Today by mail: to who asked for it, once a day, only with something to do."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("de_DE")
        self.reader = self.make_user("reader", "account_collections_auto.group_collection_auditor")
        self.company.collection_mail_user_ids = self.reader
        self.company.collection_mail_time = 8.5

    def mails(self):
        """Let the daily job run, and return what it queued."""
        before = self.env["mail.mail"].search([])
        with self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_today_mail").sudo().method_direct_trigger()
        return self.env["mail.mail"].search([]) - before

    def something_to_do(self):
        self.debtor("No address", 1250, email=False)
        self.run_cycle(TODAY)

    def test_one_mail_a_day_with_the_figures_of_the_screen(self):
        self.something_to_do()
        mail = self.mails()
        self.assertEqual(mail.email_to, self.reader.email_formatted)
        self.assertIn("Could Not Send", mail.body_html)
        self.assertIn("1,250.00", mail.body_html)
        self.assertIn("/odoo/collection-today", mail.body_html)
        self.assertEqual(mail.state, "outgoing")
        self.assertFalse(self.mails(), "Not a second time on the same day")
        with self.on_day(TODAY + timedelta(days=1)):
            self.assertEqual(len(self.mails()), 1)

    def test_nothing_to_do_is_no_mail(self):
        self.debtor("Reached")
        self.run_cycle(TODAY)
        self.assertEqual(list(self.tiles()), ["last_cycle"], "A note is nothing to do")
        self.assertFalse(self.mails())

    def test_not_before_the_hour(self):
        self.something_to_do()
        self.company.collection_mail_time = 12.5  # it is noon
        self.assertFalse(self.mails())
        self.company.collection_mail_time = 12.0
        self.assertEqual(len(self.mails()), 1)

    def test_in_the_language_of_the_reader_with_the_reader_s_own_cases(self):
        self.something_to_do()
        self.reader.lang = "de_DE"
        self.assertIn("1.250,00", self.mails().body_html)

    def test_only_to_people_with_access_to_the_company(self):
        self.something_to_do()
        outsider = self.make_user("outsider")
        elsewhere = self.make_user(
            "elsewhere",
            "account_collections_auto.group_collection_manager",
            company=self.env["res.company"].create({"name": "Elsewhere"}),
        )
        gone = self.make_user("gone", "account_collections_auto.group_collector")
        gone.active = False
        mute = self.make_user("mute", "account_collections_auto.group_collector")
        mute.email = False
        self.company.collection_mail_user_ids = [Command.set((outsider | elsewhere | gone | mute | self.reader).ids)]
        self.assertEqual(self.mails().mapped("email_to"), [self.reader.email_formatted])

    def test_figures_of_the_company_only(self):
        other = self.setup_other_company()["company"]
        self.something_to_do()
        other.collection_mail_user_ids = self.manager
        other.collection_tz = "UTC"
        self.manager.company_ids |= other
        self.company.collection_mail_user_ids = False
        self.assertFalse(self.mails(), "There is nothing to do in the other company")
        self.assertEqual(other.collection_mail_date, TODAY)
