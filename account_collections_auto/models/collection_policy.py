from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_datetime, format_list, ormcache

from ..engine.contact_rules import Rule


class CollectionPolicy(models.Model):
    """Contact rules: at which hours customers of some countries may be contacted. Of several that apply the strictest wins."""

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
        """Return ((country codes, closed on holidays, `Rule`), ...) of the active rules of a root company.

        An empty set of countries: every country. The calendars of holidays follow from the customer's address.
        """
        # sudo: whoever sends need not see the rules
        policies = self.sudo().search([("company_id", "=", company_id)])
        return tuple(
            (frozenset(policy.country_ids.mapped("code")), policy.closed_on_holidays, policy._prepare_rule())
            for policy in policies
        )

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
