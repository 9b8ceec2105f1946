from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError

from .common import TODAY, CollectionsCase


def days(number):
    return timedelta(days=number)


class SendingCase(CollectionsCase):
    """A collector who sends by hand on `TODAY`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.make_user("hand", "account_collections_auto.group_collector")
        cls.buyer = cls.customer("Buyer")

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))

    def send_now(self, *customers, by=None):
        """Return the request that a collector begins for these customers."""
        return self._begin("action_send_now", customers, by)

    def write_to(self, *customers, by=None):
        return self._begin("action_bulk_message", customers, by)

    def _begin(self, method, customers, by):
        cases = self.env["collection.case"].concat(*(self.case(customer) for customer in customers or [self.buyer]))
        action = getattr(cases.with_user(by or self.collector), method)()
        return self.env["collection.request"].with_user(by or self.collector).browse(action["res_id"])

    def choose(self, request, **vals):
        request.write(vals)
        self.env.invalidate_all()
        return request

    def confirm(self, request):
        self.env.flush_all()
        result = request.action_send()
        self.env.invalidate_all()
        return result

    def line_of(self, request, customer):
        return request.line_ids.filtered(lambda line: line.partner_id == customer)

    def assertLeftOut(self, request, customer, code):
        line = self.line_of(request, customer)
        self.assertEqual(line.state, "left_out")
        self.assertIn(code, [reason["code"] for reason in line.reasons])
        self.assertTrue(line.reason)

    def forget_gap(self):
        self.plan.minimum_days_between_contacts = 0


class TestSendNow(SendingCase):
    """A person sends the level that a customer has reached, outside of the cycle: checked like in a cycle."""

    def test_it_waits_in_the_mail_queue_for_days_since_no_cycle_repeats_it(self):
        self.invoice(self.buyer, 100)
        self.confirm(self.send_now())
        action = self.actions(self.buyer).sudo()
        for waited, refused in ((2, {}), (3, {action: ("waited_too_long", None)})):
            action.sent_at = fields.Datetime.now() - days(waited)
            self.assertEqual(action._check_before_leaving(), refused)

    def test_the_reached_level_leaves_and_counts_like_any_other(self):
        invoice = self.invoice(self.buyer, 100)
        request = self.send_now()
        self.assertRecordValues(
            request.line_ids, [{"state": "planned", "level_id": self.level(7).id, "amount": 100, "item_count": 1}]
        )
        self.assertIn("Please pay", str(request.preview_body))
        self.assertIn("customer@example.com", request.preview_recipient)
        self.assertNotSent(self.buyer)
        self.confirm(request)
        self.assertSent(self.buyer, self.level(7))
        self.assertRecordValues(request, [{"state": "done", "sent_count": 1, "left_out_count": 0}])
        self.assertRecordValues(
            self.actions(self.buyer),
            [
                {
                    "request_id": request.id,
                    "occasion": f"request:{request.id}",
                    "approved_by_id": self.collector.id,
                    "cycle_id": False,
                    "deadline": TODAY + days(7),
                }
            ],
        )
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        with self.on_day(TODAY + days(30)):
            self.run_on(0, 1, 2, 7)
            self.assertEqual(len(self.sent(self.buyer)), 1)
            self.run_on(8)
        self.assertSent(self.buyer, self.level(21), TODAY + days(8))

    def test_the_preview_leaves_nothing_behind(self):
        self.invoice(self.buyer, 100)
        request = self.send_now()
        self.assertTrue(request.preview_body)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(self.actions(self.buyer))
        self.assertEqual(request.line_ids.state, "planned")
        self.assertFalse(self.env["mail.mail"].search([("model", "=", "collection.case")]))

    def test_a_level_by_hand_waits_for_a_person_and_leaves_on_request(self):
        self.level(7).mode = "manual"
        self.invoice(self.buyer, 100)
        self.run_cycle()
        self.assertWithheld(self.buyer, "manual_level")
        self.confirm(self.send_now())
        self.assertSent(self.buyer, self.level(7))

    def test_a_message_in_review_is_the_one_that_leaves_up_to_date(self):
        self.level(7).mode = "review"
        due = self.invoice(self.buyer, 100)
        self.run_cycle()
        waiting = self.actions(self.buyer, "review")
        self.pay(due, 40)
        self.confirm(self.send_now())
        self.assertEqual(self.actions(self.buyer), waiting)
        self.assertRecordValues(waiting, [{"state": "sent", "amount": 60, "approved_by_id": self.collector.id}])
        self.assertTrue(waiting.cycle_id)

    def test_never_before_its_days(self):
        self.invoice(self.buyer, 100, due=TODAY - days(5))
        request = self.send_now()
        self.assertLeftOut(request, self.buyer, "not_reached")
        self.assertIn("09/17/2026", request.one_reason)
        with self.assertRaisesRegex(UserError, "left out"):
            self.confirm(request)
        self.assertNotSent(self.buyer)

    def test_hard_reasons_cannot_be_set_aside(self):
        held, listed, unknown = self.customer("Held"), self.customer("Listed", "no@x.example"), self.customer("None", False)
        for customer in (held, listed, unknown):
            self.invoice(customer, 100)
        self.hold(held)
        self.env["mail.blacklist"]._add("no@x.example")
        request = self.send_now(held, listed, unknown)
        self.choose(
            request, sets_aside_gap=True, sets_aside_minimum=True, sets_aside_deadline=True, set_aside_because="Because"
        )
        for customer, code in ((held, "hold"), (listed, "blacklisted"), (unknown, "no_address")):
            self.assertLeftOut(request, customer, code)
        with self.assertRaises(UserError):
            self.confirm(request)

    def test_money_on_its_way_leaves_the_customer_out(self):
        self.invoice(self.buyer, 100)
        self.bank_line(100, on=TODAY - days(1), partner_id=self.buyer.id)
        self.assertLeftOut(self.send_now(), self.buyer, "bank_line")

    def test_a_soft_reason_is_set_aside_with_a_reason_that_stays_on_the_message(self):
        self.plan.minimum_amount = 500
        self.invoice(self.buyer, 100)
        request = self.send_now()
        self.assertLeftOut(request, self.buyer, "below_minimum")
        self.assertRecordValues(request, [{"has_minimum": True, "has_gap": False, "has_deadline": False}])
        self.choose(request, sets_aside_minimum=True)
        self.assertEqual(request.line_ids.state, "planned")
        with self.assertRaisesRegex(UserError, "Say why"):
            self.confirm(request)
        self.choose(request, set_aside_because="They asked for a letter")
        self.confirm(request)
        action = self.actions(self.buyer, "sent")
        self.assertEqual([reason["code"] for reason in action.set_aside], ["below_minimum"])
        self.assertIn("They asked for a letter", action.set_aside_note)
        self.assertIn(self.collector.name, action.set_aside_note)
        # What was set aside is also no reason to stop the message in the queue.
        self.assertFalse(action._check_before_leaving())

    def test_gap_and_deadline_are_soft(self):
        self.level(21).response_days = 20
        self.invoice(self.buyer, 100, due=TODAY - days(21))
        self.run_cycle(TODAY - days(3))
        request = self.send_now()
        self.assertLeftOut(request, self.buyer, "deadline")
        self.choose(request, sets_aside_deadline=True)
        self.assertLeftOut(request, self.buyer, "gap")
        self.choose(request, sets_aside_gap=True, set_aside_because="Their director agreed")
        self.confirm(request)
        self.assertSent(self.buyer, self.level(21))
        self.assertEqual(
            {reason["code"] for reason in self.actions(self.buyer)[-1].set_aside}, {"gap", "deadline"}
        )

    def test_the_same_level_again_is_a_recorded_round(self):
        invoice = self.invoice(self.buyer, 100, due=TODAY - days(17))
        self.run_cycle(TODAY - days(8))
        request = self.send_now()
        self.assertLeftOut(request, self.buyer, "not_reached")
        self.choose(request, sends_again=True)
        self.assertRecordValues(
            request.line_ids,
            [{"state": "planned", "level_id": self.level(7).id, "last_sent_date": TODAY - days(8)}],
        )
        self.assertIn("09/07/2026", request.one_sentence)
        self.confirm(request)
        sent = [(day, level) for day, level, *_rest in self.sent(self.buyer)]
        self.assertEqual(sent, [(TODAY - days(8), "L1"), (TODAY, "L1")])
        item = self.items(invoice)
        self.assertRecordValues(item, [{"round": 2, "level_date": TODAY, "deadline": TODAY + days(7)}])
        self.assertRecordValues(
            self.env["collection.round"].search([("item_id", "=", item.id)]), [{"cause": "requested", "number": 2}]
        )
        # The ladder goes on from there.
        with self.on_day(TODAY + days(30)):
            self.run_daily(TODAY + days(1), TODAY + days(9))
        self.assertSent(self.buyer, self.level(21), TODAY + days(8))

    def test_again_where_nothing_was_sent_yet(self):
        self.invoice(self.buyer, 100)
        self.assertLeftOut(self.choose(self.send_now(), sends_again=True), self.buyer, "never_sent")

    def test_a_second_click_and_a_second_person_send_once(self):
        self.invoice(self.buyer, 100)
        colleague = self.make_user("colleague", "account_collections_auto.group_collector")
        first, second = self.send_now(), self.send_now(by=colleague)
        self.confirm(first)
        self.confirm(first)
        self.confirm(second)
        self.assertEqual(len(self.sent(self.buyer)), 1)
        self.assertLeftOut(second, self.buyer, "deadline")

    def test_paid_between_looking_and_sending(self):
        other = self.customer("Other")
        due = self.invoice(self.buyer, 100)
        self.invoice(other, 70)
        request = self.send_now(self.buyer, other)
        self.pay(due)
        self.confirm(request)
        self.assertLeftOut(request, self.buyer, "paid_meanwhile")
        self.assertNotSent(self.buyer)
        self.assertSent(other, self.level(7))
        self.assertRecordValues(request, [{"sent_count": 1, "left_out_count": 1}])

    def test_another_level_than_the_one_looked_at_asks_for_another_look(self):
        self.invoice(self.buyer, 100, due=TODAY - days(30))
        old = self.invoice(self.buyer, 50, due=TODAY - days(30))
        self.run_cycle(TODAY - days(20))
        request = self.send_now()
        self.assertEqual(request.line_ids.level_id, self.level(21))
        with self.on_day(TODAY + days(30)):
            self.env["collection.request.line"].sudo().browse(request.line_ids.id).level_id = self.level(35)
            self.confirm(request)
        self.assertLeftOut(request, self.buyer, "level_changed")
        self.assertEqual(self.items(old).level_id, self.level(7))

    def test_test_mode_sends_to_the_test_address_and_counts_for_nothing(self):
        self.company.write({"collection_test_email": "test@ours.example", "collection_test_mode": True})
        invoice = self.invoice(self.buyer, 100)
        self.confirm(self.send_now())
        action = self.actions(self.buyer, "sent")
        self.assertTrue(action.is_test)
        self.assertEqual(action.mail_id.email_to, "test@ours.example")
        self.assertFalse(self.items(invoice).level_id)

    def test_a_person_may_leave_a_customer_out_and_take_it_in_again(self):
        other = self.customer("Other")
        self.invoice(self.buyer, 100)
        self.invoice(other, 70)
        request = self.send_now(self.buyer, other)
        self.line_of(request, other).action_leave_out()
        self.assertLeftOut(request, other, "dropped_from_request")
        self.choose(request, sets_aside_gap=True)
        self.assertLeftOut(request, other, "dropped_from_request")
        self.line_of(request, other).action_take_in()
        self.assertEqual(set(request.line_ids.mapped("state")), {"planned"})

    def test_contacts_of_their_own_get_a_message_each(self):
        self.buyer.collection_grouping = "contact"
        child = self.customer("Child", "child@example.com", parent_id=self.buyer.id)
        self.invoice(self.buyer, 100)
        self.invoice(child, 30)
        self.confirm(self.send_now())
        recipients = sorted(self.actions(self.buyer, "sent").mapped("recipient"))
        self.assertEqual(recipients, ["child@example.com", "customer@example.com"])

    # -- rights --------------------------------------------------------------------------------------------------------

    def test_an_auditor_sends_nothing_by_rpc_either(self):
        self.invoice(self.buyer, 100)
        auditor = self.make_user("audit", "account_collections_auto.group_collection_auditor")
        request = self.send_now()
        as_auditor = request.with_user(auditor)
        self.assertEqual(as_auditor.planned_count, 1)
        for call in (
            lambda: self.send_now(by=auditor),
            lambda: self.write_to(by=auditor),
            lambda: as_auditor.action_send(),
            lambda: as_auditor.action_undo(),
            lambda: as_auditor.action_preview_next(),
            lambda: as_auditor.write({"sets_aside_gap": True}),
            lambda: as_auditor.line_ids.action_leave_out(),
            lambda: as_auditor.env["collection.request"].create({"kind": "next"}),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertNotSent(self.buyer)

    def test_only_who_prepared_it_sends_it_and_nothing_recorded_is_written(self):
        self.invoice(self.buyer, 100)
        request = self.send_now()
        colleague = self.make_user("colleague", "account_collections_auto.group_collector")
        with self.assertRaisesRegex(AccessError, "Only the one who prepared it"):
            request.with_user(colleague).action_send()
        for vals in ({"state": "done"}, {"user_id": colleague.id}, {"kind": "message"}):
            with self.assertRaises(AccessError):
                request.write(vals)
        self.confirm(request)
        with self.assertRaises(UserError):
            request.write({"sets_aside_gap": True})

    def test_another_company_is_out_of_reach(self):
        self.invoice(self.buyer, 100)
        company = self.env["res.company"].create({"name": "Other company"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collector", company=company)
        request = self.send_now()
        for call in (lambda: self.send_now(by=stranger), lambda: request.with_user(stranger).action_send()):
            with self.assertRaises(AccessError):
                call()
        self.assertFalse(self.env["collection.request.line"].with_user(stranger).search([]))

    def test_customers_of_two_companies_are_refused(self):
        self.invoice(self.buyer, 100)
        self.case(self.buyer)
        other = self.setup_other_company()["company"]
        self.env["collection.case"].sudo().create({"company_id": other.id, "partner_id": self.buyer.id})
        self.collector.company_ids = [Command.link(other.id)]
        self.env.flush_all()
        cases = self.env["collection.case"].sudo().search([("partner_id", "=", self.buyer.id)])
        self.assertEqual(len(cases.company_id), 2)
        with self.assertRaisesRegex(UserError, "one company"):
            cases.with_user(self.collector).with_context(allowed_company_ids=cases.company_id.ids).action_send_now()

    def test_finding_costs_the_same_for_few_and_many(self):
        customers = [self.customer(f"C{number}", f"c{number}@x.example") for number in range(12)]
        for customer in customers:
            self.invoice(customer, 100)
        few, many = self.send_now(*customers[:2]), self.send_now(*customers)
        counts = []
        for request in (many, few, few, many):  # the first two warm up
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            request.sudo()._find()
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[3])
