from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_datetime, format_list, ormcache

from ..engine.contact_rules import Rule
from ..engine.contact_times import Scope
from ..engine.policy_presets import TYPES
from .collection_reference_rate import CONFIDENCE


class CollectionPolicy(models.Model):
    """Contact rules: at which hours some customers may be contacted. Of several that apply the strictest wins."""

    _name = "collection.policy"
    _description = "Contact Rules"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True, help="How you call these rules; customers do not see it.")
    sequence = fields.Integer(default=10, help="The order in which the rules are listed; all that apply count.")
    active = fields.Boolean(default=True, tracking=True, help="Archived rules hold back nothing.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        help="The rules are for contacts in the name of this company and its branches.",
    )
    country_ids = fields.Many2many(
        "res.country",
        string="Countries",
        help="For customers whose address is in one of these countries. Empty: for all customers.",
    )
    state_ids = fields.Many2many(
        "res.country.state",
        string="States",
        help="Of the countries of these states, only customers whose address names one of them. Empty: the whole countries.",
    )
    for_consumer = fields.Boolean(string="Consumers", default=True, tracking=True, help="The rules are for consumers.")
    for_sole_trader = fields.Boolean(
        string="Sole Traders", default=True, tracking=True, help="The rules are for persons who buy for their own business."
    )
    for_business = fields.Boolean(string="Businesses", default=True, tracking=True, help="The rules are for companies.")
    for_public_authority = fields.Boolean(
        string="Public Bodies", default=True, tracking=True, help="The rules are for authorities and other public bodies."
    )
    valid_from = fields.Date(tracking=True, help="The rules count from this day on; empty: always.")
    hours_ids = fields.One2many(
        "collection.policy.hours",
        "policy_id",
        string="Hours",
        copy=True,
        help="When messages may leave, on the customer's clock. Without any hours every hour is allowed.",
    )
    closed_on_holidays = fields.Boolean(
        string="Not on Public Holidays",
        default=True,
        tracking=True,
        help="Nothing leaves on the public holidays of the customer's country, or of its state where that has its own.",
    )
    zones = fields.Selection(
        [
            ("all", "Address and telephone number: both must allow"),
            ("address", "The address; the number only without one"),
        ],
        string="Customer's Clock",
        required=True,
        default="all",
        tracking=True,
        help="Where the number points to another time zone than the address. A time zone entered on the customer stands above "
        "both.",
    )
    legal_force = fields.Selection(
        [
            ("policy_default", "Own choice"),
            ("guideline", "Guideline"),
            ("regulator", "Rule of a regulator"),
            ("regulation", "Regulation"),
            ("statute", "Law"),
        ],
        string="Where the Hours Come From",
        required=True,
        default="policy_default",
        tracking=True,
        help="What stands behind these hours. It is shown with the reason and decides about nothing else.",
    )
    citation = fields.Char(tracking=True, help="Where the rule is written down, for example a paragraph of a law.")
    binds = fields.Selection(
        [
            ("any", "Every creditor"),
            ("first_party", "Who collects own claims"),
            ("third_party", "Who collects for others"),
            ("lender", "Licensed lenders"),
        ],
        string="Written For",
        required=True,
        default="any",
        tracking=True,
        help="Whom the source has in mind. It is shown to you and decides about nothing: rules that are here count.",
    )
    confidence = fields.Selection(
        CONFIDENCE,
        tracking=True,
        help="How sure it is that the source says this; ask a lawyer in any case.",
    )
    checked_on = fields.Date(tracking=True, help="When somebody last compared these rules with their source.")
    preset = fields.Char(
        string="Ready-Made As",
        readonly=True,
        copy=False,
        help="Under which name these rules came from a list of ready-made ones.",
    )
    note = fields.Text(string="Notes", help="For your colleagues: what to mind, who checked it and when.")

    @api.constrains("company_id")
    def _check_company_is_root(self):
        for policy in self:
            if policy.company_id.parent_id:
                raise ValidationError(
                    policy.env._(
                        "%(company)s is a branch. Contact rules are made for %(root)s and hold for all of its branches.",
                        company=policy.company_id.name,
                        root=policy.company_id.sudo().root_id.name,
                    )
                )

    @api.constrains(*(f"for_{code}" for code in TYPES))
    def _check_some_type(self):
        for policy in self:
            if not policy._get_types():
                raise ValidationError(
                    policy.env._("Choose at least one type of customer for %(policy)s, or archive it.", policy=policy.name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # -- for the engine --------------------------------------------------------------------------------------------------

    @api.model
    @ormcache("company_id", "self.env.lang")
    def _get_rules(self, company_id):
        """Return the `Scope` of each active policy of a root company, its rule in it."""
        # sudo: whoever sends need not see the rules
        policies = self.sudo().search([("company_id", "=", company_id)])
        return tuple(policy._prepare_scope() for policy in policies)

    def _prepare_scope(self):
        """Return for whom and since when these rules are, and the rules themselves, for `contact_times`."""
        self.ensure_one()
        return Scope(
            self._prepare_rule(),
            frozenset(self.country_ids.mapped("code")),
            frozenset(self._get_states()),
            self._get_types(),
            self.closed_on_holidays,
            self.valid_from or None,
        )

    def _get_states(self):
        """Return the states as (country code, state code); Odoo has some of their codes with the country in front."""
        return [(state.country_id.code, state.code.removeprefix(f"{state.country_id.code}-")) for state in self.state_ids]

    def _get_types(self):
        """Return the types of customers for whom these rules are, as `collection_customer_type_used` names them."""
        return frozenset(code for code in TYPES if self[f"for_{code}"])

    def _prepare_rule(self):
        """Return these rules for `contact_rules`. Extend with yours; writes nothing."""
        self.ensure_one()
        return Rule(
            self.name,
            hours=tuple(hours._prepare_hours() for hours in self.hours_ids),
            zones=self.zones,
            is_law=self.legal_force not in ("policy_default", "guideline"),
        )

    @api.model
    def _describe_time(self, moment, reasons):
        """Return the sentence that says until when a message waits and why; False for one that does not wait.

        ``moment``: UTC, as stored; shown on the customer's clock. ``reasons``: as `contact_times` writes them.
        """
        if not reasons:
            return False
        zone = reasons[0]["zone"]
        texts = {"hours": self.env._("outside of its hours"), "holiday": self.env._("a public holiday there")}
        found = dict.fromkeys(f"{reason['rule']}: {texts.get(reason['code'], reason['code'])}" for reason in reasons)
        return self.env._(
            "Not before %(moment)s (%(zone)s). %(reasons)s",
            moment=format_datetime(self.env, moment, tz=zone, dt_format="short"),
            zone=zone.replace("_", " "),
            reasons=format_list(self.env, list(found)),
        )
