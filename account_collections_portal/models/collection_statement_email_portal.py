from odoo import api, models


class CollectionStatementEmail(models.AbstractModel):
    """The e-mail of a statement carries the link; its file, which may be printed, does not."""

    _inherit = "collection.statement.email"

    @api.model
    def _prepare_mails(self, template, statements):
        self.env["collection.portal.link"]._create_for_statements(statements)
        statements.invalidate_recordset(["portal_link_ids"], flush=False)
        return super()._prepare_mails(template, statements)

    def _prepare_layout(self, action, body):
        link = action.portal_link_ids[:1]
        return super()._prepare_layout(action, body) | {"portal_url": link and link._get_url()}
