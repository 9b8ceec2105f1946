from datetime import timedelta

from odoo.addons.account_collections_auto.tests.bulk import post_invoices
from odoo.addons.account_collections_auto.tests.common import TODAY

from .common import PortalCase

PDF = b"%PDF-1.4 a proof"


class TestPortalAnswers(PortalCase):
    """What a customer answers on its page reaches the people and stops the reminders."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.invoice(cls.anna, 100.0, due=TODAY - timedelta(days=10))
        cls.second = cls.invoice(cls.anna, 60.0, due=TODAY - timedelta(days=9))

    def setUp(self):
        super().setUp()
        self.token = self.link(self.anna)
        self.both = self.items(self.anna)
        self.one = self.items(self.first)
        self.visit()

    def said(self, model):
        return self.env[model].search([("partner_id", "=", self.anna.id)])

    def test_paid_already_is_three_taps_and_no_reminder_comes(self):
        self.assertIn("/paid", self.get(token=self.token).text)
        form = self.get("/paid", self.token).text
        self.assertIn('value="160.00"', form)
        self.assertIn(f'value="{TODAY.isoformat()}"', form)
        values = {"section": f"{self.company.id}-{self.company.currency_id.id}", "amount": "160.00", "day": TODAY.isoformat()}
        answer = self.post("/paid", self.token, item=self.both.ids, **values)
        self.assertLeadsTo(answer, f"/my/collections/l/{self.token}/answers")
        notice = self.said("collection.payment.notice")
        self.assertEqual((notice.amount, notice.state, notice.item_ids), (160.0, "open", self.both))
        page = self.get("/answers", self.token).text
        self.assertIn("Thank you, it is on its way. No reminders until", page)
        self.assertIn("Thank you, on its way", self.get(token=self.token).text)
        self.run_cycle()
        self.assertNotSent(self.anna)

    def test_paid_twice_counts_once(self):
        values = {"item": self.one.ids, "amount": "100", "day": TODAY.isoformat()}
        for _time in range(2):
            self.post("/paid", self.token, **values)
        self.assertEqual(len(self.said("collection.payment.notice")), 1)

    def test_paid_already_of_hundreds_of_items_is_one_answer_about_all(self):
        customer = self.customer("Many", "many@buyer.example")
        post_invoices(self.env, [(customer, 10, TODAY - timedelta(days=5))] * 510)
        token = self.link(customer)
        form = self.get("/paid", token).text
        self.assertNotIn('name="item"', form)
        proof = [("files", ("transfer.pdf", PDF, "application/pdf"))]
        self.post("/paid", token, files=proof, amount="5100", day=TODAY.isoformat())
        notice = self.env["collection.payment.notice"].search([("partner_id", "=", customer.id)])
        self.assertEqual((notice.amount, notice.item_ids), (5100.0, self.items(customer)))

    def test_paid_with_a_proof(self):
        files = [("files", ("../transfer.exe", PDF, "application/pdf"))]
        self.post("/paid", self.token, files=files, item=self.one.ids, amount="100", day=TODAY.isoformat())
        proof = self.said("collection.payment.notice").proof_ids
        self.assertEqual((proof.name, proof.mimetype, proof.raw), ("transfer.pdf", "application/pdf", PDF))

    def test_dispute_of_a_part_with_its_answer_and_withdrawal(self):
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        values = {"item": self.one.ids, "reason": reason.id, "extent": "part", "amount": "30", "text": "Two boxes missing"}
        photo = [("files", ("photo.png", b"\x89PNG\r\n\x1a\n", "image/png"))]
        answer = self.post("/dispute", self.token, files=photo, **values)
        self.assertLeadsTo(answer, f"/my/collections/l/{self.token}/answers")
        dispute = self.said("collection.dispute")
        self.assertEqual((dispute.raised_by, dispute.line_ids.amount, dispute.reason_id), ("customer", 30.0, reason))
        self.assertIn("photo.png", dispute.message_ids.attachment_ids.mapped("name"))
        self.assertEqual(dispute.message_ids.filtered("attachment_ids").author_id, self.anna)
        again = self.post("/dispute", self.token, **values)
        self.assertIn("looking into it already", again.text)
        self.assertIn("of which disputed", self.get(token=self.token).text)
        self.post(f"/withdraw/dispute/{dispute.id}", self.token)
        self.assertEqual(dispute.state, "withdrawn")
        dispute.action_reopen()
        dispute._accept({}, "The boxes were signed for")
        self.assertIn("The boxes were signed for", self.get("/answers", self.token).text)

    def test_promise_rests_the_items_and_can_be_withdrawn(self):
        day = TODAY + timedelta(days=6)
        self.post("/promise", self.token, item=self.one.ids, amount="100", day=day.isoformat())
        promise = self.said("collection.promise")
        self.assertEqual((promise.amount, promise.promise_date, promise.channel), (100.0, day, "portal"))
        self.assertEqual(promise.contact_id, self.anna)
        later = (day + timedelta(days=2)).isoformat()
        self.assertIn("You promised to pay", self.post("/promise", self.token, item=self.one.ids, amount="9", day=later).text)
        self.post(f"/withdraw/promise/{promise.id}", self.token)
        self.assertEqual(promise.state, "cancelled")

    def test_plan_within_the_limits_is_signed_at_once(self):
        section = f"{self.company.id}-{self.company.currency_id.id}"
        answer = self.post("/plan", self.token, section=section, count="4", day=TODAY.isoformat())
        plan = self.said("collection.payment.plan")
        self.assertLeadsTo(answer, f"/my/collections/l/{self.token}/plan/{plan.id}")
        self.assertEqual((plan.state, plan.amount, len(plan.line_ids)), ("proposed", 160.0, 4))
        self.assertIn("Sign and agree", self.get(f"/plan/{plan.id}", self.token).text)
        self.assertIn("tick that you agree", self.post(f"/plan/{plan.id}", self.token, name="Anna Buyer").text)
        for _time in range(2):
            self.post(f"/plan/{plan.id}", self.token, name="Anna Buyer", agreed="1")
        self.assertEqual((plan.state, plan.accepted_by, plan.accepted_on), ("running", "Anna Buyer", TODAY))
        self.assertTrue(plan.signed_at and plan.signed_ip)
        self.assertIn("In a payment plan", self.get(token=self.token).text)

    def test_a_plan_that_ended_says_what_of_it_is_due(self):
        signed = TODAY - timedelta(days=90)
        with self.on_day(signed):
            plan = self.case(self.anna).sudo()._portal_plan(self.both, 3, signed, self.anna)
            plan._portal_accept("Anna Buyer", "127.0.0.1", self.anna, self.env["payment.token"])
        self.env["collection.payment.plan"].sudo()._judge(self.company, TODAY)
        self.assertEqual(plan.state, "ended")
        due = "what is open of it is due"
        self.assertIn(due, self.get(f"/plan/{plan.id}", self.token).text)
        new = self.case(self.anna).sudo()._portal_plan(self.both, 2, TODAY, self.anna)
        self.assertNotIn(due, self.get(f"/plan/{plan.id}", self.token).text, "There is a new proposal about it")
        new.action_cancel()
        self.pay(self.first | self.second)
        self.case(self.anna)
        self.assertIn("It is paid, thank you", self.get(f"/plan/{plan.id}", self.token).text)

    def test_plan_beyond_the_limits_waits_for_a_manager(self):
        self.plan.instalment_max_months = 2
        self.post("/plan", self.token, count="12", day=TODAY.isoformat())
        plan = self.said("collection.payment.plan")
        self.assertEqual(plan.state, "to_approve")
        self.assertEqual(self.get(f"/plan/{plan.id}", self.token).status_code, 404)
        self.assertIn("We are looking into it", self.get("/answers", self.token).text)

    def test_call_and_corrections_become_to_dos_once(self):
        for _time in range(2):
            self.post("/call", self.token, phone="+49 30 1234567", when="in the morning")
            self.post("/correct", self.token, wrong="1", name="Ben", email="ben@buyer.example")
        todos = self.case(self.anna).activity_ids
        self.assertEqual(len(todos), 2)
        self.assertIn("+49 30 1234567", str(todos.mapped("note")))
        self.assertEqual(self.anna.email, "anna@buyer.example")

    def test_no_more_reminders_by_email_and_back(self):
        self.post("/preferences", self.token, channel="email", wish="stop")
        self.run_cycle()
        self.assertWithheld(self.anna, "blacklisted")
        self.assertIn("Send me e-mails again", self.get("/contact", self.token).text)
        self.post("/preferences", self.token, channel="email", wish="again")
        self.assertFalse(self.env["mail.blacklist"].search([("email", "=", "anna@buyer.example")]))

    def test_settled_meanwhile_is_said_kindly(self):
        self.pay(self.first)
        self.case(self.anna)
        answer = self.post("/paid", self.token, item=self.one.ids, amount="100", day=TODAY.isoformat())
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.said("collection.payment.notice"))
