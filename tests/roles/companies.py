"""Two companies in one database; a part of test_every_screen.py, so that the demonstration data is made once."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.service.model import get_public_method

# Words by which answers are recognised belong to a language, not to a company; marks are read by administrators only.
OF_NO_COMPANY = {"collection.reply.rule", "collection.mark", "collection.absence", "collection.portal.attempt"}
# What a law says is the same for each company.
OF_NO_COMPANY |= {"collection.reference.rate", "collection.reference.rate.value"}
OF_NO_COMPANY |= {"collection.charge.terms", "collection.charge.terms.bracket"}


class CompaniesSeeTheirOwn:
    """Tests that a manager of another company sees nothing of this one and changes nothing in it.

    Every model is found by itself: who adds one adds its access rights, its rule by company, and a record to the world.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.stranger = cls._make_user("stranger", ["account_collections_auto.group_collection_manager"])
        cls.stranger.write({"company_id": elsewhere.id, "company_ids": [Command.set(elsewhere.ids)]})
        cls._complete_world()

    @classmethod
    def _complete_world(cls):
        """Records of the models that no screen of the demonstration shows."""
        env, own = cls.env(su=True), {"company_id": cls.company.id}
        today = cls.company._collection_today()
        case = env["collection.case"].search([("company_id", "=", cls.company.id)], limit=1)
        item = {**own, "item_id": case.item_ids[:1].id}
        env["collection.round"].create({**item, "number": 99, "cause": "requested", "date": today})
        env["collection.escalation"].create(
            {**item, "level_id": case.plan_id.level_ids[:1].id, "case_id": case.id, "round": 99, "date": today}
        )
        env["collection.hold.reason"].create({**own, "name": "Of this company"})
        charge = {"kind": "fee", "date_from": today, "date_to": today, "amount": 40, "currency_id": case.currency_id.id}
        env["collection.late.charge"].create({**own, **charge, "case_id": case.id, "move_name": "INV/1"})
        env["collection.dispute.reason"].create({**own, "name": "Of this company"})
        request = env["collection.request"].search([("company_id", "=", cls.company.id)], limit=1)
        env["collection.request.text"].create({"request_id": request.id, "lang": "en_US"})
        last_month = today.replace(day=1) - timedelta(days=1)
        kept = env["collection.snapshot"]._keep(cls.company, [last_month])
        kept.line_ids[:1].unlink()  # so that the ledger says something else than what was kept
        agency = env["collection.agency"].search([], limit=1)
        env["collection.agency.bracket"].create({"agency_id": agency.id, "value_from": 0, "percent": 5})
        instalment = env["collection.payment.plan.line"].search([("company_id", "=", cls.company.id)], limit=1)
        transaction = env["payment.transaction"].create(
            {
                "provider_id": env["payment.provider"].search([("company_id", "=", cls.company.id)], limit=1).id,
                "payment_method_id": env["payment.method"].with_context(active_test=False).search([], limit=1).id,
                "reference": "charged",
                "amount": instalment.amount,
                "currency_id": instalment.currency_id.id,
                "partner_id": instalment.partner_id.id,
            }
        )
        env["collection.payment.plan.charge"].create(
            {
                "line_id": instalment.id,
                "attempt": 1,
                "date": today,
                "amount": instalment.amount,
                "transaction_id": transaction.id,
            }
        )

    def as_stranger(self):
        company = self.stranger.company_id
        return self.env(user=self.stranger.id, su=False, context={"allowed_company_ids": company.ids, "lang": "en_US"})

    def models_of_companies(self):
        return [name for name in self.stored_models() if name not in OF_NO_COMPANY]

    def ours(self, model):
        records = self.env[model].with_context(active_test=False).sudo()
        return records.search([("company_id", "=", self.company.id)])

    def test_each_model_has_access_rights_and_a_rule_by_company(self):
        rules = self.env["ir.rule"].search([("groups", "=", False), ("perm_read", "=", True)])
        guarded = {rule.model_id.model for rule in rules if "company" in (rule.domain_force or "")}
        readable = {name for name in self.stored_models() if self.as_role("auditor")[name].has_access("read")}
        self.assertEqual(set(self.models_of_companies()) - guarded, set(), "without a rule by company")
        self.assertEqual(set(self.stored_models()) - readable - OF_NO_COMPANY, set(), "no auditor reads it")
        for model in self.stored_models():
            self.assertFalse(self.as_role("billing clerk")[model].has_access("read"), model)

    def test_a_stranger_finds_and_reads_nothing(self):
        env = self.as_stranger()
        empty = {model for model in self.models_of_companies() if not self.ours(model)}
        self.assertEqual(empty, set(), "the world needs a record of each model")
        for model in self.models_of_companies():
            ours = self.ours(model)
            with self.subTest(model):
                found = env[model].with_context(active_test=False).search([])
                self.assertFalse(set(found.ids) & set(ours.ids))
                try:
                    read = ours[:1].with_env(env).read(["company_id"])
                except AccessError:
                    continue
                self.assertEqual(read, [], "A report that is not even computed for other companies")

    def test_a_stranger_presses_every_button_in_vain(self):
        env = self.as_stranger()
        changed = {}
        for model, name in self.public_methods():
            if model not in self.models_of_companies() or getattr(get_public_method(env[model], name), "_api_model", False):
                continue
            if tables := self.changed_by(env, model, name, self.ours(model)[:1], self.arguments(model, name)):
                changed[f"{model}.{name}"] = tables
        self.assertEqual(changed, {})
