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
        board = self.env["collection.dashboard"]
        country = self.env.ref("base.jp")
        other.country_id = country
        for options, scores in (({}, [2, 5]), ({"country_id": country.id}, [2]), ({"period": "year"}, [2, 4, 5])):
            options["date"] = str(TODAY)
            tile = next(tile for tile in board.get_page(options)["tiles"] if tile["key"] == "satisfaction")
            action = board.get_action(options, tile["drill"])
            found = self.env[action["res_model"]].search(action["domain"]).mapped("rating")
            self.assertEqual((sorted(found), sum(found) / len(found)), (scores, tile["value"]))
        self.assertIsNone(figures.get_figures(TODAY - timedelta(days=200), "month")["satisfaction"]["value"])
