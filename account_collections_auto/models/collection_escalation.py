from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL

from ..engine.attempt import attempt_each

TODO_FAILED = "account_collections_auto.mail_activity_type_escalation_failed"
# Of many customers, whom a to-do names.
NAMED = 20


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

        The same few statements for one message and for a hundred. What fails holds up no message and nothing else that a
        level asks for: a manager gets a to-do, so that a person does it.
        """
        levels = actions.line_ids.level_id.filtered("has_escalation")
        if not levels:
            return
        for level, cases in self._find_new(actions, levels).items():
            for step in level._get_escalation_steps():
                if errors := attempt_each(cases, step.do):
                    self._ask_manager(level, step, errors)

    def _ask_manager(self, level, step, errors):
        """Note on each case what was not done, and why. One to-do for all of them: a mistake in a level fails for many."""
        cases = self.env["collection.case"].union(*errors)
        notes = {
            case.id: self.env._(
                "%(level)s: %(step)s failed. %(reason)s",
                level=level.name,
                step=step.label,
                reason=self.env["collection.reason"]._describe_error(error),
            )
            for case, error in errors.items()
        }
        cases._message_log_batch(bodies=notes)
        for company, own in cases.grouped("company_id").items():
            summary = self.env._("%(level)s: %(step)s failed. Do it by hand", level=level.name, step=step.label)
            if len(own) > 1:
                summary = self.env._(
                    "%(level)s: %(step)s failed for %(count)s customers. Do it by hand",
                    level=level.name,
                    step=step.label,
                    count=len(own),
                )
            first = own[0].with_context(mail_activity_quick_update=True)
            first.activity_schedule(
                TODO_FAILED,
                date_deadline=company._collection_today(),
                user_id=company._collection_responsible().id,
                summary=summary,
                note=Markup("<br/>").join(f"{case.display_name}: {notes[case.id]}" for case in own[:NAMED]),
            )

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
