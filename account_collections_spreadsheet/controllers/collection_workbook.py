import json

from odoo import http
from odoo.http import content_disposition, request

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class CollectionWorkbook(http.Controller):
    @http.route("/collections/spreadsheet/xlsx", type="http", auth="user", methods=["POST"], readonly=True)
    def download(self, name, files, token=None):
        """Return the ``files`` that the browser made of a spreadsheet as one workbook.

        Nothing is read here but pictures that the files name, with the rights of the user. ``token`` comes with each download
        of the web client.
        """
        dashboards = request.env["spreadsheet.dashboard"]
        dashboards.check_access("read")
        content = dashboards._zip_xslx_files(json.load(files))
        headers = [
            ("Content-Type", XLSX),
            ("Content-Length", len(content)),
            ("Content-Disposition", content_disposition(f"{name}.xlsx")),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)
