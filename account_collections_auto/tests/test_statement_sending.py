import io
from datetime import date, timedelta
from unittest.mock import patch

import openpyxl
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import TODAY
from .email_common import EmailCase
from .statement_common import CLOSING, OPENING, StatementCase

CRON = "account_collections_auto.ir_cron_statements"
ATTEMPT = "odoo.addons.account_collections_auto.engine.attempt"


@tagged("post_install", "-at_install")
class StatementSendingCase(EmailCase, StatementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.buyer = cls.customer("Buyer")
        cls.bill = cls.invoice(cls.buyer, 100, due=TODAY - timedelta(days=10))
        cls.env["collection.case"]._refresh_marked()

    def wizard(self, *customers, user=None, **vals):
        cases = self.env["collection.case"].browse([self.case(customer).id for customer in customers])
        action = cases.with_user(user or self.collector).action_statement()
        wizard = self.env["collection.statement"].with_user(user or self.collector).browse(action["res_id"])
        wizard.write({"file_format": "xlsx", **vals})
        return wizard

    def send(self, *customers, **vals):
        """Ask for statements by hand and let the job send them."""
        self.wizard(*customers, **vals).action_send()
        self.run_cron(CRON)
        return self.statements(*customers)

    def statements(self, *customers):
        self.env.invalidate_all()
        ids = [customer.id for customer in customers]
        return self.env["collection.statement.sent"].search([("partner_id", "in", ids)], order="id")

    def run_cron(self, xmlid):
        self.env["collection.case"]._refresh_marked()  # as each commit does
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).sudo().method_direct_trigger()

    def book_of(self, sent):
        return openpyxl.load_workbook(io.BytesIO(sent.attachment_id.raw)).worksheets[0]


