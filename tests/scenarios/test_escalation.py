"""After the last reminder, and on the way to it: who is asked, who decides, and what each decision sets off."""

from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError

from .common import StoryCase

MAY = {day: date(2026, 5, day) for day in range(1, 32)}
JUNE = {day: date(2026, 6, day) for day in range(1, 31)}


class EscalationCase(StoryCase):
    """Carla and Bert are a team that Lena leads; Sam sells, Anna bills, Ada audits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        collector = "account_collections_auto.group_collector"
        cls.lena, cls.bert = cls.make_user("lena", collector), cls.make_user("bert", collector)
        cls.ada = cls.make_user("ada", "account_collections_auto.group_collection_auditor")
        cls.sam = cls.make_user("sam")
        members = [Command.set((cls.carla | cls.bert).ids)]
        cls.team = cls.env["collection.team"].create({"name": "Inland", "leader_id": cls.lena.id, "member_ids": members})

    def sold(self, customer, amount, due):
        """Post an invoice that Sam sold."""
        return self.invoice(customer, amount, due=due, invoice_user_id=self.sam.id)

    def cycles(self, *days):
        for day in days:
            with self.on_day(day):
                self.run_cycle(day)


class TestDecisions(EscalationCase):
    """The customer answered no reminder: from 16 June on Carla has to decide."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        contact = cls.env["res.partner"].create({"name": "Fair Collections", "email": "desk@agency.example"})
        cls.env["collection.agency"].create({"partner_id": contact.id, "commission_percent": 10})
        cls.company.collection_write_off_account_id = cls.company_data["default_account_expense"]

    def setUp(self):
        super().setUp()
        self.bill = self.sold(self.buyer, 1000, due=MAY[4])
        self.case(self.buyer).user_id = self.carla
        self.cycles(MAY[11], MAY[25], JUNE[8])

    def no_answer(self):
        """The deadline of the final notice passes; Carla is asked what happens next, once."""
        self.cycles(JUNE[15])
        self.assertFalse(self.todos(self.case(self.buyer), "decide"))
        self.cycles(JUNE[16], JUNE[17])
        self.assertEqual([level for _day, level, _amount in self.heard()], ["L1", "L2", "L3"])

    def decide(self, choice, **answers):
        """Whoever acts answers the question on the case; return what opens next, if anything."""
        return self.fill(self.mine(self.case(self.buyer)).action_decide(), choice=choice, **answers).action_apply()

    def assertSilent(self, *days):
        """Cycles of these days send nothing more, and ask nobody."""
        self.cycles(*days)
        self.assertEqual(len(self.heard()), 3)
        with self.acting(self.carla, days[-1]):
            self.assertEqual(self.tile("decide"), {})

    def test_left_until_a_day_then_called_and_the_customer_promises(self):
        self.no_answer()
        case = self.case(self.buyer)
        with self.acting(self.carla, JUNE[17]):
            self.assertEqual((self.tile("decide"), self.listed("open_decide")), ({"open_decide": 1}, self.mine(case)))
            self.decide("leave", date=JUNE[23], note="Back from abroad then")
        self.assertSilent(JUNE[18], JUNE[22])
        with self.acting(self.carla, JUNE[23]):
            self.assertEqual(self.tile("decide"), {"open_decide": 1})
            self.decide("call", date=JUNE[24])
        calls = case.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref("mail.mail_activity_data_call"))
        self.assertRecordValues(calls, [{"user_id": self.carla.id, "date_deadline": JUNE[24]}])
        with self.acting(self.carla, JUNE[24]):
            self.record(self.call(self.buyer, "will_pay"), promise_date=JUNE[30], item_ids=self.items(self.bill).ids)
        self.assertSilent(JUNE[25], JUNE[30])
        self.cycles(date(2026, 7, 1))  # the promise is broken: the to-do of that asks, and nothing of the ladder is repeated
        self.assertEqual((case.promise_ids.state, len(self.heard())), ("broken", 3))

    def test_instalments_are_agreed_on(self):
        self.no_answer()
        with self.acting(self.carla, JUNE[17]):
            start = self.fill(self.decide("payment_plan"), first_date=JUNE[20], instalment_count=2)
            plan = self.mine(self.env["collection.payment.plan"].browse(start.action_make()["res_id"]))
            plan.action_propose()
            self.fill(plan.action_accept(), accepted_by="Anna Berg", accepted_on=JUNE[17]).action_accept()
        self.assertEqual(plan.sudo().state, "running")
        self.assertSilent(JUNE[18], JUNE[29])

    def test_an_agency_gets_it_when_a_manager_says_so(self):
        self.no_answer()
        with self.acting(self.carla, JUNE[17]):
            self.fill(self.decide("agency")).action_apply()
            placement = self.mine(self.case(self.buyer)).placement_ids
            self.assertEqual(self.tile("decide"), {})  # a manager decides
            with self.assertRaises(AccessError):
                placement.action_approve()
        with self.acting(self.max, JUNE[18]):
            self.assertEqual(self.listed("open_placements_to_approve"), self.mine(placement))
            self.fill(self.mine(placement).action_approve()).action_apply()
        self.assertEqual((placement.sudo().state, placement.sudo().is_despite_notice), ("handed_over", False))
        self.assertSilent(JUNE[19], JUNE[29])

    def test_it_is_written_off_by_two_persons_and_the_entry_is_an_ordinary_one(self):
        self.no_answer()
        with self.acting(self.carla, JUNE[17]):
            self.decide("write_off", note="The company was dissolved")
            write_off = self.env["collection.write.off"].search([("partner_id", "=", self.buyer.id)])
            with self.assertRaisesRegex(UserError, "second person"):
                write_off.action_approve()
        with self.acting(self.ada, JUNE[17]), self.assertRaises(AccessError):
            self.mine(write_off).action_approve()
        self.assertSilent(JUNE[18])
        with self.acting(self.max, JUNE[18]):
            self.assertEqual(self.tile("decide"), {"open_write_offs": 1})
            self.listed("open_write_offs").action_approve()
        write_off = write_off.with_env(self.env)
        self.assertRecordValues(write_off, [{"state": "booked", "proposed_by_id": self.carla.id, "decided_by_id": self.max.id}])
        self.assertRecordValues(write_off.move_ids, [{"move_type": "entry", "state": "posted", "date": JUNE[18]}])
        loss = write_off.move_ids.line_ids.filtered(
            lambda line: line.account_id == self.company.collection_write_off_account_id
        )
        self.assertEqual((loss.balance, self.bill.amount_residual, self.case(self.buyer).state), (1000, 0, "closed"))
        with self.acting(self.max, JUNE[22]):
            self.mine(write_off).action_undo()
        self.assertEqual((self.bill.amount_residual, self.case(self.buyer).amount_due), (1000, 1000))

    def test_carla_is_away_and_bert_is_asked_and_after_14_days_lena(self):
        away = {"user_id": self.carla.id, "date_from": JUNE[16], "date_until": JUNE[20], "stand_in_id": self.bert.id}
        self.env["collection.absence"].create(away)
        self.no_answer()
        case = self.case(self.buyer)
        self.assertRecordValues(self.todos(case, "decide"), [{"user_id": self.bert.id, "date_deadline": JUNE[16]}])
        with self.on_day(JUNE[29]):
            self.env["collection.case"]._cron_escalate_decisions()
        self.assertFalse(self.todos(case, "decide_late"))
        with self.on_day(JUNE[30]):
            self.env["collection.case"]._cron_escalate_decisions()
        self.assertFalse(self.todos(case, "decide"))
        self.assertEqual(self.todos(case, "decide_late").user_id, self.lena)
        with self.acting(self.ada, JUNE[30]), self.assertRaises(AccessError):
            self.decide("call")
        with self.acting(self.lena, JUNE[30]):
            self.assertEqual(self.tile("decide"), {"open_decide": 1})
            self.decide("leave", date=date(2026, 7, 10), note="Their new owner pays in July")
        self.assertSilent(date(2026, 7, 1))


