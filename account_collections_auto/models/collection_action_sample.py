from datetime import timedelta

from odoo import Command, api, models


class CollectionAction(models.Model):
    """The sample on which the texts of messages are tried."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _create_sample(self, level=None):
        """Create a message of ``level`` (default: the last one) to a made-up customer: two currencies, a credit, no address.

        The caller rolls it back.

        Needs no accounting data, so that texts can be tried on an empty database.
        """
        env = self.sudo().with_context(tracking_disable=True, mail_create_nosubscribe=True).env
        company = env.company.root_id
        partner = env["res.partner"].create({"name": "Sample <Customer> & Sons", "company_id": company.id})
        case = env["collection.case"].create({"company_id": company.id, "partner_id": partner.id})
        last = [("company_id", "=", company.id)]
        level = level or env["collection.level"].search(last, order="days_overdue DESC, id", limit=1)
        vals = self._prepare_sample(case, level, self._prepare_sample_lines(company, level), env.lang)
        return env["collection.action"].create(
            vals | {"amount": 1200.0, "deadline": company._collection_today() + timedelta(days=7)}
        )

    @api.model
    def _create_trial(self, case, level):
        """Create the message of ``level`` that ``case`` would get today, unsent. The caller rolls it back."""
        env = case.sudo().with_context(tracking_disable=True, mail_create_nosubscribe=True).env
        lines = self._prepare_trial_lines(case, level)
        return env["collection.action"].create(self._prepare_sample(case, level, lines, env.lang))

    @api.model
    def _prepare_sample(self, case, level, lines, lang):
        return {
            "case_id": case.id,
            "company_id": case.company_id.id,
            "partner_id": case.partner_id.id,
            "currency_id": case.company_id.currency_id.id,
            "level_id": level.id,
            "channel": "email",
            "occasion": "sample",
            "lang": lang or "en_US",
            "line_ids": [Command.create(vals) for vals in lines],
        }

    @api.model
    def _prepare_trial_lines(self, case, level):
        """What is overdue (of a courtesy level: what falls due), else all that is open, and the credits."""
        items = case.item_ids.filtered(lambda item: not item.is_small or item.amount_residual_currency < 0)
        credits = items.filtered(lambda item: item.amount_residual_currency < 0)
        fitting = (items - credits).filtered(lambda item: (item.days_overdue > 0) == (level.days_overdue > 0))
        return [
            {
                "company_id": item.company_id.id,
                "item_id": item.id,
                "move_id": item.move_id.id,
                "move_line_id": item.move_line_id.id,
                "level_id": level.id,
                "level_days": level.days_overdue,
                "advances": item.amount_residual_currency > 0 and item.level_days <= 0,
                "is_live": False,
                "reminded_date": item.level_days > 0 and item.level_date,
                "move_name": item.move_id.name,
                "move_reference": item.move_id.ref,
                "invoice_date": item.move_id.invoice_date or item.move_id.date,
                "due_date": item.due_date,
                "days_overdue": item.days_overdue,
                "amount_original_currency": item.move_line_id.amount_currency,
                "amount_residual": item.amount_residual,
                "amount_residual_currency": item.amount_residual_currency,
                "currency_id": item.currency_id.id,
            }
            for item in ((fitting or items) | credits).sorted("due_date")
        ]

    @api.model
    def _prepare_sample_lines(self, company, level):
        today = company._collection_today()
        own = company.currency_id
        other = self.env["res.currency"].with_context(active_test=False).search([("id", "!=", own.id)], limit=1)
        # Before the due date nothing was reminded yet.
        late = level.days_overdue if level and level.days_overdue <= 0 else 20
        reminded = (own, 300.0, False, 10) if late > 0 else (own, 300.0, True, None)
        amounts = [(own, 1000.0, True, None), (other, 250.0, True, None), reminded, (own, -100.0, False, None)]
        return [
            {
                "company_id": company.id,
                "level_id": level.id,
                "advances": advances,
                "is_live": False,
                "reminded_date": reminded and today - timedelta(days=reminded),
                "move_name": f"SAMPLE/{number}",
                "move_reference": "Order <1>",
                "invoice_date": today - timedelta(days=late + 30),
                "due_date": today - timedelta(days=late),
                "days_overdue": late,
                "amount_original_currency": amount,
                "amount_residual": amount,
                "amount_residual_currency": amount,
                "currency_id": currency.id,
            }
            for number, (currency, amount, advances, reminded) in enumerate(amounts, start=1)
        ]
