from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine.contact_rules import Hours

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class CollectionPolicyHours(models.Model):
    """Hours of some weekdays at which customers may be contacted, on their own clock."""

    _name = "collection.policy.hours"
    _description = "Contact Hours"
    _order = "policy_id, channel desc, hour_from, id"

    policy_id = fields.Many2one("collection.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    channel = fields.Selection(
        selection=lambda self: self.env["collection.step"]._fields["channel"]._description_selection(self.env),
        string="Only For",
        help="Hours of one channel take the place of those without one. Empty: for every channel that has no hours of its own. "
        "Letters and portal entries are bound to no hours.",
    )
    monday = fields.Boolean(string="Mon", default=True, help="Open on Mondays.")
    tuesday = fields.Boolean(string="Tue", default=True, help="Open on Tuesdays.")
    wednesday = fields.Boolean(string="Wed", default=True, help="Open on Wednesdays.")
    thursday = fields.Boolean(string="Thu", default=True, help="Open on Thursdays.")
    friday = fields.Boolean(string="Fri", default=True, help="Open on Fridays.")
    saturday = fields.Boolean(string="Sat", help="Open on Saturdays.")
    sunday = fields.Boolean(string="Sun", help="Open on Sundays.")
    hour_from = fields.Float(string="From", required=True, default=8.0, help="The first minute that is allowed.")
    hour_to = fields.Float(string="To", required=True, default=20.0, help="The first minute that is not allowed any more.")

    _hours_in_order = models.Constraint(
        "CHECK(hour_from >= 0 AND hour_to <= 24 AND hour_from < hour_to)",
        "Contact hours begin at 0:00 or later, end at 24:00 or earlier, and begin before they end.",
    )

    @api.constrains(*_WEEKDAYS)
    def _check_some_day(self):
        for hours in self:
            if not any(hours[day] for day in _WEEKDAYS):
                raise ValidationError(
                    hours.env._("Choose at least one weekday for each of the hours of %(policy)s.", policy=hours.policy_id.name)
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

    @api.model
    def _weekdays(self):
        """Return the names of the fields for the weekdays, Monday first."""
        return _WEEKDAYS

    def _prepare_hours(self):
        """Return these hours for `contact_rules`."""
        self.ensure_one()
        return Hours(
            frozenset(number for number, day in enumerate(_WEEKDAYS) if self[day]),
            round(self.hour_from * 60),
            round(self.hour_to * 60),
            frozenset(filter(None, [self.channel])),
        )
