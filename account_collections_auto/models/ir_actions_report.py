import io

from odoo import models
from odoo.exceptions import UserError
from odoo.tools.pdf import PdfFileReader, PdfFileWriter
from reportlab.pdfgen import canvas

# Above and below what we print.
MARGIN_MM = 14


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

    def _print_collection_page(self, page, landscape=False):
        """Return the PDF of ``page``, a whole HTML document that needs no file of the web server, with numbered pages.

        Debian's wkhtmltopdf drops headers and footers and takes one document at a time; so the page carries all it needs.
        """
        if self.get_wkhtmltopdf_state() not in ("ok", "upgrade"):
            raise UserError(self.env._("The PDF cannot be made: the program wkhtmltopdf is missing on the server."))
        content = self._run_wkhtmltopdf(
            [str(page)],
            landscape=landscape,
            specific_paperformat_args={
                "data-report-margin-top": MARGIN_MM,
                "data-report-margin-bottom": MARGIN_MM,
                "data-report-header-spacing": 0,
                "data-report-without-scripts": True,
            },
        )
        return _number_pages(content)


def _number_pages(content):
    """Return the PDF ``content`` with "1 / 3" at the foot of each page, when there is more than one."""
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    count = reader.getNumPages()
    if count == 1:
        return content
    writer = PdfFileWriter()
    for number in range(count):
        page = reader.getPage(number)
        width, height = (float(size) for size in page.mediaBox[2:4])
        stamp = io.BytesIO()
        drawing = canvas.Canvas(stamp, pagesize=(width, height))
        drawing.setFont("Helvetica", 8)
        drawing.setFillGray(0.4)
        drawing.drawCentredString(width / 2, 18, f"{number + 1} / {count}")
        drawing.save()
        page.mergePage(PdfFileReader(stamp).getPage(0))
        writer.addPage(page)
        # Merged, a page is as long as what it draws: thirty times the size.
        writer.pages[-1].compress_content_streams()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
