from odoo import api, fields, models

from ..engine.policy_presets import format_hours


class CollectionPolicyLoadLine(models.TransientModel):
    """One set of ready-made rules: what it says, where it comes from, how binding and how sure it is."""

    _name = "collection.policy.load.line"
    _description = "Ready-Made Contact Rules"

    load_id = fields.Many2one("collection.policy.load", string="List", required=True, index=True, ondelete="cascade")
    is_chosen = fields.Boolean(string="Load")
    is_there = fields.Boolean(string="Loaded Already", readonly=True)
    is_from_file = fields.Boolean(readonly=True)
    key = fields.Char(string="Short Name", required=True, readonly=True)
    name = fields.Char(string="Rules", readonly=True)
    hours = fields.Char(readonly=True)
    force = fields.Selection(
        selection=lambda self: self.env["collection.policy"]._fields["legal_force"]._description_selection(self.env),
        string="Where the Hours Come From",
        readonly=True,
    )
    binds = fields.Selection(
        selection=lambda self: self.env["collection.policy"]._fields["binds"]._description_selection(self.env),
        string="Written For",
        readonly=True,
    )
    confidence = fields.Selection(
        selection=lambda self: self.env["collection.policy"]._fields["confidence"]._description_selection(self.env),
        readonly=True,
    )
    citation = fields.Char(string="Source", readonly=True)
    checked_on = fields.Date(readonly=True)
    note = fields.Text(string="Notes", readonly=True)

    @api.model
    def _prepare_line_vals(self, preset):
        """Return what the list shows of ``preset``; writes nothing."""
        shown = ("key", "name", "force", "binds", "confidence", "citation", "checked_on", "note")
        return {**{column: getattr(preset, column) for column in shown}, "hours": format_hours(preset.hours)}
