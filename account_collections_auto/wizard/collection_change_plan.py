from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

# So many customers are shown one by one; the rest is counted.
SHOWN = 15
# With more customers than this, nobody checks them: what comes next is then told for those that are shown.
COUNTED = 100


class CollectionChangePlan(models.TransientModel):
    """Which dunning plan do these customers follow from now on, and what does that change for them?"""

    _name = "collection.change.plan"
    _description = "Change the Dunning Plan"
    _inherit = "collection.decision"

    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    plan_id = fields.Many2one(
        "collection.plan",
        string="New Plan",
        domain="[('company_id', '=', company_id)]",
        help="Empty: the plan of the first rule that fits the customer, else the default plan of the company.",
    )
    changes = fields.Html(compute="_compute_changes", sanitize=False, string="What Changes")

    @api.depends("case_ids")
    def _compute_company_id(self):
        for wizard in self:
            if len(wizard.case_ids.company_id) > 1:
                raise UserError(
                    wizard.env._("These customers belong to several companies. A plan belongs to one: choose cases of one.")
                )
            wizard.company_id = wizard.case_ids.company_id

    def _get_new_plan(self, case):
        # sudo: who works cases need not read companies
        return self.plan_id or case.rule_plan_id or self.company_id.sudo().collection_plan_id

    @api.depends("case_ids", "plan_id")
    def _compute_changes(self):
        for wizard in self:
            wizard.changes = self.env["ir.qweb"]._render(
                "account_collections_auto.plan_changes", wizard._prepare_changes(), minimal_qcontext=True
            )

    def _prepare_changes(self):
        """Return what the confirmation shows: the largest customers one by one, and how many would be written to at once."""
        cases = self.case_ids._origin.sorted("amount_overdue", reverse=True)
        looked_at = cases if len(cases) <= COUNTED else cases[:SHOWN]
        outlook = looked_at._get_outlook()
        today = self.company_id._collection_today()
        rows, at_once = [], 0
        for number, case in enumerate(looked_at):
            plan = self._get_new_plan(case)
            then = case._forecast(outlook, plan, count=1)
            at_once += bool(then and then[0].day <= today)
            if number < SHOWN:
                now = case._forecast(outlook, count=1)
                rows.append(self._prepare_row(case, now, then, plan))
        return {"rows": rows, "others": len(cases) - len(rows), "at_once": at_once, "all_counted": looked_at == cases}

    def _prepare_row(self, case, now, then, plan):
        return {
            "customer": case.partner_id.display_name,
            "amount": formatLang(self.env, case.amount_overdue, currency_obj=case.currency_id),
            "level": case.level_id.name or "",
            "now": self._describe_next(case, case.plan_id, now),
            "then": self._describe_next(case, plan, then),
            "is_same": case.plan_id == plan,
        }

    def _describe_next(self, case, plan, events):
        if not events:
            return self.env._("nothing planned")
        return case._describe_event(plan, events[0])

    def _apply(self):
        before = {str(case.id): self._plan_of(case).id for case in self.case_ids}
        self._set_plan(self.case_ids, self.plan_id)
        if not self.plan_id:
            return self.env._("%(subject)s: no plan set by hand any more.", subject=self.subject), before
        message = self.env._("%(subject)s: plan %(plan)s from now on.", subject=self.subject, plan=self.plan_id.name)
        return message, before

    def _take_back(self, values):
        for plan_id, cases in self.case_ids.grouped(lambda case: values.get(str(case.id))).items():
            self._set_plan(cases, self.env["collection.plan"].browse(plan_id or []))

    def _plan_of(self, case):
        return case.partner_id.sudo().with_company(case.company_id).collection_plan_id

    def _set_plan(self, cases, plan):
        # sudo: collectors may not edit customers; this one field is theirs, of the cases that they may work on
        cases.partner_id.sudo().with_company(self.company_id).collection_plan_id = plan
        if plan:
            note = self.env._("%(user)s sets the dunning plan %(plan)s.", user=self.env.user.name, plan=plan.name)
        else:
            note = self.env._("%(user)s takes back the dunning plan set by hand.", user=self.env.user.name)
        cases._message_log_batch(bodies={case.id: note for case in cases})
        self.env["collection.case"]._refresh_marked()
