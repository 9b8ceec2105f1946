from datetime import timedelta

from .common import TODAY, CollectionsCase


def days(number):
    return timedelta(days=number)


class TestForecast(CollectionsCase):
    """What a case says comes next is what the cycles of the following days send."""

    def assertForecastCameTrue(self, customer, until, on=TODAY):
        """Compare what is forecast on a day with what a cycle on every day from then on sends."""
        with self.on_day(on):
            case = self.case(customer)
            events = case._forecast(case._get_outlook(), count=20)
            told = [(event.day, event.level.days) for event in events]
        before = len(self.sent(customer))
        self.run_daily(on, until)
        sent = [
            (action.contact_date, action.level_id.days_overdue)
            for action in self.actions(customer)
            if action.state == "sent"
        ][before:]
        self.assertTrue(sent, "The story sends something")
        self.assertEqual([contact for contact in told if contact[0] <= until], sent)

    def test_one_debt_climbs_the_ladder(self):
        debtor = self.customer()
        self.invoice(debtor, due=TODAY - days(2))
        self.assertForecastCameTrue(debtor, TODAY + days(50))

    def test_debts_of_different_age_share_messages(self):
        debtor = self.customer()
        for late in (40, 22, 9, -1, -20):
            self.invoice(debtor, due=TODAY - days(late))
        self.assertForecastCameTrue(debtor, TODAY + days(55))

    def test_courtesy_before_the_first_due_date(self):
        debtor = self.customer()
        self.invoice(debtor, due=TODAY + days(5))
        self.invoice(debtor, due=TODAY + days(12))
        self.assertForecastCameTrue(debtor, TODAY + days(40))

    def test_an_item_at_the_last_level_waits_for_no_other_one(self):
        debtor = self.customer()
        self.invoice(debtor, due=TODAY - days(8))
        self.run_daily(TODAY, TODAY + days(30))
        with self.on_day(TODAY + days(31)):
            self.invoice(debtor, due=TODAY + days(40))
            finished, coming = self.case(debtor).item_ids.sorted("due_date")
            self.assertEqual(finished.level_id.days_overdue, 35)
            self.assertEqual(finished.stop_reason, "There is no further level")
            self.assertEqual(coming.stop_reason, "The next level is not reached")
            self.plan.write({"repeat_last_days": 90, "repeat_last_times": 1})
            finished.invalidate_recordset()
            finished.case_id.invalidate_recordset()
            self.assertEqual(finished.stop_reason, "The next level is not reached")

    def test_grace_gap_and_catching_up(self):
        self.plan.write({"grace_days": 3, "minimum_days_between_contacts": 10, "catch_up": True})
        debtor = self.customer()
        for late in (60, 25, 3):
            self.invoice(debtor, due=TODAY - days(late))
        self.assertForecastCameTrue(debtor, TODAY + days(55))

    def test_the_last_level_is_repeated(self):
        self.plan.write({"repeat_last_days": 10, "repeat_last_times": 2})
        debtor = self.customer()
        self.invoice(debtor, due=TODAY - days(30))
        self.assertForecastCameTrue(debtor, TODAY + days(55))

    def test_after_a_message_and_a_hold(self):
        self.plan.resume_days = 3
        debtor = self.customer()
        self.invoice(debtor, due=TODAY - days(9))
        self.run_cycle(TODAY)
        self.hold(debtor, since=TODAY, until=TODAY + days(20))
        self.assertForecastCameTrue(debtor, TODAY + days(50), on=TODAY + days(2))

    def test_one_of_two_currencies_is_covered_by_credits(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.set_rate(euro, 2)
        debtor = self.customer()
        self.invoice(debtor, due=TODAY - days(30))
        self.credit_note(debtor, 150, on=TODAY - days(1))
        self.invoice(debtor, due=TODAY - days(3), currency=euro)
        self.assertForecastCameTrue(debtor, TODAY + days(40))


class TestSentence(CollectionsCase):
    """One sentence says what went out last and what comes next, or why nothing does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debtor = cls.customer("Debtor")
        cls.debt = cls.invoice(cls.debtor, 500, due=TODAY - days(3))

    def sentence(self, on=TODAY):
        with self.on_day(on):
            case = self.case(self.debtor)
            case.invalidate_recordset()
            return case.status_sentence

    def test_what_comes_next_and_then(self):
        self.assertEqual(self.sentence(), "Next: L1 by E-mail on September 19; then L2 on October 3.")

    def test_what_went_out_last(self):
        self.run_cycle(TODAY + days(4))
        self.assertEqual(
            self.sentence(TODAY + days(5)),
            "Last: L1 on September 19. Next: L2 by E-mail on October 3; then L3 on October 17.",
        )

    def test_a_level_that_is_reached_leaves_with_the_next_cycle(self):
        self.assertIn("Next: L1 by E-mail with the next cycle; then L2 on", self.sentence(TODAY + days(6)))

    def test_a_hold_with_an_end_and_one_without(self):
        hold = self.hold(self.debtor, until=TODAY + days(10), reason="Delivery note")
        self.assertEqual(
            self.sentence(),
            "Held back: On hold: Delivery note (until 09/25/2026). After that: L1 by E-mail on September 26; "
            "then L2 on October 4.",
        )
        hold.date_until = False
        self.assertEqual(self.sentence(), "Held back: On hold: Delivery note.")

    def test_a_hold_on_one_of_two_items_lets_the_other_go_on(self):
        self.invoice(self.debtor, 70, due=TODAY - days(1))
        self.hold(self.debtor, items=self.items(self.debt))
        self.assertEqual(self.sentence(), "Next: L1 by E-mail on September 21; then L2 on October 5.")

    def test_no_address(self):
        self.debtor.email = False
        self.assertEqual(self.sentence(TODAY + days(5)), "Held back: No e-mail address.")

    def test_a_message_that_waits_for_approval(self):
        self.level(7).mode = "review"
        self.run_cycle(TODAY + days(5))
        self.assertEqual(self.sentence(TODAY + days(5)), "Next: L1 by E-mail, as soon as somebody approves it.")

    def test_a_level_that_a_person_sends(self):
        self.level(7).mode = "manual"
        self.assertEqual(self.sentence(), "Next: L1 on September 19, which a person sends by hand.")

    def test_credits_cover_it(self):
        self.credit_note(self.debtor, 600, on=TODAY)
        self.assertEqual(self.sentence(), "Nothing is planned: open credits cover what is owed.")

    def test_the_ladder_is_finished(self):
        self.run_on(4, 18, 32, 45)
        self.assertEqual(
            self.sentence(TODAY + days(46)),
            "Last: L3 on October 17. The last level has passed without an answer: a person decides what happens next.",
        )

    def test_paid(self):
        self.case(self.debtor)
        self.pay(self.debt)
        self.assertEqual(self.sentence(), "Everything is settled.")

    def test_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        with self.on_day(TODAY):
            sentence = self.case(self.debtor).with_context(lang="fr_FR").status_sentence
        self.assertIn("19 septembre", sentence)


class TestCaseForm(CollectionsCase):
    """What the form shows besides the figures."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True
        cls.set_rate(cls.euro, 2)
        cls.debtor = cls.customer("Debtor")

    def test_debts_per_currency_and_age(self):
        today = self.company._collection_today()
        self.invoice(self.debtor, 100, due=today - days(95))
        self.invoice(self.debtor, 20, due=today)
        self.invoice(self.debtor, 300, due=today - days(30), currency=self.euro)
        self.credit_note(self.debtor, 50, on=today, currency=self.euro)
        dollar, euro = self.case(self.debtor)._prepare_ageing_rows()
        self.assertEqual((dollar["currency"], euro["currency"]), (self.company.currency_id.name, "EUR"))
        self.assertEqual(
            {column: amount.replace("$", "").strip() for column, amount in dollar["amounts"].items()},
            {"91_more": "100.00", "0_not_due": "20.00"},
        )
        self.assertEqual(set(euro["amounts"]), {"1_30", "credit"})
        self.assertIn("250.00", euro["balance"])
        self.assertIn("250.00", self.case(self.debtor).ageing_table)

    def test_contacts_with_the_health_of_their_address(self):
        self.invoice(self.debtor)
        contacts = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": self.debtor.id, "email": email, "collection_contact": name == "Books"}
                for name, email in (
                    ("Books", "books@example.com"),
                    ("None", False),
                    ("Broken", "no at sign"),
                    ("Listed", "listed@example.com"),
                    ("Back", "back@example.com"),
                )
            ]
        )
        self.env["mail.blacklist"].sudo()._add("listed@example.com")
        self.env["collection.bounce"].sudo().create({"email": "back@example.com", "company_id": self.company.id})
        case = self.case(self.debtor)
        self.assertEqual(case.contact_ids[:2], contacts[0] | self.debtor)
        self.assertEqual(
            contacts.mapped("collection_email_health"), ["ok", "missing", "invalid", "blacklisted", "bounced"]
        )

    def test_a_person_writes_to_whom_the_reminders_go(self):
        self.invoice(self.debtor)
        case = self.case(self.debtor)
        self.assertEqual(case._get_contacts_to_write(), self.debtor)
        books = self.env["res.partner"].create({"name": "Books", "parent_id": self.debtor.id, "collection_contact": True})
        case.invalidate_recordset()
        self.assertEqual(case._get_contacts_to_write(), books)
        payer = self.customer("Payer")
        self.debtor.collection_payer_id = payer
        case.invalidate_recordset()
        self.assertEqual(case._get_contacts_to_write(), payer)
        self.assertIn(payer, case.contact_ids)

    def test_correcting_the_address_opens_the_contact_without_one(self):
        self.invoice(self.debtor, due=TODAY - days(10))
        case = self.case(self.debtor)
        self.assertEqual(case.action_open_customer()["res_id"], self.debtor.id)
        books = self.env["res.partner"].create({"name": "Books", "parent_id": self.debtor.id, "collection_contact": True})
        self.run_cycle()
        case.invalidate_recordset()
        self.assertTrue(case.contact_problem)
        self.assertEqual(case.action_open_customer()["res_id"], books.id)

    def test_ways_to_the_documents_and_back(self):
        invoice, other = self.invoice(self.debtor, 100), self.invoice(self.debtor, 50)
        self.hold(self.debtor)
        payment = self.pay(invoice, 30)
        case = self.case(self.debtor)
        self.run_cycle()
        self.assertRecordValues(
            case, [{"invoice_count": 2, "payment_count": 1, "hold_count": 1, "message_count": 0}]
        )
        invoices = self.env["account.move"].search(case.action_view_invoices()["domain"])
        self.assertEqual(invoices, invoice | other)
        self.assertEqual(self.env["account.payment"].search(case.action_view_payments()["domain"]), payment)
        self.assertEqual(payment.collection_case_id, case)
        self.assertEqual(payment.action_view_collection_case()["res_id"], case.id)
        self.assertEqual(invoice.action_view_collection_case()["res_id"], case.id)
        self.assertEqual(invoice.collection_level_id, self.items(invoice).level_id)
        self.pay(invoice)
        self.env["collection.case"]._refresh_marked()
        self.env.invalidate_all()
        self.assertRecordValues(
            invoice, [{"payment_state": "paid", "collection_case_id": case.id, "collection_level_id": False}]
        )
        self.assertEqual(invoice.action_view_collection_case()["res_id"], case.id)
        self.assertIn(invoice, self.env["account.move"].search([("collection_case_id", "=", case.id)]))

    def test_a_message_shows_what_left_with_it(self):
        self.level(7).step_ids.write({"attach_letter": True})
        self.invoice(self.debtor, due=TODAY - days(10))
        self.run_cycle()
        message = self.actions(self.debtor)
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        seen = message.with_user(auditor)
        self.assertTrue(seen.sent_subject)
        self.assertIn("Letter of", seen.sent_attachment_ids.name)
        self.assertIn(self.debtor.name, seen.body)

    def test_opening_costs_the_same_for_two_debts_and_for_twenty(self):
        few, many = self.debtor, self.customer("Many")
        for customer, count in ((few, 2), (many, 20)):
            for number in range(count):
                self.invoice(customer, due=TODAY - days(10 + number))
        self.run_cycle()
        fields = ["status_sentence", "stop_reason", "ageing_table", "contact_ids", "invoice_count", "message_count"]

        def statements(customer):
            case = self.case(customer)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            case.read(fields)
            case.item_ids.read(["stop_reason", "days_overdue", "amount_residual"])
            case.contact_ids.read(["collection_email_health"])
            return self.env.cr.sql_log_count - before

        statements(few)
        self.assertEqual(statements(many), statements(few))
