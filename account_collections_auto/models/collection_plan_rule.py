from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_list


class CollectionPlanRule(models.Model):
    """Which plan a customer gets: the first rule that fits, unless a person set a plan on the customer."""

    _name = "collection.plan.rule"
    _description = "Dunning Plan Rule"
    _order = "sequence, id"
    _rec_name = "sentence"

    sequence = fields.Integer(default=10, help="Rules are tried from top to bottom; the first one that fits decides.")
    active = fields.Boolean(default=True, help="An archived rule is not tried.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        help="The rule is for customers of this company and its branches.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    plan_id = fields.Many2one(
        "collection.plan",
        string="Gets the Plan",
        required=True,
        ondelete="restrict",
        domain="[('company_id', '=', company_id)]",
        help="The plan that the customers get whom this rule fits.",
    )
    tag_ids = fields.Many2many(
        "res.partner.category",
        "collection_plan_rule_tag_rel",
        "rule_id",
        "tag_id",
        string="Tags",
        help="The customer has one of these tags, or a tag below one of them. Empty: any customer.",
    )
    country_ids = fields.Many2many(
        "res.country",
        "collection_plan_rule_country_rel",
        "rule_id",
        "country_id",
        string="Countries",
        help="The customer is in one of these countries, or in a country of the groups below. Empty: anywhere.",
    )
    country_group_ids = fields.Many2many(
        "res.country.group",
        "collection_plan_rule_country_group_rel",
        "rule_id",
        "country_group_id",
        string="Country Groups",
        help="The customer is in a country of one of these groups, or in one of the countries above. Empty: anywhere.",
    )
    salesperson_ids = fields.Many2many(
        "res.users",
        "collection_plan_rule_salesperson_rel",
        "rule_id",
        "user_id",
        string="Salespersons",
        domain="[('share', '=', False)]",
        help="One of these people is the salesperson of the customer. Empty: any salesperson, or none.",
    )
    customer_type = fields.Selection(
        [("company", "Companies"), ("person", "Private persons")],
        help="What the customer is marked as on its contact. Empty: both.",
    )
    amount_basis = fields.Selection(
        [("overdue", "Overdue"), ("balance", "Balance")],
        string="Amount",
        required=True,
        default="overdue",
        help="Overdue: open items past their due date, before credits. Balance: all open items less open credits. "
        "Both in company currency, as on the case.",
    )
    amount_from = fields.Monetary(
        string="From",
        help="The customer owes at least this much. 0: however little. Once a customer is on this rule, it stays there "
        "until it owes a tenth less, so that nobody changes to and fro.",
    )
    amount_to = fields.Monetary(
        string="To",
        help="The customer owes less than this. 0: however much. Once a customer is on this rule, it stays there until "
        "it owes a tenth more, so that nobody changes to and fro.",
    )
    sentence = fields.Char(compute="_compute_sentence", string="In Words")
    customer_count = fields.Integer(
        compute="_compute_customer_count", string="Customers", help="Customers on this rule since it was last applied."
    )

    _amounts_in_order = models.Constraint(
        "CHECK(amount_from >= 0 AND amount_to >= 0 AND (amount_to = 0 OR amount_from < amount_to))",
        "The amounts of a rule cannot be negative, and From must be less than To. Leave To at 0 for no upper limit.",
    )

    @api.constrains("company_id", "plan_id")
    def _check_company(self):
        for rule in self:
            if rule.company_id.parent_id:
                raise ValidationError(
                    rule.env._(
                        "%(branch)s is a branch: rules are made for %(company)s and count for all its branches.",
                        branch=rule.company_id.name,
                        company=rule.company_id.root_id.sudo().name,
                    )
                )
            if rule.plan_id.company_id != rule.company_id:
                raise ValidationError(
                    rule.env._(
                        "The dunning plan %(plan)s does not belong to %(company)s.",
                        plan=rule.plan_id.name,
                        company=rule.company_id.name,
                    )
                )

    @api.depends(
        "tag_ids",
        "country_ids",
        "country_group_ids",
        "salesperson_ids",
        "customer_type",
        "amount_basis",
        "amount_from",
        "amount_to",
        "plan_id",
    )
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            who = "; ".join(rule._describe_conditions()) or rule.env._("All other customers")
            if rule.plan_id:
                rule.sentence = rule.env._("%(who)s: plan %(plan)s", who=who, plan=rule.plan_id.name)
            else:
                rule.sentence = rule.env._("%(who)s: no plan chosen yet", who=who)

    def _describe_conditions(self):
        """Return one phrase per condition, in the order of the form."""
        self.ensure_one()

        def any_of(records):
            return format_list(self.env, records.mapped("display_name"), style="or")

        phrases = []
        if self.customer_type:
            phrases.append(dict(self._fields["customer_type"]._description_selection(self.env))[self.customer_type])
        if self.tag_ids:
            phrases.append(self.env._("tag %(tags)s", tags=any_of(self.tag_ids)))
        if self.country_ids or self.country_group_ids:
            places = self.country_ids.mapped("display_name") + self.country_group_ids.mapped("display_name")
            phrases.append(self.env._("in %(places)s", places=format_list(self.env, places, style="or")))
        if self.salesperson_ids:
            phrases.append(self.env._("salesperson %(names)s", names=any_of(self.salesperson_ids)))
        if amounts := self._describe_amounts():
            phrases.append(amounts)
        return phrases

    def _describe_amounts(self):
        values = {
            "basis": dict(self._fields["amount_basis"]._description_selection(self.env))[self.amount_basis or "overdue"],
            "low": format_amount(self.env, self.amount_from, self.currency_id),
            "high": format_amount(self.env, self.amount_to, self.currency_id),
        }
        if self.amount_from and self.amount_to:
            return self.env._("%(basis)s from %(low)s to less than %(high)s", **values)
        if self.amount_from:
            return self.env._("%(basis)s from %(low)s", **values)
        if self.amount_to:
            return self.env._("%(basis)s less than %(high)s", **values)
        return ""

    def _compute_customer_count(self):
        counts = dict(self.env["collection.case"]._read_group([("rule_id", "in", self.ids)], ["rule_id"], ["__count"]))
        for rule in self:
            rule.customer_count = counts.get(rule, 0)

    def action_view_customers(self):
        """Open the cases of the customers on this rule."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_case_action")
        return action | {"domain": [("rule_id", "=", self.id)], "context": {}}
