from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL


class CollectionAnswerMixin(models.AbstractModel):
    """What a customer answered about the items of one case: a promise, a dispute, a payment notice, a payment plan.

    An answer is a stop: inherit this instead of ``collection.stop.mixin``. It may be recorded before the customer owes
    anything; it then finds its case on the day that case is created.
    """

    _name = "collection.answer.mixin"
    _description = "Answer of a Customer"
    _inherit = ["collection.stop.mixin"]
    # An answer ends by what is done with it: kept, settled, cancelled. Archived, it would go on or rest without a word.
    _recorded = frozenset({"case_id", "active"})
    # Whether its items all have the currency of the answer.
    _is_in_one_currency = True

    active = fields.Boolean(readonly=True)
    case_id = fields.Many2one("collection.case", compute="_compute_case_id", store=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, precompute=True, readonly=False, required=True
    )
    todo_type_ids = fields.Many2many(
        "mail.activity.type",
        compute="_compute_todo_type_ids",
        search="_search_todo_type_ids",
        string="To-dos",
        help="What somebody still has to do about it, whoever that is.",
    )

    @api.depends("partner_id", "company_id")
    def _compute_case_id(self):
        for answer, case in self._find_cases_of_customers().items():
            answer.case_id = case

    def _compute_todo_type_ids(self):
        # sudo: a to-do is shown to whoever may write on the record, but an auditor sees what is left undone, too
        todos_sudo = self.env["mail.activity"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        by_answer = todos_sudo.grouped("res_id")
        for answer in self:
            todos = by_answer.get(answer._origin.id, todos_sudo.browse())
            answer.todo_type_ids = todos.activity_type_id.sudo(False)

    def _search_todo_type_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: as above; which answers somebody finds is decided by the access to the answers
        of_types = Domain("res_model", "=", self._name) & Domain("activity_type_id", "in", value)
        todos_sudo = self.env["mail.activity"].sudo()._search(of_types)
        return Domain("id", "in", todos_sudo.subselect("res_id"))

    @api.depends("item_ids", "company_id")
    def _compute_currency_id(self):
        for answer in self:
            currencies = answer.with_context(active_test=False).item_ids.currency_id
            answer.currency_id = currencies if len(currencies) == 1 else answer.company_id.currency_id

    @api.constrains("item_ids", "partner_id", "company_id", "currency_id")
    def _check_items(self):
        for answer in self.with_context(active_test=False):
            strange = answer.item_ids.filtered(lambda item, answer=answer: item.case_id != answer.case_id)
            if strange:
                raise ValidationError(
                    answer.env._(
                        "%(numbers)s: owed by another customer than %(customer)s, or to another company than %(company)s. "
                        "Choose items of this customer only.",
                        numbers=", ".join(strange.mapped("display_name")),
                        customer=answer.partner_id.display_name,
                        company=answer.company_id.name,
                    )
                )
            if answer._is_in_one_currency and answer.item_ids.currency_id - answer.currency_id:
                raise ValidationError(
                    answer.env._(
                        "One record is about one currency, here %(currency)s. Record a second one for the items in another "
                        "currency.",
                        currency=answer.currency_id.name,
                    )
                )

    def _find_approver(self):
        """Return who is asked to approve what is beyond the limits: the leader of the customer's team, if that is a manager;
        else who is responsible in the company.
        """
        self.ensure_one()
        leader = self.case_id and self.case_id._get_leaders()[self.case_id]
        managers = self.company_id._collection_managers()
        return (leader and leader.sudo() & managers) or self.company_id._collection_responsible() or self.env.user

    def _check_state(self, *states):
        """Refuse what can be done with an answer in one of ``states`` only."""
        self.check_access("write")
        labels = dict(self._fields["state"]._description_selection(self.env))
        for answer in self:
            if answer.state not in states:
                raise UserError(
                    answer.env._(
                        "%(name)s is in the state %(state)s; this cannot be done with it.",
                        name=answer.display_name,
                        state=labels[answer.state],
                    )
                )

    @api.model
    def _judge_today(self, company):
        """Bring the answers of ``company`` in line with its ledger today; for the kinds with a verdict, see `_judge`."""
        self._judge(company, company._collection_today())

    @api.model
    def _answer_models(self):
        """Return the names of the models that record answers of customers."""
        mixin = self.env.registry["collection.answer.mixin"]
        return sorted(name for name, model in self.env.registry.items() if issubclass(model, mixin) and not model._abstract)

    @api.model
    def _find_cases(self, company_id):
        """Give the answers without a case in the root company ``company_id`` the one that their customer has by now.

        What depends on the case (a verdict's day, for example) follows. One statement where there is nothing to do.
        """
        waiting = [
            SQL(
                """SELECT %(model)s AS model, array_agg(answer.id ORDER BY answer.id) AS ids
                     FROM %(table)s answer
                     JOIN res_partner debtor ON debtor.id = answer.partner_id
                     JOIN collection_case kase ON kase.company_id = answer.company_id AND kase.partner_id = %(debtor)s
                    WHERE answer.case_id IS NULL AND answer.company_id = %(company)s
                   HAVING count(*) > 0""",
                model=name,
                table=SQL.identifier(self.env[name]._table),
                debtor=self.env["collection.case"]._debtor_sql("debtor"),
                company=company_id,
            )
            for name in self._answer_models()
        ]
        for model, ids in self.env.execute_query(SQL(" UNION ALL ").join(waiting)):
            # sudo: whoever posts the first invoice need not see what the customer answered
            answers = self.env[model].sudo().browse(ids)
            answers.modified(["partner_id"])
            answers.env.flush_all()