class TestStatementByHand(StatementSendingCase):
    """A person sends a statement: it goes where reminders go, and counts for nothing else."""

    def test_it_goes_to_the_collections_contact_and_shows_on_the_case(self):
        self.customer("Anna", "anna@customer.example", parent_id=self.buyer.id, collection_contact=True)

        sent = self.send(self.buyer)

        self.assertRecordValues(
            sent, [{"state": "sent", "recipient": "anna@customer.example", "amount": 100, "requested_by_id": self.collector.id}]
        )
        with self.mail_server() as server:
            self.run_queue()
        (mail,) = server.mails
        self.assertEqual(mail.recipients, ["anna@customer.example"])
        self.assertIn("statement of account", mail["Subject"])
        self.assertIn("$ 100.00", self.html_of(mail).replace("\N{NO-BREAK SPACE}", " "))
        self.assertEqual(len(self.files_of(mail)), 1)
        self.assertTrue(self.files_of(mail)[0].endswith(".xlsx"))
        message = self.case(self.buyer).message_ids.filtered(lambda message: message.attachment_ids)
        self.assertEqual(message.attachment_ids, sent.attachment_id)

    def test_as_pdf(self):
        sent = self.send(self.buyer, file_format="pdf")
        self.assertEqual(sent.state, "sent")
        self.assertTrue(sent.attachment_id.raw.startswith(b"%PDF"))

    def test_it_changes_no_level_and_is_no_contact(self):
        self.run_cycle(TODAY - timedelta(days=1))
        before = self.case(self.buyer).read(["level_id", "next_action_date", "last_contact_date"])
        self.send(self.buyer)
        self.assertEqual(self.case(self.buyer).read(["level_id", "next_action_date", "last_contact_date"]), before)
        other = self.customer("Other")
        self.invoice(other, 50, due=TODAY - timedelta(days=10))
        self.send(other)
        self.run_cycle(TODAY)
        self.assertSent(other, self.level(7))

    def test_nothing_is_sent_on_a_zero_balance(self):
        self.pay(self.bill, on=TODAY)
        wizard = self.wizard(self.buyer, date=TODAY)
        with self.assertRaisesRegex(UserError, "balance of Buyer is zero"):
            wizard.action_send()
        other = self.customer("Other")
        self.invoice(other, 50, due=TODAY - timedelta(days=10))
        sent = self.send(self.buyer, other, date=TODAY)
        self.assertEqual(
            [(one.partner_id.name, one.state, one.reason_code) for one in sent],
            [("Buyer", "withheld", "zero_balance"), ("Other", "sent", False)],
        )
        self.assertIn("zero", sent[0].reason)

    def test_an_address_that_cannot_be_used_is_a_reason(self):
        nobody, listed, bounced = (self.customer(name, f"{name}@x.example") for name in ("nobody", "listed", "bounced"))
        nobody.email = False
        self.env["mail.blacklist"].sudo()._add("listed@x.example")
        for customer in (nobody, listed, bounced):
            self.invoice(customer, 50, due=TODAY - timedelta(days=10))
        self.env["collection.bounce"]._remember(self.case(bounced), ["bounced@x.example"], "no such user")

        sent = self.send(nobody, listed, bounced)

        self.assertEqual(sent.mapped("reason_code"), ["no_address", "blacklisted", "bounced"])
        self.assertFalse(sent.mail_id)
        listed.email = "new@x.example"
        sent[1].with_user(self.collector).action_send_again()
        self.run_cron(CRON)
        self.assertEqual((sent[1].state, sent[1].recipient), ("sent", "new@x.example"))

    def test_contacts_who_get_only_what_is_theirs_do_not_get_the_whole_account(self):
        self.buyer.collection_grouping = "contact"
        north = self.customer("North", "north@customer.example", parent_id=self.buyer.id)
        self.invoice(north, 70, due=TODAY - timedelta(days=10))
        sent = self.send(self.buyer)
        self.assertEqual(sent.recipient, "customer@example.com")

    def test_who_pays_for_the_customer_gets_it(self):
        self.buyer.collection_payer_id = self.customer("Payer", "payer@x.example")
        self.assertEqual(self.send(self.buyer).recipient, "payer@x.example")

    def test_a_hold_does_not_stop_it_and_is_said(self):
        self.hold(self.buyer)
        wizard = self.wizard(self.buyer)
        self.assertIn("They call us back", wizard.notice)
        self.assertEqual(self.send(self.buyer).state, "sent")

    def test_a_past_day_and_a_period(self):
        self.pay(self.bill, 40, on=TODAY)
        sent = self.send(self.buyer, date=TODAY - timedelta(days=1))
        self.assertEqual(sent.amount, 100)
        sent = self.send(self.buyer, kind="movements", date_from=TODAY, date=TODAY)[-1]
        self.assertEqual((sent.kind, sent.amount), ("movements", 60))
        values = [cell.value for row in self.book_of(sent).iter_rows() for cell in row]
        self.assertIn("Opening balance", values)
        self.assertIn(-40, values)

    def test_the_test_mode_sends_to_us_only(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "me@ours.example"})
        sent = self.send(self.buyer)
        self.assertTrue(sent.is_test)
        self.assertEqual(sent.mail_id.email_to, "me@ours.example")
        self.assertIn("TEST", sent.mail_id.subject)

    def test_a_name_adds_no_recipient_and_no_markup(self):
        self.buyer.name = "Buyer, <spy@x.example>"
        sent = self.send(self.buyer)
        self.assertEqual(sent.mail_id.email_to.count("@"), 1)
        self.assertNotIn("<spy@x.example>", sent.mail_id.body_html)

    def test_the_texts_are_in_the_language_of_the_recipient(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("account_collections_auto.mail_template_statement").sudo()
        template.with_context(lang="fr_FR").subject = "Relevé de compte {{ object.period_text }}"
        self.buyer.lang = "fr_FR"
        sent = self.send(self.buyer, date=CLOSING + timedelta(days=10))
        self.assertIn("Relevé de compte", sent.mail_id.subject)
        self.assertIn("10/09/2026", sent.mail_id.subject)

    def test_a_mail_server_that_is_down_is_tried_again(self):
        sent = self.send(self.buyer)
        with self.dead_mail_server(), mute_logger("odoo.addons.base.models.ir_mail_server"):
            self.run_queue()
        self.assertRecordValues(sent, [{"state": "sent", "attempts": 1}])
        self.assertEqual(sent.mail_id.state, "outgoing")

    def test_a_refused_address_is_remembered(self):
        sent = self.send(self.buyer)
        with self.mail_server() as server:
            server.refused["customer@example.com"] = "550 5.1.1 no such user"
            self.run_queue()
        self.assertRecordValues(sent, [{"state": "failed", "reason_code": "mail_failed"}])
        self.assertEqual(self.send(self.buyer)[-1].reason_code, "bounced")

    def test_a_bounce_is_heard(self):
        sent = self.send(self.buyer)
        with self.mail_server():
            self.run_queue()
        self.report(sent, (sent.recipient, "delayed", "4.4.1"))
        self.assertEqual(sent.state, "sent")
        self.bounce(sent)
        self.assertRecordValues(sent, [{"state": "failed", "reason_code": "mail_bounced"}])

    def test_a_document_that_cannot_be_made_fails_alone(self):
        other = self.customer("Other")
        self.invoice(other, 50, due=TODAY - timedelta(days=10))
        documents = type(self.env["collection.statement.document"])
        render = documents._render_file

        def broken(self, account, file_format):
            if account.partner == other:
                raise TypeError("no paper")
            return render(self, account, file_format)

        with patch.object(documents, "_render_file", broken), mute_logger(ATTEMPT):
            sent = self.send(self.buyer, other)
        self.assertEqual([(one.state, one.reason_code) for one in sent], [("sent", False), ("failed", "statement_not_made")])
        sent[1].with_user(self.collector).action_send_again()
        self.run_cron(CRON)
        self.assertEqual(sent[1].state, "sent")

    def test_the_same_effort_for_each_of_two_and_of_twelve(self):
        counts = []
        for count in (2, 2, 12):
            customers = [self.customer(f"Customer {number}", f"c{number}@x.example") for number in range(count)]
            for customer in customers:
                self.invoice(customer, 50, due=TODAY - timedelta(days=10))
            self.wizard(*customers).action_send()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            handled = self.env["collection.statement.sent"].sudo()._send_batch(50)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(handled, count)
        self.assertLess((counts[2] - counts[1]) / 10, 12, counts)


class TestStatementRoles(StatementSendingCase):
    def test_an_auditor_prints_and_sends_nothing(self):
        wizard = self.wizard(self.buyer, user=self.auditor)
        self.assertIn("Buyer", wizard.preview)
        action = wizard.action_download()
        self.assertIn("download=true", action["url"])
        self.assertTrue(wizard.file_data)
        with self.assertRaises(AccessError):
            wizard.action_send()
        sent = self.send(self.buyer).with_user(self.auditor)
        self.assertEqual(sent.amount, 100)
        for forbidden in (
            lambda: sent.action_cancel(),
            lambda: sent.action_send_again(),
            lambda: sent.write({"state": "queued"}),
            lambda: sent.create({"case_id": sent.case_id.id, "company_id": self.company.id, "date": TODAY}),
            lambda: sent.unlink(),
        ):
            with self.assertRaises(AccessError):
                forbidden()

    def test_a_collector_cannot_write_what_was_sent(self):
        sent = self.send(self.buyer).with_user(self.collector)
        with self.assertRaises(AccessError):
            sent.write({"recipient": "me@x.example"})
        with self.assertRaises(UserError):
            sent.sudo().unlink()

    def test_other_companies_are_not_seen(self):
        sent = self.send(self.buyer)
        other = self.env["res.company"].sudo().create({"name": "Other company"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        self.assertFalse(self.env["collection.statement.sent"].with_user(stranger).search([("id", "in", sent.ids)]))
        wizards = self.env["collection.statement"].with_user(stranger)
        for vals in ({"case_ids": self.case(self.buyer).ids}, {"partner_ids": self.buyer.ids, "company_id": self.company.id}):
            with self.assertRaises(AccessError):
                wizards.create(vals).action_download()
            with self.assertRaises(AccessError):
                wizards.create(vals).action_send()
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        clerk = self.make_user("clerk", "account_collections_auto.group_collection_auditor", company=branch)
        with self.assertRaises(AccessError):
            wizards.with_user(clerk).create({"partner_ids": self.buyer.ids, "company_id": branch.id}).action_download()
        own = wizards.create({"partner_ids": self.buyer.ids, "company_id": other.id})
        with self.assertRaisesRegex(UserError, "nothing to print"):
            own.action_download()

    def test_from_the_form_of_the_customer(self):
        contact = self.customer("Anna", parent_id=self.buyer.id)
        action = contact.with_user(self.collector).action_collection_statement()
        wizard = self.env["collection.statement"].with_user(self.collector).browse(action["res_id"])
        self.assertEqual(wizard.recipients, "customer@example.com")
        wizard.action_send()
        self.run_cron(CRON)
        self.assertEqual(self.statements(self.buyer).state, "sent")

    def test_only_managers_change_the_text(self):
        template = self.env.ref("account_collections_auto.mail_template_statement")
        self.collector.group_ids = [(4, self.env.ref("mail.group_mail_template_editor").id)]
        with self.assertRaises(AccessError):
            template.with_user(self.collector).subject = "Pay {{ object.balance_text }}"


class TestStatementMonthly(StatementSendingCase):
    """The statements of a month: once per customer, on the day of the company."""

    def setUp(self):
        super().setUp()
        self.company.sudo().collection_is_active = True
        with self.on_day(date(2026, 9, 3)):
            self.company.write({"collection_statement_day": 5, "collection_statement_format": "xlsx"})
        self.buyer.collection_statement = "xlsx"

    def run_on_day(self, *days):
        for day in days:
            with self.on_day(day):
                self.run_cron(CRON)

    def test_on_the_day_and_once(self):
        self.run_on_day(date(2026, 9, 4))
        self.assertFalse(self.statements(self.buyer))
        self.run_on_day(date(2026, 9, 5), date(2026, 9, 5), date(2026, 9, 6), date(2026, 10, 4))
        self.assertRecordValues(
            self.statements(self.buyer),
            [{"state": "sent", "occasion": "2026-09", "date": date(2026, 9, 5), "requested_by_id": False}],
        )
        self.run_on_day(date(2026, 10, 7))  # a server that was down for two days
        self.assertEqual(self.statements(self.buyer).mapped("occasion"), ["2026-09", "2026-10"])

    def test_choosing_a_day_sends_nothing_at_once(self):
        with self.on_day(date(2026, 9, 20)):
            self.company.collection_statement_day = 15
        self.run_on_day(date(2026, 9, 20), date(2026, 10, 14))
        self.assertFalse(self.statements(self.buyer))
        self.assertEqual(self.company.collection_statement_date, date(2026, 10, 15))
        with self.on_day(date(2026, 10, 15)):
            self.company.collection_statement_day = 15  # the settings write what they show
        self.run_on_day(date(2026, 10, 15))
        self.assertEqual(len(self.statements(self.buyer)), 1)

    def test_movements_are_those_of_the_month_before(self):
        self.company.collection_statement_kind = "movements"
        self.run_on_day(date(2026, 9, 5))
        self.assertRecordValues(self.statements(self.buyer), [{"date_from": OPENING, "date": CLOSING, "kind": "movements"}])

    def test_who_gets_one(self):
        other, never = self.customer("Other"), self.customer("Never", collection_statement="never")
        for customer in (other, never):
            self.invoice(customer, 10, due=TODAY)
        self.run_on_day(date(2026, 9, 5))
        self.assertEqual(self.statements(self.buyer, other, never).partner_id, self.buyer)
        self.company.collection_statement_for = "all"
        self.run_on_day(date(2026, 10, 5))
        self.assertEqual(self.statements(other, never).partner_id, other)

    def test_a_hold_the_archive_and_a_zero_balance_stop_it(self):
        archived, even, settled = self.customer("Archived"), self.customer("Even"), self.customer("Settled")
        for customer in (archived, even, settled):
            customer.collection_statement = "xlsx"
        self.invoice(archived, 10, due=date(2026, 8, 1))
        self.invoice(even, 10, due=date(2026, 8, 1))
        self.credit_note(even, 10, on=date(2026, 8, 2))
        self.pay(self.invoice(settled, 10, due=date(2026, 8, 1)), on=date(2026, 8, 3))
        archived.active = False
        self.hold(self.buyer, since=date(2026, 9, 1), until=date(2026, 9, 30))

        self.run_on_day(date(2026, 9, 5))

        found = {
            sent.partner_id: (sent.state, sent.reason_code) for sent in self.statements(archived, even, settled, self.buyer)
        }
        self.assertEqual(
            found,
            {
                archived: ("withheld", "archived"),
                even: ("withheld", "zero_balance"),
                self.buyer: ("withheld", "hold"),
            },
        )
        self.assertIn("They call us back", self.statements(self.buyer).reason)

    def test_a_company_that_is_switched_off_sends_none(self):
        self.company.sudo().collection_is_active = False
        self.run_on_day(date(2026, 9, 5))
        self.assertFalse(self.statements(self.buyer))

    def test_switched_off_while_they_wait(self):
        statements = self.env["collection.statement.sent"].sudo()
        with self.on_day(date(2026, 9, 5)):
            statements._queue_month(self.company)
            self.assertEqual(self.statements(self.buyer).state, "queued")
            self.company.sudo().collection_is_active = False
            statements._send_batch(10)
        self.assertRecordValues(self.statements(self.buyer), [{"state": "withheld", "reason_code": "switched_off"}])

    def test_a_test_does_not_replace_the_real_one(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "me@ours.example"})
        self.run_on_day(date(2026, 9, 5))
        self.assertRecordValues(self.statements(self.buyer), [{"state": "sent", "is_test": True}])
        self.company.collection_test_mode = False
        self.company.collection_statement_date = date(2026, 9, 6)
        self.run_on_day(date(2026, 9, 6))
        self.assertEqual(self.statements(self.buyer).mapped("is_test"), [True, False])

    def test_a_crash_in_between_sends_nothing_twice_and_forgets_nobody(self):
        customers = [self.buyer]
        for number in range(5):
            customers.append(self.customer(f"Customer {number}", f"c{number}@x.example", collection_statement="xlsx"))
            self.invoice(customers[-1], 10, due=date(2026, 8, 1))
        statements = type(self.env["collection.statement.sent"])
        hand_over, calls = statements._hand_over, []

        def killed(self):
            hand_over(self)
            calls.append(len(self))
            if len(calls) >= 2:
                raise RuntimeError("killed")

        module = "odoo.addons.account_collections_auto.models.collection_statement_sent"
        with patch(f"{module}.BATCH", 2), self.on_day(date(2026, 9, 5)):
            with patch.object(statements, "_hand_over", killed), mute_logger("odoo.addons.base.models.ir_cron"):
                try:
                    self.run_cron(CRON)
                except RuntimeError:
                    self.env.invalidate_all()
            states = self.statements(*customers).mapped("state")
            self.assertEqual((states.count("sent"), states.count("queued")), (2, 4))
            self.run_cron(CRON)
            self.run_cron(CRON)
        sent = self.statements(*customers)
        self.assertEqual(sent.mapped("state"), ["sent"] * 6)
        self.assertEqual(self.env["mail.mail"].sudo().search_count([("id", "in", sent.mail_id.ids)]), 6)
        mails = self.env["mail.mail"].sudo().search([("res_id", "in", sent.case_id.ids), ("model", "=", "collection.case")])
        self.assertEqual(len(mails), 6)

    def test_customers_who_are_merged_keep_both(self):
        twin = self.customer("Twin", collection_statement="xlsx")
        self.invoice(twin, 10, due=date(2026, 8, 1))
        self.run_on_day(date(2026, 9, 5))
        merge = self.env["base.partner.merge.automatic.wizard"].sudo().create({})
        merge._merge((self.buyer + twin).ids, self.buyer)
        self.assertEqual(len(self.statements(self.buyer)), 2)
