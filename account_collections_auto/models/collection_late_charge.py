from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .undo import offer_undo


class CollectionLateCharge(models.Model):
    """Interest or a fixed sum that a notice claimed from a late customer, with the calculation behind it.

    Written when the notice leaves. No day of an item bears interest twice, and no invoice a second fixed sum.
    """

    _name = "collection.late.charge"
    _description = "Interest or Fee Claimed"
    _order = "date_to desc, id desc"
    _rec_name = "move_name"

    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="restrict")
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer", store=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    action_id = fields.Many2one(
        "collection.action", string="Notice", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    item_id = fields.Many2one("collection.item", readonly=True, index="btree_not_null", ondelete="set null")
    move_id = fields.Many2one("account.move", string="Invoice", readonly=True, index="btree_not_null", ondelete="set null")
    move_name = fields.Char(string="Number", readonly=True)
    kind = fields.Selection([("interest", "Late interest"), ("fee", "Fixed sum")], required=True, readonly=True)
    terms_id = fields.Many2one(
        "collection.charge.terms", string="Terms", readonly=True, index="btree_not_null", ondelete="set null"
    )
    date_from = fields.Date(string="From", required=True, readonly=True, help="The first day that bears interest.")
    date_to = fields.Date(
        string="To", required=True, readonly=True, help="The last day; of a fixed sum the day it was claimed."
    )
    amount = fields.Monetary(required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    calculation = fields.Text(readonly=True, help="Line by line: days, amount, rate. Or the law behind the fixed sum.")
    state = fields.Selection(
        [("claimed", "Claimed"), ("waived", "Waived"), ("reversed", "Reversed")],
        required=True,
        default="claimed",
        readonly=True,
        index=True,
        help="Waived: given up, the days are not charged again. Reversed: the notice did not arrive, the next one claims it.",
    )
    reason = fields.Char(readonly=True, help="Why it is not claimed any more.")

    _days_once = models.Constraint(
        """EXCLUDE USING gist (int4range(item_id, item_id, '[]') WITH &&, daterange(date_from, date_to, '[]') WITH &&)
           WHERE (kind = 'interest' AND state != 'reversed' AND item_id IS NOT NULL)""",
        "Interest for these days was claimed already.",
    )
    _fee_once = models.UniqueIndex(
        "(move_id) WHERE kind = 'fee' AND state != 'reversed'", "The fixed sum for this invoice was claimed already."
    )
    _sound = models.Constraint(
        "CHECK(amount > 0 AND date_from <= date_to)", "A charge has an amount, and ends after it begins."
    )

    def action_waive(self):
        """Ask why these charges are given up."""
        self._check_collector()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_late_charge_waive_action")
        claimed = self.filtered(lambda charge: charge.state == "claimed")
        if not claimed:
            raise UserError(self.env._("None of these is claimed any more."))
        return action | {"context": {"default_charge_ids": claimed.ids}}

    def _waive(self, reason):
        """Give up what is claimed; the customer is told nothing. Returns an action that offers to take it back."""
        self._check_collector()
        claimed = self.filtered(lambda charge: charge.state == "claimed")
        # sudo: nobody writes charges by hand, whoever may waive them does it here
        claimed.sudo().write({"state": "waived", "reason": reason})
        claimed._note_on_case(self.env._("Given up: %(charges)s. %(reason)s"), reason)
        return offer_undo(self.env._("%(count)s charges are given up.", count=len(claimed)), claimed)

    def action_undo(self):
        """Claim again what was given up. A second click changes nothing."""
        self._check_collector()
        waived = self.filtered(lambda charge: charge.state == "waived")
        # sudo: as in `_waive`
        waived.sudo().write({"state": "claimed", "reason": False})
        waived._note_on_case(self.env._("Claimed again: %(charges)s."))

    def _reverse(self, reason):
        """The notice did not arrive: the next one may claim the same days and sums."""
        claimed = self.filtered(lambda charge: charge.state == "claimed")
        claimed.sudo().write({"state": "reversed", "reason": reason})

    def _note_on_case(self, text, reason=""):
        for case, charges in self.grouped("case_id").items():
            case.sudo().message_post(body=text % {"charges": ", ".join(charges.mapped("display_name")), "reason": reason})

    def _check_collector(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can give up interest and fees."))

    @api.depends("move_name", "kind", "amount", "currency_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for charge in self:
            amount = charge.currency_id.format(charge.amount) if charge.currency_id else ""
            charge.display_name = f"{charge.move_name}: {kinds.get(charge.kind, '')} {amount}"
