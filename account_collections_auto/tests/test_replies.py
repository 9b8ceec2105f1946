"""What comes back by e-mail: from the raw mail to what a person made of it."""

from datetime import date, timedelta
from unittest.mock import patch

import psycopg2
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger

from ..engine import replies, reply_text
from .common import TODAY
from .reply_common import ReplyCase

FRIDAY = date(2026, 9, 18)  # TODAY is a Tuesday

ATTEMPT = "odoo.addons.account_collections_auto.engine.attempt"


class TestArrival(ReplyCase):
    """A mail arrives and is sorted; nothing else happens."""

    def test_paid_already_with_day_amount_and_invoice(self):
        reply = self.answer(
            f"Hello,\n\ninvoice {self.bill.name} over USD 1,240.50 was already paid on 3 September.\n\nKind regards\nAnn\n\n"
            "On Tue, 15 Sep 2026 at 08:00, Carla <carla@ours.example> wrote:\n> Please pay by Friday, we dispute nothing."
        )
        self.assertRecordValues(
            reply,
            [
                {
                    "case_id": self.case_of_buyer.id,
                    "answer_type": "paid",
                    "found_date": date(2026, 9, 3),
                    "amount": 1240.5,
                    "currency_id": self.company.currency_id.id,
                    "item_ids": self.items(self.bill).ids,
                    "lang": "en",
                    "state": "new",
                    "is_stranger": False,
                }
            ],
        )
        self.assertEqual(reply.text, f"Hello,\n\ninvoice {self.bill.name} over USD 1,240.50 was already paid on 3 September.")
        self.assertIn("already paid", reply.suggestion)
        self.assertIn("<mark>", reply.highlighted)
        self.assertFalse(self.items(self.buyer).mapped("stop_reason")[0], "an answer stops nothing by itself")

    def test_one_to_do_for_the_collector_of_the_case(self):
        reply = self.answer("We will pay by Friday.")
        self.assertRecordValues(self.todos(reply), [{"user_id": self.collector.id, "date_deadline": TODAY}])
        self.assertIn("Says that it will be paid", self.todos(reply).summary)

    def test_html_only_mail_in_german_with_outlook_quote(self):
        reply = self.answer(
            html="<html><head><style>p{}</style></head><body><p>Guten Tag,<br>die Zahlung &uuml;berweisen wir bis Freitag.</p>"
            "<p>Mit freundlichen Gr&uuml;&szlig;en<br>Anna</p><hr><p><b>Von:</b> Carla<br><b>Gesendet:</b> Dienstag<br>"
            "<b>An:</b> Anna<br><b>Betreff:</b> Mahnung</p><p>Haben Sie bereits bezahlt?</p></body></html>"
        )
        self.assertRecordValues(reply, [{"answer_type": "promise", "lang": "de", "found_date": FRIDAY}])
        self.assertEqual(reply.text, "Guten Tag,\ndie Zahlung überweisen wir bis Freitag.")

    def test_stranger_who_answers_by_reference_is_marked(self):
        reply = self.answer("We have already paid.", sender="Mallory <m@elsewhere.example>")
        self.assertRecordValues(reply, [{"answer_type": "paid", "is_stranger": True, "case_id": self.case_of_buyer.id}])

    def test_out_of_office_by_headers_is_noted_and_makes_no_to_do(self):
        reply = self.answer("I am away until 25 September.", subject="Hello", Auto_Submitted="auto-replied")
        self.assertRecordValues(
            reply, [{"answer_type": "absent", "state": "ignored", "return_date": date(2026, 9, 25), "is_automatic": True}]
        )
        self.assertFalse(self.todos(reply))
        self.assertIn("is out of the office until 09/25/2026", " ".join(self.case_of_buyer.message_ids.mapped("body")))

    def test_out_of_office_by_words_only(self):
        reply = self.answer("Bin bis 25.09. im Urlaub.", subject="Abwesenheitsnotiz")
        self.assertRecordValues(reply, [{"answer_type": "absent", "state": "ignored", "return_date": date(2026, 9, 25)}])

    def test_words_like_those_of_an_absence_do_not_hide_an_answer(self):
        for text in (
            "I will call you back on Monday.",
            "The money will be on your account tomorrow.",
            "Sie sind nicht erreichbar",
        ):
            with self.subTest(text):
                self.assertEqual(self.answer(text).state, "new")

    def test_absent_person_who_also_says_that_it_is_paid_gets_a_to_do(self):
        reply = self.answer("I am on annual leave until 25 September. The invoice is paid, we transferred it on 3 September.")
        self.assertEqual(reply.state, "new")
        self.assertTrue(self.todos(reply))

    def test_what_our_own_people_write_on_the_case_is_no_answer(self):
        self.assertFalse(self.answer("We have paid", sender="Carla <carla@ours.example>"))

    def test_same_mail_delivered_twice_is_one_answer(self):
        first = self.answer("Thanks, noted.")
        raw = (
            f"From: customer@example.com\nTo: x@ours.example\nSubject: Re: x\nMessage-ID: {first.mail_message_id.message_id}\n"
        )
        self.assertFalse(self.arrive(f"{raw}In-Reply-To: {self.reminder.message_id}\n\nThanks, noted.".encode()))

    def test_text_of_our_own_message_without_quote_marks_is_left_out(self):
        parent = self.reminder.mail_message_id
        ours = [line for line in reply_text.to_text(parent.body).split("\n") if len(line) > 30][0]
        reply = self.answer(f"Please call me.\n\n{ours}")
        self.assertEqual(reply.text, "Please call me.")

    def test_empty_mail_and_mail_with_a_subject_only(self):
        self.assertRecordValues(self.answer(""), [{"answer_type": "other", "text": "Reminder", "state": "new"}])
        self.assertRecordValues(self.answer("", subject="We have paid on 3 September"), [{"answer_type": "paid"}])

    def test_date_of_a_mail_far_from_today_is_not_believed(self):
        raw = (
            "From: customer@example.com\nTo: x@ours.example\nSubject: Re: x\nMessage-ID: <old@x.example>\n"
            f"Date: Thu, 1 Jan 1998 00:00:00 +0000\nIn-Reply-To: {self.reminder.message_id}\n\nWe will pay by Friday."
        )
        self.assertEqual(self.arrive(raw.encode()).found_date, FRIDAY)

    def test_case_without_collector_asks_the_one_of_the_company(self):
        self.case_of_buyer.user_id = False
        self.assertEqual(self.todos(self.answer("Please call me.")).user_id, self.company.collection_user_id)

    def test_answers_stay_when_customers_are_merged(self):
        reply = self.answer("We have already paid.")
        kept = self.customer("Kept", "kept@example.com")
        self.invoice(kept)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((self.buyer + kept).ids, kept)
        self.assertRecordValues(reply, [{"partner_id": kept.id, "case_id": self.case(kept).id}])

    def test_answer_to_a_statement_or_a_message_by_hand_counts_too(self):
        message = self.case_of_buyer.message_post(body="Hello", partner_ids=self.buyer.ids, message_type="comment")
        self.assertEqual(self.answer("We have already paid.", reminder=message).answer_type, "paid")


