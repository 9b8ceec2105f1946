from odoo import api, models

# Which sum of an answer Today shows; the others have none.
AMOUNTS = {
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
        counted = [(label, method, self._sum_answers(*answers)) for label, method, answers in self._answer_kinds()]
        found = [(label, method, rows) for label, method, rows in counted if rows]
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
    def _count_answers(self, model, domain):
        """Return (company, count, no amount: it may be in several currencies) of the records of ``model`` in ``domain``."""
        domain = [*domain, ("company_id", "in", self.env.companies.ids)]
        return [(*row, 0.0) for row in self.env[model]._read_group(domain, ["company_id"], ["__count"])]

    @api.model
    def _sum_answers(self, model, domain):
        """Return (company, count, amount in its currency at today's rate) of the records of ``model`` in ``domain``."""
        name = AMOUNTS.get(model)
        if not name:
            return self._count_answers(model, domain)
        rows = {}
        domain = [*domain, ("company_id", "in", self.env.companies.ids)]
        groups = self.env[model]._read_group(domain, ["company_id", "currency_id"], ["__count", f"{name}:sum"])
        for company, currency, count, amount in groups:
            date = company._collection_today()
            converted = currency._convert(amount or 0.0, company.currency_id, company, date)
            before = rows.get(company, (company, 0, 0.0))
            rows[company] = (company, before[1] + count, before[2] + converted)
        return list(rows.values())

    @api.model
    def _todo(self, xmlid):
        return ("todo_type_ids", "=", self.env.ref(f"account_collections_auto.{xmlid}").id)

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
