import base64
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from ..engine import statement
from ..models.collection_statement_document import PREVIEW_ROWS, Period

# A PDF takes about a second; a browser does not wait longer than this many take. By e-mail there is no limit.
DOWNLOAD_LIMIT = {"pdf": 60, "xlsx": 1000}


class CollectionStatement(models.TransientModel):
    """Print or send statements of account, of cases or of customers."""

    _name = "collection.statement"
    _description = "Print or Send Statements of Account"

    case_ids = fields.Many2many("collection.case", string="Cases", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    partner_ids = fields.Many2many("res.partner", string="Customers", readonly=True)
    customer_count = fields.Integer(compute="_compute_customers", string="Number of Customers")
    kind = fields.Selection(
        [("open", "Open items on a day"), ("movements", "Movements of a period")],
        string="Statement",
        required=True,
        default="open",
        help="Movements come with the opening and the closing balance; what is open at the end is listed below them.",
    )
    date = fields.Date(
        string="As of",
        required=True,
        default=lambda self: self.env.company._collection_today(),
        help="Payments count from the day on which they were booked, also for a day in the past.",
    )
    date_from = fields.Date(string="From", help="The first day of the period; the opening balance is that of the day before.")
    file_format = fields.Selection(
        [("pdf", "PDF"), ("xlsx", "Spreadsheet (XLSX)")],
        string="File",
        required=True,
        default="pdf",
        help="The spreadsheet has a sheet for each customer.",
    )
    preview_id = fields.Many2one("res.partner", string="Preview Of", compute="_compute_preview_id", store=True, readonly=False)
    shown_ids = fields.Many2many("res.partner", compute="_compute_customers", string="Customers To Preview")
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    is_empty = fields.Boolean(compute="_compute_preview")
    recipients = fields.Char(compute="_compute_recipients", string="Goes To")
    notice = fields.Char(compute="_compute_recipients")
    file_data = fields.Binary(readonly=True, attachment=False)
    file_name = fields.Char(readonly=True)

    @api.constrains("date", "date_from", "kind")
    def _check_period(self):
        for wizard in self:
            if wizard.kind == "movements" and wizard.date_from and wizard.date_from > wizard.date:
                raise ValidationError(self.env._("The period cannot end before it starts."))

    @api.onchange("kind")
    def _onchange_kind(self):
        """Suggest the month before for movements, and today for open items."""
        today = self.env.company._collection_today()
        if self.kind == "movements":
            self.date = today.replace(day=1) - timedelta(days=1)
            self.date_from = self.date.replace(day=1)
        else:
            self.date, self.date_from = today, False

    @api.depends("case_ids", "partner_ids")
    def _compute_customers(self):
        for wizard in self:
            customers = wizard.case_ids.partner_id or wizard.partner_ids
            wizard.shown_ids = customers
            wizard.customer_count = len(wizard.case_ids) or len(customers)

    @api.depends("case_ids", "partner_ids")
    def _compute_preview_id(self):
        for wizard in self:
            wizard.preview_id = wizard.shown_ids[:1]

    @api.depends("preview_id", "kind", "date", "date_from")
    def _compute_preview(self):
        for wizard in self:
            wizard.preview, wizard.is_empty = False, False
            if not wizard.preview_id or not wizard._is_complete():
                continue
            # The first company of the customer: the document itself has one statement for each.
            company, partners = wizard._accounts(wizard.preview_id)[0]
            documents = self.env["collection.statement.document"]
            account = documents._get_statements(company, partners, wizard._period())[wizard.preview_id]
            wizard.preview = documents._in_language_of(account)._render_html(account, rows=PREVIEW_ROWS)
            wizard.is_empty = account.is_empty()

    @api.depends("case_ids", "partner_ids", "preview_id")
    def _compute_recipients(self):
        for wizard in self:
            cases = wizard._get_cases()
            shown = cases.filtered(lambda case, wizard=wizard: case.partner_id == wizard.preview_id)[:1]
            wizard.recipients = wizard._describe_recipients(shown)
            wizard.notice = wizard._describe_hold(shown)

    def _describe_recipients(self, case):
        """Return whom a statement of ``case`` would reach, or why nobody."""
        if not case:
            return self.env._("Nobody: this customer never owed anything here.")
        # sudo: addresses that refused a message are not for everybody; who they are and why is
        reached = statement.recipients(self.env(su=True), case.company_id, case.ids)[case.id]
        usable = [address for _partner, address, _lang, problem in reached if not problem]
        if usable:
            return ", ".join(dict.fromkeys(usable))
        address, problem = (reached[0][1], reached[0][3]) if reached else ("", "no_address")
        return self.env["collection.reason"]._describe(problem, {"text": address})

    def _describe_hold(self, case):
        if not case:
            return False
        hold = case.partner_id.sudo().with_company(case.company_id)._get_collection_hold().get(case.partner_id)
        if not hold or not hold._stops("messages"):
            return False
        until = format_date(self.env, hold.date_until) if hold.date_until else self.env._("somebody ends it")
        return self.env._(
            "On hold until %(until)s: %(reason)s. A statement by hand still goes out, the monthly one does not.",
            until=until,
            reason=hold.reason,
        )

    # -- what and whose --------------------------------------------------------------------------------------------------

    def _action_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Statement of Account"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _is_complete(self):
        return bool(self.date and (self.kind == "open" or (self.date_from and self.date_from <= self.date)))

    def _period(self):
        if not self._is_complete():
            raise UserError(self.env._("Choose the first and the last day of the period, in that order."))
        return Period(self.date, self.date_from if self.kind == "movements" else None)

    def _accounts(self, partners=None):
        """Return [(root company, customers)] that the user may see; ``partners``: only of those."""
        self.case_ids.check_access("read")
        if self.case_ids:
            found = [(company, cases.partner_id) for company, cases in self.case_ids.grouped("company_id").items()]
        else:
            self._check_company()
            self.partner_ids.check_access("read")
            found = [(self.company_id.root_id, self.partner_ids.commercial_partner_id)]
        if partners is not None:
            found = [(company, customers & partners) for company, customers in found]
        return [(company, customers) for company, customers in found if customers]

    def _check_company(self):
        """The ledger is read as it is, with all branches, whatever the rules of its tables: so ask first whose it is."""
        if self.company_id.sudo().root_id not in self.env.companies:
            raise AccessError(self.env._("You have no access to the company of this statement."))

    def _get_cases(self):
        if self.case_ids:
            return self.case_ids
        return self.env["collection.case"].search(
            [
                ("company_id", "=", self.company_id.root_id.id),
                ("partner_id", "in", self.partner_ids.commercial_partner_id.ids),
            ]
        )

    # -- download ----------------------------------------------------------------------------------------------------------

    def action_download(self):
        """Make one file of all statements and hand it to the browser. Customers without anything to show are left out."""
        self.ensure_one()
        limit = DOWNLOAD_LIMIT[self.file_format]
        if self.customer_count > limit:
            raise UserError(
                self.env._(
                    "One file holds the statements of at most %(limit)s customers. Choose fewer, another kind of file, or "
                    "send them by e-mail.",
                    limit=limit,
                )
            )
        documents, period = self.env["collection.statement.document"], self._period()
        accounts = [
            account
            for company, partners in self._accounts()
            for account in documents._get_statements(company, partners, period).values()
            if not account.is_empty()
        ]
        if not accounts:
            raise UserError(self.env._("There is nothing to print: nothing is open and nothing happened. The balance is zero."))
        self._keep_file(documents, accounts)
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file_data/{self.file_name}?download=true",
            "target": "self",
        }

    def _keep_file(self, documents, accounts):
        content = documents._render_xlsx(accounts) if self.file_format == "xlsx" else documents._render_pdfs(accounts)
        if len(accounts) == 1:
            name = documents._in_language_of(accounts[0])._file_name(accounts[0], self.file_format)
        else:
            name = f"{documents._title()} {self.date.isoformat()}.{self.file_format}"
        self.write({"file_data": base64.b64encode(content), "file_name": name})

    # -- e-mail ------------------------------------------------------------------------------------------------------------

    def action_send(self):
        """Queue an e-mail for each customer; say of whom a statement cannot go out, and why."""
        self.ensure_one()
        if not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can send statements of account."))
        period = self._period()
        accounts = self._accounts()
        cases = self._get_cases()
        if not cases:
            raise UserError(self.env._("There is nothing to send: these customers never owed anything in this company."))
        self._refuse_single_zero(accounts, period)
        sent = self.env["collection.statement.sent"]._request(cases, period, self.file_format)
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_statement_sent_action")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(count)s statements of account leave within minutes. Whatever cannot be sent is listed with the reason "
                    "under Messages, Statements of Account.",
                    count=len(sent),
                )
                if len(sent) > 1
                else self.env._("The statement of account leaves within minutes."),
                "next": {"type": "ir.actions.act_window_close"}
                if len(sent) == 1
                else action | {"domain": [("id", "in", sent.ids)], "context": {}},
            },
        }

    def _refuse_single_zero(self, accounts, period):
        """Whoever sends one statement learns at once that the balance is zero; of many, the list says so."""
        if self.customer_count > 1:
            return
        ((company, partners),) = accounts
        account = self.env["collection.statement.document"]._get_statements(company, partners, period)[partners]
        if account.is_zero():
            raise UserError(
                self.env._("No statement is sent: the balance of %(customer)s is zero.", customer=partners.display_name)
            )
