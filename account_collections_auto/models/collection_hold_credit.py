from odoo import api, fields, models


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
        """Stop sales for holds that begin today, or whose reason says so by now; let them go on where it says so no more."""
        stopping = self.search([("reason_id.stops_credit", "=", True)])
        followed = self.env["collection.credit.hold"].search([("hold_id", "!=", False), ("state", "=", "on")]).hold_id
        (stopping | followed)._follow_on_credit()
