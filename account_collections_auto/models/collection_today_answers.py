from odoo import api, models
from odoo.tools import SQL

# Which sum of a kind of records Today shows; the others have none.
AMOUNTS = {
    "collection.case": "amount_overdue",
    "collection.promise": "amount",
    "collection.payment.notice": "amount",
    "collection.dispute": "amount",
    "collection.payment.plan": "amount",
    "collection.payment.plan.line": "amount_rest",
    "collection.settlement.offer": "amount_to_pay",
}


class CollectionToday(models.AbstractModel):
    """What customers answered and nobody has dealt with: promises, payments they announced, disputes."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _answer_kinds(self):
        """Return (label, method that opens them, (model, domain)) of each kind of answer. Extend to add one."""
        return [
            (self.env._("Promises that were not kept"), "open_broken_promises", self._broken_promises()),
            *self._for_managers(
                (self.env._("Promises that a manager approves"), "open_promises_to_approve", self._to_approve())
            ),
            (self.env._("Payments that customers announced"), "open_payment_notices", self._notices()),
            (self.env._("Disputes of yours, and late ones"), "open_disputes", self._disputes()),
            (self.env._("Disputes that were accepted: take it off"), "open_disputes_to_finish", self._disputes_to_finish()),
        ]

    @api.model
    def _tile_answers(self):
        kinds = self._answer_kinds()
        counted = self._sum_kinds([answers for _label, _method, answers in kinds])
        found = [(label, method, rows) for (label, method, _answers), rows in zip(kinds, counted, strict=True) if rows]
        return self._tile(
            "answers",
            40,
            "fa-comments-o",
            self.env._("They Answered"),
            self.env._("Customers told us something, and somebody has to see to it."),
            [row for _label, _method, rows in found for row in rows],
            lines=[self._line(label, rows, link=self._button("", method)) for label, method, rows in found],
        )

    @api.model
    def _sum_kinds(self, kinds):
        """Return for each (model, domain) of ``kinds`` its (company, count, amount at today's rate).

        Two statements for all: what nobody uses is not searched.
        """
        used = self._find_used({model for model, _domain in kinds})
        parts = [
            part
            for place, (model, domain) in enumerate(kinds)
            if model in used and (part := self._sum_sql(place, model, domain))
        ]
        rows = self.env.execute_query(SQL(" UNION ALL ").join(SQL("(%s)", part) for part in parts)) if parts else []
        found = [{} for _kind in kinds]
        for place, company_id, currency_id, count, amount in sorted(rows):
            company = self.env["res.company"].browse(company_id)
            currency = self.env["res.currency"].browse(currency_id)
            if currency:
                amount = currency._convert(amount, company.currency_id, company, company._collection_today())
            before = found[place].get(company, (company, 0, 0.0))
            found[place][company] = (company, before[1] + count, before[2] + amount)
        return [list(by_company.values()) for by_company in found]

    @api.model
    def _find_used(self, names):
        """Return those of the models called ``names`` that have any record at all, of whatever company."""
        tables = [
            SQL("SELECT %s WHERE EXISTS (SELECT 1 FROM %s)", model, SQL.identifier(self.env[model]._table)) for model in names
        ]
        return {model for (model,) in self.env.execute_query(SQL(" UNION ALL ").join(tables))} if tables else set()

    @api.model
    def _sum_sql(self, place, model, domain):
        """Return a SELECT of (``place``, company, currency, count, amount) of the records of ``model`` in ``domain``."""
        records = self.env[model]
        query = records._search([*domain, ("company_id", "in", self.env.companies.ids)])
        if query.is_empty():
            return None
        company = records._field_to_sql(query.table, "company_id", query)
        currency, amount = SQL("NULL::int"), SQL("0")
        if name := AMOUNTS.get(model):
            currency = records._field_to_sql(query.table, "currency_id", query)
            amount = SQL("COALESCE(SUM(%s), 0)", records._field_to_sql(query.table, name, query))
        query.groupby = SQL("%s, %s", company, currency)
        return query.select(SQL("%s", place), company, currency, SQL("COUNT(*)"), SQL("%s::float", amount))

    @api.model
    def _todo(self, xmlid):
        return ("todo_type_ids", "=", self.env["ir.model.data"]._xmlid_to_res_id(f"account_collections_auto.{xmlid}"))

    @api.model
    def _broken_promises(self):
        return "collection.promise", [("is_to_follow_up", "=", True), *self._mine_domain("case_id.")]

    @api.model
    def _to_approve(self):
        return "collection.promise", [("state", "=", "to_approve")]

    @api.model
    def _notices(self):
        return "collection.payment.notice", [("state", "in", ("open", "to_check")), *self._mine_domain("case_id.")]

    @api.model
    def _disputes(self):
        return "collection.dispute", [("is_open", "=", True), "|", ("user_id", "=", self.env.uid), ("is_late", "=", True)]

    @api.model
    def _disputes_to_finish(self):
        todo = self._todo("mail_activity_type_dispute_accepted")
        return "collection.dispute", [todo, *self._mine_domain("case_id.")]

    @api.model
    def open_broken_promises(self):
        """Open the promises that were not kept and that nobody has dealt with."""
        return self._open("collection_promise_action", self._broken_promises()[1], context={"collection_bulk": "done"})

    @api.model
    def open_promises_to_approve(self):
        """Open the promises beyond the limits of the plan."""
        return self._open("collection_promise_action", self._to_approve()[1], context={"collection_bulk": "approve"})

    @api.model
    def open_payment_notices(self):
        """Open the payments that customers announced."""
        return self._open("collection_payment_notice_action", self._notices()[1], context={"collection_bulk": "done"})

    @api.model
    def open_disputes(self):
        """Open the disputes of the user, and all late ones."""
        return self._open("collection_dispute_action", self._disputes()[1])

    @api.model
    def open_disputes_to_finish(self):
        """Open the accepted disputes of which nobody has taken off in accounting what was accepted."""
        return self._open(
            "collection_dispute_action", self._disputes_to_finish()[1], context={"collection_bulk": "done"}
        )
