from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestTodayTour(HttpCase):
    """The demonstration data's day is worked through on Today: approvals, addresses, decisions, calls, notes."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        if not cls.company.chart_template:
            cls.env["account.chart.template"].try_loading("generic_coa", cls.company, install_demo=False)
        cls.env["collection.demo"]._build()
        cls.env["collection.cycle"].run(cls.company, cls.company._collection_today())

    def test_a_day_takes_at_most_forty_clicks(self):
        admin = self.env.ref("base.user_admin")
        actions, cases = self.env["collection.action"], self.env["collection.case"]
        waiting = actions.search([("state", "=", "review")])
        without_address = cases.search([("contact_problem_code", "=", "no_address")])
        self.assertEqual((len(waiting), len(without_address)), (12, 5))
        unreachable = cases.search([("contact_problem_code", "!=", False)])
        self.start_tour("/odoo/collection-today", "collection_today_tour", login=admin.login, timeout=180)
        self.env.invalidate_all()
        self.assertEqual(set(waiting.mapped("state")), {"queued"})
        self.assertEqual(waiting.approved_by_id, admin)
        self.assertEqual(set(without_address.partner_id.mapped(lambda partner: bool(partner.email_normalized))), {True})
        self.assertFalse(any(unreachable.mapped("contact_problem_code")))
        self.assertEqual(self.env["collection.today"].with_user(admin).get_tiles(), [])
