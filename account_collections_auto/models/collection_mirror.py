from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import withhold


class CollectionMirror(models.Model):
    """Remembers that Odoo's "no follow-up" on a document was set by a stop of ours, to give it back when the stop ends.

    A flag that a user set has no mirror and is never cleared by us.
    """

    _name = "collection.mirror"
    _description = "Mirrored No Follow-up"

    move_id = fields.Many2one("account.move", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)

    _move_unique = models.UniqueIndex("(move_id)", "The stop of this document is mirrored already.")

    @api.model
    def _sync(self, company, date=None):
        """Set the flag where people's stops cover all open lines of a document on ``date``, give it back where none does."""
        date = date or company._collection_today()
        self.env.flush_all()
        wanted = {row[0] for row in self.env.execute_query(self._covered_moves_sql(company, date))}
        mirrors = self.sudo().search([("company_id", "=", company.id)])
        new_ids = wanted - set(mirrors.move_id.ids)
        ended = mirrors.filtered(lambda mirror: mirror.move_id.id not in wanted)
        ended._give_back()
        moves = self.env["account.move"].sudo().browse(sorted(new_ids))
        lines = moves.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        flagged = lines.filtered("no_followup").move_id
        (lines.filtered(lambda line: line.move_id not in flagged)).write({"no_followup": True})
        self.sudo().create([{"move_id": move.id, "company_id": company.id} for move in moves if move not in flagged])

    def _give_back(self):
        lines = self.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.filtered("no_followup").write({"no_followup": False})
        self.unlink()

    @api.model
    def _covered_moves_sql(self, company, date):
        """SELECT of the documents all of whose open lines are wholly stopped; invoices and the like, no journal entries."""
        return SQL(
            """WITH stopped AS MATERIALIZED (
                   SELECT DISTINCT stop.item_id FROM (%s) stop (item_id, code, until, info, amount) WHERE amount IS NULL)
               SELECT item.move_id
                 FROM collection_item item JOIN account_move move ON move.id = item.move_id
                WHERE item.active AND move.move_type IN ('out_invoice', 'out_receipt')
                  AND item.move_id IN (SELECT held.move_id FROM stopped JOIN collection_item held ON held.id = stopped.item_id)
                GROUP BY item.move_id
               HAVING bool_and(item.id IN (SELECT item_id FROM stopped))""",
            SQL(" UNION ALL ").join(
                SQL("(%s)", self.env[model]._stopped_items_sql(company, date))
                for model in withhold.stop_models(self.env)
                if self.env[model]._is_made_by_person
            ),
        )
