import base64

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError


class CollectionPolicyLoad(models.TransientModel):
    """Choose contact rules from a list of ready-made ones: ours, or those of a file. Nothing is loaded by itself."""

    _name = "collection.policy.load"
    _description = "Load Ready-Made Contact Rules"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    line_ids = fields.One2many("collection.policy.load.line", "load_id", string="Ready-Made Rules")
    file = fields.Binary(string="From a File", help="A CSV file as *Export as a File* of contact rules writes it.")
    file_name = fields.Char()

    @api.model
    def action_open(self):
        """Open the list of our own ready-made rules for the current company."""
        self._check_manager()
        load = self.create({"company_id": self.env.company.root_id.id})
        load._show(self.env["collection.policy"]._read_presets())
        return load._reopen()

    @api.model
    def _check_manager(self):
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can load contact rules."))

    @api.depends_context("lang")
    def _compute_display_name(self):
        self.display_name = self.env._("Load Ready-Made Contact Rules")

    def action_read_file(self):
        """Show the rules of the chosen file in place of ours. UserError names the row and column that is wrong."""
        self.ensure_one()
        self._check_manager()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        self._show(self.env["collection.policy"]._read_presets(base64.b64decode(self.file)))
        return self._reopen()

    def action_load(self):
        """Make contact rules of the chosen rows; return the list of them. What the company has already is left alone."""
        self.ensure_one()
        self._check_manager()
        chosen = self.line_ids.filtered(lambda line: line.is_chosen and not line.is_there)
        if not chosen:
            raise UserError(self.env._("Choose at least one row that is not loaded yet."))
        Policy = self.env["collection.policy"]
        content = base64.b64decode(self.file) if self.line_ids[0].is_from_file else None
        presets = {preset.key: preset for preset in Policy._read_presets(content)}
        policies = Policy.create(
            [{**Policy._prepare_preset_vals(presets[line.key]), "company_id": self.company_id.id} for line in chosen]
        )
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_policy_action")
        return {**action, "domain": [("id", "in", policies.ids)]}

    def _show(self, presets):
        there = (
            self.env["collection.policy"]
            .with_context(active_test=False)
            .search([("company_id", "=", self.company_id.id), ("preset", "!=", False)])
        )
        known = set(there.mapped("preset"))
        lines = [
            Command.create({**line, "is_there": line["key"] in known, "is_from_file": bool(self.file)})
            for line in map(self.env["collection.policy.load.line"]._prepare_line_vals, presets)
        ]
        self.line_ids = [Command.clear(), *lines]

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _download(self, content):
        """Return the action that downloads ``content``, bytes of a CSV file, which lives as long as this screen would."""
        load = self.create({"company_id": self.env.company.root_id.id, "file": base64.b64encode(content)})
        path = f"/web/content/{self._name}/{load.id}/file"
        return {"type": "ir.actions.act_url", "url": f"{path}?download=true&filename=contact_rules.csv", "target": "download"}
