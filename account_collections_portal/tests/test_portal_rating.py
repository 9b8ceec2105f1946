import re
from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY, CollectionsCase
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import PortalCase

CRON = "account_collections_portal.ir_cron_ask_ratings"


class RatingStories:
    """Customers who dispute, are reminded and pay, and are asked."""

    def allow(self):
        self.company.write({"collection_is_active": True, "collection_rating_ask": True, "collection_test_mode": False})

    def settled_dispute(self, customer, on=TODAY, state="accepted"):
        move = self.invoice(customer, 80.0, due=on - timedelta(days=20))
        self.case(customer)
        dispute = self.env["collection.dispute"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "date_from": on,
                "reason_id": self.env.ref("account_collections_auto.collection_dispute_reason_delivery").id,
                "line_ids": [Command.create({"item_id": self.items(move).id, "amount": 80.0})],
            }
        )
        dispute._settle(state)
        return dispute

    def reminded_and_paid(self, customer, on=TODAY):
        """The customer owed, was reminded and paid: nothing is open any more."""
        move = self.invoice(customer, 100.0, due=on - timedelta(days=10))
        self.run_cycle(on)
        self.pay(move, on=on)
        return self.case(customer)

    def asked(self, customer):
        """Return what the customer was asked, the oldest first."""
        return self.env["rating.rating"].sudo().search([("partner_id", "=", customer.id)], order="id")

    def mails(self, rating):
        """Return the mails with a question."""
        links = self.env["collection.portal.link"].sudo().search([("rating_id", "in", rating.ids)])
        return self.env["mail.mail"].sudo().search([("model", "=", links._name), ("res_id", "in", links.ids)])


