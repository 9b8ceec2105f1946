from datetime import timedelta

from odoo import Command, api, models


class CollectionAction(models.Model):
    """The sample on which the texts of messages are tried."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _create_sample(self):
        """Create a message to a made-up customer: two currencies, a credit, no address. The caller rolls it back.

        Needs no accounting data, so that texts can be tried on an empty database.
        """
        env = self.sudo().with_context(tracking_disable=True, mail_create_nosubscribe=True).env
        company = env.company.root_id
        partner = env["res.partner"].create({"name": "Sample <Customer> & Sons", "company_id": company.id})
        case = env["collection.case"].create({"company_id": company.id, "partner_id": partner.id})
        level = env["collection.level"].search([("company_id", "=", company.id)], order="days_overdue DESC, id", limit=1)
        return env["collection.action"].create(
            {
                "case_id": case.id,
                "company_id": company.id,
                "partner_id": partner.id,
                "currency_id": company.currency_id.id,
                "level_id": level.id,
                "channel": "email",
                "occasion": "sample",
                "lang": env.lang or "en_US",
                "amount": 1200.0,
                "deadline": company._collection_today() + timedelta(days=7),
                "line_ids": [Command.create(vals) for vals in self._prepare_sample_lines(company, level)],
            }
        )

    @api.model
    def _prepare_sample_lines(self, company, level):
        today = company._collection_today()
        own = company.currency_id
        other = self.env["res.currency"].with_context(active_test=False).search([("id", "!=", own.id)], limit=1)
        amounts = [(own, 1000.0, True, None), (other, 250.0, True, None), (own, 300.0, False, 10), (own, -100.0, False, None)]
        return [
            {
                "company_id": company.id,
                "level_id": level.id,
                "advances": advances,
                "is_live": False,
                "reminded_date": reminded and today - timedelta(days=reminded),
                "move_name": f"SAMPLE/{number}",
                "move_reference": "Order <1>",
                "invoice_date": today - timedelta(days=50),
                "due_date": today - timedelta(days=20),
                "days_overdue": 20,
                "amount_original_currency": amount,
                "amount_residual": amount,
                "amount_residual_currency": amount,
                "currency_id": currency.id,
            }
            for number, (currency, amount, advances, reminded) in enumerate(amounts, start=1)
        ]
