from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CollectionCycleLine(models.Model):
    """What changed for a customer since the last cycle that contacted anybody."""

    _inherit = "collection.cycle.line"  # pylint: disable=consider-merging-classes-inherited

    change = fields.Selection(
        [("new", "New"), ("higher", "Higher level"), ("same", "Same level again")],
        compute="_compute_change",
        search="_search_change",
        string="Since the Last Cycle",
        help="New: the last cycle did not contact this customer. Higher level: it did, at a lower level.",
    )
    missing_in_cycle_id = fields.Many2one(
        "collection.cycle",
        compute="_compute_missing_in_cycle_id",
        search="_search_missing_in_cycle_id",
        string="Not Contacted By",
        help="The cycle compared with this one, if it does not contact the customer.",
    )
    outcome = fields.Char(compute="_compute_outcome", string="What Happened Since")

    @api.model
    def _levels_by_case(self, cycle_id):
        """Return a SELECT of (case_id, days, amount): the highest level at which a cycle contacts each customer."""
        return SQL(
            """SELECT line.case_id, max(COALESCE(level.days_overdue, 0)) AS days, max(line.amount) AS amount
                 FROM collection_cycle_line line LEFT JOIN collection_level level ON level.id = line.level_id
                WHERE line.cycle_id = %s AND line.decision = 'planned'
                GROUP BY line.case_id""",
            cycle_id,
        )

    def _change_sql(self, alias):
        """SQL for the change of the rows of ``alias``; NULL for what is not planned or cannot be compared."""
        return SQL(
            """(SELECT CASE WHEN before.days IS NULL THEN 'new'
                            WHEN level.days_overdue > before.days THEN 'higher' ELSE 'same' END
                  FROM collection_cycle cycle
                  LEFT JOIN collection_level level ON level.id = %(level)s
                  LEFT JOIN LATERAL (
                      SELECT max(COALESCE(former.days_overdue, 0)) AS days
                        FROM collection_cycle_line line LEFT JOIN collection_level former ON former.id = line.level_id
                       WHERE line.cycle_id = cycle.previous_id AND line.case_id = %(case)s AND line.decision = 'planned'
                  ) before ON TRUE
                 WHERE cycle.id = %(cycle)s AND cycle.previous_id IS NOT NULL AND %(decision)s = 'planned')""",
            level=SQL.identifier(alias, "level_id"),
            case=SQL.identifier(alias, "case_id"),
            cycle=SQL.identifier(alias, "cycle_id"),
            decision=SQL.identifier(alias, "decision"),
        )

    @api.depends("decision", "level_id", "cycle_id.previous_id")
    def _compute_change(self):
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT id, %s FROM %s WHERE id = ANY(%s)", self._change_sql(self._table), SQL.identifier(self._table), self.ids
            )
        )
        changes = dict(rows)
        for line in self:
            line.change = changes.get(line.id)

    def _search_change(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.custom(to_sql=lambda model, alias, query: SQL("%s = ANY(%s)", model._change_sql(alias), list(value)))

    def _compute_missing_in_cycle_id(self):
        """The cycle named in the context, where the list of those who are gone is shown."""
        cycle = self.env["collection.cycle"].browse(self.env.context.get("collection_compared_cycle_id"))
        contacted = set()
        if cycle:
            planned = [("cycle_id", "=", cycle.id), ("decision", "=", "planned"), ("case_id", "in", self.case_id.ids)]
            contacted = set(self.search(planned).case_id.ids)
        for line in self:
            line.missing_in_cycle_id = cycle if line.case_id.id not in contacted else False

    def _search_missing_in_cycle_id(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                """NOT EXISTS (SELECT 1 FROM collection_cycle_line now
                                WHERE now.cycle_id = ANY(%s) AND now.case_id = %s AND now.decision = 'planned')""",
                list(value),
                SQL.identifier(alias, "case_id"),
            )
        )

    @api.depends_context("collection_compared_cycle_id", "lang")
    def _compute_outcome(self):
        """Why the cycle named in the context does not contact the customer of an earlier cycle."""
        cycle_id = self.env.context.get("collection_compared_cycle_id")
        others = self.search([("cycle_id", "=", cycle_id), ("case_id", "in", self.case_id.ids)]) if cycle_id else self.browse()
        reasons = {line.case_id: line.reason for line in others if line.decision != "planned"}
        for line in self:
            if line.case_id.state == "closed":
                line.outcome = line.env._("Nothing is open any more")
            else:
                line.outcome = reasons.get(line.case_id) or line.env._("No further level is reached yet")