@tagged("post_install", "-at_install")
class TestAskingForRatings(RatingStories, CollectionsCase):
    """Who is asked how satisfied it is, when and how often."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.customer("Anna", "anna@buyer.example")

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))
        self.allow()

    def ask(self, on=TODAY):
        with self.on_day(on), self.enter_registry_test_mode():
            self.env.ref(CRON).sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_settled_dispute_is_asked_about_once(self):
        dispute = self.settled_dispute(self.anna)
        dispute.user_id = self.manager
        for _time in range(2):
            self.ask()
        rating = self.asked(self.anna)
        self.assertRecordValues(
            rating,
            [
                {
                    "res_model": "collection.dispute",
                    "res_id": dispute.id,
                    "parent_res_id": dispute.case_id.id,
                    "rated_partner_id": self.manager.partner_id.id,
                    "collection_company_id": self.company.id,
                    "collection_occasion": "dispute",
                    "consumed": False,
                    "access_token": False,
                }
            ],
        )
        self.assertEqual(self.mails(rating).email_to, "anna@buyer.example")

    def test_who_was_reminded_and_paid_everything_is_asked_and_who_paid_in_time_is_not(self):
        bert = self.customer("Bert", "bert@buyer.example")
        self.pay(self.invoice(bert, 50.0, due=TODAY + timedelta(days=5)))
        case = self.reminded_and_paid(self.anna)
        self.ask()
        expected = {"res_id": case.id, "parent_res_id": case.id, "collection_occasion": "case"}
        self.assertRecordValues(self.asked(self.anna), [expected])
        self.assertFalse(self.asked(bert))

    def test_nobody_is_asked_too_often(self):
        self.company.collection_rating_days = 30
        self.settled_dispute(self.anna)
        self.ask()
        self.settled_dispute(self.anna)
        self.env["collection.dispute"].search([("partner_id", "=", self.anna.id)]).date_until = False
        self.ask(TODAY + timedelta(days=1))
        self.assertEqual(len(self.asked(self.anna)), 1)
        with self.on_day(TODAY + timedelta(days=30)):
            self.settled_dispute(self.anna, on=TODAY + timedelta(days=30))
        self.ask(TODAY + timedelta(days=30))
        self.assertEqual(len(self.asked(self.anna)), 2)

    def test_closed_case_is_asked_about_once_until_we_remind_again(self):
        self.company.collection_rating_days = 1
        self.reminded_and_paid(self.anna)
        self.ask()
        self.ask(TODAY + timedelta(days=3))
        self.assertEqual(len(self.asked(self.anna)), 1)
        later = TODAY + timedelta(days=8)
        with self.on_day(later):
            self.reminded_and_paid(self.anna, on=later)
        self.ask(later)
        self.assertEqual(len(self.asked(self.anna)), 2)

    def test_who_may_not_be_asked_is_not(self):
        def withdrawn():
            self.env["collection.dispute"].search([("partner_id", "=", self.anna.id)]).sudo().state = "withdrawn"

        reasons = {
            "in test mode": lambda: self.company.write({"collection_test_mode": True, "collection_test_email": "t@x.example"}),
            "where nobody wants to know": lambda: self.company.write({"collection_rating_ask": False}),
            "where collections are switched off": lambda: self.company.write({"collection_is_active": False}),
            "on the blacklist": lambda: self.env["mail.blacklist"]._add("anna@buyer.example"),
            "without an address": lambda: self.anna.write({"email": False}),
            "archived": lambda: self.anna.write({"active": False}),
            "who asked not to be asked": lambda: self.env["rating.rating"]
            .sudo()
            .create(
                {
                    "res_model_id": self.env["ir.model"]._get_id("collection.case"),
                    "res_id": self.case(self.anna).id,
                    "partner_id": self.anna.id,
                    "collection_declined": True,
                }
            ),
            "who withdrew the dispute": withdrawn,
            "whose address was refused": lambda: self.env["collection.bounce"]
            .sudo()
            .create({"email": "anna@buyer.example", "company_id": self.company.id}),
        }
        self.settled_dispute(self.anna)
        for who, make in reasons.items():
            with self.subTest(who), self.env.cr.savepoint() as savepoint:
                make()
                before = self.asked(self.anna)
                self.ask()
                self.assertEqual(self.asked(self.anna), before)
                savepoint.rollback()
                self.env.invalidate_all()
        self.ask()
        self.assertEqual(len(self.asked(self.anna)), 1)

    def test_question_is_in_the_language_of_the_customer_and_each_link_is_signed(self):
        self.env["res.lang"]._activate_lang("de_DE")
        template = self.env.ref("account_collections_portal.mail_template_rating").sudo()
        template.with_context(lang="de_DE").subject = "Wie zufrieden sind Sie?"
        self.anna.lang = "de_DE"
        self.settled_dispute(self.anna)
        self.ask()
        mail = self.mails(self.asked(self.anna))
        self.assertEqual(mail.subject, "Wie zufrieden sind Sie?")
        addresses = re.findall(r"/my/collections/l/([^/\"]+)/rate/(\d+)\?score=(\d)", mail.body_html)
        self.assertEqual([score for _token, _id, score in addresses], ["5", "3", "1"])
        self.assertEqual(len({token for token, _id, _score in addresses}), 1)

    def test_statements_to_find_whom_to_ask_do_not_grow(self):
        cases = self.env["collection.case"].sudo()

        def statements():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = cases._find_to_ask_ratings(self.company)
            return len(found), self.env.cr.sql_log_count - before

        self.settled_dispute(self.anna)
        statements()
        self.assertEqual(statements()[0], 1)
        few = statements()[1]
        for number in range(5):
            self.settled_dispute(self.customer(f"Buyer {number}", f"b{number}@buyer.example"))
        statements()
        self.assertEqual(statements(), (6, few))


class TestRatingPage(RatingStories, PortalCase):
    """The page asks, a form that a person sends records."""

    def setUp(self):
        super().setUp()
        self.allow()
        self.company.collection_user_id = self.manager
        self.dispute = self.settled_dispute(self.anna)
        cases = self.env["collection.case"].sudo()
        cases._ask_ratings(self.company, cases._find_to_ask_ratings(self.company))
        self.rating = self.asked(self.anna)
        self.token = re.search(r"/l/([^/\"]+)/rate/", self.mails(self.rating).body_html)[1]
        self.path = f"/rate/{self.rating.id}"
        self.visit()

    def test_looking_records_nothing_and_the_first_answer_counts(self):
        before = self.stored()
        for score in ("5", "3", "1"):
            page = self.get(f"{self.path}?score={score}", self.token)
            self.assertEqual(page.status_code, 200)
            self.assertRegex(page.text, rf'value="{score}"[^>]*checked')
        self.assertFalse(self.rating.consumed)
        self.assertEqual(self.stored(), before)
        answer = self.post(self.path, self.token, score="1", text="Nobody called <b>back</b>")
        self.assertLeadsTo(answer, self.address(self.path, self.token))
        self.assertIn("Thank you!", self.get(self.path, self.token).text)
        self.post(self.path, self.token, score="5")
        self.assertRecordValues(
            self.rating, [{"consumed": True, "rating": 1.0, "rating_text": "ko", "feedback": "Nobody called <b>back</b>"}]
        )
        self.assertEqual((self.dispute.rating_avg, self.dispute.case_id.rating_avg), (1.0, 1.0))
        self.assertEqual(self.dispute.case_id.rating_count, 1)
        note = self.dispute.message_ids[0]
        self.assertEqual((note.author_id, note.subtype_id), (self.anna, self.env.ref("mail.mt_note")))
        self.assertIn("&lt;b&gt;", note.body)

    def test_nothing_chosen_is_said_kindly(self):
        for sent in ({}, {"score": "4"}, {"score": "-1"}, {"score": "x"}):
            self.assertIn("Choose one of the three.", self.post(self.path, self.token, **sent).text)
        self.assertFalse(self.rating.consumed)

    def test_who_does_not_want_to_be_asked_says_so(self):
        self.post(self.path, self.token, wish="decline")
        self.assertIn("We do not ask you again.", self.get(self.path, self.token).text)
        self.assertTrue(self.rating.collection_declined)

    def test_only_who_was_asked_answers(self):
        reminder = self.link(self.anna)
        bert = self.customer("Bert", "bert@buyer.example")
        self.invoice(bert, 10.0)
        requests = {
            "the link of a reminder": (self.path, reminder),
            "the link of another customer": (self.path, self.link(bert)),
            "no question": ("/rate/999999", self.token),
            "a huge number": ("/rate/99999999999999999999", self.token),
        }
        for what, (path, token) in requests.items():
            with self.subTest(what):
                self.assertEqual(self.get(path, token).status_code, 404)
                self.assertEqual(self.post(path, token, score="5").status_code, 404)
        self.assertEqual(self.url_open(f"/rate/{self.rating.access_token}/5").status_code, 404)
        self.portal_user(self.anna)
        self.visit("anna")
        self.assertEqual(self.get(self.path).status_code, 200)
        self.assertFalse(self.rating.consumed)

    def test_nobody_writes_what_customers_said(self):
        self.post(self.path, self.token, score="3")
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        auditor = self.make_user("audit", "account_collections_auto.group_collection_auditor")
        clerk = self.make_user("clerk", "account.group_account_invoice")
        for user in (collector, auditor, self.manager):
            rating = self.rating.with_user(user)
            own = {"res_model_id": rating.res_model_id.id, "res_id": rating.res_id, "rating": 5}
            self.assertEqual(rating.rating, 3.0)
            refused = (
                lambda rating=rating: rating.write({"rating": 5}),
                lambda rating=rating: rating.reset(),
                lambda rating=rating, own=own: rating.create(own),
                lambda rating=rating: rating.unlink(),
            )
            for act in refused:
                with self.assertRaises(AccessError):
                    act()
        self.assertFalse(self.env["rating.rating"].with_user(clerk).search([("id", "=", self.rating.id)]))
        other = self.make_user("olga", "account_collections_auto.group_collector", company=self._create_company(name="Other"))
        self.assertFalse(self.env["rating.rating"].with_user(other).search([("id", "=", self.rating.id)]))
        # What somebody posts with stars in the conversation is no rating of a customer.
        self.dispute.with_user(collector).message_post(body="Great", rating_value=5)
        self.env.invalidate_all()
        self.assertEqual((self.dispute.rating_avg, self.dispute.case_id.rating_avg), (3.0, 3.0))

    def test_managers_see_it_by_collector_team_and_month(self):
        self.post(self.path, self.token, score="5")
        action = self.dispute.case_id.action_view_ratings()
        self.assertEqual(self.env["rating.rating"].search(action["domain"]), self.rating)
        groups = ["rated_partner_id", "collection_team_id", "rated_on:month", "collection_occasion"]
        for group in groups:
            found = self.env["rating.rating"].formatted_read_group(action["domain"], [group], ["rating:avg"])
            self.assertEqual([row["rating:avg"] for row in found], [5.0])
