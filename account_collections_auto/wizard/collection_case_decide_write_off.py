from odoo import Command, fields, models
from odoo.exceptions import UserError


class CollectionCaseDecide(models.TransientModel):
    """After the last level: propose to write the debt off."""

    _inherit = "collection.case.decide"  # pylint: disable=consider-merging-classes-inherited

    choice = fields.Selection(selection_add=[("write_off", "Propose to write it off")], ondelete={"write_off": "set default"})
    write_off_scope = fields.Selection(
        [("finished", "What has passed the last level"), ("all", "All that is open")],
        string="What",
        default="finished",
        help="Each customer gets a proposal of its own for each currency. A second person approves or refuses it.",
    )

    def _apply_write_off(self):
        if not self.note:
            raise UserError(self.env._("Say why the money is given up: a second person decides about it."))
        write_offs = self.env["collection.write.off"].create(self._prepare_write_offs())
        if not write_offs:
            raise UserError(self.env._("Nothing of these customers has passed its last level: choose all that is open."))
        message = self.env._("%(subject)s: proposed to be written off; a second person approves it.", subject=self.subject)
        cases = write_offs.case_id
        cases.sudo().next_step = False  # sudo: derived by the cycle, which finds the same tomorrow
        cases._note_decision(self._describe_decision(message))
        return message, write_offs.ids

    def _prepare_write_offs(self):
        """Values of one proposal for each customer and currency."""
        items = self.case_ids.item_ids.filtered(lambda item: item.amount_residual_currency > 0)
        if self.write_off_scope != "all":
            items = items.filtered(lambda item: item._has_passed_last_level())
        resting = self.env["collection.write.off"].search([("state", "=", "proposed"), ("item_ids", "in", items.ids)])
        return [
            {
                "partner_id": case.partner_id.id,
                "company_id": case.company_id.id,
                "item_ids": [Command.set(chosen.ids)],
                "reason": self.note,
            }
            for (case, _currency), chosen in (items - resting.item_ids)
            .grouped(lambda item: (item.case_id, item.currency_id))
            .items()
        ]

    def _take_back_write_off(self, values):
        self.env["collection.write.off"].browse(values).filtered(lambda each: each.state == "proposed").action_withdraw()
        for company, cases in self.case_ids.grouped("company_id").items():
            cases.sudo().next_step = "decide"  # sudo: as above
            cases._ask_for_decision(company._collection_today())
