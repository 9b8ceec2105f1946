from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import withhold

_IS_RECEIVABLE = SQL(
    """EXISTS (SELECT 1 FROM account_account account
               WHERE account.id = line.account_id AND account.account_type = 'asset_receivable')"""
)


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
        """Set the flag where people's stops cover all open lines of a document on ``date``, give it back where none does.

        One statement for any number of documents: Odoo's own `write` reads and balances them one by one. A document with
        a flag of somebody else stays as it is.
        """
        date = date or company._collection_today()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """WITH wanted AS MATERIALIZED (%(covered)s),
                        ended AS (
                            DELETE FROM collection_mirror
                             WHERE company_id = %(company)s AND move_id NOT IN (SELECT move_id FROM wanted)
                            RETURNING move_id),
                        added AS (
                            INSERT INTO collection_mirror (move_id, company_id, create_uid, create_date, write_uid, write_date)
                            SELECT move_id, %(company)s, %(uid)s, %(now)s, %(uid)s, %(now)s FROM wanted
                             WHERE move_id NOT IN (SELECT move_id FROM collection_mirror)
                               AND NOT EXISTS (SELECT 1 FROM account_move_line line
                                                WHERE line.move_id = wanted.move_id AND line.no_followup AND %(is_ours)s)
                            RETURNING move_id),
                        changed (move_id, flag) AS (
                            SELECT move_id, FALSE FROM ended UNION ALL SELECT move_id, TRUE FROM added)
                   UPDATE account_move_line line SET no_followup = changed.flag, write_uid = %(uid)s, write_date = %(now)s
                     FROM changed
                    WHERE line.move_id = changed.move_id AND line.no_followup IS DISTINCT FROM changed.flag AND %(is_ours)s
                   RETURNING line.id""",
                covered=self._covered_moves_sql(company, date),
                company=company.id,
                is_ours=_IS_RECEIVABLE,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self._note_flags(rows)

    def _give_back(self):
        """Take the flags off these documents and forget that they were ours."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """UPDATE account_move_line line SET no_followup = FALSE, write_uid = %(uid)s, write_date = %(now)s
                    WHERE line.move_id = ANY(%(moves)s) AND line.no_followup AND %(is_ours)s
                   RETURNING line.id""",
                moves=self.move_id.ids,
                is_ours=_IS_RECEIVABLE,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self._note_flags(rows)
        self.unlink()

    def _note_flags(self, rows):
        """What was read before of these lines, and what depends on their flag, is not true any more."""
        self.invalidate_model(flush=False)
        # sudo: whoever records a stop need not see invoices
        lines = self.env["account.move.line"].sudo().browse([line_id for (line_id,) in rows])
        lines.invalidate_recordset(["no_followup"], flush=False)
        lines.modified(["no_followup"])

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
