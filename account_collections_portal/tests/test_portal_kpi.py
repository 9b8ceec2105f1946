from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import TODAY, CollectionsCase


class TestSatisfaction(CollectionsCase):
    def test_satisfaction_is_the_average_of_the_answers_in_the_period(self):
        happy, silent, other = (self.customer(name) for name in ("Happy", "Silent", "Other"))
        tag = self.env["res.partner.category"].create({"name": "Key"})
        other.category_id = tag
        for customer, score, days in ((happy, 5, 3), (happy, 4, 60), (silent, 0, 3), (other, 2, 4)):
            self.invoice(customer)
            case = self.case(customer)
            vals = case._prepare_rating_vals(self.env["collection.dispute"], customer)
            rating = self.env["rating.rating"].sudo().create(vals | {"collection_asked_on": TODAY - timedelta(days=days)})
            if score:
                case._portal_rate(rating, score, "")
        figures = self.env["collection.kpi"]
        self.assertEqual(
            figures.get_figures(TODAY, "month")["satisfaction"], {"value": 3.5, "count": 2, "too_few": True, "asked": 3}
        )
        self.assertEqual(figures.get_figures(TODAY, "month", category_ids=tag.ids)["satisfaction"]["value"], 2)
        self.assertIsNone(figures.get_figures(TODAY - timedelta(days=200), "month")["satisfaction"]["value"])
