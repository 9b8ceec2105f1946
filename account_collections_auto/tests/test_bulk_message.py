from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from .common import TODAY
from .test_send_now import SendingCase, days

REQUEST = "odoo.addons.account_collections_auto.models.collection_request"


class TestBulkMessage(SendingCase):
    """One text to many customers: each in their language, checked like a reminder, a contact that changes no level."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls.quick_ref("account_collections_auto.mail_template_message")

    def customers(self, number):
        customers = [self.customer(f"C{index}", f"c{index}@x.example") for index in range(number)]
        for customer in customers:
            self.invoice(customer, 100)
        return customers

    def text_of(self, request, lang="en_US"):
        return request.text_ids.filtered(lambda text: text.lang == lang)

    def mail_bodies(self, request):
        return {action.partner_id: str(action.mail_id.body_html) for action in request.sudo().action_ids}

    def run_in_background(self):
        self.env.cr.flush()  # what a commit would do before another worker sends
        with self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_requests").sudo().method_direct_trigger()
        self.env.invalidate_all()

    # -- what it is ------------------------------------------------------------------------------------------------

    def test_it_is_a_contact_and_changes_no_level(self):
        invoice = self.invoice(self.buyer, 100)
        request = self.write_to()
        self.assertEqual(request.template_id, self.template)
        self.assertRecordValues(request.line_ids, [{"state": "planned", "level_id": False, "amount": 100}])
        self.confirm(request)
        action = self.actions(self.buyer)
        self.assertRecordValues(
            action, [{"state": "sent", "level_id": False, "step_id": False, "deadline": False, "amount": 100}]
        )
        self.assertRecordValues(action.line_ids, [{"advances": False, "amount_residual_currency": 100}])
        self.assertIn("about your account", action.mail_id.subject)
        self.assertIn(invoice.name, str(action.mail_id.body_html))
        self.assertFalse(self.items(invoice).level_id)
        with self.on_day(TODAY + days(30)):
            self.run_cycle(TODAY + days(1))
            self.assertWithheld(self.buyer, "gap", TODAY + days(1))
            self.run_cycle(TODAY + days(7))
        self.assertSent(self.buyer, self.level(7), TODAY + days(7))

    def test_asked_for_it_counts_as_the_level_for_the_items_that_reach_one(self):
        reached, early = self.invoice(self.buyer, 100), self.invoice(self.buyer, 50, due=TODAY - days(2))
        request = self.choose(self.write_to(), advances=True)
        self.confirm(request)
        self.assertEqual(self.items(reached).level_id, self.level(7))
        self.assertFalse(self.items(early).level_id)
        action = self.actions(self.buyer)
        self.assertRecordValues(
            action.line_ids.sorted("amount_residual_currency"),
            [{"advances": False, "amount_residual_currency": 50}, {"advances": True, "amount_residual_currency": 100}],
        )
        self.assertIn("about your account", action.mail_id.subject)

    def test_who_is_left_out_and_why(self):
        held, unknown, early, covered, waiting = (
            self.customer(name, email)
            for name, email in (
                ("Held", "a@x.example"),
                ("No address", False),
                ("Early", "c@x.example"),
                ("Covered", "d@x.example"),
                ("Waiting", "e@x.example"),
            )
        )
        for customer in (held, unknown, covered, self.buyer):
            self.invoice(customer, 100)
        self.invoice(early, 100, due=TODAY + days(5), issued=TODAY)
        self.credit_note(covered, 100, on=TODAY)
        self.hold(held)
        self.invoice(waiting, 100)
        self.level(7).mode = "review"
        self.env["collection.cycle"].run(self.company, TODAY)
        self.assertEqual(self.actions(waiting).state, "review")
        self.actions(self.buyer).action_cancel()
        request = self.write_to(held, unknown, early, covered, waiting, self.buyer)
        for customer, code in (
            (held, "hold"),
            (unknown, "no_address"),
            (early, "nothing_due"),
            (covered, "covered_by_credit"),
            (waiting, "awaiting_review"),
        ):
            self.assertLeftOut(request, customer, code)
        self.assertRecordValues(request, [{"planned_count": 1, "left_out_count": 5, "customer_count": 6}])
        self.confirm(request)
        self.assertEqual(request.sudo().action_ids.partner_id, self.buyer)

    def test_a_paid_customer_is_left_out_of_the_queue_too(self):
        due = self.invoice(self.buyer, 100)
        self.confirm(self.write_to())
        action = self.actions(self.buyer, "sent")
        self.assertFalse(action._check_before_leaving())
        self.hold(self.buyer)
        self.assertEqual([code for code, _text in action._check_before_leaving().values()], ["hold"])
        self.env["collection.hold"].search([]).unlink()
        self.pay(due)
        self.assertEqual([code for code, _text in action._check_before_leaving().values()], ["paid_meanwhile"])

    def test_blacklisted_while_it_waits_in_the_queue(self):
        self.invoice(self.buyer, 100)
        self.confirm(self.write_to())
        self.env["mail.blacklist"]._add("customer@example.com")
        refused = self.actions(self.buyer, "sent")._check_before_leaving()
        self.assertEqual([code for code, _text in refused.values()], ["blacklisted"])

    # -- texts -----------------------------------------------------------------------------------------------------

    def test_each_customer_reads_it_in_their_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.template.sudo().with_context(lang="de_DE").body_html = "<p>Guten Tag <t t-out='object.greeting_name'/></p>"
        german = self.customer("Herr Kunde", "k@x.example", lang="de_DE")
        self.buyer.lang = "en_US"
        self.invoice(german, 100)
        self.invoice(self.buyer, 100)
        request = self.write_to(german, self.buyer)
        self.assertEqual({text.lang: text.customer_count for text in request.text_ids}, {"de_DE": 1, "en_US": 1})
        self.choose(self.text_of(request), subject="Hello from [company]", body="<p>Dear [customer], [amount]: [items]</p>")
        bodies = []
        for _customer in range(2):
            bodies.append(str(request.preview_body))
            request.action_preview_next()
            self.env.invalidate_all()
        self.assertTrue(any("Guten Tag Herr Kunde" in body for body in bodies))
        self.assertTrue(any("Dear Buyer, " in body for body in bodies))
        self.confirm(request)
        sent = self.mail_bodies(request)
        self.assertIn("Guten Tag Herr Kunde", sent[german])
        self.assertIn("Dear Buyer, ", sent[self.buyer])
        self.assertIn("o_collection_items", sent[self.buyer])
        self.assertEqual(self.actions(self.buyer).mail_id.subject, f"Hello from {self.company.name}")

    def test_what_a_person_writes_is_text_and_never_runs(self):
        self.buyer.name = "A <b>& [items]"
        self.invoice(self.buyer, 100)
        request = self.write_to()
        self.choose(
            self.text_of(request),
            subject="{{ 7 * 7 }} [company]",
            body="""<p onclick="x()">[customer]</p><script>alert(1)</script><p t-out="7 * 7">{{ 7 * 7 }}</p>"""
            """<t t-out="object.env.cr.execute('SELECT 1')">safe</t>""",
        )
        self.confirm(request)
        mail = self.actions(self.buyer).mail_id
        self.assertTrue(mail.subject.startswith("{{ 7 * 7 }}"))
        body = str(mail.body_html)
        self.assertIn("{{ 7 * 7 }}", body)
        self.assertIn("A &lt;b&gt;&amp; [items]", body)
        for bad in ("49", "alert(1)", "onclick", "execute"):
            self.assertNotIn(bad, body)

    def test_a_slip_in_a_placeholder_is_refused(self):
        self.invoice(self.buyer, 100)
        request = self.write_to()
        with self.assertRaisesRegex(UserError, "custmer"):
            self.choose(self.text_of(request), body="<p>Dear [custmer]</p>")

    def test_back_at_the_words_of_the_template(self):
        self.invoice(self.buyer, 100)
        request = self.write_to()
        text = self.text_of(request)
        self.assertIn("[customer]", text.body)
        self.choose(text, subject="Mine")
        self.assertTrue(text.is_edited)
        text.action_use_template()
        self.assertFalse(text.is_edited)
        self.assertEqual(text.subject, "[company]: about your account")

    def test_only_texts_that_a_manager_offered(self):
        self.invoice(self.buyer, 100)
        request = self.write_to()
        with self.assertRaises(ValidationError):
            request.template_id = self.quick_ref("account_collections_auto.mail_template_final_notice")

    def test_a_text_with_conditions_is_sent_as_it_is(self):
        self.template.sudo().body_html = "<p t-if='object.amount'>Only with an amount</p>"
        self.invoice(self.buyer, 100)
        request = self.write_to()
        self.assertFalse(self.text_of(request).is_editable)
        self.confirm(request)
        self.assertIn("Only with an amount", self.mail_bodies(request)[self.buyer])

    def test_on_paper_it_says_what_the_mail_says(self):
        self.template.sudo().body_html = "<p>Words of the request for <t t-out='object.greeting_name'/></p>"
        self.buyer.lang = "en_US"
        other = self.customer("Luc", "luc@x.example", lang=False)
        for customer in (self.buyer, other):
            self.invoice(customer, 100)
        request = self.write_to(self.buyer, other)
        self.choose(self.text_of(request), subject="A word to [customer]", body="<p>Own words for [customer]: [amount]</p>")
        self.confirm(request)
        letters = {action.partner_id: self.print_letter(action) for action in request.sudo().action_ids}
        self.assertIn("A word to Buyer", letters[self.buyer])
        self.assertIn("Own words for Buyer: ", letters[self.buyer])
        self.assertIn("Words of the request for Luc", letters[other])

    def print_letter(self, action):
        """Return the page that the collector prints."""
        reports = self.env["ir.actions.report"].with_user(self.collector)
        return reports._render_qweb_html("account_collections_auto.action_report_letter", action.ids)[0].decode()

    def test_the_page_is_used_like_a_person_does(self):
        self.invoice(self.buyer, 100)
        request = self.write_to()
        with Form(request, view="account_collections_auto.collection_request_view_form") as form:
            form.advances = True
            with form.text_ids.edit(0) as text:
                text.subject = "A word"
        self.assertRecordValues(request, [{"advances": True}])
        self.assertEqual(request.preview_subject, "A word")
        self.assertEqual(request.line_ids.level_id, self.level(7))

    # -- many --------------------------------------------------------------------------------------------------------

    def test_a_sending_that_fails_holds_up_no_other(self):
        first, second = self.customers(2)
        requests = [self.write_to(customer) for customer in (first, second)]
        with patch(f"{REQUEST}.AT_ONCE", 0):
            for request in requests:
                self.confirm(request)
        model = type(requests[0])
        send = model._send_some

        def fail_for_first(request):
            if request == requests[0]:
                raise ValueError("A text that cannot be written")
            return send(request)

        with patch.object(model, "_send_some", fail_for_first), self.assertLogs(REQUEST, "ERROR"):
            self.run_in_background()
        self.assertEqual([request.state for request in requests], ["queued", "done"])
        self.assertNotSent(first)

    def test_many_leave_in_the_background_and_the_page_can_be_left(self):
        customers = self.customers(60)
        paid, other = customers[0], customers[1]
        request = self.write_to(*customers)
        result = self.confirm(request)
        self.assertEqual(result["params"]["ids"], request.ids)
        self.assertRecordValues(request, [{"state": "queued", "sent_count": 0, "planned_count": 60}])
        self.pay(self.items(paid).move_id)
        self.run_in_background()
        self.assertRecordValues(request, [{"state": "done", "sent_count": 59, "left_out_count": 1, "progress": 100}])
        self.assertLeftOut(request, paid, "paid_meanwhile")
        self.assertEqual(len(request.sudo().action_ids), 59)
        self.assertEqual(self.actions(other).approved_by_id, self.collector)
        self.run_in_background()
        self.assertEqual(len(request.sudo().action_ids), 59)

    def test_what_a_crash_left_is_done_by_the_next_run(self):
        customers = self.customers(60)
        request = self.write_to(*customers)
        self.confirm(request)
        request.sudo()._send_some(limit=25)  # committed; then the process died
        self.env.invalidate_all()
        self.assertRecordValues(request, [{"state": "queued", "sent_count": 25, "planned_count": 35}])
        self.run_in_background()
        self.assertRecordValues(request, [{"state": "done", "sent_count": 60}])
        self.assertEqual(len(request.sudo().action_ids), 60)
        self.assertEqual(len(request.sudo().action_ids.partner_id), 60)

    def test_a_batch_costs_the_same_number_of_statements_beside_the_mails(self):
        customers = self.customers(12)
        request = self.write_to(*customers)
        counts = []
        lines = self.env["collection.request.line"].sudo()
        for ids in (request.line_ids.ids[:2], request.line_ids.ids[:2], request.line_ids.ids):  # the first one warms up
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            undo = self.env.cr.savepoint(flush=False)
            request.sudo()._prepare_messages(lines.browse(ids), lock=True)
            counts.append(self.env.cr.sql_log_count - before)
            undo.close(rollback=True)
            self.env.transaction.clear()
        self.assertEqual(counts[1], counts[2])

    def test_drafts_that_nobody_confirms_go_after_a_week(self):
        self.invoice(self.buyer, 100)
        request = self.write_to()
        self.env["collection.request"].sudo()._gc_drafts()
        self.assertTrue(request.exists())
        self.env.flush_all()
        self.env.cr.execute("UPDATE collection_request SET write_date = write_date - interval '8 days'")
        self.env["collection.request"].sudo()._gc_drafts()
        self.assertFalse(request.exists())

    def test_merged_customers_keep_what_was_sent(self):
        other = self.customer("Other")
        self.invoice(self.buyer, 100)
        self.invoice(other, 100)
        request = self.write_to(self.buyer, other)
        self.confirm(request)
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo()
        wizard._merge((self.buyer | other).ids, self.buyer)
        self.env.invalidate_all()
        self.assertEqual(len(request.sudo().action_ids), 2)
        self.assertEqual(request.sudo().action_ids.case_id, self.case(self.buyer))

    def test_texts_of_other_companies_are_out_of_reach(self):
        self.invoice(self.buyer, 100)
        request = self.write_to()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user("elsewhere", "account_collections_auto.group_collector", company=company)
        with self.assertRaises(AccessError):
            request.text_ids.with_user(stranger).write({"subject": "x"})
        auditor = self.make_user("reader", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            request.text_ids.with_user(auditor).write({"subject": "x"})

    def test_in_test_mode_the_preview_says_so(self):
        self.company.write({"collection_test_email": "test@ours.example", "collection_test_mode": True})
        self.invoice(self.buyer, 100)
        request = self.write_to()
        self.assertTrue(request.preview_subject.startswith("[TEST, customer@example.com]"))
        self.confirm(request)
        self.assertEqual(self.actions(self.buyer).mail_id.email_to, "test@ours.example")
        # A test is no contact.
        with self.on_day(TODAY + timedelta(days=1)):
            self.company.collection_test_mode = False
            self.run_cycle(TODAY + days(1))
        self.assertSent(self.buyer, self.level(7), TODAY + days(1))

    def test_two_recipients_of_one_customer_get_one_message(self):
        self.customer("Books", "books@x.example", parent_id=self.buyer.id, collection_contact=True)
        self.customer("Chief", "chief@x.example", parent_id=self.buyer.id, collection_contact=True)
        self.invoice(self.buyer, 100)
        self.confirm(self.write_to())
        self.assertEqual(self.actions(self.buyer).recipient, "books@x.example, chief@x.example")

    def test_a_person_of_two_companies_writes_in_the_name_of_the_customers_company(self):
        other = self.setup_other_company()["company"]
        self.collector.write({"company_ids": [Command.link(other.id)], "company_id": other.id})
        self.invoice(self.buyer, 100)
        cases = self.case(self.buyer).with_user(self.collector)
        action = cases.with_context(allowed_company_ids=[other.id, self.company.id]).action_bulk_message()
        request = self.env["collection.request"].with_user(self.collector).browse(action["res_id"])
        request = request.with_context(allowed_company_ids=[other.id, self.company.id])
        self.confirm(request)
        self.assertRecordValues(self.actions(self.buyer), [{"state": "sent", "company_id": self.company.id}])
