from odoo import api, fields, models
from odoo.tools import SQL

# Results of a call in which nobody was spoken to.
NO_CONVERSATION = ("message", "no_answer", "wrong_number")


class CollectionActionReport(models.Model):
    """Contacts and what followed them: observations, not effects.

    A contact is a message that left, or a logged call. Money is credited to the last contact that claimed the item before
    the day of the payment, once; what was paid less than two days after it was probably under way, and stands apart. An
    answer belongs to the last contact up to its day. Both count within the days that the company sets.
    """

    _name = "collection.action.report"
    _description = "Contacts and What Followed"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "action_id"
    _depends = {
        "account.journal": ["type"],
        "account.move": ["journal_id", "origin_payment_id", "statement_line_id"],
        "account.move.line": ["date", "move_id", "parent_state"],
        "account.partial.reconcile": ["amount", "credit_move_id", "debit_move_id"],
        "collection.action": ["amount", "call_result", "case_id", "channel", "contact_date", "is_test", "level_id", "state"],
        "collection.action.line": ["action_id", "amount_residual_currency", "amount_stopped_currency", "move_line_id"],
        "collection.case": ["plan_id", "user_id"],
        "collection.dispute": ["case_id", "date_from"],
        "collection.payment.notice": ["case_id", "date_from"],
        "collection.payment.plan": ["case_id", "date_from"],
        "collection.promise": ["case_id", "date_from"],
        "collection.reply": ["case_id", "is_automatic", "received_at"],
        "collection.step": ["mail_template_id"],
        "res.company": ["collection_follow_days", "collection_tz", "currency_id"],
        "res.partner": ["country_id", "industry_id", "user_id"],
    }

    action_id = fields.Many2one("collection.action", string="Contact", readonly=True)
    date = fields.Date(readonly=True, help="The day on which the message left or the call was made.")
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    case_id = fields.Many2one("collection.case", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    level_id = fields.Many2one("collection.level", readonly=True)
    channel = fields.Selection(
        selection=lambda self: self.env["collection.action"]._fields["channel"]._description_selection(self.env), readonly=True
    )
    step_id = fields.Many2one("collection.step", readonly=True)
    template_id = fields.Many2one("mail.template", string="Text", readonly=True)
    plan_id = fields.Many2one("collection.plan", readonly=True, help="The plan that the case follows now.")
    user_id = fields.Many2one("res.users", string="Collector", readonly=True, help="Of the case, today.")
    country_id = fields.Many2one("res.country", string="Country", readonly=True)
    industry_id = fields.Many2one("res.partner.industry", string="Segment", readonly=True, help="The industry of the customer.")
    salesperson_id = fields.Many2one("res.users", string="Salesperson", readonly=True)
    is_over = fields.Boolean(
        string="Time Is Over", readonly=True, help="The days in which something may follow have passed: its figures are final."
    )
    contacts = fields.Integer(readonly=True, help="How many messages left and calls were made.")
    amount = fields.Monetary(string="Claimed", readonly=True, help="What the message claimed, after credits.")
    answered = fields.Integer(
        readonly=True,
        help="Contacts that an answer followed in time: a mail, a promise, a dispute, an announced payment, a plan to pay, or "
        "a conversation on the phone. Nothing that a program sends counts.",
    )
    paid = fields.Integer(string="Paid After", readonly=True, help="Contacts that a payment followed in time.")
    amount_paid = fields.Monetary(
        string="Paid in Time", readonly=True, help="Money credited to the contact: paid from two days after it on, in time."
    )
    amount_under_way = fields.Monetary(
        string="Probably Under Way", readonly=True, help="Paid less than two days after the contact, so hardly because of it."
    )

    @property
    def _table_query(self):
        return SQL(
            """WITH contact AS (%(contacts)s),
                    answer AS (%(answers)s),
                    answered AS (
                        SELECT DISTINCT first.action_id
                          FROM (SELECT DISTINCT ON (answer.source, answer.id) contact.id AS action_id,
                                       answer.date - contact.date AS days, contact.follow_days
                                  FROM answer
                                  JOIN contact ON contact.case_id = answer.case_id AND contact.date <= answer.date
                                 ORDER BY answer.source, answer.id, contact.date DESC, contact.id DESC) first
                         WHERE first.days <= first.follow_days
                    ),
                    credited AS (
                        SELECT DISTINCT ON (money.id) contact.id AS action_id, money.amount, money.date - contact.date AS days,
                               contact.follow_days
                          FROM (%(money)s) money
                          JOIN collection_action_line claimed ON claimed.move_line_id = money.line_id
                          JOIN contact ON contact.id = claimed.action_id AND contact.date < money.date
                         WHERE claimed.amount_residual_currency > COALESCE(claimed.amount_stopped_currency, 0)
                         ORDER BY money.id, contact.date DESC, contact.id DESC
                    ),
                    followed AS (
                        SELECT action_id, sum(amount) FILTER (WHERE days >= 2) AS paid,
                               sum(amount) FILTER (WHERE days < 2) AS under_way
                          FROM credited WHERE days <= follow_days GROUP BY action_id
                    )
               SELECT contact.id, contact.id AS action_id, contact.date, contact.company_id, company.currency_id,
                      contact.case_id, contact.partner_id, contact.level_id, contact.channel, contact.step_id,
                      step.mail_template_id AS template_id, kase.plan_id, kase.user_id, partner.country_id,
                      partner.industry_id, partner.user_id AS salesperson_id,
                      contact.date + contact.follow_days < %(today)s AS is_over, 1 AS contacts, contact.amount,
                      CASE WHEN answered.action_id IS NOT NULL OR contact.is_conversation THEN 1 ELSE 0 END AS answered,
                      CASE WHEN followed.paid > 0 THEN 1 ELSE 0 END AS paid,
                      COALESCE(followed.paid, 0) AS amount_paid, COALESCE(followed.under_way, 0) AS amount_under_way
                 FROM contact
                 JOIN collection_case kase ON kase.id = contact.case_id
                 JOIN res_company company ON company.id = contact.company_id
                 LEFT JOIN res_partner partner ON partner.id = contact.partner_id
                 LEFT JOIN collection_step step ON step.id = contact.step_id
                 LEFT JOIN answered ON answered.action_id = contact.id
                 LEFT JOIN followed ON followed.action_id = contact.id""",
            contacts=self._contacts_sql(),
            answers=self._answers_sql(),
            money=self._money_sql(),
            today=self.env["collection.case"]._today_sql("contact"),
        )

    @api.model
    def _contacts_sql(self):
        """SELECT of the messages that left and the calls that were made; a level that was only recorded is none."""
        return SQL(
            """SELECT action.id, action.contact_date AS date, action.company_id, action.case_id, action.partner_id,
                      action.level_id, action.channel, action.step_id, action.amount,
                      COALESCE(company.collection_follow_days, 14) AS follow_days,
                      COALESCE(action.call_result NOT IN %(no_conversation)s, FALSE) AS is_conversation
                 FROM collection_action action
                 JOIN res_company company ON company.id = action.company_id
                WHERE action.state IN ('sent', 'delivered') AND action.is_test IS NOT TRUE
                  AND action.contact_date IS NOT NULL AND action.channel != 'record'""",
            no_conversation=NO_CONVERSATION,
        )

    @api.model
    def _answers_sql(self):
        """SELECT of what customers said or wrote: source, id, case_id, date. Extend with yours by UNION ALL."""
        return SQL(
            """SELECT 'reply' AS source, reply.id, reply.case_id,
                      (reply.received_at AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(company.collection_tz, 'UTC'))::date AS date
                 FROM collection_reply reply JOIN res_company company ON company.id = reply.company_id
                WHERE reply.is_automatic IS NOT TRUE
                UNION ALL SELECT 'promise', id, case_id, date_from FROM collection_promise
                UNION ALL SELECT 'dispute', id, case_id, date_from FROM collection_dispute
                UNION ALL SELECT 'notice', id, case_id, date_from FROM collection_payment_notice
                UNION ALL SELECT 'plan', id, case_id, date_from FROM collection_payment_plan"""
        )

    @api.model
    def _money_sql(self):
        """SELECT of the money matched with items, by the day it was paid: id, line_id (of the item), amount, date."""
        return SQL(
            """SELECT partial.id, partial.debit_move_id AS line_id, partial.amount, line.date
                 FROM account_partial_reconcile partial
                 JOIN account_move_line line ON line.id = partial.credit_move_id AND line.parent_state = 'posted'
                 JOIN account_move move ON move.id = line.move_id
                 JOIN account_journal journal ON journal.id = move.journal_id
                WHERE move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL
                   OR journal.type IN ('bank', 'cash', 'credit')"""
        )

    def action_open_contact(self):
        """Open the message or the call."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "collection.action",
            "res_id": self.action_id.id,
            "views": [(False, "form")],
        }
