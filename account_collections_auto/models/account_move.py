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
        """Odoo matches a credit note with what is due first of its invoice; one of a settlement is about the settled items."""
        # sudo: whoever posts a credit note need not see the offer that it comes from
        offers_sudo = self.env["collection.settlement.offer"].sudo()
        offers_sudo = reverse_moves and offers_sudo.search([("credit_note_ids", "in", reverse_moves.ids)])
        if not offers_sudo:
            return super()._reconcile_reversed_moves(reverse_moves, move_reverse_cancel)
        settled = reverse_moves & offers_sudo.credit_note_ids
        for credit_note in settled:
            offers_sudo.filtered(lambda offer, note=credit_note: note in offer.credit_note_ids)._match_credit_note(
                credit_note.sudo()
            )
        others = reverse_moves - settled
        super(AccountMove, others.reversed_entry_id)._reconcile_reversed_moves(others, move_reverse_cancel)
        return reverse_moves

    def action_view_collection_case(self):
        """Open the case of the customer."""
        return self.collection_case_id.partner_id.action_view_collection_case()