class TestHostileMails(ReplyCase):
    """Everything in a mail is text of a stranger."""

    def test_markup_is_shown_as_text(self):
        reply = self.answer('We have paid <script>alert(1)</script> "<img src=x onerror=alert(2)>" & <b>more</b>')
        self.assertNotIn("<script", reply.highlighted)
        self.assertNotIn("<img", reply.highlighted)
        self.assertIn("&lt;script&gt;", reply.highlighted)
        self.assertIn("<mark>have paid</mark>", reply.highlighted)

    def test_huge_mail_is_read_in_a_moment_and_cut(self):
        reply = self.answer("We have already paid.\n" + "word " * 400_000)
        self.assertEqual(reply.answer_type, "paid")
        self.assertLessEqual(len(reply.text), reply_text.TEXT_LIMIT)

    def test_nonsense_is_sorted_without_complaint(self):
        for text in (
            "\0\0",
            "....." * 2000,
            "pay " * 3000,
            "1.1.1.1." * 2000,
            "9" * 9000,
            "a|b* _ ...",
            ">" * 5000,
            "\n" * 9000,
        ):
            with self.subTest(text[:10]):
                clean = reply_text.new_text(reply_text.to_text(text))
                replies.sort(clean, self.env["collection.reply.rule"]._get_rules(), TODAY)
        for html in ("<div>" * 9000, "<blockquote>" * 9000, "</p></p>", "<!--", "<a href='", "&#x110000;", "<![CDATA["):
            with self.subTest(html[:10]):
                reply_text.to_text(html)

    def test_rules_of_people_are_words_and_never_a_program(self):
        rule = self.env["collection.reply.rule"].create(
            {"answer_type": "dispute", "words": "(a+)+$\n.*\n[[:punct:]]\nzebra ... moon", "unless": "(", "points": 5}
        )
        self.assertEqual(self.answer("The zebra ate the moon. aaaaaaaaaaaaaaaaaaaaaaaaaaaa!").answer_type, "dispute")
        self.assertTrue(rule)

    def test_a_defect_in_the_sorting_never_loses_a_mail(self):
        engine = "odoo.addons.account_collections_auto.models.collection_reply.replies.sort"
        with patch(engine, side_effect=ValueError), mute_logger(ATTEMPT):
            reply = self.answer("We have paid.")
        self.assertRecordValues(reply, [{"answer_type": "other", "state": "new"}])
        self.assertIn("We have paid", reply.mail_message_id.body)

    def break_transaction(self, *_args, **_options):
        self.env.cr.execute("SELECT 1 / 0")

    def test_an_error_of_the_database_while_sorting_never_loses_a_mail(self):
        engine = "odoo.addons.account_collections_auto.models.collection_reply.replies.sort"
        with patch(engine, side_effect=self.break_transaction), mute_logger(ATTEMPT, "odoo.sql_db"):
            reply = self.answer("We have paid.")
        self.assertRecordValues(reply, [{"answer_type": "other", "state": "new"}])
        self.assertIn("We have paid", reply.mail_message_id.body)

    def test_an_error_of_the_database_while_recording_never_loses_a_mail(self):
        replies_class = type(self.env["collection.reply"])
        with patch.object(replies_class, "_begin", self.break_transaction), mute_logger(ATTEMPT, "odoo.sql_db"):
            self.assertFalse(self.answer("We have paid."))
        self.assertIn("We have paid", " ".join(self.case_of_buyer.message_ids.mapped("body")))

    def test_a_conflict_while_recording_is_passed_on_and_done_again(self):
        replies_class = type(self.env["collection.reply"])
        conflict = psycopg2.errors.SerializationFailure("could not serialize access")
        with patch.object(replies_class, "_begin", side_effect=conflict):
            with self.assertRaises(psycopg2.errors.SerializationFailure):
                self.answer("We have paid.")


