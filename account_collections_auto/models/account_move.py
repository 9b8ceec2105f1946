import uuid

from odoo import fields, models
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"

    # From birth: a reminder links to the signed page, and must not write on invoices that people are working on.
    access_token = fields.Char(default=lambda self: str(uuid.uuid4()))

    collection_case_id = fields.Many2one(
        "collection.case",
        compute="_compute_collection",
        search="_search_collection_case_id",
        string="Collection Case",
        groups="account_collections_auto.group_collection_auditor",
    )
    collection_level_id = fields.Many2one(
        "collection.level",
        compute="_compute_collection",
        search="_search_collection_level_id",
        string="Dunning Level",
        groups="account_collections_auto.group_collection_auditor",
    )

    def _compute_collection(self):
        """The case of the document, paid or not, and the highest level in force among its open items."""
        items = self.env["collection.item"].with_context(active_test=False)
        items = items.search([("move_id", "in", self.ids)], order="level_days, id")
        by_move = items.grouped("move_id")
        for move in self:
            own = by_move.get(move, self.env["collection.item"])
            move.collection_case_id = own.case_id[:1]
            move.collection_level_id = own.filtered(lambda item: item.active and item.level_id)[-1:].level_id

    def _search_collection_case_id(self, operator, value):
        return self._search_collection("case_id", operator, value)

    def _search_collection_level_id(self, operator, value):
        return self._search_collection("level_id", operator, value)

    def _search_collection(self, field, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        items = self.env["collection.item"].with_context(active_test=field == "level_id")  # paid ones keep their case
        moves = items._search(Domain(field, operator, value)).subselect("move_id")
        domain = Domain("id", "in", moves)
        if operator == "in" and False in value:
            domain |= ~Domain("id", "in", items._search([]).subselect("move_id"))
        return domain

    def _reconcile_reversed_moves(self, reverse_moves, move_reverse_cancel):
        """Odoo matches a credit note with what is due first of its invoice; ours reduces first the items that it is about."""
        # sudo: whoever posts a credit note need not see what it comes from
        dispute_lines_sudo = self.env["collection.dispute.line"].sudo().search([("credit_note_id", "in", reverse_moves.ids)])
        for company, lines_sudo in dispute_lines_sudo.grouped("company_id").items():
            lines_sudo.credited_on = company._collection_today()
        for credit_note, items_sudo in reverse_moves._find_credited_items(dispute_lines_sudo).items():
            lines_sudo = credit_note.sudo().line_ids | items_sudo.move_line_id
            lines_sudo = lines_sudo.filtered(
                lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
            )
            for of_account in lines_sudo.grouped("account_id").values():
                of_account.with_context(move_reverse_cancel=move_reverse_cancel).reconcile()
        return super()._reconcile_reversed_moves(reverse_moves, move_reverse_cancel)

    def _find_credited_items(self, dispute_lines_sudo):
        """Return {credit note: its items} of those that a settlement made, or a dispute with its ``dispute_lines_sudo``."""
        if not self:
            return {}
        found = {note: lines.item_id for note, lines in dispute_lines_sudo.grouped("credit_note_id").items()}
        # sudo: as for disputes
        offers_sudo = self.env["collection.settlement.offer"].sudo().search([("credit_note_ids", "in", self.ids)])
        for note in self & offers_sudo.credit_note_ids:
            items = offers_sudo.filtered(lambda offer, note=note: note in offer.credit_note_ids).item_ids
            found[note] = items.filtered(lambda item, note=note: item.move_id == note.reversed_entry_id)
        return found

    def action_view_collection_case(self):
        """Open the case of the customer."""
        return self.collection_case_id.partner_id.action_view_collection_case()
