from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import commission, placements
from .collection_placement import COLLECTOR

# Money that came in, and money that went back.
MONEY = ("agency", "direct", "returned")


class CollectionPlacementMovement(models.Model):
    """What happened to a placed item while the agency had it: from the ledger, one row per matching.

    The agency is told of what it does not know; with that, the commission is due. What was told stays: a payment that is
    returned afterwards is a row of its own, which takes its commission back.
    """

    _name = "collection.placement.movement"
    _description = "Movement of a Placed Item"
    _order = "date desc, id desc"
    _rec_name = "move_name"

    placement_id = fields.Many2one("collection.placement", required=True, readonly=True, index=True, ondelete="restrict")
    line_id = fields.Many2one(
        "collection.placement.line", string="Item", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agency_id = fields.Many2one("collection.agency", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", required=True, readonly=True, ondelete="restrict")
    kind = fields.Selection(
        [
            ("agency", "Paid to the agency"),
            ("direct", "Paid to us"),
            ("returned", "Taken back"),
            ("credit_note", "Credit note"),
            ("other", "Other entry"),
            ("dispute", "In dispute"),
        ],
        required=True,
        readonly=True,
    )
    kind_name = fields.Char(compute="_compute_kind_name", string="What")
    is_money = fields.Boolean(compute="_compute_is_money", search="_search_is_money")
    date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(readonly=True, aggregator=None)
    amount_company = fields.Monetary(string="In Company Currency", readonly=True, currency_field="company_currency_id")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    move_id = fields.Many2one("account.move", string="Entry", readonly=True, ondelete="set null", index="btree_not_null")
    move_name = fields.Char(string="Number", readonly=True)
    receipt_id = fields.Many2one("collection.placement.receipt", readonly=True, ondelete="restrict", index="btree_not_null")
    corrected_id = fields.Many2one(
        "collection.placement.movement", string="Takes Back", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    partial_ref = fields.Integer(readonly=True, aggregator=None)
    dispute_ref = fields.Integer(readonly=True, aggregator=None)
    percent = fields.Float(string="Commission (%)", digits=(6, 3), readonly=True, aggregator=None)
    is_charged = fields.Boolean(
        string="Counts for Commission", readonly=True, help="By the terms of the placement, once the agency knows of it."
    )
    is_known = fields.Boolean(string="The Agency Knows", readonly=True)
    reported_on = fields.Date(readonly=True)
    message_id = fields.Many2one("collection.agency.message", readonly=True, ondelete="set null", index="btree_not_null")
    commission = fields.Monetary(readonly=True, aggregator=None, help="By the terms; negative where it is taken back.")
    commission_company = fields.Monetary(
        string="Commission in Company Currency", readonly=True, currency_field="company_currency_id"
    )

    _matching_once = models.UniqueIndex("(line_id, partial_ref) WHERE partial_ref IS NOT NULL", "This is recorded already.")
    _corrected_once = models.UniqueIndex("(corrected_id) WHERE corrected_id IS NOT NULL", "This is taken back already.")
    _dispute_once = models.UniqueIndex("(line_id, dispute_ref) WHERE dispute_ref IS NOT NULL", "This is recorded already.")

    @api.depends("kind", "corrected_id.kind")
    @api.depends_context("lang")
    def _compute_kind_name(self):
        """What happened, in words; of what takes something back, what that was."""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for movement in self:
            label = labels.get(movement.kind, "")
            if movement.corrected_id:
                label = f"{label}: {labels[movement.corrected_id.kind]}"
            movement.kind_name = label

    @api.depends("kind", "corrected_id.kind")
    def _compute_is_money(self):
        for movement in self:
            kind = movement.corrected_id.kind or movement.kind
            movement.is_money = kind in MONEY

    def _search_is_money(self, operator, value):
        if operator != "in":
            return NotImplemented
        money = [
            "|",
            ("kind", "in", ("agency", "direct")),
            "&",
            ("kind", "=", "returned"),
            ("corrected_id.kind", "in", ("agency", "direct")),
        ]
        return money if True in value else ["!", *money]

    # -- finding -------------------------------------------------------------------------------------------------------

    @api.model
    def _find(self, company):
        """Bring the movements of a root company in line with its ledger, and the commission of what the agency knows."""
        # sudo: recorded from the ledger, whoever asks
        found = self.sudo().browse(placements.find_movements(self.env, company))
        found.filtered("is_known")._charge()
        self.env["collection.placement"].invalidate_model(
            ["amount_open", "amount_recovered", "amount_commission", "to_report_count"]
        )
        return found

    def _charge(self):
        """Set the commission of movements that the agency knows of now: what they add to what is due for the placement."""
        new = self.filtered("is_charged").sorted(lambda movement: (movement.date, movement.id))
        earlier = self.search(
            [
                ("placement_id", "in", new.placement_id.ids),
                ("is_charged", "=", True),
                ("is_known", "=", True),
                ("id", "not in", new.ids),
            ]
        ).grouped("placement_id")
        for placement, own in new.grouped("placement_id").items():
            before = earlier.get(placement, self.browse())._prepare_paid()
            charged = commission.charge(placement._get_terms(), before, own._prepare_paid())
            for movement, added in zip(own, charged, strict=True):
                movement.sudo().write(
                    {
                        "commission": float(added),
                        "commission_company": movement.currency_id._convert(
                            float(added), movement.company_currency_id, movement.company_id, movement.date
                        ),
                        "reported_on": movement.reported_on or movement.date,
                    }
                )

    def _prepare_paid(self):
        return [commission.Paid(Decimal(str(movement.amount)), Decimal(str(movement.percent))) for movement in self]

    # -- reporting -----------------------------------------------------------------------------------------------------

    def action_report(self):
        """Tell the agencies by e-mail of what they do not know; with that, their commission is due."""
        return self._report(by_mail=True)

    def action_mark_reported(self):
        """Note that a person told the agencies in another way."""
        return self._report(by_mail=False)

    def _report(self, by_mail):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(COLLECTOR):
            raise AccessError(self.env._("Only a collector can report to an agency."))
        waiting = self.filtered(lambda movement: not movement.is_known)
        if not waiting:
            raise UserError(self.env._("The agency knows of all of this already."))
        messages = self.env["collection.agency.message"]
        messages._check_address(waiting.agency_id if by_mail else self.env["collection.agency"])
        for agency, own in waiting.grouped("agency_id").items():
            own.sudo().is_known = True
            own._charge()
            messages._tell(agency, "payments", by_mail=by_mail, movements=own)
        message = self.env._("%(count)s movements are reported.", count=len(waiting))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": message, "type": "success", "next": {"type": "ir.actions.client", "tag": "soft_reload"}},
        }

    def action_open_entry(self):
        """Open the payment, credit note or entry behind the movement."""
        self.ensure_one()
        if not self.move_id:
            raise UserError(self.env._("There is no entry behind it."))
        return self.move_id.action_open_business_doc()
