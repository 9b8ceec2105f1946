from odoo import api, fields, models


class CollectionAction(models.Model):
    """A message about missed instalments: its text, and the table in it."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    instalment_ids = fields.One2many("collection.payment.plan.line", "reminder_id", string="Instalments", readonly=True)
    instalments_table = fields.Html(compute="_compute_instalments_table", compute_sudo=True, sanitize=False)

    def _get_template(self):
        """Return the text for instalments that the dunning plan names, else ours."""
        if self.request_id.kind != "instalment":
            return super()._get_template()
        return self.plan_id.instalment_template_id or self.env.ref("account_collections_auto.mail_template_instalment")

    @api.depends("instalment_ids.amount_rest")
    @api.depends_context("lang")
    def _compute_instalments_table(self):
        """The instalments that are late, as the customer agreed to them."""
        for action in self:
            lines = action.instalment_ids.payment_plan_id.line_ids
            action.instalments_table = lines.filtered(lambda line: line.state in ("late", "missed"))._render_table()
