from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import commission


class CollectionAgency(models.Model):
    """A collection agency or a lawyer to whom items are handed over, and what they get for it."""

    _name = "collection.agency"
    _description = "Agency or Lawyer"
    _inherit = ["mail.thread", "collection.agency.terms"]
    _order = "name, id"

    partner_id = fields.Many2one(
        "res.partner",
        string="Contact",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="The agency or lawyer as a contact: its bills and what it owes us are booked on it.",
    )
    name = fields.Char(related="partner_id.name", store=True, string="Name")
    kind = fields.Selection(
        [("agency", "Collection agency"), ("lawyer", "Lawyer")],
        required=True,
        default="agency",
        tracking=True,
        help="Shown where items are handed over; both work the same way.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        domain=[("parent_id", "=", False)],
        help="The company that hands over to this agency.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(default=True)
    email = fields.Char(
        string="E-mail for Files",
        compute="_compute_email",
        store=True,
        readonly=False,
        tracking=True,
        help="Files, payments to report and recalls are sent here. Empty: you tell the agency yourself.",
    )
    commission_rule = fields.Selection(
        required=True,
        default="percent",
        tracking=True,
        help="What the agency gets of the money that comes in. Each placement keeps the terms of the day of its hand-over.",
    )
    commission_percent = fields.Float(
        string="Commission (%)", digits=(6, 3), tracking=True, help="Of each payment, in percent."
    )
    bracket_ids = fields.One2many(
        "collection.agency.bracket",
        "agency_id",
        string="Brackets",
        copy=True,
        help="The last bracket that is reached on the day of the hand-over counts for the whole item or placement.",
    )
    fixed_fee = fields.Monetary(
        tracking=True, help="Once per placement, when the first money comes in; never more than came in."
    )
    minimum = fields.Monetary(
        tracking=True,
        help="The least commission of a placement once money came in; never more than came in.",
    )
    on_direct = fields.Boolean(
        string="Also on Money Paid to Us",
        default=True,
        tracking=True,
        help="The agency gets its commission as well when the customer pays a placed item directly to us.",
    )
    contact_gap_days = fields.Integer(
        default=7,
        required=True,
        tracking=True,
        help="So many days after a recall our own reminders go on, so that the customer does not hear from both at once.",
    )
    commission_booking = fields.Selection(
        [("bill", "Draft bill of the agency"), ("entry", "Expense line in the payment entry")],
        required=True,
        default="bill",
        help="How the commission that an agency keeps is prepared for booking. A person posts it.",
    )
    commission_account_id = fields.Many2one(
        "account.account",
        string="Commission Account",
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        help="Expense account of the commission. Empty: the default account of the first purchase journal.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        domain="[('type', '=', 'general'), ('company_id', '=', company_id)]",
        help="Where payments through the agency are prepared. Empty: the first journal for miscellaneous entries.",
    )
    terms = fields.Char(compute="_compute_terms", help="The commission in one sentence.")
    placement_count = fields.Integer(compute="_compute_placement_count", string="Placements")

    _once = models.UniqueIndex("(partner_id, company_id) WHERE active", "This contact is an agency of this company already.")
    _percent_in_range = models.Constraint(
        "CHECK(commission_percent BETWEEN 0 AND 100)", "A commission lies between 0 and 100 percent."
    )
    _not_negative = models.Constraint(
        "CHECK(fixed_fee >= 0 AND minimum >= 0 AND contact_gap_days >= 0)", "Fees and days cannot be negative."
    )

    @api.depends("partner_id")
    def _compute_email(self):
        for agency in self:
            agency.email = agency.email or agency.partner_id.email

    @api.depends("commission_rule", "commission_percent", "bracket_ids", "fixed_fee", "minimum", "on_direct")
    def _compute_terms(self):
        for agency in self:
            agency.terms = agency._describe_terms()

    def _describe_terms(self):
        self.ensure_one()
        if self.commission_rule == "fixed":
            parts = [self.env._("%(fee)s per placement", fee=self.currency_id.format(self.fixed_fee))]
        elif self.commission_rule == "percent":
            parts = [self.env._("%(percent)s %% of each payment", percent=f"{self.commission_percent:g}")]
        else:
            brackets = ", ".join(bracket.display_name for bracket in self.bracket_ids.sorted("value_from"))
            parts = [brackets or self.env._("no bracket yet")]
        if self.minimum and self.commission_rule != "fixed":
            parts.append(self.env._("at least %(minimum)s", minimum=self.currency_id.format(self.minimum)))
        if not self.on_direct:
            parts.append(self.env._("nothing on money paid to us"))
        return "; ".join(parts)

    def _compute_placement_count(self):
        counts = dict(self.env["collection.placement"]._read_group([("agency_id", "in", self.ids)], ["agency_id"], ["__count"]))
        for agency in self:
            agency.placement_count = counts.get(agency, 0)

    @api.constrains("company_id")
    def _check_company_is_root(self):
        for agency in self:
            if agency.company_id.parent_id:
                raise ValidationError(
                    agency.env._("%(company)s is a branch: create the agency in its parent.", company=agency.company_id.name)
                )

    @api.constrains("commission_account_id", "journal_id", "company_id")
    def _check_company_of_accounts(self):
        for agency in self:
            account, company = agency.commission_account_id, agency.company_id
            if (account and company not in account.sudo().company_ids) or (
                agency.journal_id and agency.journal_id.company_id != company
            ):
                raise ValidationError(
                    agency.env._("The account and the journal of an agency belong to %(company)s.", company=company.name)
                )

    # -- what is copied to a placement ---------------------------------------------------------------------------------

    def _prepare_terms(self, currency, date):
        """Return the terms of a placement in ``currency`` that is handed over on ``date``."""
        self.ensure_one()
        company = self.company_id

        def in_currency(amount):
            return self.currency_id._convert(amount, currency, company, date)

        return {
            "commission_rule": self.commission_rule,
            "fixed_fee": in_currency(self.fixed_fee),
            "minimum": in_currency(self.minimum),
            "on_direct": self.on_direct,
            "contact_gap_days": self.contact_gap_days,
        }

    def _get_percent(self, days_overdue, amount):
        """Return the percentage for an item that is ``days_overdue``, of a placement of ``amount`` in company currency."""
        self.ensure_one()
        if self.commission_rule == "percent":
            return self.commission_percent
        if self.commission_rule == "fixed":
            return 0.0
        brackets = [(bracket.value_from, bracket.percent) for bracket in self.bracket_ids]
        return commission.bracket_percent(brackets, days_overdue if self.commission_rule == "age" else amount)

    def action_view_placements(self):
        """Open the placements of this agency."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_placement_action")
        return action | {"domain": [("agency_id", "in", self.ids)], "context": {}}
