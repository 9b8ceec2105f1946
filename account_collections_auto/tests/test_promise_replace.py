from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .common import CollectionsCase

JUNE_1, JUNE_20, JUNE_30 = date(2026, 6, 1), date(2026, 6, 20), date(2026, 6, 30)


class TestPromiseReplace(CollectionsCase):
    """A customer promises a second time what an open promise covers: both are judged, or the later one replaces the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"grace_days": 3, "promise_max_days": 0})
        cls.collector = cls.make_user("carla", "account_collections_auto.group_collector")
        cls.payer = cls.customer()
        cls.debt = cls.invoice(cls.payer, 1000, due=date(2026, 5, 1))
        cls.other_debt = cls.invoice(cls.payer, 500, due=date(2026, 5, 2))
        cls.first = cls.promise(1000, on=JUNE_20, since=JUNE_1)

    @classmethod
    def values(cls, amount=1000, debts=None, on=JUNE_30, since=date(2026, 6, 18), **vals):
        debts = cls.debt if debts is None else debts
        return {
            "partner_id": cls.payer.id,
            "company_id": cls.company.id,
            "amount": amount,
            "promise_date": on,
            "date_from": since,
            "item_ids": [Command.set(cls.items(debts).ids if debts else [])],
            **vals,
        }

    @classmethod
    def promise(cls, *args, user=None, **vals):
        return cls.env["collection.promise"].with_user(user or cls.env.user).create(cls.values(*args, **vals))

    def judge(self, on):
        self.env["collection.promise"]._judge(self.company, on)

    def notes(self, promise):
        return " ".join(promise.message_ids.mapped("body"))

    # -- the story -----------------------------------------------------------------------------------------------------

    def test_where_both_stay_the_second_is_not_kept_and_said_so_from_the_start(self):
        second = self.promise()
        self.assertEqual(second.earlier_ids, self.first)
        self.assertIn("06/20/2026", second.earlier_text)
        self.assertRegex(self.notes(second), "Promised already: .*06/20/2026")
        self.assertFalse(self.first.earlier_ids, "It was there before")
        self.pay(self.debt, on=date(2026, 6, 19))
        self.judge(date(2026, 7, 4))
        self.assertEqual((self.first.state, second.state), ("kept", "broken"))

    def test_the_second_replaces_the_first_and_alone_is_judged(self):
        second = self.promise(user=self.collector)
        with self.on_day(date(2026, 6, 18)):
            second.action_replace()
        self.assertRecordValues(
            self.first,
            [{"state": "cancelled", "ended_on": date(2026, 6, 18), "replaced_by_id": second.id, "active": True}],
        )
        self.assertIn("Replaced by a later promise", self.notes(self.first))
        self.assertIn("It replaces: ", self.notes(second))
        self.assertEqual(second.replaced_ids, self.first)
        self.run_cycle(date(2026, 6, 25))
        [(_day, _level, advancing, _total)] = self.sent(self.payer)
        self.assertEqual(advancing, {self.other_debt: 500}, "What was promised anew rests")
        self.pay(self.debt, on=date(2026, 6, 29))
        self.judge(date(2026, 7, 4))
        self.assertEqual((self.first.state, second.state), ("cancelled", "kept"))
        self.assertEqual(self.case(self.payer).promise_summary, "1 of 1 kept")

    def test_a_program_says_so_when_it_records_the_second(self):
        second = self.promise(user=self.collector, replaces_earlier=True)
        self.assertRecordValues(self.first, [{"state": "cancelled", "replaced_by_id": second.id}])
        third, fourth = (
            self.env["collection.promise"]
            .with_user(self.collector)
            .create([self.values(replaces_earlier=True), self.values(replaces_earlier=True)])
        )
        self.assertEqual((second + third + fourth).mapped("state"), ["cancelled", "cancelled", "open"])
        self.assertEqual((second.replaced_by_id, third.replaced_by_id), (third, fourth))

    def test_the_form_warns_before_it_is_saved(self):
        context = {"default_partner_id": self.payer.id, "default_company_id": self.company.id}
        with Form(self.env["collection.promise"].with_user(self.collector).with_context(**context)) as form:
            form.amount, form.promise_date = 200, date(2100, 1, 1)
            self.assertFalse(form.earlier_text, "1,000 and 200 of 1,500")
            form.amount = 600
            self.assertIn("06/20/2026", form.earlier_text)
            form.replaces_earlier = True
        self.assertEqual(self.first.replaced_by_id, form.record)

    def test_beyond_the_limits_it_replaces_once_a_manager_approved_it(self):
        self.plan.promise_max_days = 5
        second = self.promise(user=self.collector, replaces_earlier=True)
        self.assertEqual((self.first.state, second.state), ("open", "to_approve"))
        second.with_user(self.manager).action_approve()
        self.assertEqual((self.first.state, second.state), ("cancelled", "open"))

    # -- what is the same money ----------------------------------------------------------------------------------------

    def test_parts_of_the_money_and_other_items_are_promised_beside_each_other(self):
        self.first.action_cancel()
        half = self.promise(400)
        self.assertFalse(self.promise(600).earlier_ids)
        self.assertFalse(self.promise(500, debts=self.other_debt).earlier_ids)
        self.assertEqual(self.promise(1).earlier_ids.sorted("id")[0], half)

    def test_one_on_all_that_is_owed_covers_each_item(self):
        self.first.action_cancel()
        on_all = self.promise(1500, debts=[])
        self.assertEqual(self.promise(500, debts=self.other_debt).earlier_ids, on_all)

    def test_what_was_paid_is_promised_no_more(self):
        self.pay(self.debt, 400, on=date(2026, 6, 10))
        self.judge(date(2026, 6, 11))
        self.items(self.debt)
        self.first.invalidate_recordset()
        second = self.promise(600)
        self.assertEqual(second.earlier_ids, self.first, "600 of the first are open, and promised already")
        self.pay(self.debt, on=date(2026, 6, 19))
        self.judge(JUNE_20)
        second.invalidate_recordset()
        self.assertFalse(second.earlier_ids, "The first is kept")

    def test_in_two_currencies_it_is_compared_in_that_of_the_company(self):
        currency = self.setup_other_currency("EUR")
        self.set_rate(currency, 2)
        self.first.action_cancel()
        on_all = self.promise(2000, debts=[], currency_id=currency.id)
        self.assertFalse(self.promise(500, debts=self.other_debt).earlier_ids, "1,000 and 500 of 1,500")
        self.assertEqual(self.promise(100).earlier_ids[0], on_all)

    # -- who and when --------------------------------------------------------------------------------------------------

    def test_what_cannot_be_replaced(self):
        second = self.promise()
        auditor = self.make_user("otto", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            second.with_user(auditor).action_replace()
        with self.assertRaises(AccessError):
            self.first.with_user(self.collector).replaced_by_id = second
        second.action_replace()
        second.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "No other open promise"):
            second.action_replace()
        second.action_cancel()
        with self.assertRaises(UserError):
            second.action_replace()
