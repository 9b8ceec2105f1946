from odoo import Command, api, fields, models


class CollectionCase(models.Model):
    """The settlement offers of a case, and the credit notes that let go of a part of an invoice."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    settlement_ids = fields.One2many("collection.settlement.offer", "case_id", string="Settlement Offers")
    settlement_count = fields.Integer(compute="_compute_settlement_count")

    def _compute_settlement_count(self):
        counts = dict(
            self.env["collection.settlement.offer"]._read_group(
                [("case_id", "in", self.ids), ("state", "!=", "cancelled")], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.settlement_count = counts.get(case, 0)

    def action_settlement_offer(self):
        """Offer to let go of a part of what is overdue, if the rest is paid by a day."""
        self.ensure_one()
        items = self.item_ids.filtered(lambda item: item.amount_residual_currency > 0)
        stopped = items._find_stops()
        items = items.filtered(lambda item: item not in stopped) or items
        items = items.filtered(lambda item: item.days_overdue > 0) or items
        items = items.filtered(lambda item: item.currency_id == items[0].currency_id)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_collections_auto.collection_settlement_offer_action_new"
        )
        return action | {
            "context": {
                "default_partner_id": self.partner_id.id,
                "default_company_id": self.company_id.id,
                "default_item_ids": [Command.set(items.ids)],
                "default_pay_by": fields.Date.add(self.company_id._collection_today(), days=14),
            }
        }

    @api.model
    def _draft_credit_note(self, move, amount, ref):
        """Return a draft credit note over ``amount``, with tax, of the invoice ``move``: its lines, each in proportion.

        A tax that is an amount per unit follows the quantity, every other one the price. Where taxes and rounding allow no
        such total, the draft says so (see `_is_over`).
        """
        # sudo: whoever settles need not be an accountant; an accountant posts the draft
        move = move.sudo()
        today = move.company_id._collection_today()
        credit_note = move._reverse_moves([{"invoice_date": today, "ref": ref, "invoice_origin": move.name}], cancel=False)
        share = amount / move.amount_total
        products = credit_note.invoice_line_ids.filtered(lambda line: line.display_type == "product" and line.price_total)
        if share < 1:
            credit_note.invoice_line_ids = [Command.update(line.id, self._scale(line, share)) for line in products]
        # Rounding of each line and tax: the largest line takes the last cents. Taxes are rounded again, hence more than once.
        largest = max(products, key=lambda line: abs(line.price_total), default=products)
        for _attempt in range(3):
            rest = move.currency_id.round(amount - credit_note.amount_total)
            if not rest or not largest.quantity:
                break
            net = rest * (largest.price_subtotal / (largest.price_total or 1.0)) / largest.quantity
            credit_note.invoice_line_ids = [Command.update(largest.id, {"price_unit": largest.price_unit + net})]
        if not self._is_over(credit_note, amount):
            credit_note._message_log(
                body=self.env._(
                    "This draft was to be over %(wanted)s; with these taxes it comes to %(total)s. Correct it first.",
                    wanted=move.currency_id.format(amount),
                    total=move.currency_id.format(credit_note.amount_total),
                )
            )
        return credit_note

    @api.model
    def _scale(self, line, share):
        """Return the values of an invoice line that is ``share`` of what it is."""
        per_unit = line.tax_ids.flatten_taxes_hierarchy().filtered(lambda tax: tax.amount_type == "fixed")
        return {"quantity": line.quantity * share} if per_unit else {"price_unit": line.price_unit * share}

    @api.model
    def _is_over(self, credit_note, amount):
        return not credit_note.currency_id.compare_amounts(credit_note.amount_total, amount)
