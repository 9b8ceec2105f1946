from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import returned, withhold

# Without contact for so many days, a customer may be called; so many of them a day and company, the largest first.
DAYS_WITHOUT_CONTACT = 14
CALLS_A_DAY = 10
# So many of the largest are looked at more closely: is their money on its way?
CANDIDATES = 5 * CALLS_A_DAY


class CollectionCase(models.Model):
    """Which cases a person has to deal with today. Each flag is a search, so that a list shows what a number counted."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    is_mine = fields.Boolean(
        compute="_compute_is_mine",
        search="_search_is_mine",
        string="Answered by Me",
        help="You are its collector; or it has none, and you are the default collector of the company.",
    )
    is_to_decide = fields.Boolean(
        compute="_compute_is_to_decide",
        search="_search_is_to_decide",
        string="To Decide",
        help="The last level has passed, or the final notice has expired, and nothing stops the customer.",
    )
    is_to_call = fields.Boolean(
        compute="_compute_is_to_call",
        search="_search_is_to_call",
        string="To Call Today",
        help="Among the largest overdue customers without a contact for two weeks, and without a message on its way.",
    )

    partner_phone = fields.Char(related="partner_id.phone")

    # Each alone: whom to call is asked of all cases of a company, and a form that shows another flag need not wait for it.

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_mine(self):
        self._compute_today_flag("is_mine")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_to_decide(self):
        self._compute_today_flag("is_to_decide")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_to_call(self):
        self._compute_today_flag("is_to_call")

    def _compute_today_flag(self, name):
        found = self.search([("id", "in", self.ids), (name, "=", True)])
        for case in self:
            case[name] = case._origin in found

    def _search_is_mine(self, operator, value):
        return self._search_today_flag(operator, self._mine_sql)

    def _search_is_to_decide(self, operator, value):
        return self._search_today_flag(operator, self._to_decide_sql)

    def _search_is_to_call(self, operator, value):
        return self._search_today_flag(operator, self._to_call_sql)

    @api.model
    def _search_today_flag(self, operator, condition):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()  # the conditions below are SQL
        return Domain.custom(to_sql=lambda model, alias, query: condition(alias))

    # -- conditions on a row of collection_case -----------------------------------------------------------------------

    @api.model
    def _mine_sql(self, alias):
        """Return the condition that the current user answers for the case ``alias``, also for who is away today."""
        people, companies, teams = self._find_mine()
        return SQL(
            """(%(user)s = ANY(%(people)s) OR (%(user)s IS NULL AND CASE WHEN %(team)s IS NULL
                    THEN %(company)s = ANY(%(companies)s) ELSE %(team)s = ANY(%(teams)s) END))""",
            user=SQL.identifier(alias, "user_id"),
            team=SQL.identifier(alias, "team_id"),
            company=SQL.identifier(alias, "company_id"),
            people=people,
            companies=companies,
            teams=teams,
        )

    @api.model
    def _mine_test(self):
        """Return the same condition as `_mine_sql` as a function of a case's user_id, team_id and company_id."""
        people, companies, teams = self._find_mine()

        def is_mine(user_id, team_id, company_id):
            if user_id:
                return user_id in people
            return team_id in teams if team_id else company_id in companies

        return is_mine

    @api.model
    def _find_mine(self):
        """Return the ids of the users whose work is the current user's today, and of their companies and teams."""
        people = self.env.user._collection_answers_for(self.env.company._collection_today()).ids
        companies = self.env["res.company"].sudo().search([("collection_user_id", "in", people)])
        teams = self.env["collection.team"].sudo().with_context(active_test=False).search([("leader_id", "in", people)])
        return people, companies.ids, teams.ids

    @api.model
    def _at_hand_sql(self, alias, what="messages"):
        """Return the condition that a person may deal with the case today: not snoozed, and no stop of all of it in force.

        ``what`` the stop would have to stop: "messages" or "calls".
        """
        today = self._today_sql(alias)
        awake = SQL("COALESCE(%s, %s) <= %s", SQL.identifier(alias, "snooze_until"), today, today)
        return SQL("%s AND NOT (%s)", awake, self._stopped_sql(alias, what))

    @api.model
    def _stopped_sql(self, alias, what="messages", day=None):
        """Return the condition that a stop of the whole customer is in force on ``day``, SQL (default: today).

        Found once for all rows.
        """
        stops = [self.env[model]._stopped_partners_sql(what, day) for model in withhold.stop_models(self.env)]
        return self._debtor_among_sql(alias, SQL(" UNION ALL ").join(SQL("(%s)", stop) for stop in stops))

    @api.model
    def _debtor_among_sql(self, alias, partners):
        """Return the condition that the customer of the case ``alias`` is one of ``partners``, or above one of them.

        ``partners``: a SELECT of (company_id, partner_id).
        """
        return SQL(
            """(%s, %s) IN (SELECT found.company_id, %s FROM (%s) found (company_id, partner_id)
                              JOIN res_partner debtor ON debtor.id = found.partner_id)""",
            SQL.identifier(alias, "company_id"),
            SQL.identifier(alias, "partner_id"),
            self._debtor_sql("debtor"),
            partners,
        )

    @api.model
    def _to_decide_sql(self, alias):
        return SQL(
            """%(state)s = 'open' AND %(at_hand)s AND (%(next_step)s = 'decide' OR %(id)s IN (
                   SELECT item.case_id
                     FROM collection_item item
                     JOIN collection_level level ON level.id = item.level_id AND level.final_notice
                    WHERE item.active AND item.amount_residual_currency > 0 AND item.is_small IS NOT TRUE
                      AND item.deadline < %(today)s AND NOT (%(resting)s)))""",
            resting=self._resting_item_sql("item"),
            state=SQL.identifier(alias, "state"),
            at_hand=self._at_hand_sql(alias),
            next_step=SQL.identifier(alias, "next_step"),
            id=SQL.identifier(alias, "id"),
            today=self._today_sql("item"),
        )

    @api.model
    def _resting_item_sql(self, alias, what="messages"):
        """Return the condition that a stop of all of the item ``alias`` is in force today. A dispute may be about a part.

        ``what`` the stop would have to stop: "messages" or "calls".
        """
        today = self._today_sql(alias)
        conditions = []
        for model in withhold.stop_models(self.env):
            if model == "collection.dispute":
                continue
            items = self.env[model]._fields["item_ids"]
            relation, stop_column, item_column = (
                SQL.identifier(name) for name in (items.relation, items.column1, items.column2)
            )
            conditions.append(
                SQL(
                    """EXISTS (SELECT 1 FROM %(relation)s link JOIN %(table)s stop ON stop.id = link.%(stop_column)s
                                WHERE link.%(item_column)s = %(item)s AND %(in_force)s AND %(stops)s)""",
                    stops=self.env[model]._stops_sql(what),
                    relation=relation,
                    table=SQL.identifier(self.env[model]._table),
                    stop_column=stop_column,
                    item_column=item_column,
                    item=SQL.identifier(alias, "id"),
                    in_force=self.env[model]._in_force_sql(today),
                )
            )
        return SQL(" OR ").join(conditions)

    @api.model
    def _to_call_sql(self, alias):
        """The largest of each company as of this morning: who is called leaves the list, and nobody slips in behind.

        A customer with a message on its way, or to approve, is about to hear from us anyway. Credits and payments on their
        way count as paid, and money that lies unmatched in the bank settles the matter for these days. What is disputed,
        promised, paid in instalments or stopped otherwise is nothing to call about, nor is what looks like a returned payment:
        somebody matches it first.
        """
        today = self._today_sql("kase")
        own = self._mine_sql("kase") if self.env["collection.today"]._only_mine() else SQL("TRUE")
        contacted = SQL(
            """SELECT contact.case_id FROM collection_action contact
                WHERE contact.state IN ('sent', 'delivered') AND contact.channel != 'record'
                  AND contact.is_test IS NOT TRUE"""
        )
        return SQL(
            """%(id)s IN (
                   WITH quiet AS MATERIALIZED (
                       SELECT kase.id, kase.company_id, kase.partner_id, kase.plan_id, kase.last_written_date,
                              %(overdue)s - kase.amount_credit AS net
                         FROM collection_case kase
                        WHERE kase.company_id = ANY(%(companies)s) AND kase.state = 'open' AND kase.amount_due > 0
                          AND kase.oldest_due_date < %(today)s AND %(own)s AND %(at_hand)s
                          AND kase.partner_id NOT IN (SELECT partner_id FROM res_company)
                          AND (kase.last_written_date IS NULL OR kase.last_written_date = %(today)s
                               OR kase.last_written_date <= %(today)s - %(days)s)
                          AND kase.id NOT IN (SELECT case_id FROM collection_action
                                               WHERE state IN ('planned', 'review', 'queued'))
                          AND kase.id NOT IN (%(contacted)s AND contact.contact_date > %(contact_today)s - %(days)s
                                                 AND NOT %(call_today)s)
                   ), candidate AS MATERIALIZED (
                       SELECT owing.id AS case_id, owing.company_id, owing.partner_id AS debtor_id, owing.last_written_date,
                              owing.net, plan.in_transit_days, plan.tolerance_amount
                         FROM (SELECT quiet.*, row_number() OVER (PARTITION BY quiet.company_id
                                                                ORDER BY quiet.net DESC, quiet.id) AS place
                                 FROM quiet) owing
                         JOIN collection_plan plan ON plan.id = owing.plan_id
                        WHERE owing.place <= %(candidates)s
                   ), candidate_item AS MATERIALIZED (
                       SELECT item.id AS item_id, item.case_id, item.move_id, item.move_line_id, item.amount_residual,
                              item.amount_residual_currency, item.amount_residual < 0 AS is_credit, (%(resting)s) AS rests,
                              item.amount_residual > 0 AND item.due_date < %(item_today)s AND item.is_small IS NOT TRUE
                                  AS collectable
                         FROM candidate JOIN collection_item item ON item.case_id = candidate.case_id AND item.active
                   ), disputed AS (
                       SELECT item_id, sum(amount) AS amount FROM (%(disputed)s) part (item_id, amount) GROUP BY item_id
                   ), coming AS (
                       SELECT item.case_id, sum(CASE WHEN item.rests OR payment.item_id IS NOT NULL THEN item.amount_residual
                                                     ELSE item.amount_residual * LEAST(
                                                         disputed.amount / NULLIF(item.amount_residual_currency, 0), 1)
                                                END) AS amount
                         FROM candidate_item item
                         LEFT JOIN (SELECT item_id FROM (%(payment)s) paid UNION
                                    SELECT item_id FROM (%(returned)s) taken_back) payment USING (item_id)
                         LEFT JOIN disputed USING (item_id)
                        WHERE item.collectable AND (item.rests OR payment.item_id IS NOT NULL OR disputed.amount > 0)
                        GROUP BY item.case_id
                   )
                   SELECT kase.id FROM (
                       SELECT candidate.case_id AS id, candidate.company_id, candidate.last_written_date,
                              row_number() OVER (PARTITION BY candidate.company_id
                                                 ORDER BY candidate.net - COALESCE(coming.amount, 0) DESC, candidate.case_id
                                                ) AS place
                         FROM candidate LEFT JOIN coming ON coming.case_id = candidate.case_id
                        WHERE candidate.net - COALESCE(coming.amount, 0) > candidate.tolerance_amount
                          AND candidate.case_id NOT IN (%(in_bank)s)
                   ) kase
                    WHERE place <= %(calls)s AND kase.last_written_date IS DISTINCT FROM %(today)s
                      AND kase.id NOT IN (%(contacted)s AND %(call_today)s))""",
            id=SQL.identifier(alias, "id"),
            contacted=contacted,
            contact_today=self._today_sql("contact"),
            call_today=SQL("(contact.channel = 'call' AND contact.contact_date = %s)", self._today_sql("contact")),
            today=today,
            item_today=self._today_sql("item"),
            companies=self.env.companies.ids,
            overdue=self._calendar_expressions("kase", today)["amount_overdue"],
            own=own,
            at_hand=self._at_hand_sql("kase", "calls"),
            days=DAYS_WITHOUT_CONTACT,
            candidates=CANDIDATES,
            calls=CALLS_A_DAY,
            payment=withhold.payment_on_its_way(SQL("candidate_item")),
            returned=returned.returned_sql(self.env, SQL("candidate_item")),
            resting=self._resting_item_sql("item", "calls"),
            disputed=self.env["collection.dispute"]._unclaimed_sql(
                SQL("line.item_id IN (SELECT item_id FROM candidate_item)"), self._today_sql("stop")
            ),
            in_bank=self._in_bank_sql(SQL("candidate"), SQL("candidate_item")),
        )

    @api.model
    def _in_bank_sql(self, cases, items):
        """Return a SELECT of those ``cases`` whose money lies in the bank and is not matched yet, as a cycle would find it."""
        found = []
        for company in self.env.companies.root_id & self.env.companies:
            own = SQL("(SELECT * FROM %s WHERE company_id = %s)", cases, company.id)
            query = withhold.unmatched_bank_line(company, company._collection_today(), own, items)
            found.append(SQL("SELECT case_id FROM (%s) found", query))
        return SQL(" UNION ALL ").join(found) if found else SQL("SELECT NULL::int WHERE FALSE")
