from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import contact_times


class CollectionStatementSent(models.Model):
    """When a statement may leave: contact rules let it wait for the next hour that they allow."""

    _inherit = "collection.statement.sent"  # pylint: disable=consider-merging-classes-inherited

    scheduled_at = fields.Datetime(string="Leaves", readonly=True, help="Not before this moment; empty: at once.")
    moved_reasons = fields.Json(readonly=True, help="What the contact rules had against leaving earlier.")
    moved_note = fields.Char(compute="_compute_moved_note", string="Leaves Later")

    @api.depends("moved_reasons", "scheduled_at")
    @api.depends_context("lang")
    def _compute_moved_note(self):
        for sent in self:
            sent.moved_note = self.env["collection.policy"]._describe_time(sent.scheduled_at, sent.moved_reasons)

    def _wait_for_hours(self, company):
        """Let those of these addressed statements wait that no contact rule lets go now; return them. Tests do not wait."""
        rules = self.env["collection.policy"]._get_rules(company.root_id.id)
        real = self.filtered(lambda sent: not sent.is_test)
        if not rules or not real:
            return self.browse()
        self.env.flush_all()
        times = contact_times.find_times(self.env, rules, real._recipients_sql(), fields.Datetime.now())
        later = real.filtered(lambda sent: times[sent.id].reasons)
        for sent in later:
            sent.write({"scheduled_at": times[sent.id].at, "moved_reasons": times[sent.id].reasons})
        if later:
            moments = sorted(set(later.mapped("scheduled_at")))
            self.env.ref("account_collections_auto.ir_cron_statements").sudo()._trigger(at=moments)
        return later

    def _recipients_sql(self):
        recipients = self._fields["recipient_ids"]
        return SQL(
            """SELECT sent.id, 'email', sent.partner_id, recipient.%(partner)s
                 FROM collection_statement_sent sent
                 LEFT JOIN %(relation)s recipient ON recipient.%(sent)s = sent.id
                WHERE sent.id = ANY(%(ids)s)""",
            relation=SQL.identifier(recipients.relation),
            sent=SQL.identifier(recipients.column1),
            partner=SQL.identifier(recipients.column2),
            ids=self.ids,
        )
