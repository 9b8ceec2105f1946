import json
import re
from datetime import date, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.addons.base.models.ir_actions_report import IrActionsReport
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from .common import TODAY
from .email_common import EmailCase

ATTEMPT = "odoo.addons.account_collections_auto.engine.attempt"


class TestMessage(EmailCase):
    """What the customer reads."""

    def test_deadline_stands_in_the_first_two_lines(self):
        customer = self.customer()
        self.invoice(customer, 1100)
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        text = server.mails[0].get_body(("plain",)).get_content()
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("[", "!"))]
        greeting = next(number for number, line in enumerate(lines) if line.startswith("Dear"))
        self.assertIn("September 22, 2026", " ".join(lines[greeting : greeting + 2]))
        self.assertIn("1,100.00", " ".join(lines[greeting : greeting + 2]))

    def test_table_lists_what_advances_what_was_reminded_and_the_credits(self):
        customer = self.customer()
        old = self.invoice(customer, 1000, due=TODAY - timedelta(days=20), ref="PO 77")
        self.pay(old, 400, on=TODAY - timedelta(days=15))
        self.run_cycle(TODAY - timedelta(days=10))
        new = self.invoice(customer, 500, due=TODAY - timedelta(days=8))
        fresh = self.invoice(customer, 50, due=TODAY - timedelta(days=2))
        credit = self.credit_note(customer, 120)
        self.run_cycle()
        table = self.actions(customer)[-1].items_table
        places = [table.index(text) for text in ("Now due", new.name, "Already reminded on 09/05/2026", old.name)]
        places += [table.index(text) for text in ("Also due", fresh.name, "Credits and payments", credit.name, "Total to pay")]
        self.assertEqual(places, sorted(places))
        row = re.sub(r"<[^>]+>|\s+", " ", table[table.index(old.name) : table.index("Also due")])
        for text in ("PO 77", "08/26/2026", "1,000.00", "400.00", "600.00"):
            self.assertIn(text, row)
        self.assertIn("1,030.00", table[table.index("Total to pay") :])

    def test_final_notice_calls_final_only_what_advances_to_it(self):
        customer = self.customer()
        a = self.invoice(customer, 1000, due=date(2026, 6, 1))
        b = self.invoice(customer, 500, due=date(2026, 6, 20))
        for day in (date(2026, 6, 8), date(2026, 6, 28), date(2026, 7, 6)):
            self.run_cycle(day)
        action = self.actions(customer)[-1]
        self.assertEqual(action.level_id.final_notice, True)
        table = action.items_table
        final, reminded = table.index("Final notice"), table.index("Already reminded")
        self.assertTrue(final < table.index(a.name) < reminded < table.index(b.name))
        self.assertIn("final notice", action.mail_id.subject)

    def test_an_item_at_a_lower_level_is_not_called_final(self):
        """A newer invoice takes its own, lower step in the same message: it is due, and not for the last time."""
        customer = self.customer()
        old = self.invoice(customer, 1000, due=date(2026, 6, 1))
        for day in (date(2026, 6, 8), date(2026, 6, 28)):
            self.run_cycle(day)
        new = self.invoice(customer, 500, due=date(2026, 6, 27))
        self.run_cycle(date(2026, 7, 6))
        action = self.actions(customer)[-1]
        self.assertTrue(action.level_id.final_notice)
        self.assertEqual(action.line_ids.filtered("advances").move_id, old + new)
        table = action.items_table
        places = [table.index(text) for text in ("Final notice", old.name, "Now due", new.name)]
        self.assertEqual(places, sorted(places))

    def test_numbers_link_to_the_signed_page_and_nothing_to_pay_overdue(self):
        customer = self.customer()
        invoice = self.invoice(customer)
        self.env.cr.execute("UPDATE account_move SET access_token = NULL WHERE id = %s", [invoice.id])
        self.env.invalidate_all()
        self.run_cycle()
        body = self.mail_of(customer).body_html
        self.assertTrue(invoice.access_token)
        self.assertIn(f"/my/invoices/{invoice.id}?access_token={invoice.access_token}", body)
        self.assertNotIn("/my/invoices/overdue", body)

    def test_one_statement_gives_all_old_invoices_their_token(self):
        invoices = [self.invoice(self.customer()) for _number in range(3)]
        moves = self.env["account.move"].browse([move.id for move in invoices])
        self.env.cr.execute("UPDATE account_move SET access_token = NULL WHERE id = ANY(%s)", [moves.ids])
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.env["collection.action"]._ensure_portal_links(moves)
        self.assertEqual(len(set(moves.mapped("access_token"))), 3)

    def test_how_to_pay_and_whom_to_ask(self):
        bank = self.env["res.partner.bank"].create({"acc_number": "BE68539007547034", "partner_id": self.company.partner_id.id})
        customer = self.customer()
        invoice = self.invoice(customer, partner_bank_id=bank.id)
        self.run_cycle()
        body = self.mail_of(customer).body_html
        for text in (bank.acc_number, invoice.payment_reference, "Carla Collector", "+32 2 555 00 01", "carla@ours.example"):
            self.assertIn(text, body)
        self.assertIn("If you have paid in the last days, thank you", body)

    def test_an_invoice_of_a_branch_is_paid_to_the_account_of_the_branch(self):
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.sudo().company_ids = [Command.link(branch.id)]
        self.env.user.sudo().company_id = self.company
        banks = self.env["res.partner.bank"].sudo()
        banks.create({"acc_number": "BE68539007547034", "partner_id": self.company.partner_id.id})
        own = banks.create({"acc_number": "BE71096123456769", "partner_id": branch.partner_id.id})
        customer = self.customer()
        receivable = self.company_data["default_account_receivable"]
        customer.with_company(branch).property_account_receivable_id = receivable
        journal = self.company_data["default_journal_sale"]
        self.invoice(customer, company_id=branch.id, journal_id=journal.id, partner_bank_id=own.id)
        self.run_cycle()
        details = self.actions(customer).payment_details
        self.assertIn("BE71096123456769", details)
        self.assertIn("Account holder: Branch", details)
        self.assertNotIn("BE68539007547034", details)

    def test_each_currency_is_paid_to_the_account_printed_on_its_invoices(self):
        customer = self.customer()
        other = self.setup_other_currency("EUR")
        numbers = {self.company.currency_id: "BE68539007547034", other: "BE71096123456769"}
        for currency, number in numbers.items():
            bank = self.env["res.partner.bank"].create({"acc_number": number, "partner_id": self.company.partner_id.id})
            self.invoice(customer, currency=currency, partner_bank_id=bank.id)
        self.run_cycle()
        details = self.actions(customer).payment_details
        for currency, number in numbers.items():
            self.assertRegex(details, rf"<b>{currency.name}</b><br/?>\s*Account: <span[^>]*>{number}<")

    def test_reference_of_several_invoices_is_their_numbers(self):
        customer = self.customer()
        invoices = [self.invoice(customer) for _number in range(2)]
        self.run_cycle()
        self.assertEqual(self.actions(customer)._get_payment_reference(), ", ".join(invoice.name for invoice in invoices))

    def test_qr_code_where_odoo_makes_one(self):
        customer = self.customer()
        bank = self.env["res.partner.bank"].create({"acc_number": "BE68539007547034", "partner_id": self.company.partner_id.id})
        self.invoice(customer, 100, partner_bank_id=bank.id)
        self.run_cycle()
        action = self.actions(customer)
        self.assertNotIn("<img", action.payment_details)
        self.company.qr_code = True
        action.invalidate_recordset(["payment_details"])
        banks = type(bank)
        # The modules that know a kind of QR code are not there: one that makes any.
        with (
            patch.object(banks, "_get_available_qr_methods", lambda self: [("test", "Test", 1)]),
            patch.object(
                banks, "_get_qr_code_generation_params", lambda self, method, amount, *args: {"value": f"pay {amount}"}
            ),
        ):
            self.assertIn("/report/barcode/?value=pay+100.0", action.payment_details)

    def test_pain_07_attachments_of_earlier_customers_do_not_add_up(self):
        first, second = self.customer("Anna", "anna@one.example"), self.customer("Ben", "ben@two.example")
        self.attach_invoices()
        invoices = {customer: self.with_pdf(self.invoice(customer)) for customer in (first, second)}
        self.run_cycle()
        for customer, invoice in invoices.items():
            self.assertEqual(self.mail_of(customer).attachment_ids, invoice.invoice_pdf_report_id)

    def test_pain_08_no_two_customers_share_a_file(self):
        customers = [self.customer(f"C{number}", f"c{number}@example.com") for number in range(4)]
        self.attach_invoices()
        self.plan.level_ids.step_ids.attach_letter = True
        for customer in customers:
            self.with_pdf(self.invoice(customer))
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(len(server.mails), 4)
        for mail in server.mails:
            customer = next(customer for customer in customers if customer.email in mail["To"])
            contents = b"".join(part.get_payload(decode=True) for part in mail.iter_attachments()).decode()
            self.assertEqual(len(self.files_of(mail)), 2)
            for other in customers:
                self.assertEqual(f">{other.name}<" in contents or f"{other.name}\n" in contents, other == customer)

    def test_invoices_beyond_the_size_stay_out_and_the_action_says_so(self):
        self.attach_invoices(limit=0.002)
        customer = self.customer()
        oldest = self.with_pdf(self.invoice(customer, due=TODAY - timedelta(days=40)), b"x" * 1500)
        self.with_pdf(self.invoice(customer, due=TODAY - timedelta(days=30)), b"x" * 1500)
        self.run_cycle()
        self.assertEqual(self.mail_of(customer).attachment_ids, oldest.invoice_pdf_report_id)
        self.assertEqual(self.actions(customer).note, "Invoices were left out because the files would be too large")

    def test_without_the_pdf_program_the_mail_leaves_and_says_so(self):
        self.plan.level_ids.step_ids.attach_letter = True
        customer = self.customer()
        self.invoice(customer)

        def no_program(self, *args, **kwargs):
            raise UserError(self.env._("Unable to find Wkhtmltopdf on this system."))

        with patch.object(IrActionsReport, "_render_qweb_pdf", no_program):
            self.run_cycle()
        self.assertFalse(self.mail_of(customer).attachment_ids)
        self.assertEqual(self.actions(customer).note, "A PDF could not be made, so the message left without it")

    def test_a_report_that_fails_for_one_customer_holds_up_nobody(self):
        broken, other = self.customer("Broken", "broken@example.com"), self.customer("Other", "other@example.com")
        self.attach_invoices()
        self.break_for("Broken", "account.report_invoice_document", "o.partner_id.name")
        for customer in (broken, other):
            self.invoice(customer)
        with mute_logger(ATTEMPT):
            self.run_cycle()
        self.assertFalse(self.mail_of(broken).attachment_ids)
        self.assertEqual(self.actions(broken).note, "A PDF could not be made, so the message left without it")
        self.assertEqual(len(self.mail_of(other).attachment_ids), 1)

    def test_a_message_that_cannot_be_made_fails_alone(self):
        broken, other = self.customer("Broken", "broken@example.com"), self.customer("Other", "other@example.com")
        self.break_for("Broken", "account_collections_auto.mail_layout", "record_name")
        for customer in (broken, other):
            self.invoice(customer)
        with mute_logger(ATTEMPT):
            self.run_cycle()
        self.assertRecordValues(self.actions(broken), [{"state": "failed", "reason_code": "mail_failed"}])
        self.assertEqual(
            self.actions(broken).reason,
            f"The e-mail could not be sent: The text “{self.level(7).step_ids.mail_template_id.name}” cannot be filled in: "
            "something in it fails for this customer, and the log of the server says what. "
            "Correct it under Configuration, Texts of Messages.",
        )
        self.assertSent(other, self.level(7))

    def test_a_text_that_names_what_does_not_exist_says_so_in_a_sentence(self):
        """Odoo refuses to save such a text: it is one of before an update that took the field away."""
        customer = self.customer()
        self.invoice(customer)
        self.level(7).mode = "review"
        self.run_cycle()
        template = self.level(7).step_ids.mail_template_id
        broken = json.dumps({"en_US": '<t t-out="object.no_such_field" />'})
        self.env.cr.execute("UPDATE mail_template SET body_html = %s WHERE id = %s", [broken, template.id])
        self.env.invalidate_all()
        sentence = (
            f"The text “{template.name}” cannot be filled in: it names “no_such_field”, which does not exist. "
            "Correct it under Configuration, Texts of Messages."
        )
        action = self.actions(customer, "review")
        self.assertEqual(action.body, f"<p>{sentence}</p>", "It opens nevertheless")
        action.action_approve()
        action.sudo()._dispatch_batch([("id", "=", action.id)], TODAY, 1)
        self.assertRecordValues(action, [{"state": "failed", "reason": f"The e-mail could not be sent: {sentence}"}])

    def test_pain_30_letter_says_what_the_mail_says_and_the_total_in_words(self):
        self.plan.level_ids.step_ids.attach_letter = True
        customer = self.customer(street="Market 1", city="Ghent")
        invoice = self.invoice(customer, 1100)
        self.run_cycle()
        letter = self.mail_of(customer).attachment_ids.raw.decode()
        for text in ("Market 1", invoice.name, "September 22, 2026", "One Thousand, One Hundred", "Please pay"):
            self.assertIn(text, letter)
        self.assertEqual(self.mail_of(customer).attachment_ids.res_id, self.actions(customer).id)

    def test_names_and_references_of_others_are_text_not_markup(self):
        self.plan.level_ids.step_ids.attach_letter = True
        hostile = '<script>alert(1)</script><img src=x onerror="x()">{{ 7*7 }}'
        customer = self.customer(name=hostile)
        self.invoice(customer, ref=hostile)
        self.run_cycle()
        mail = self.mail_of(customer)
        for text in (mail.body_html, mail.attachment_ids.raw.decode()):
            self.assertNotIn("<script>alert", text)
            self.assertNotIn("<img src=x", text)
            self.assertIn("&lt;script&gt;alert(1)", text)
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(server.mails[0].recipients, ["customer@example.com"])

    def test_pain_33_each_customer_reads_one_language_throughout(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.level(21).step_ids.mail_template_id
        template.with_context(lang="fr_FR").write({"subject": "Rappel, à payer avant le {{ object.deadline_text }}"})
        view = self.env.ref("account_collections_auto.items_table")
        view.update_field_translations("arch_db", {"fr_FR": {"Total to pay": "Total à payer", "Due date": "Échéance"}})
        english, french = self.customer("Ann", "ann@x.example"), self.customer("Luc", "luc@x.example", lang="fr_FR")
        self.plan.level_ids.step_ids.mail_template_id = template
        for customer in (english, french):
            self.invoice(customer, 1100)
        self.run_cycle()
        self.assertIn("September 22, 2026", self.mail_of(english).subject)
        self.assertIn("Total to pay", self.mail_of(english).body_html)
        mail = self.mail_of(french)
        self.assertEqual(mail.subject, "Rappel, à payer avant le 22 septembre 2026")
        for text in ('lang="fr-FR"', "Total à payer", "Échéance", "22 septembre 2026", "16/08/2026"):
            self.assertIn(text, mail.body_html)
        self.assertIn("Mille Cent", self.actions(french).with_context(lang="fr_FR").claimed_words)

    def test_handing_over_costs_the_same_for_few_and_many(self):
        counts = []
        for number, size in enumerate((3, 3, 12)):  # the first one warms up
            for index in range(size):
                self.invoice(self.customer(f"C{number}-{index}", f"c{number}-{index}@x.example"))
            counts.append(self.count_statements_of_sending())
        self.assertEqual(counts[2], counts[1])

    def count_statements_of_sending(self):
        counted = []
        send = type(self.env["collection.channel.email"])._send

        def counting(channel, actions):
            channel.env.flush_all()
            before = channel.env.cr.sql_log_count
            sent = send(channel, actions)
            channel.env.flush_all()
            counted.append(channel.env.cr.sql_log_count - before)
            return sent

        with patch.object(type(self.env["collection.channel.email"]), "_send", counting):
            self.run_cycle()
        return counted[0]

    # -- steps of the above --------------------------------------------------------------------------------------------

    def break_for(self, name, template, expression):
        """Somebody changed ``template`` so that it fails where ``expression`` is ``name``, as a mistake in it does."""
        self.env["ir.ui.view"].sudo().create(
            {
                "name": f"{template} with a mistake",
                "type": "qweb",
                "inherit_id": self.env.ref(template).id,
                "arch": f"""<data><xpath expr="//table|//div" position="inside">
                    <t t-if="{expression} == '{name}'" t-out="1 + 'x'" /></xpath></data>""",
            }
        )

    def attach_invoices(self, limit=5.0):
        self.plan.level_ids.step_ids.write({"attach_invoices": True, "attachment_limit_mb": limit})

    def with_pdf(self, invoice, content=None):
        """The invoice was sent with this PDF."""
        self.env["ir.attachment"].create(
            {
                "name": f"{invoice.partner_id.name}.pdf",
                "raw": content or f"pdf of {invoice.partner_id.name}\n".encode(),
                "res_model": "account.move",
                "res_id": invoice.id,
                "res_field": "invoice_pdf_report_file",
            }
        )
        invoice.invalidate_recordset(["invoice_pdf_report_id", "invoice_pdf_report_file"])
        return invoice


class TestTemplates(EmailCase):
    """A template is tried on save, and refused with the reason."""

    def refuse(self, **vals):
        template = self.env.ref("account_collections_auto.mail_template_first_reminder")
        before = template.body_html
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"), self.assertRaises(ValidationError) as refused:
            with self.env.cr.savepoint():
                template.write(vals)
        template.invalidate_recordset()
        self.assertEqual(template.body_html, before)
        return str(refused.exception)

    def test_pain_34_broken_text_is_refused_with_the_reason(self):
        reason = self.refuse(body_html='<p><t t-out="object.partner_id.nonsense" /></p>')
        self.assertIn("Collections: first reminder", reason)
        self.assertIn("nonsense", reason)

    def test_broken_subject_is_refused(self):
        self.assertIn("Subject", self.refuse(subject="{{ 1/0 }}"))

    def test_empty_text_is_refused(self):
        self.assertIn("empty", self.refuse(body_html="<p><br></p>"))

    def test_text_that_fails_only_in_one_language_is_refused(self):
        self.env["res.lang"]._activate_lang("de_DE")
        template = self.env.ref("account_collections_auto.mail_template_first_reminder")
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"), self.assertRaises(ValidationError) as refused:
            template.with_context(lang="de_DE").write({"subject": "{{ object.nichts }}"})
        self.assertIn("de_DE", str(refused.exception))

    def test_text_that_cannot_do_without_an_address_or_with_two_currencies_is_refused(self):
        self.refuse(subject="{{ object.partner_id.email.lower() }}")
        self.refuse(body_html='<p t-out="object.line_ids.currency_id.name" />')

    def test_trying_leaves_nothing_behind(self):
        template = self.env.ref("account_collections_auto.mail_template_first_reminder")
        counts = [self.env[model].search_count([]) for model in ("collection.case", "collection.action", "res.partner")]
        template.write({"subject": "Please pay by {{ object.deadline_text }}"})
        self.assertEqual(
            counts, [self.env[model].search_count([]) for model in ("collection.case", "collection.action", "res.partner")]
        )

    def test_other_templates_are_saved_as_before(self):
        model = self.env["ir.model"]._get("res.partner")
        template = self.env["mail.template"].create({"name": "T", "model_id": model.id, "subject": "{{ object.name }}"})
        self.assertEqual(template._render_field("subject", self.partner_a.ids)[self.partner_a.id], self.partner_a.name)

    def test_an_edited_text_keeps_the_table(self):
        template = self.level(7).step_ids.mail_template_id
        template.body_html = '<p>Hello</p><t t-out="object.items_table" />'
        customer = self.customer()
        invoice = self.invoice(customer)
        self.plan.level_ids.step_ids = [Command.clear()]
        for level in self.plan.level_ids:
            level.step_ids = [Command.create({"channel": "email", "mail_template_id": template.id})]
        self.run_cycle()
        self.assertIn(invoice.name, self.mail_of(customer).body_html)
