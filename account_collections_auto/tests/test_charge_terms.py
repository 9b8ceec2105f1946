"""The shipped rates and terms give what the published worked examples give; a missing rate gives nothing and says why."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation, UniqueViolation

from .common import CollectionsCase

OURS = "account_collections_auto."
HEAD = "code,valid_from,percent,confidence"


class TestChargeTerms(CollectionsCase):
    def terms(self, name):
        return self.env.ref(f"{OURS}collection_charge_terms_{name}")

    def example(self, name, amount, due, paid, currency="EUR"):
        currency = self.env.ref(f"base.{currency}")
        currency.active = True
        return self.env["collection.interest.example"].create(
            {
                "terms_id": self.terms(name).id,
                "amount": amount,
                "currency_id": currency.id,
                "due_date": due,
                "paid_date": paid,
            }
        )

    def assertWorkedOut(self, example, interest, fee):
        self.assertRecordValues(example, [{"interest": interest, "fee": fee, "problem": False}])

    def test_worked_examples_with_the_shipped_rates(self):
        cases = (
            (("gb_business", 5000, date(2024, 8, 1), date(2024, 9, 15), "GBP"), 81.68, 70),
            (("gb_business", 12000, date(2025, 5, 31), date(2025, 9, 28), "GBP"), 503.01, 100),
            (("nl_business", 10000, date(2025, 2, 28), date(2026, 5, 31)), 1331.08, 875),
            (("de_business", 1000, date(2026, 3, 2), date(2026, 5, 1)), 16.88, 40),
            (("de_consumer", 1000, date(2026, 3, 2), date(2026, 5, 1)), 10.31, 0),
            (("de_business", 1000, date(2026, 5, 29), date(2026, 7, 28)), 17.07, 40),
            (("fr_business", 10000, date(2026, 5, 15), date(2026, 8, 13)), 302.60, 40),
            (("be_business", 8000, date(2025, 6, 15), date(2025, 8, 14)), 141.37, 40),
            (("pl_business", 12400, date(2026, 2, 2), date(2026, 3, 18), "PLN"), 209.27, 0),
            (("in_supplier", 500000, date(2025, 12, 5), date(2026, 3, 5), "INR"), 20909.89, 0),
        )
        for arguments, interest, fee in cases:
            with self.subTest(arguments[0]):
                self.assertWorkedOut(self.example(*arguments), interest, fee)

    def test_fixed_sums_of_the_law(self):
        expected = {
            "gb_business": {999.99: 40, 1000: 70, 9999.99: 70, 10000: 100},
            "ie_business": {1000: 40, 1000.01: 70, 10000: 70, 10000.01: 100},
            "nl_consumer": {100: 40, 266.67: 40, 1000: 150, 2500: 375, 5000: 625, 12000: 895, 200000: 2775, 2000000: 6775},
            "be_consumer": {100: 20, 150: 20, 150.01: 30, 400: 55, 500: 65, 1000: 90, 39200: 2000, 50000: 2000},
            "de_consumer": {1000: 0},
            "de_business": {1000: 40, 0: 0},
        }
        for name, sums in expected.items():
            currency = self.terms(name).fee_currency_id.name or "EUR"
            for amount, fee in sums.items():
                with self.subTest(f"{name} {amount}"):
                    example = self.example(name, amount, date(2026, 3, 2), date(2026, 3, 3), currency)
                    self.assertAlmostEqual(example.fee, fee, 2)

    def test_a_rate_that_is_not_known_gives_no_interest_and_says_which(self):
        example = self.example("de_business", 1000, date(2026, 12, 1), date(2027, 1, 1))
        self.assertFalse(example.interest)
        self.assertFalse(example.calculation)
        self.assertIn("01/01/2027", example.problem)
        self.assertIn("Bundesbank", example.problem)
        reference = self.terms("de_business").reference_id
        reference.value_ids = [(0, 0, {"valid_from": date(2027, 1, 1), "percent": 1.5})]
        reference.known_until = date(2027, 6, 30)
        example.invalidate_recordset()
        self.assertFalse(example.problem)
        self.assertGreater(example.interest, 0)

    def test_days_before_the_terms_have_no_rate(self):
        example = self.example("be_consumer", 1000, date(2023, 8, 1), date(2023, 9, 15))
        self.assertIn("before 09/01/2023", example.problem)
        self.assertFalse(self.example("be_consumer", 1000, date(2023, 8, 31), date(2023, 9, 15)).problem)

    def test_no_days_no_interest(self):
        self.assertWorkedOut(self.example("de_business", 1000, date(2026, 3, 2), date(2026, 3, 2)), 0, 40)
        self.assertWorkedOut(self.example("de_business", 1000, date(2026, 3, 2), date(2026, 2, 2)), 0, 40)

    def test_the_calculation_can_be_added_up_by_hand(self):
        example = self.example("de_business", 1000, date(2026, 5, 29), date(2026, 7, 28))
        first, second = example.calculation.splitlines()
        self.assertIn("05/30/2026 to 06/30/2026: 32 days", first)
        self.assertIn("10.27 %", first)
        self.assertIn("07/01/2026 to 07/28/2026: 28 days", second)
        self.assertIn("10.52 %", second)

    def test_forbidden_sums_are_shown_as_such(self):
        example = self.example("fr_consumer", 1000, date(2026, 3, 2), date(2026, 5, 1))
        self.assertRecordValues(example, [{"interest": 0, "fee": 0, "fee_note": "Forbidden"}])

    # -- files of rates ----------------------------------------------------------------------------------------------

    def load(self, *rows, head=HEAD):
        return self.env["collection.reference.rate"]._load_values([head, *rows])

    def test_loading_the_shipped_file_again_changes_nothing(self):
        value = self.terms("de_business").reference_id.value_ids[0]
        value.percent = 7
        self.assertFalse(self.env["collection.reference.rate"]._load_shipped())
        self.assertEqual(value.percent, 7)

    def test_a_file_adds_what_is_not_there(self):
        added = self.load("ecb,2027-01-01,-0.25,medium")
        self.assertRecordValues(added, [{"valid_from": date(2027, 1, 1), "percent": -0.25, "confidence": "medium"}])

    def test_a_wrong_file_is_refused_with_row_and_column(self):
        good = "ecb,2027-01-01,2.5,high"
        wrong = {
            "Row 3, column code": "nobody,2027-07-01,2.5,high",
            "Row 3, column valid_from": "ecb,1 July,2.5,high",
            "Row 3, column percent": "ecb,2027-07-01,NaN,high",
            "Row 3, column confidence": "ecb,2027-07-01,2.5",
        }
        for place, row in wrong.items():
            with self.subTest(place), self.assertRaisesRegex(UserError, place):
                self.load(good, row)
        with self.assertRaisesRegex(UserError, "Row 1"):
            self.load(good, head="a,b,c,d")
        self.assertFalse(self.env["collection.reference.rate.value"].search([("valid_from", "=", "2027-01-01")]))

    def test_every_shipped_term_says_where_it_comes_from(self):
        shipped = self.env["collection.charge.terms"].search([])
        self.assertGreater(len(shipped), 20)
        self.assertFalse(shipped.filtered(lambda terms: not terms.citation or terms.legal_force == "policy_default"))
        self.assertFalse(self.env["collection.reference.rate"].search([]).filtered(lambda rate: not rate.known_until))

    # -- who may ------------------------------------------------------------------------------------------------------

    def test_only_managers_change_rates(self):
        collector = new_test_user(self.env, "rate_reader", "account_collections_auto.group_collector")
        terms = self.terms("de_business").with_user(collector)
        self.assertTrue(terms.action_calculate())
        self.assertGreaterEqual(terms.percent_today, 0)
        for record in (terms, terms.reference_id, terms.reference_id.value_ids[0], terms.bracket_ids):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.write({"create_date": False})
        self.assertTrue(self.terms("de_business").with_user(self.manager).write({"margin": 12}))

    def test_one_value_a_day_and_no_negative_sum(self):
        reference = self.terms("de_business").reference_id
        day = reference.value_ids[0].valid_from
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
            self.env["collection.reference.rate.value"].create({"reference_id": reference.id, "valid_from": day, "percent": 1})
        with self.assertRaises(CheckViolation), self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
            self.terms("de_business").bracket_ids.amount = -1
            self.env.flush_all()