class TestOneClick(ReplyCase):
    """Each kind of answer, and what a collector makes of it."""

    def as_collector(self, reply):
        return reply.with_user(self.collector).with_company(self.company)

    def record(self, action, **more):
        """Fill in and save the form that a button opened, as the collector."""
        model = self.env[action["res_model"]].with_user(self.collector).with_context(**action.get("context", {}))
        form = Form(model.browse(action.get("res_id", [])))
        for name, value in more.items():
            setattr(form, name, value)
        return form.save()

    def assertDone(self, reply, done_as):
        self.assertRecordValues(reply, [{"state": "done", "done_as": done_as, "done_by_id": self.collector.id}])
        self.assertFalse(self.todos(reply))

    def test_paid_becomes_a_payment_notice(self):
        reply = self.answer(f"We have paid 1,240.50 for {self.bill.name} on 3 September.")
        with self.on_day(TODAY):
            notice = self.record(self.as_collector(reply).action_payment_notice())
        self.assertRecordValues(
            notice,
            [
                {
                    "case_id": self.case_of_buyer.id,
                    "payment_date": date(2026, 9, 3),
                    "amount": 1240.5,
                    "item_ids": self.items(self.bill).ids,
                    "reply_id": reply.id,
                    "state": "open",
                }
            ],
        )
        self.assertDone(reply, "notice")

    def test_will_pay_becomes_a_promise(self):
        reply = self.answer(f"We will pay {self.bill.name} by Friday.")
        with self.on_day(TODAY):
            promise = self.record(self.as_collector(reply).action_promise())
        self.assertRecordValues(
            promise, [{"promise_date": FRIDAY, "amount": 1240.5, "channel": "email", "contact_id": self.buyer.id}]
        )
        self.assertDone(reply, "promise")

    def test_promise_without_amount_is_about_what_is_overdue(self):
        reply = self.answer("We will pay next week.")
        with self.on_day(TODAY):
            self.assertEqual(self.record(self.as_collector(reply).action_promise()).amount, 1540.5)

    def test_dispute_proposes_reason_text_and_invoice(self):
        reply = self.answer(f"The goods of {self.bill.name} arrived damaged, we will not pay.")
        dispute = self.record(self.as_collector(reply).action_dispute())
        self.assertRecordValues(
            dispute, [{"reason_id": self.env.ref("account_collections_auto.collection_dispute_reason_quality").id}]
        )
        self.assertEqual(dispute.line_ids.item_id, self.items(self.bill))
        self.assertIn("arrived damaged", dispute.description)
        self.assertDone(reply, "dispute")

    def test_payment_run_holds_the_invoice_until_the_money_can_be_there(self):
        reply = self.answer(f"{self.bill.name} is approved for our payment run of 25 September.")
        self.assertEqual(reply.answer_type, "run")
        with self.on_day(TODAY):
            hold = self.record(self.as_collector(reply).action_payment_run())
        until = date(2026, 9, 25) + timedelta(days=self.plan.in_transit_days)
        self.assertRecordValues(hold, [{"date_until": until, "item_ids": self.items(self.bill).ids}])
        self.assertDone(reply, "hold")

    def test_ignored_and_taken_back(self):
        reply = self.as_collector(self.answer("Thanks, noted."))
        action = reply.action_ignore()
        self.assertEqual(reply.state, "ignored")
        self.assertFalse(self.todos(reply))
        reply.browse(action["params"]["ids"]).action_undo()
        self.assertEqual((reply.state, len(self.todos(reply))), ("new", 1))

    def test_answer_that_is_done_is_not_done_again(self):
        reply = self.as_collector(self.answer("We will pay by Friday."))
        reply.action_ignore()
        with self.assertRaises(UserError):
            reply.action_promise()

    def test_copies_are_sent_to_a_contact_of_the_customer_and_answers_come_back_to_the_case(self):
        reply = self.as_collector(self.answer(f"Please send a copy of invoice {self.bill.name}."))
        self.assertEqual(reply.answer_type, "copies")
        wizard = self.record(reply.action_copies())
        self.assertEqual((wizard.partner_id, wizard.move_ids), (self.buyer, self.bill))
        with self.mail_server() as server:
            wizard.action_send()
            self.run_queue()
        (mail,) = [mail for mail in server.mails if "copies you asked for" in self.html_of(mail)]
        self.assertEqual(self.files_of(mail), [f"{self.bill.name.replace('/', '_')}.pdf"])
        self.assertIn(self.bill.name, mail["Subject"])
        self.assertDone(reply, "copies")
        sent = self.env["mail.message"].sudo().search([("message_id", "=", mail["Message-ID"])])
        self.assertEqual(self.answer("Thanks, noted.", reminder=sent).case_id, self.case_of_buyer)

    def test_invoice_that_they_do_not_have_is_sent_again_and_strangers_get_nothing(self):
        reply = self.as_collector(self.answer("This invoice is not in our system.", sender="m@elsewhere.example"))
        self.assertEqual(reply.answer_type, "missing")
        wizard = self.record(reply.action_resend())
        self.assertEqual((wizard.partner_id, wizard.move_ids), (self.buyer, self.bill | self.other_bill))
        with self.mail_server() as server:
            wizard.action_send()
            self.run_queue()
        (mail,) = [mail for mail in server.mails if "send them again" in self.html_of(mail)]
        self.assertEqual(mail.recipients, ["customer@example.com"])

    def test_copies_go_to_nobody_else_than_a_hold_says(self):
        lawyer = self.customer("Lawyer", "lawyer@example.com")
        reply = self.as_collector(self.answer("Please send copies of the invoices."))
        wizard = self.record(reply.action_copies())
        self.assertEqual(wizard.partner_id, self.buyer)
        hold = self.hold(self.buyer)
        hold.reason_id = self.env.ref("account_collections_auto.collection_hold_reason_represented")
        self.env.invalidate_all()
        with self.on_day(TODAY):
            self.assertFalse(reply._get_contact_to_answer())
            with self.assertRaisesRegex(UserError, "Nobody may be written to"):
                wizard.action_send()
            hold.contact_id = lawyer
            self.env.invalidate_all()
            self.assertEqual(reply._get_contact_to_answer(), lawyer)

    def test_copies_in_test_mode_go_to_the_test_address(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "test@ours.example"})
        reply = self.as_collector(self.answer("Please send copies of the invoices."))
        wizard = self.record(reply.action_copies())
        with self.mail_server() as server:
            wizard.action_send()
            self.run_queue()
        self.assertEqual([mail.recipients for mail in server.mails][-1], ["test@ours.example"])

    def test_invoices_of_another_customer_are_not_sent(self):
        stranger = self.customer("Other", "other@example.com")
        foreign = self.invoice(stranger)
        reply = self.as_collector(self.answer("Please send a copy of the invoice."))
        wizard = self.record(reply.action_copies())
        wizard.move_ids = foreign
        with self.assertRaises(UserError):
            wizard.action_send()

    def test_another_person_gets_the_reminders(self):
        clerk = self.env["res.partner"].create(
            {"name": "Ann", "email": "ann@buyer.example", "parent_id": self.buyer.id, "collection_contact": True}
        )
        reply = self.as_collector(
            self.answer("I no longer work here. Please write to ap@buyer.example.", sender="Ann <ann@buyer.example>")
        )
        self.assertEqual(reply.answer_type, "contact")
        wizard = self.record(reply.action_contact(), name="Accounts payable")
        self.assertEqual((wizard.partner_id, wizard.email), (clerk, "ap@buyer.example"))
        wizard.action_apply()
        self.assertRecordValues(
            self.buyer.child_ids.sorted("id"),
            [
                {"name": "Ann", "email": "ann@buyer.example", "collection_contact": False},
                {"name": "Accounts payable", "email": "ap@buyer.example", "collection_contact": True},
            ],
        )
        self.assertDone(reply, "contact")

    def test_address_on_the_blacklist_is_not_taken(self):
        self.env["mail.blacklist"].sudo()._add("ap@buyer.example")
        reply = self.as_collector(self.answer("Wrong person. Please write to ap@buyer.example."))
        with self.assertRaises(UserError):
            self.record(reply.action_contact()).action_apply()
        self.assertEqual(reply.state, "new")

    def test_today_counts_the_answers_to_read(self):
        self.answer("We have already paid.")
        tile = next(tile for tile in self.env["collection.today"].get_tiles() if tile["key"] == "answers")
        self.assertIn(("Answers by e-mail to read", 1), [(line["label"], line["count"]) for line in tile["lines"]])
        action = self.env["collection.today"].open_replies()
        self.assertEqual(self.env["collection.reply"].search_count(action["domain"]), 1)


