from odoo import models


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _build_wkhtmltopdf_args(self, paperformat_id, landscape, specific_paperformat_args=None, set_viewport_size=False):
        """A page that says so is printed at once: Odoo waits a second for scripts, and a statement has none."""
        command = super()._build_wkhtmltopdf_args(
            paperformat_id,
            landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )
        if (specific_paperformat_args or {}).get("data-report-without-scripts"):
            delay = command.index("--javascript-delay")
            command[delay : delay + 2] = ["--disable-javascript"]
        return command
