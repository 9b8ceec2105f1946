from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import contact_times


class CollectionAction(models.Model):
    """When a message may leave: contact rules move it to the next hour that they allow, and it says why."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    moved_reasons = fields.Json(readonly=True, help="What the contact rules had against leaving earlier.")
    moved_note = fields.Char(compute="_compute_moved_note", string="Leaves Later")

    @api.depends("moved_reasons", "scheduled_at", "state")
    @api.depends_context("lang", "tz")
    def _compute_moved_note(self):
        for action in self:
            action.moved_note = self.env["collection.policy"]._describe_time(action.scheduled_at, action.moved_reasons)

    def _set_contact_times(self, company, sources):
        """Let these queued actions of ``company`` wait for the first moment that its contact rules allow.

        ``sources``: SELECT of their recipients, as `contact_times` reads it. Reads and writes a constant number of times.
        """
        if not self:
            return
        rules = self.env["collection.policy"]._get_rules(company.root_id.id)
        now = fields.Datetime.now()
        self.env.flush_all()
        times = contact_times.find_times(self.env, rules, sources, now) if rules else {}
        contact_times.write_times(self.env, self.ids, times, now)
        self.invalidate_recordset(["scheduled_at", "moved_reasons"], flush=False)
        moments = {found.at for found in times.values() if found.reasons}
        if moments:
            self.env.ref("account_collections_auto.ir_cron_outbox").sudo()._trigger(at=sorted(moments))

    def _found_recipients_sql(self):
        """Return the SELECT of the recipients that `withhold` found for these actions."""
        return SQL(
            """SELECT action.id, action.channel, action.partner_id, recipient.partner_id
                 FROM collection_action action
                 JOIN collection_tmp_recipient recipient
                   ON recipient.case_id = action.case_id AND recipient.channel = action.channel
                  AND recipient.contact_id = COALESCE(action.contact_id, 0) AND recipient.problem IS NULL
                WHERE action.id = ANY(%s)""",
            self.ids,
        )

    def _written_recipients_sql(self):
        """Return the SELECT of the recipients to whom these actions are addressed."""
        recipients = self._fields["recipient_ids"]
        return SQL(
            """SELECT action.id, action.channel, action.partner_id, recipient.%(partner)s
                 FROM collection_action action LEFT JOIN %(relation)s recipient ON recipient.%(action)s = action.id
                WHERE action.id = ANY(%(ids)s)""",
            relation=SQL.identifier(recipients.relation),
            action=SQL.identifier(recipients.column1),
            partner=SQL.identifier(recipients.column2),
            ids=self.ids,
        )

    def _find_closed(self, moment):
        """Return {action: when it may leave} of these actions, on their way out, that no contact rule lets go at ``moment``."""
        closed = {}
        for company, actions in self.grouped("company_id").items():
            rules = self.env["collection.policy"]._get_rules(company.root_id.id)
            if rules:
                self.env.flush_all()
                times = contact_times.find_times(self.env, rules, actions._written_recipients_sql(), moment)
                closed |= {actions.browse(action_id): found.at for action_id, found in times.items() if found.reasons}
        return closed
