from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..engine import as_of


class CollectionSnapshotDifference(models.Model):
    """Where today's ledger says something else about the end of a month than what was kept; read live.

    ``collection_snapshot_ids`` in the context: look at these month-ends only, which is quicker than a domain.
    """

    _name = "collection.snapshot.difference"
    _description = "Difference to a Month-End"
    _auto = False
    _order = "snapshot_id desc, partner_id, id"
    _rec_name = "move_name"

    snapshot_id = fields.Many2one("collection.snapshot", string="Month-End", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    move_id = fields.Many2one("account.move", string="Document", readonly=True)
    move_name = fields.Char(string="Number", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    date = fields.Date(readonly=True)
    amount_kept = fields.Monetary(string="Open as Kept", readonly=True, currency_field="company_currency_id")
    amount_now = fields.Monetary(string="Open by Today's Ledger", readonly=True, currency_field="company_currency_id")
    amount_difference = fields.Monetary(string="Difference", readonly=True, currency_field="company_currency_id")
    reason = fields.Selection(
        [
            ("booked", "Booked since, dated back"),
            ("gone", "Deleted, reset to draft or dated later since"),
            ("changed", "Amount changed since"),
            ("opened", "Open again: un-matched or posted since"),
            ("closed", "Matched since with an earlier date"),
            ("matching", "Matched differently since"),
        ],
        string="What Happened",
        readonly=True,
    )

    @property
    def _table_query(self):
        # sudo: who may see which row is said by the rule of this model; a month-end is about all branches of a root company
        snapshots = self.env["collection.snapshot"].sudo()
        wanted = self.env.context.get("collection_snapshot_ids")
        snapshots = snapshots.search_fetch([("id", "in", wanted)] if wanted else [], ["date", "company_id"])
        branches = self.env["res.company"].sudo().with_context(active_test=False)
        branches = branches.search([("id", "child_of", snapshots.company_id.ids)])
        dates = sorted(set(snapshots.mapped("date"))) or [fields.Date.today()]
        if len(dates) == 1:
            open_lines = as_of.open_lines_sql(self.env, branches.ids, dates[0])
            open_lines = SQL("SELECT %s::date AS as_of, line.* FROM (%s) line", dates[0], open_lines)
        else:
            open_lines = as_of.open_lines_over_sql(self.env, branches.ids, dates)
        return SQL(
            """SELECT snapshot_id::bigint << 32 | COALESCE(line_id, kept_id::bigint + (1::bigint << 31)) AS id, found.*
                 FROM (SELECT snapshot.id AS snapshot_id, snapshot.company_id, kept.id AS kept_id,
                              COALESCE(now.line_id, kept.move_line_id) AS line_id,
                              COALESCE(now.move_id, kept.move_id) AS move_id,
                              COALESCE(move.name, kept.move_name) AS move_name,
                              COALESCE(now.partner_id, kept.partner_id) AS partner_id,
                              COALESCE(now.date, kept.date) AS date,
                              COALESCE(kept.amount_residual, 0) AS amount_kept,
                              COALESCE(now.residual, 0) AS amount_now,
                              COALESCE(now.residual, 0) - COALESCE(kept.amount_residual, 0) AS amount_difference,
                              CASE WHEN line.id IS NULL OR line.parent_state != 'posted' THEN 'gone'
                                   WHEN now.line_id IS NULL AND line.date > snapshot.date THEN 'gone'
                                   WHEN line.create_date > snapshot.create_date THEN 'booked'
                                   WHEN kept.id IS NULL THEN 'opened'
                                   WHEN kept.amount != line.balance THEN 'changed'
                                   WHEN now.line_id IS NULL THEN 'closed'
                                   ELSE 'matching' END AS reason
                         FROM (SELECT snapshot.id AS snapshot_id, line.*
                                 FROM (%(open)s) line
                                 JOIN res_company company ON company.id = line.company_id
                                 JOIN collection_snapshot snapshot
                                   ON snapshot.date = line.as_of AND snapshot.id = ANY(%(snapshots)s)
                                  AND snapshot.company_id = split_part(company.parent_path, '/', 1)::int) now
                         FULL JOIN (SELECT * FROM collection_snapshot_line WHERE snapshot_id = ANY(%(snapshots)s)) kept
                           ON kept.snapshot_id = now.snapshot_id AND kept.move_line_id = now.line_id
                         JOIN collection_snapshot snapshot ON snapshot.id = COALESCE(now.snapshot_id, kept.snapshot_id)
                         LEFT JOIN account_move_line line ON line.id = COALESCE(now.line_id, kept.move_line_id)
                         LEFT JOIN account_move move ON move.id = line.move_id
                        WHERE now.residual IS DISTINCT FROM kept.amount_residual
                           OR now.residual_currency IS DISTINCT FROM kept.amount_residual_currency) found""",
            open=open_lines,
            snapshots=snapshots.ids,
        )

    def action_open_move(self):
        """Open the document."""
        self.ensure_one()
        if not self.move_id:
            raise UserError(self.env._("%(number)s was deleted since.", number=self.move_name or self.env._("The document")))
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }
