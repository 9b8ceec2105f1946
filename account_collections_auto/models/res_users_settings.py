from odoo import fields, models


class ResUsersSettings(models.Model):
    """What a person chose on the screen Today."""

    _inherit = "res.users.settings"

    collection_only_mine = fields.Boolean(string="Today Shows My Cases Only")
    collection_seen = fields.Json(string="Seen on Today", help="Per note on Today: what it said when it was put away.")
