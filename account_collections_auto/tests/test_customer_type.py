from odoo.tools import SQL

from .common import CollectionsCase


class TestCustomerType(CollectionsCase):
    """Who counts as a consumer decides about contact, interest and fees."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.customer("Ann")
        cls.trader = cls.customer("Ben", vat="BE0477472701")
        cls.untaxed = cls.customer("Cas", vat="/")
        cls.firm = cls.customer("Dot Ltd", is_company=True)
        cls.town = cls.customer("Town", is_company=True, collection_customer_type="public_authority")
        cls.chosen = cls.customer("Eve", collection_customer_type="sole_trader")
        cls.everybody = cls.person + cls.trader + cls.untaxed + cls.firm + cls.town + cls.chosen
        cls.types = ["consumer", "business", "consumer", "business", "public_authority", "sole_trader"]

    def test_a_person_without_vat_number_is_a_consumer_unless_somebody_chose_otherwise(self):
        self.assertEqual(self.everybody.mapped("collection_customer_type_used"), self.types)
        self.firm.collection_customer_type = "consumer"
        self.assertEqual(self.firm.collection_customer_type_used, "consumer")

    def test_a_contact_is_of_the_type_of_its_customer(self):
        contact = self.customer("Fay", parent_id=self.town.id, type="invoice")
        self.assertEqual(contact.collection_customer_type_used, "public_authority")
        found = self.env["res.partner"].search([("collection_customer_type_used", "=", "public_authority")])
        self.assertIn(contact, found)

    def test_searching_and_the_engine_say_the_same_as_the_screen(self):
        self.env.flush_all()
        partners = self.env["res.partner"]
        sql = SQL(
            "SELECT id, %s FROM res_partner partner WHERE id = ANY(%s)",
            partners._collection_customer_type_sql("partner"),
            self.everybody.ids,
        )
        self.assertEqual(dict(self.env.execute_query(sql)), dict(zip(self.everybody.ids, self.types, strict=True)))
        for code in set(self.types):
            found = partners.search([("collection_customer_type_used", "=", code), ("id", "in", self.everybody.ids)])
            self.assertEqual(set(found.mapped("collection_customer_type_used")), {code})
            self.assertEqual(len(found), self.types.count(code))
        consumers = [("collection_customer_type_used", "!=", "consumer"), ("id", "in", self.everybody.ids)]
        self.assertEqual(partners.search_count(consumers), 4)
