from odoo import api, fields, models

from ..engine.dates import next_monthly_date


class ResCompany(models.Model):
    """When and to whom a company sends statements of account by itself."""

    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    collection_statement_day = fields.Integer(
        string="Statement Day",
        default=0,
        help="The day of the month on which statements of account are sent; in a shorter month its last day. 0: never.",
    )
    collection_statement_date = fields.Date(
        string="Next Statements", readonly=True, help="A day that was already past when it was chosen waits for the next month."
    )
    collection_statement_for = fields.Selection(
        [("chosen", "Only customers who are set to get one"), ("all", "Every customer, unless set to get none")],
        string="Statements For",
        default="chosen",
        required=True,
        help="Set on the customer, under Collections. A customer whose balance is zero gets none.",
    )
    collection_statement_kind = fields.Selection(
        [("open", "Open items on the day it is sent"), ("movements", "Movements of the month before")],
        string="Statements Show",
        default="open",
        required=True,
        help="Movements come with the opening and the closing balance of the month.",
    )
    collection_statement_format = fields.Selection(
        [("pdf", "PDF"), ("xlsx", "Spreadsheet (XLSX)")],
        string="Statements As",
        default="pdf",
        required=True,
        help="For customers without a choice of their own.",
    )

    _collection_statement_day_exists = models.Constraint(
        "CHECK(collection_statement_day IS NULL OR collection_statement_day BETWEEN 0 AND 31)",
        "The day of the statements is a day of a month, from 1 to 31, or 0 for never.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies.filtered("collection_statement_day")._collection_set_statement_date()
        return companies

    def write(self, vals):
        # The settings write what they show: only another day starts anew.
        moved = self.filtered(lambda company: company.collection_statement_day != vals.get("collection_statement_day"))
        result = super().write(vals)
        if "collection_statement_day" in vals:
            moved._collection_set_statement_date()
        return result

    def _collection_set_statement_date(self):
        """The next statements go out on the first such day after today: a change never sends anything at once."""
        for company in self:
            day = company.collection_statement_day
            company.collection_statement_date = day and next_monthly_date(day, company._collection_today())
