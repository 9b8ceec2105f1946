from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..engine import ageing


class CollectionCase(models.Model):
    """The worklist: what cases are filtered, grouped and sorted by, and what a person decides about many of them."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    ageing_bucket = fields.Selection(
        selection="_selection_ageing_bucket",
        compute="_compute_calendar_figures",
        search="_search_ageing_bucket",
        string="Ageing",
        help="How long the oldest open item has been overdue, today.",
    )
    last_contact_date = fields.Date(
        compute="_compute_calendar_figures",
        search="_search_last_contact_date",
        string="Last Contact",
        help="The last day on which a reminder left, or somebody wrote or called.",
    )
    next_level_date = fields.Date(
        compute="_compute_calendar_figures",
        search="_search_next_level_date",
        string="Next Level",
        help="The day on which an item reaches its next level. Today: it has, and goes with the next cycle, unless something "
        "holds it back. Empty: nothing comes by itself.",
    )
    withheld_code = fields.Selection(
        selection=lambda self: self.env["collection.reason"]._selection_code(),
        compute="_compute_calendar_figures",
        search="_search_withheld_code",
        string="Held Back",
        help="Why the last cycle held this customer back.",
    )
    snooze_until = fields.Date(
        tracking=True,
        copy=False,
        string="Snoozed Until",
        help="The case comes back to the worklist on this day. Messages go on; a hold stops them.",
    )
    snooze_reason = fields.Char(tracking=True, copy=False, string="Reason of the Snooze")
    is_snoozed = fields.Boolean(
        compute="_compute_calendar_figures", search="_search_is_snoozed", string="Snoozed", help="Not in the worklist today."
    )
    country_id = fields.Many2one(related="partner_id.country_id", string="Country")
    salesperson_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    category_ids = fields.Many2many(related="partner_id.category_id", string="Customer Tags")

    @api.model
    def _selection_ageing_bucket(self):
        names = self.env["collection.statement.document"]._bucket_names()
        return [(bucket.code, name) for bucket, name in zip(ageing.BUCKETS, names, strict=True)]

    # -- figures of the day ------------------------------------------------------------------------------------------

    @api.depends("snooze_until")
    def _compute_calendar_figures(self):
        return super()._compute_calendar_figures()

    def _calendar_expressions(self, alias, today):
        case_id = SQL.identifier(alias, "id")
        days = SQL("(%s - %s)", today, SQL.identifier(alias, "oldest_due_date"))
        return super()._calendar_expressions(alias, today) | {
            "ageing_bucket": SQL(
                "CASE %s END",
                SQL(" ").join(
                    SQL("WHEN %s <= %s THEN %s", days, bucket.last, bucket.code)
                    if bucket.last is not None
                    else SQL("WHEN %s >= %s THEN %s", days, bucket.first, bucket.code)
                    for bucket in ageing.BUCKETS
                ),
            ),
            "last_contact_date": SQL(
                """GREATEST(%s, (SELECT max(contact.contact_date) FROM collection_action contact
                                 WHERE contact.case_id = %s AND contact.state IN ('sent', 'delivered')
                                   AND contact.channel != 'record' AND contact.is_test IS NOT TRUE))""",
                SQL.identifier(alias, "last_written_date"),
                case_id,
            ),
            "next_level_date": SQL(
                "CASE WHEN %(next_step)s IS NULL AND %(date)s IS NOT NULL THEN GREATEST(%(date)s, %(today)s) END",
                next_step=SQL.identifier(alias, "next_step"),
                date=SQL.identifier(alias, "next_action_date"),
                today=today,
            ),
            "withheld_code": SQL(
                """(SELECT min(decision.reason_code) FROM collection_cycle_line decision
                     WHERE decision.case_id = %s AND decision.decision != 'planned' AND decision.cycle_id = ANY(ARRAY(
                           SELECT DISTINCT ON (company_id) id FROM collection_cycle
                            WHERE state = 'done' ORDER BY company_id, date DESC)))""",
                case_id,
            ),
            "is_snoozed": SQL("(COALESCE(%s, %s) > %s)", SQL.identifier(alias, "snooze_until"), today, today),
        }

    def _search_ageing_bucket(self, operator, value):
        return self._search_calendar_figure("ageing_bucket", operator, value)

    def _search_last_contact_date(self, operator, value):
        return self._search_calendar_figure("last_contact_date", operator, value)

    def _search_next_level_date(self, operator, value):
        return self._search_calendar_figure("next_level_date", operator, value)

    def _search_withheld_code(self, operator, value):
        return self._search_calendar_figure("withheld_code", operator, value)

    def _search_is_snoozed(self, operator, value):
        return self._search_calendar_figure("is_snoozed", operator, value)

    # -- decisions of a person, about one case or many ---------------------------------------------------------------

    def action_assign_collector(self):
        """Ask who works these cases from now on."""
        return self._open_decision("collection.assign", self.env._("Assign Collector"))

    def action_hold(self):
        """Ask why and until when these customers are not contacted."""
        return self._open_decision("collection.hold.start", self.env._("Put on Hold"))

    def action_change_plan(self):
        """Ask which plan these customers follow from now on, and show what that changes."""
        return self._open_decision("collection.change.plan", self.env._("Change Plan"))

    def action_snooze(self):
        """Ask until when these cases stay out of the worklist."""
        return self._open_decision("collection.snooze", self.env._("Snooze"))

    def action_unsnooze(self):
        """Put these cases back into the worklist today. Offers to snooze them again, as they were."""
        self._check_collector()
        snoozed = self.filtered("snooze_until")
        return self.env["collection.unsnooze"].create({"case_ids": snoozed.ids}).action_apply() if snoozed else False

    def action_log_call(self):
        """Ask what came out of a call with this customer."""
        self.ensure_one()
        return self._open_decision("collection.call.log", self.env._("Log a Call"))

    def _open_decision(self, wizard, title):
        self._check_collector()
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": wizard,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_case_ids": self.ids},
        }

    def _check_collector(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can decide about cases."))