class TestOnTheWay(EscalationCase):
    """What a level sets off besides its message."""

    def test_the_team_shares_its_customers_and_each_salesperson_hears_once_of_each(self):
        self.team.amount_from = 500
        self.level(7).write({"assigns_team": True, "informs_salesperson": True})
        away = {"user_id": self.bert.id, "date_from": JUNE[9], "date_until": JUNE[30]}
        self.env["collection.absence"].create(away)
        customers = [self.customer(f"Customer {number}", f"c{number}@example.com") for number in range(5)]
        for customer, amount in zip(customers, (600, 700, 800, 900, 100), strict=True):
            self.sold(customer, amount / 2, due=JUNE[1])
            self.sold(customer, amount / 2, due=JUNE[1])
        cases = [self.case(customer) for customer in customers]
        for case in cases:
            case.user_id = False
        self.cycles(JUNE[8])
        self.assertEqual([case.team_id for case in cases], [self.team] * 4 + [self.team.browse()])
        self.assertEqual(sorted(case.user_id.name for case in cases[:4]), ["Bert", "Bert", "Carla", "Carla"])
        for customer in customers:
            self.assertRecordValues(self.todos(customer, "told"), [{"user_id": self.sam.id}])

        # From 9 June on Bert is away: whoever is late only now goes to Carla.
        late = self.customer("Late")
        self.sold(late, 1000, due=JUNE[3])
        self.case(late).user_id = False
        self.cycles(JUNE[10])
        self.assertEqual(self.case(late).user_id, self.carla)

    def bill_again(self, person):
        """Draft and post another invoice to the customer, as ``person``."""
        with self.acting(person, JUNE[12]):
            draft = self.env["account.move"].create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.buyer.id,
                    "invoice_date": JUNE[12],
                    "invoice_user_id": self.sam.id,
                    "invoice_line_ids": [Command.create({"name": "More goods", "price_unit": 10, "tax_ids": []})],
                }
            )
            draft.action_post()
        return draft

    def test_a_credit_hold_waits_for_a_person_then_refuses_or_warns_by_group(self):
        self.level(7).proposes_credit_hold = True
        head = self.make_user("head", "account_collections_auto.group_collection_manager", "account.group_account_invoice")
        self.sold(self.buyer, 1000, due=JUNE[1])
        self.case(self.buyer).user_id = self.carla
        self.cycles(JUNE[8])
        hold = self.case(self.buyer).credit_hold_ids
        self.assertEqual((hold.state, hold.activity_ids.user_id), ("proposed", self.lena))
        self.bill_again(self.anna)  # nothing happens to a customer before a person has said so

        with self.acting(self.ada, JUNE[9]), self.assertRaises(AccessError):
            self.mine(hold).action_approve()
        with self.acting(self.lena, JUNE[9]):
            self.assertEqual(self.tile("decide"), {"open_credit_holds": 1})
            self.listed("open_credit_holds").action_approve()
        self.assertEqual(self.todos(self.buyer, "credit_hold").user_id, self.sam)
        with self.assertRaisesRegex(UserError, "Ask a collector to lift the hold"):
            self.bill_again(self.anna)
        self.assertIn("Posted all the same", self.bill_again(head).sudo().message_ids[0].body)
        self.company.collection_credit_hold_effect = "warn"
        self.assertIn("Posted all the same", self.bill_again(self.anna).sudo().message_ids[0].body)
        self.assertIn("L2", self.next_message(JUNE[22]))  # reminders are another matter

        with self.acting(self.carla, JUNE[12]):
            self.mine(hold).action_lift()
        self.assertNotIn("Posted all the same", self.bill_again(self.anna).sudo().message_ids[0].body)
        self.assertFalse(self.todos(self.buyer, "credit_hold"))
