from odoo import api, fields, models
from odoo.exceptions import UserError

# So many items are named of those that are left out for one reason.
_NAMED = 5


class CollectionPlace(models.TransientModel):
    """Which items of these customers are proposed to which agency? A manager decides about it."""

    _name = "collection.place"
    _description = "Propose to an Agency"
    _inherit = "collection.decision"

    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    agency_id = fields.Many2one(
        "collection.agency",
        compute="_compute_agency_id",
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
        help="Who is to collect it.",
    )
    lacks_agency = fields.Boolean(compute="_compute_lacks_agency")
    terms = fields.Char(related="agency_id.terms")
    item_ids = fields.Many2many(
        "collection.item",
        string="Items",
        compute="_compute_item_ids",
        store=True,
        readonly=False,
        domain="[('case_id', 'in', case_ids), ('amount_residual_currency', '>', 0)]",
        help="Everything that is overdue and can be placed is proposed. Take off what is to stay with us.",
    )
    amounts = fields.Char(compute="_compute_summary", string="Together")
    left_out = fields.Text(compute="_compute_summary")
    without_notice = fields.Char(compute="_compute_summary")
    note = fields.Text(help="For the agency and for us: what is known about the customer. It is part of the file.")

    @api.depends("case_ids")
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard.case_ids.company_id[:1]

    @api.depends("case_ids")
    def _compute_agency_id(self):
        for wizard in self:
            agencies = self.env["collection.agency"].search([("company_id", "in", wizard.case_ids.company_id.ids)], limit=2)
            wizard.agency_id = wizard.agency_id or (agencies if len(agencies) == 1 else False)

    @api.depends("company_id")
    def _compute_lacks_agency(self):
        for wizard in self:
            wizard.lacks_agency = not self.env["collection.agency"].search_count(
                [("company_id", "=", wizard.company_id.id)], limit=1
            )

    @api.depends("case_ids")
    def _compute_item_ids(self):
        for wizard in self:
            overdue = wizard._get_overdue_items()
            obstacles = self.env["collection.placement"]._find_obstacles(overdue)
            wizard.item_ids = wizard.item_ids or overdue.filtered(lambda item, found=obstacles: item not in found)

    def _get_overdue_items(self):
        return self.env["collection.item"].search(
            [
                ("case_id", "in", self.case_ids._origin.ids or self.case_ids.ids),
                ("amount_residual_currency", ">", 0),
                ("days_overdue", ">", 0),
                ("is_small", "=", False),
            ]
        )

    @api.depends("item_ids", "case_ids")
    def _compute_summary(self):
        for wizard in self:
            items = wizard.item_ids._origin
            sums = {}
            for item in items:
                sums[item.currency_id] = sums.get(item.currency_id, 0.0) + item.amount_residual_currency
            wizard.amounts = " + ".join(currency.format(amount) for currency, amount in sums.items())
            wizard.left_out = wizard._describe_left_out(items)
            lacking = items.filtered(lambda item: not item._has_final_notice())
            wizard.without_notice = (
                self.env._(
                    "%(count)s of %(all)s items had no final notice whose deadline has passed; a manager has to confirm that.",
                    count=len(lacking),
                    all=len(items),
                )
                if lacking
                else False
            )

    def _describe_left_out(self, items):
        """Return what is overdue and cannot be placed, one line per reason."""
        obstacles = self.env["collection.placement"]._find_obstacles(self._get_overdue_items() | items)
        by_reason = {}
        for item, reason in obstacles.items():
            by_reason.setdefault(reason, []).append(item.display_name)
        return "\n".join(
            self.env._(
                "%(reason)s: %(items)s",
                reason=reason,
                items=", ".join(names[:_NAMED]) + (f" + {len(names) - _NAMED}" if len(names) > _NAMED else ""),
            )
            for reason, names in by_reason.items()
        )

    def action_create_agency(self):
        """Open an empty form for the company's first agency; the proposal is made afterwards."""
        self.env["collection.agency"].check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Agency"),
            "res_model": "collection.agency",
            "views": [(False, "form")],
            "context": {"default_company_id": self.company_id.id},
        }

    def _apply(self):
        if len(self.case_ids.company_id) > 1:
            raise UserError(self.env._("Choose customers of one company: each company has its own agencies."))
        if not self.agency_id:
            raise UserError(self.env._("Choose who is to collect it."))
        if not self.item_ids:
            raise UserError(self.env._("Nothing of what you chose can be placed; the reasons stand below."))
        if self.item_ids.case_id - self.case_ids:
            raise UserError(self.env._("Choose items of the customers whom you propose."))
        proposed = self.env["collection.placement"]._propose(self.agency_id, self.item_ids, self.note)
        message = self.env._(
            "%(subject)s: proposed to %(agency)s. A manager decides.", subject=self.subject, agency=self.agency_id.name
        )
        return message, proposed.ids

    def _take_back(self, values):
        placements = self.env["collection.placement"].browse(values).exists()
        if any(placement.state != "proposed" for placement in placements):
            raise UserError(self.env._("A manager has decided about it already."))
        placements._check_proposed_by_me()
        placements._refuse(self.env._("Withdrawn by %(user)s", user=self.env.user.name))