class TestRights(ReplyCase):
    """Auditors read, collectors decide, managers write rules; companies see their own."""

    def test_auditor_reads_and_changes_nothing(self):
        reply = self.answer("We have already paid.").with_user(self.auditor)
        self.assertIn("paid", reply.suggestion)
        buttons = ("action_ignore", "action_undo", "action_promise", "action_copies", "action_contact", "action_payment_run")
        for name in buttons:
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(reply, name)()
        with self.assertRaises(AccessError):
            reply.write({"state": "done"})

    def test_collector_cannot_write_what_was_recorded(self):
        reply = self.answer("We have already paid.").with_user(self.collector)
        for values in ({"state": "done"}, {"text": "We owe nothing"}, {"answer_type": "dispute"}):
            with self.subTest(values), self.assertRaises(AccessError):
                reply.write(values)
        with self.assertRaises(AccessError):
            reply.create({"case_id": self.case_of_buyer.id})

    def test_collector_of_another_company_sees_nothing(self):
        reply = self.answer("We have already paid.")
        company = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        stranger = self.make_user("elsewhere", "account_collections_auto.group_collector", company=company)
        self.assertFalse(self.env["collection.reply"].with_user(stranger).search([("id", "=", reply.id)]))
        with self.assertRaises(AccessError):
            reply.with_user(stranger).action_ignore()

    def test_rules_are_written_by_managers(self):
        rules = self.env["collection.reply.rule"]
        with self.assertRaises(AccessError):
            rules.with_user(self.collector).create({"answer_type": "paid", "words": "done"})
        with self.assertRaises(UserError):
            rules.create({"answer_type": "paid", "words": " \n "})

    def test_words_can_be_tried_on_a_text(self):
        tried = self.env["collection.reply.try"].create(
            {"text": "Wir haben am 3. März bereits <b>überwiesen</b>.", "date": date(2026, 3, 9)}
        )
        self.assertEqual(tried.answer_type, "paid")
        self.assertIn("überwiesen", tried.result)
        self.assertNotIn("<b>", tried.result)
