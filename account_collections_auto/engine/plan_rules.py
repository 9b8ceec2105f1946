"""Plan rules: which plan a customer gets when nobody set one by hand. One statement for all customers of a company.

Rules are looked at when a cycle starts, when a preview is made and when a manager applies them; never while somebody
posts or pays. The result stays on the case (``rule_id``, ``rule_plan_id``), where `project` finds it.
"""

from odoo.tools import SQL

# A customer leaves a rule about an amount only when the amount is a tenth outside of it, so that nobody who owes
# about as much as a limit changes to and fro between two plans from one day to the next.
LEEWAY = 0.1


def effective_plan(company_id, rule_plan):
    """SQL for the plan of a case (``partner``, ``company`` in scope): set by hand, else of a rule, else the default."""
    return SQL("COALESCE((partner.collection_plan_id->>%s)::int, %s, company.collection_plan_id)", str(company_id), rule_plan)


def apply(env, company_id, today):
    """Let each case of a root company keep the first rule that fits it on ``today``."""
    env.cr.execute(
        SQL(
            """UPDATE collection_case kase SET rule_id = chosen.rule_id, rule_plan_id = chosen.plan_id
                 FROM (%s) chosen
                WHERE kase.id = chosen.case_id
                  AND (kase.rule_id, kase.rule_plan_id) IS DISTINCT FROM (chosen.rule_id, chosen.plan_id)""",
            first_matches(company_id, today),
        )
    )


def changes(company_id, today):
    """SELECT of (case_id, rule_id, plan_before_id, plan_after_id, overdue, balance) of who would change by `apply`."""
    return SQL(
        """SELECT * FROM (
               SELECT kase.id AS case_id, chosen.rule_id, %(before)s AS plan_before_id, %(after)s AS plan_after_id,
                      chosen.overdue, chosen.balance
                 FROM (%(matches)s) chosen
                 JOIN collection_case kase ON kase.id = chosen.case_id
                 JOIN res_partner partner ON partner.id = kase.partner_id
                 JOIN res_company company ON company.id = kase.company_id) plan
            WHERE plan_before_id IS DISTINCT FROM plan_after_id""",
        before=effective_plan(company_id, SQL("kase.rule_plan_id")),
        after=effective_plan(company_id, SQL("chosen.plan_id")),
        matches=first_matches(company_id, today),
    )


def first_matches(company_id, today):
    """SELECT of (case_id, rule_id, plan_id, overdue, balance): each case with the first rule that fits, if any."""
    return SQL(
        """SELECT kase.id AS case_id, matched.id AS rule_id, matched.plan_id,
                  COALESCE(owed.overdue, 0) AS overdue, COALESCE(owed.balance, 0) AS balance
             FROM collection_case kase
             JOIN res_partner partner ON partner.id = kase.partner_id
             LEFT JOIN (SELECT item.case_id, sum(item.amount_residual) AS balance,
                               sum(item.amount_residual)
                                   FILTER (WHERE item.amount_residual > 0 AND item.due_date < %(today)s) AS overdue
                          FROM collection_item item JOIN collection_case file ON file.id = item.case_id
                         WHERE item.active AND file.company_id = %(company)s
                         GROUP BY item.case_id) owed ON owed.case_id = kase.id
             LEFT JOIN LATERAL (
                 SELECT rule.id, rule.plan_id
                   FROM collection_plan_rule rule JOIN collection_plan plan ON plan.id = rule.plan_id AND plan.active
                  WHERE rule.company_id = %(company)s AND rule.active AND %(conditions)s
                  ORDER BY rule.sequence, rule.id LIMIT 1
             ) matched ON TRUE
            WHERE kase.company_id = %(company)s""",
        today=today,
        company=company_id,
        conditions=SQL(" AND ").join([_tags(), _countries(), _salespersons(), _type(), _amounts()]),
    )


# Each condition holds where the rule does not ask for it. The lists of pairs do not depend on the case, so that the
# database makes each of them once.


def _tags():
    """One of the tags, or a tag below it."""
    return SQL(
        """(rule.id NOT IN (SELECT rule_id FROM collection_plan_rule_tag_rel)
            OR (rule.id, partner.id) IN (
                SELECT wanted.rule_id, given.partner_id
                  FROM collection_plan_rule_tag_rel wanted
                  JOIN res_partner_category tag ON tag.id = wanted.tag_id
                  JOIN res_partner_category own ON own.parent_path LIKE tag.parent_path || '%%'
                  JOIN res_partner_res_partner_category_rel given ON given.category_id = own.id))"""
    )


def _countries():
    """One of the countries, or a country of one of the groups."""
    return SQL(
        """(rule.id NOT IN (SELECT rule_id FROM collection_plan_rule_country_rel
                             UNION ALL SELECT rule_id FROM collection_plan_rule_country_group_rel)
            OR (rule.id, partner.country_id) IN (
                SELECT rule_id, country_id FROM collection_plan_rule_country_rel
                 UNION ALL
                SELECT wanted.rule_id, member.res_country_id
                  FROM collection_plan_rule_country_group_rel wanted
                  JOIN res_country_res_country_group_rel member ON member.res_country_group_id = wanted.country_group_id))"""
    )


def _salespersons():
    return SQL(
        """(rule.id NOT IN (SELECT rule_id FROM collection_plan_rule_salesperson_rel)
            OR (rule.id, partner.user_id) IN (SELECT rule_id, user_id FROM collection_plan_rule_salesperson_rel))"""
    )


def _type():
    return SQL("(rule.customer_type IS NULL OR (rule.customer_type = 'company') = (partner.is_company IS TRUE))")


def _amounts():
    amount = SQL("COALESCE(CASE WHEN rule.amount_basis = 'balance' THEN owed.balance ELSE owed.overdue END, 0)")
    return SQL(
        """(COALESCE(rule.amount_from, 0) = 0
            OR %(amount)s >= rule.amount_from * CASE WHEN kase.rule_id = rule.id THEN %(lower)s ELSE 1 END)
           AND (COALESCE(rule.amount_to, 0) = 0
            OR %(amount)s < rule.amount_to * CASE WHEN kase.rule_id = rule.id THEN %(upper)s ELSE 1 END)""",
        amount=amount,
        lower=1 - LEEWAY,
        upper=1 + LEEWAY,
    )
