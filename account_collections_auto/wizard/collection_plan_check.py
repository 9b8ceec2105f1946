from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..engine import plan_rules, project


class CollectionPlanCheck(models.TransientModel):
    """Show which customers would change plan by the rules, before and after; let them change on request."""

    _name = "collection.plan.check"
    _description = "Who Changes Plan"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    line_ids = fields.One2many("collection.plan.check.line", "check_id", string="Customers", readonly=True)
    customer_count = fields.Integer(compute="_compute_totals", string="Customers Who Change")
    summary = fields.Html(compute="_compute_totals", sanitize=False)

    @api.model
    def action_open(self):
        """Compare the plans that the customers of the current company have with those that the rules give them."""
        company = self.env.company.root_id
        self._check_manager(company)
        check = self.create({"company_id": company.id})
        check._find_changes()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Who Changes Plan"),
            "res_model": self._name,
            "res_id": check.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def action_apply(self):
        """Apply the rules now. They are tried once more: what counts is what customers owe at this moment."""
        self.ensure_one()
        self._check_manager(self.company_id)
        self.env.flush_all()
        # sudo: what a case holds is written by the system only; the right was checked above
        project.apply_plan_rules(self.sudo().env, self.company_id)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The rules are applied. The next messages follow the new plans."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _check_manager(self, company):
        if self.env.su:
            return
        if not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can apply the rules about plans."))
        if company not in self.env.companies:
            raise AccessError(self.env._("You have no access to %(company)s.", company=company.sudo().name))

    def _find_changes(self):
        self.env["collection.case"]._refresh_marked()
        self.env.cr.execute(
            SQL(
                """INSERT INTO collection_plan_check_line (check_id, case_id, rule_id, plan_before_id, plan_after_id,
                                                           amount_overdue, amount_due,
                                                           create_uid, create_date, write_uid, write_date)
                   SELECT %(check)s, case_id, rule_id, plan_before_id, plan_after_id, overdue, balance,
                          %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                     FROM (%(changes)s) change ORDER BY balance DESC, case_id""",
                check=self.id,
                uid=self.env.uid,
                changes=plan_rules.changes(self.company_id.id, self.company_id._collection_today()),
            )
        )
        self.invalidate_recordset()

    @api.depends("line_ids")
    @api.depends_context("lang")
    def _compute_totals(self):
        for check in self:
            rows = self.env["collection.plan.check.line"]._read_group(
                [("check_id", "=", check.id)],
                ["plan_before_id", "plan_after_id"],
                ["__count", "amount_overdue:sum", "amount_due:sum"],
            )
            check.customer_count = sum(count for _before, _after, count, *_sums in rows)
            check.summary = self.env["ir.qweb"]._render(
                "account_collections_auto.collection_plan_check_summary", {"rows": rows, "currency": check.currency_id}
            )
