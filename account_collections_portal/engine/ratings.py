"""Who is asked how satisfied it is: one statement for any number of customers."""

from datetime import timedelta

from odoo.tools import SQL

# So many days after a dispute was settled, or everything was paid, its customer is asked at the latest.
ASK_WITHIN_DAYS = 7
# Who paid everything is asked if we reminded it of something so many days before, at most.
REMINDED_DAYS = 180


def to_ask_sql(company, today, days):
    """Return a SELECT of (case id, dispute id or NULL): one for each customer, which was not asked for ``days`` days.

    A dispute that was settled goes before a case that was closed. Each dispute is asked about once, and a closed case once
    after it was reminded: without a reminder since the last question there is nothing new to ask about. Who was written
    off is not asked.
    """
    return SQL(
        """WITH asked AS (
               SELECT rating.parent_res_id AS case_id, max(rating.collection_asked_on) AS asked_on
                 FROM rating_rating rating
                WHERE rating.collection_company_id = %(company)s AND rating.parent_res_model = 'collection.case'
                GROUP BY rating.parent_res_id
           ), happened AS (
               SELECT dispute.case_id, dispute.id AS dispute_id
                 FROM collection_dispute dispute
                WHERE dispute.state IN ('accepted', 'partly_accepted', 'rejected')
                  AND dispute.ended_on BETWEEN %(since)s AND %(today)s
                  AND NOT EXISTS (SELECT 1 FROM rating_rating rating
                                   WHERE rating.res_model = 'collection.dispute' AND rating.res_id = dispute.id
                                     AND rating.collection_company_id IS NOT NULL)
               UNION ALL
               SELECT kase.id, NULL
                 FROM collection_case kase
                 LEFT JOIN asked ON asked.case_id = kase.id
                WHERE kase.state = 'closed' AND kase.refreshed_at >= %(since)s
                  AND EXISTS (SELECT 1 FROM collection_action action
                               WHERE action.case_id = kase.id AND action.state IN ('sent', 'delivered')
                                 AND action.is_test IS NOT TRUE
                                 AND action.contact_date > COALESCE(asked.asked_on, %(reminded_since)s))
                  AND NOT EXISTS (SELECT 1 FROM collection_write_off write_off
                                   WHERE write_off.case_id = kase.id AND write_off.state = 'booked'
                                     AND write_off.decided_on >= %(reminded_since)s)
           )
           SELECT DISTINCT ON (happened.case_id) happened.case_id, happened.dispute_id
             FROM happened
             JOIN collection_case kase ON kase.id = happened.case_id AND kase.company_id = %(company)s
             JOIN res_partner partner ON partner.id = kase.partner_id AND partner.active
             LEFT JOIN asked ON asked.case_id = happened.case_id
            WHERE asked.asked_on IS NULL OR asked.asked_on <= %(asked_before)s
            ORDER BY happened.case_id, happened.dispute_id DESC NULLS LAST""",
        company=company.id,
        today=today,
        since=today - timedelta(days=ASK_WITHIN_DAYS),
        reminded_since=today - timedelta(days=REMINDED_DAYS),
        asked_before=today - timedelta(days=days),
    )
