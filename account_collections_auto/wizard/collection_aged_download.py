import base64

from odoo import api, fields, models


class CollectionAgedDownload(models.TransientModel):
    """A file of the aged receivables on its way to the browser of who asked for it."""

    _name = "collection.aged.download"
    _description = "Aged Receivables as a File"

    file_data = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    @api.model
    def _hand_out(self, content, name):
        """Return the action that downloads ``content`` (bytes) as ``name``."""
        download = self.create({"file_data": base64.b64encode(content), "file_name": name})
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{download.id}/file_data/{name}?download=true",
            "target": "self",
        }
