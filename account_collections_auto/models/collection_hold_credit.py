from odoo import api, fields, models

from ..engine.attempt import attempt


class CollectionHold(models.Model):
    """A hold whose reason stops sales puts the customer on credit hold too, as long as it lasts or until somebody lifts it."""

    _inherit = "collection.hold"  # pylint: disable=consider-merging-classes-inherited

    credit_hold_ids = fields.One2many("collection.credit.hold", "hold_id", string="Credit Holds", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        holds._follow_on_credit()
        return holds

    def write(self, vals):
        before = self.partner_id
        result = super().write(vals)
        if not vals.keys().isdisjoint(("active", "reason_id", "partner_id", "item_ids", "date_from", "date_until")):
            self._follow_on_credit(before)
        return result

    def unlink(self):
        customers = self.partner_id
        self.sudo().credit_hold_ids.filtered(lambda hold: hold.state == "on")._lift(by=False)
        result = super().unlink()
        self.browse()._follow_on_credit(customers)
        return result

    def _stops_sales_today(self):
        """Return those of these holds that stop sales to a whole customer today."""
        return self.filtered(
            lambda hold: (
                hold.active
                and hold.is_for_all
                and hold._stops("credit")
                and hold.date_from <= hold.company_id._collection_today() <= (hold.date_until or hold.date_from.max)
            )
        )

    def _follow_on_credit(self, customers=()):
        """Bring the credit holds of the customers of these holds, and of ``customers``, in line with all of their holds."""
        debtors = (self.partner_id | self.env["res.partner"].union(*customers)).commercial_partner_id
        # sudo: who puts a customer on hold for such a reason stops selling to it, and need not see what was sold
        credit_holds = self.env["collection.credit.hold"].sudo()
        of_debtors = self.sudo().search(
            [("partner_id", "child_of", debtors.ids), ("is_for_all", "=", True), ("reason_id.stops_credit", "=", True)]
        )
        stopping = of_debtors._stops_sales_today()
        followed = [("hold_id", "!=", False), ("partner_id", "in", debtors.ids), ("state", "=", "on")]
        ended = credit_holds.search(followed).filtered(lambda credit_hold: credit_hold.hold_id not in stopping)
        if ended:
            ended._lift(by=False)
        if stopping:
            credit_holds._set_by_holds(stopping)

    @api.model
    def _cron_follow_on_credit(self):
        """Stop sales for holds that begin today, or whose reason says so by now; let them go on where it says so no more.

        Credit holds whose last day has passed are lifted, and Odoo's "no follow-up" is given back where a hold has ended.
        """
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            attempt(company, self._follow_on_credit_in, company)
            attempt(company, self.env["collection.mirror"]._sync, company)

    @api.model
    def _follow_on_credit_in(self, company):
        of_company = [("company_id", "=", company.id)]
        credit_holds = self.env["collection.credit.hold"].search([*of_company, ("state", "=", "on")])
        stopping = self.search([*of_company, ("reason_id.stops_credit", "=", True)])
        (stopping | credit_holds.hold_id)._follow_on_credit()
        today = company._collection_today()
        passed = credit_holds.filtered(lambda hold: not hold.hold_id and hold.date_until and hold.date_until < today)
        passed.filtered(lambda hold: hold.state == "on")._lift(by=False)
