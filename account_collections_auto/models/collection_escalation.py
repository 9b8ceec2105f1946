import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class CollectionEscalation(models.Model):
    """What a level set off besides its message: once for each item, level and round, whatever became of the message."""

    _name = "collection.escalation"
    _description = "Escalation"
    _order = "id desc"

    item_id = fields.Many2one("collection.item", required=True, readonly=True, index=True, ondelete="cascade")
    level_id = fields.Many2one("collection.level", required=True, readonly=True, index=True, ondelete="cascade")
    round = fields.Integer(required=True, readonly=True)
    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    action_id = fields.Many2one("collection.action", string="Message", readonly=True, index=True, ondelete="set null")
    date = fields.Date(readonly=True)

    _once = models.UniqueIndex("(item_id, level_id, round)", "This level was escalated for this item already.")

    @api.model
    def _run(self, actions):
        """Do what the levels of ``actions``, which were really sent just now, ask for.

        The same few statements for one message and for a hundred. A mistake in the configuration of an escalation holds up
        no message: it is logged, and the next message of the level tries again.
        """
        levels = actions.line_ids.level_id.filtered("has_escalation")
        if not levels:
            return
        try:
            with self.env.cr.savepoint():
                for level, cases in self._find_new(actions, levels).items():
                    level._escalate(cases)
        except UserError as error:
            _logger.info("The escalation of %s messages failed: %s", len(actions), error)

    def _find_new(self, actions, levels):
        """Record what the messages advance to one of ``levels`` for the first time. Returns {level: cases}."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO collection_escalation (item_id, level_id, round, case_id, company_id, action_id, date,
                                                      create_uid, create_date, write_uid, write_date)
                   SELECT DISTINCT ON (line.item_id, line.level_id, line.round)
                          line.item_id, line.level_id, line.round, action.case_id, action.company_id, action.id,
                          action.contact_date, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                     FROM collection_action_line line JOIN collection_action action ON action.id = line.action_id
                    WHERE action.id = ANY(%(actions)s) AND action.is_test IS NOT TRUE AND line.advances AND line.is_live
                      AND line.level_id = ANY(%(levels)s) AND line.item_id IS NOT NULL
                    ORDER BY line.item_id, line.level_id, line.round, action.id
                   ON CONFLICT (item_id, level_id, round) DO NOTHING
                   RETURNING level_id, case_id""",
                actions=actions.ids,
                levels=levels.ids,
                uid=self.env.uid,
            )
        )
        found = {}
        for level_id, case_id in rows:
            found.setdefault(level_id, set()).add(case_id)
        cases = self.env["collection.case"]
        return {level: cases.browse(sorted(found[level.id])) for level in levels if level.id in found}
