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
        """The case of the document and the highest level in force among its open items."""
        items = self.env["collection.item"].search([("move_id", "in", self.ids)], order="level_days, id")
        by_move = items.grouped("move_id")
        for move in self:
            own = by_move.get(move, self.env["collection.item"])
            move.collection_case_id = own.case_id[:1]
            move.collection_level_id = own.filtered("level_id")[-1:].level_id

    def _search_collection_case_id(self, operator, value):
        return self._search_collection("case_id", operator, value)

    def _search_collection_level_id(self, operator, value):
        return self._search_collection("level_id", operator, value)

    def _search_collection(self, field, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        moves = self.env["collection.item"]._search(Domain(field, operator, value)).subselect("move_id")
        domain = Domain("id", "in", moves)
        if operator == "in" and False in value:
            domain |= ~Domain("id", "in", self.env["collection.item"]._search([]).subselect("move_id"))
        return domain

    def action_view_collection_case(self):
        """Open the case of the customer."""
        return self.collection_case_id.partner_id.action_view_collection_case()
