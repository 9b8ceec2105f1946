"""Files: the statement as PDF, spreadsheet and CSV, the invoices one by one and as a ZIP."""

import io
import zipfile

from odoo.addons.account_collections_auto.engine import placement_csv
from odoo.addons.account_collections_auto.models.collection_statement_document import Period
from odoo.exceptions import UserError
from odoo.http import content_disposition, request
from werkzeug.exceptions import NotFound

from ..engine import statement
from .portal_access import CollectionsPortal, collections_route
from .statement import DOCUMENT_KINDS, SEARCH_LENGTH, ZIP_ROWS, Words

_TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "zip": "application/zip",
}


class CollectionsDocuments(CollectionsPortal):
    """What a customer takes home."""

    @collections_route("/statement/<int:company_id>/<string:file_format>", is_costly=True)
    def collections_statement_file(self, viewer, company_id, file_format, **_kw):
        """Download the statement of account with one company."""
        company = viewer.companies.filtered(lambda company: company.id == company_id)
        if not company or file_format not in ("pdf", "xlsx", "csv"):
            raise NotFound()
        documents = viewer.env["collection.statement.document"]
        seen = set(viewer.items([("case_id.company_id", "=", company.id)]).move_id.ids)
        period = Period(company._collection_today())
        account = documents._get_statements(company, viewer.partner, period, only_moves=seen)[viewer.partner]
        if file_format == "csv":
            content = self._collections_csv(viewer, company)
        else:
            try:
                content = documents._render_file(account, file_format)
            except UserError as error:
                return request.make_response(str(error), status=503, headers=[("Content-Type", "text/plain; charset=utf-8")])
        return self._collections_file(content, file_format, documents._file_name(account, file_format))

    def _collections_csv(self, viewer, company):
        """Return the open items with one company as CSV; a cell that customers or their references fill is never a formula."""
        words = Words(viewer.env)
        env, currencies = viewer.env, viewer.env["res.currency"]
        header = [
            *(env._("Document"), env._("Kind"), env._("Your reference"), env._("Date"), env._("Due date")),
            *(env._("Status"), env._("Currency"), env._("Original amount"), env._("Open"), env._("Running total")),
        ]
        rows = []
        for row in statement.rows(env, company, viewer.domain()):
            currency = currencies.browse(row.currency_id)
            digits = currency.decimal_places
            texts = (row.number or "", words.kinds[row.kind], row.reference or "")
            dates = (row.date.isoformat(), row.due_date.isoformat())
            amounts = (row.original or row.open, row.open, row.running)
            rows.append(
                [
                    *(placement_csv.text_cell(text) for text in texts),
                    *dates,
                    words.describe(row),
                    currency.name,
                    *(placement_csv.amount_cell(float(amount), digits) for amount in amounts),
                ]
            )
        return placement_csv.write([placement_csv.text_cell(name) for name in header], rows)

    @collections_route("/document/<int:item_id>", is_costly=True, readonly=False)
    def collections_document(self, viewer, item_id, **_kw):
        """Download the invoice or credit note of an open item."""
        move = viewer.find_items([item_id]).move_id
        if not move or not move.is_sale_document():
            raise NotFound()
        name, content = self._collections_invoice(move)
        return self._collections_file(content, "pdf", name)

    @collections_route("/documents", is_costly=True, readonly=False)
    def collections_documents(self, viewer, status=None, search=None, part="1", **_kw):
        """Download a part of what the statement lists as a ZIP file: the documents of so many rows, counted from the first."""
        status = status if status in statement.STATUSES else None
        number = int(part) if part.isascii() and part.isdigit() and 0 < len(part) < 6 else 1
        rows = statement.rows(
            *(viewer.env, viewer.companies, viewer.domain()),
            status=status,
            search=(search or "").strip()[:SEARCH_LENGTH],
            limit=ZIP_ROWS,
            offset=max(number - 1, 0) * ZIP_ROWS,
        )
        ids = dict.fromkeys(row.move_id for row in rows if row.kind in DOCUMENT_KINDS)
        moves = viewer.env["account.move"].browse(ids).filtered(lambda move: move.is_sale_document())
        if not moves:
            raise NotFound()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as archive:
            for name, content in dict(self._collections_invoice(move) for move in moves).items():
                archive.writestr(name, content)
        return self._collections_file(packed.getvalue(), "zip", viewer.env._("Invoices") + ".zip")

    def _collections_invoice(self, move):
        """Return (name, content) of the PDF of a document: as it was sent, else as Odoo prints it now."""
        with move.env.cr.savepoint() as savepoint:
            pdf = move._get_invoice_legal_documents("pdf", allow_fallback=True)
            savepoint.rollback()  # printing marks the invoice as changed by hand; who looks at it changes nothing
        return (f"{(move.name or 'document').replace('/', '_')}.pdf", pdf["content"])

    def _collections_file(self, content, file_format, name):
        return request.make_response(
            content,
            headers=[
                ("Content-Type", _TYPES[file_format]),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(name)),
            ],
        )
