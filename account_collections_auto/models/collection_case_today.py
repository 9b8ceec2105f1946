from collections import defaultdict

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, float_compare

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
        if operator != "in":
            return NotImplemented
        self.env.flush_all()
        return Domain("id", "in", self._find_to_call())

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

    # -- whom to call --------------------------------------------------------------------------------------------------

    @api.model
    def _find_to_call(self):
        """Return the ids of the largest of each company as of this morning: who is called leaves, and nobody slips in behind.

        A customer with a message on its way, or to approve, is about to hear from us anyway. Credits and payments on their
        way count as paid, and money that lies unmatched in the bank settles the matter for these days. What is disputed,
        promised, paid in instalments or stopped otherwise is nothing to call about, nor is what looks like a returned payment:
        somebody matches it first.
        """
        candidates = self._read_call_candidates()
        if not candidates:
            return []
        case_ids = [case_id for case_id, *_more in candidates]
        coming = self._read_coming(case_ids)
        in_bank = self._find_in_bank(case_ids)
        found = {}
        for case_id, company_id, net, tolerance, is_done in candidates:
            rest = net - coming.get(case_id, 0.0)
            if case_id not in in_bank and float_compare(rest, tolerance, precision_digits=6) > 0:
                found.setdefault(company_id, []).append((-rest, case_id, is_done))
        return [case_id for cases in found.values() for _rest, case_id, is_done in sorted(cases)[:CALLS_A_DAY] if not is_done]

    @api.model
    def _read_call_candidates(self):
        """Return (case id, company id, overdue without credits, tolerance, was heard from today) of the largest quiet cases.

        Amounts in the currency of the company. One statement.
        """
        today = self._today_sql("kase")
        own = self._mine_sql("kase") if self.env["collection.today"]._only_mine() else SQL("TRUE")
        contacted = SQL(
            """SELECT contact.case_id FROM collection_action contact
                WHERE contact.state IN ('sent', 'delivered') AND contact.channel != 'record'
                  AND contact.is_test IS NOT TRUE"""
        )
        query = SQL(
            """WITH quiet AS MATERIALIZED (
                   SELECT kase.id, kase.company_id, kase.plan_id, %(overdue)s - kase.amount_credit AS net,
                          kase.last_written_date IS NOT DISTINCT FROM %(today)s AS is_written
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
               )
               SELECT owing.id, owing.company_id, owing.net, plan.tolerance_amount,
                      owing.is_written OR owing.id IN (%(contacted)s AND %(call_today)s)
                 FROM (SELECT quiet.*, row_number() OVER (PARTITION BY quiet.company_id
                                                        ORDER BY quiet.net DESC, quiet.id) AS place
                         FROM quiet) owing
                 JOIN collection_plan plan ON plan.id = owing.plan_id
                WHERE owing.place <= %(candidates)s""",
            contacted=contacted,
            contact_today=self._today_sql("contact"),
            call_today=SQL("(contact.channel = 'call' AND contact.contact_date = %s)", self._today_sql("contact")),
            today=today,
            companies=self.env.companies.ids,
            overdue=self._calendar_expressions("kase", today)["amount_overdue"],
            own=own,
            at_hand=self._at_hand_sql("kase", "calls"),
            days=DAYS_WITHOUT_CONTACT,
            candidates=CANDIDATES,
        )
        return self.env.execute_query(query)

    @api.model
    def _read_coming(self, case_ids):
        """Return {case id: amount, currency of the company} of what is overdue and nothing to call about.

        What is on its way, looks like a return, or is in dispute is searched only where something hints at it: nearly no item
        has a payment, an entry of a bank or a dispute of its own.
        """
        items = self.env.execute_query(
            SQL(
                """SELECT item.id, item.case_id, item.amount_residual, item.amount_residual_currency, (%(resting)s),
                          EXISTS (SELECT 1 FROM account_move__account_payment link WHERE link.invoice_id = item.move_id),
                          move.move_type = 'entry',
                          EXISTS (SELECT 1 FROM collection_dispute_line line WHERE line.item_id = item.id)
                     FROM collection_item item JOIN account_move move ON move.id = item.move_id
                    WHERE item.case_id = ANY(%(cases)s) AND item.active AND item.amount_residual > 0
                      AND item.due_date < %(today)s AND item.is_small IS NOT TRUE""",
                resting=self._resting_item_sql("item", "calls"),
                cases=case_ids,
                today=self._today_sql("item"),
            )
        )
        resting, linked, entries, disputed = ([item_id for item_id, *flags in items if flags[place]] for place in range(3, 7))
        settled = {*resting, *self._find_paid(linked), *self._find_returned(entries)}
        parts = self._read_disputed(disputed)
        coming = defaultdict(float)
        for item_id, case_id, residual, residual_currency, *_flags in items:
            if item_id in settled:
                coming[case_id] += residual
            elif part := parts.get(item_id):
                coming[case_id] += residual * (min(part / residual_currency, 1) if residual_currency else 1)
        return coming

    @api.model
    def _find_paid(self, item_ids):
        """Return those of the items for which a payment is on its way."""
        if not item_ids:
            return []
        found = withhold.payment_on_its_way(self._items_sql(SQL("id = ANY(%s)", item_ids)))
        return [item_id for item_id, *_more in self.env.execute_query(found)]

    @api.model
    def _find_returned(self, item_ids):
        """Return those of the items that look like a returned payment."""
        if not item_ids:
            return []
        found = returned.returned_sql(self.env, self._items_sql(SQL("id = ANY(%s)", item_ids)))
        return [item_id for item_id, *_more in self.env.execute_query(found)]

    @api.model
    def _read_disputed(self, item_ids):
        """Return {item id: amount in its currency} of what nobody claims of the items because of disputes."""
        if not item_ids:
            return {}
        parts = self.env["collection.dispute"]._unclaimed_sql(SQL("line.item_id = ANY(%s)", item_ids), self._today_sql("stop"))
        query = SQL("SELECT item_id, sum(amount) FROM (%s) part (item_id, amount) GROUP BY item_id", parts)
        return dict(self.env.execute_query(query))

    @api.model
    def _find_in_bank(self, case_ids):
        """Return those of the cases whose money lies in the bank and is not matched yet, as a cycle would find it."""
        items = self._items_sql(SQL("case_id = ANY(%s) AND active", case_ids))
        found = set()
        for company in self.env.companies.root_id & self.env.companies:
            today = company._collection_today()
            if not self.env.execute_query(SQL("%s LIMIT 1", withhold.unmatched_bank_lines(company, today))):
                continue
            own = SQL(
                """(SELECT kase.id AS case_id, kase.partner_id AS debtor_id, plan.in_transit_days
                      FROM collection_case kase JOIN collection_plan plan ON plan.id = kase.plan_id
                     WHERE kase.company_id = %s AND kase.id = ANY(%s))""",
                company.id,
                case_ids,
            )
            query = withhold.unmatched_bank_line(company, today, own, items)
            found.update(case_id for case_id, *_more in self.env.execute_query(query))
        return found

    @api.model
    def _items_sql(self, condition):
        """Return the items that meet ``condition``, as the conditions of a cycle want them."""
        return SQL(
            """(SELECT id AS item_id, case_id, move_id, move_line_id, amount_residual < 0 AS is_credit, TRUE AS collectable
                  FROM collection_item WHERE %s)""",
            condition,
        )
