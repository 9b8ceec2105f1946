from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..engine import ageing


class CollectionCase(models.Model):
    """What the form of a case shows besides the figures: debts per currency, contacts, and the way to other documents."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    contact_ids = fields.Many2many(
        "res.partner", compute="_compute_contact_ids", string="Contacts", help="The customer, its contacts and its payer."
    )
    ageing_table = fields.Html(compute="_compute_ageing_table", sanitize=False, string="Ageing per Currency")
    invoice_count = fields.Integer(compute="_compute_document_counts", string="Number of Invoices")
    payment_count = fields.Integer(compute="_compute_document_counts", string="Number of Payments")
    message_count = fields.Integer(compute="_compute_record_counts", string="Number of Messages")
    hold_count = fields.Integer(compute="_compute_record_counts", string="Number of Holds")
    last_written_date = fields.Date(readonly=True, copy=False, help="When somebody last wrote to the customer from the case.")

    # -- contacts ----------------------------------------------------------------------------------------------------

    def _compute_contact_ids(self):
        payers = self.partner_id.collection_payer_id
        family = self.env["res.partner"].search(
            [("commercial_partner_id", "in", (self.partner_id | payers.commercial_partner_id).ids)]
        )
        by_company = family.grouped("commercial_partner_id")
        nobody = self.env["res.partner"]
        for case in self:
            own = by_company.get(case.partner_id, nobody)
            payer = case.partner_id.collection_payer_id.commercial_partner_id
            contacts = case.partner_id | own | by_company.get(payer, nobody)
            case.contact_ids = case.only_contact_id | contacts.filtered("collection_contact") | case.partner_id | contacts

    def _get_contacts_to_write(self):
        """Return whom a person writes to: like a reminder, the collections contacts, else the invoice contacts, else the
        customer; with a payer, that partner in place of the customer. Where a hold says who alone, that one or nobody."""
        self.ensure_one()
        if self.is_contact_restricted:
            return self.only_contact_id
        payer = self.partner_id.collection_payer_id
        master = payer or self.partner_id
        family = self.contact_ids.filtered(lambda contact: contact.commercial_partner_id == master.commercial_partner_id)
        named = self.item_ids.filtered(lambda item: item.amount_residual > 0).move_id.partner_id.filtered("email")
        return family.filtered("collection_contact") or (named if not payer else payer) or master

    def action_write(self):
        """Open Odoo's mail composer, addressed to the contact who gets the reminders."""
        self.ensure_one()
        self._check_collector()
        contacts = self._get_contacts_to_write()
        if not contacts:
            raise UserError(self.contact_notice)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Write to the Customer"),
            "res_model": "mail.compose.message",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_model": self._name,
                "default_res_ids": self.ids,
                "default_composition_mode": "comment",
                "default_partner_ids": contacts.ids,
                "default_subject": self.with_context(lang=contacts[:1].lang).env._("Your open invoices"),
                "force_email": True,
            },
        }

    def _message_post_after_hook(self, message, msg_vals):
        """Remember that somebody of ours wrote to the customer: it counts as contact."""
        outside = message.partner_ids.filtered("partner_share")
        if message.message_type == "comment" and outside and not message.author_id.partner_share:
            self.sudo().last_written_date = self.company_id._collection_today()
        return super()._message_post_after_hook(message, msg_vals)

    # -- debts per currency --------------------------------------------------------------------------------------------

    @api.depends("item_ids")
    @api.depends_context("lang")
    def _compute_ageing_table(self):
        labels = dict(self._fields["ageing_bucket"]._description_selection(self.env))
        for case in self:
            rows = case._prepare_ageing_rows()
            filled = {column for row in rows for column in row["amounts"]}
            case.ageing_table = self.env["ir.qweb"]._render(
                "account_collections_auto.case_ageing",
                {
                    "buckets": [(bucket.code, labels[bucket.code]) for bucket in ageing.BUCKETS if bucket.code in filled],
                    "has_credits": "credit" in filled,
                    "rows": rows,
                },
                minimal_qcontext=True,
            )

    def _prepare_ageing_rows(self):
        """Return one row per currency: what is owed in each bucket, the open credits, the balance; as text."""
        self.ensure_one()
        sums = {}
        for item in self.item_ids:
            row = sums.setdefault(item.currency_id, {})
            amount = item.amount_residual_currency
            column = ageing.bucket(item.days_overdue) if amount > 0 else "credit"
            row[column] = row.get(column, 0.0) + amount
        return [
            {
                "currency": currency.name,
                "amounts": {column: formatLang(self.env, amount, currency_obj=currency) for column, amount in row.items()},
                "balance": formatLang(self.env, sum(row.values()), currency_obj=currency),
            }
            for currency, row in sorted(sums.items(), key=lambda row: (row[0] != self.currency_id, row[0].name))
        ]

    # -- other documents -------------------------------------------------------------------------------------------------

    def _documents_domain(self):
        return [
            ("partner_id", "child_of", self.partner_id.ids),
            ("company_id", "child_of", self.company_id.ids),
        ]

    def _invoices_domain(self):
        types = ("out_invoice", "out_refund", "out_receipt")
        return [*self._documents_domain(), ("move_type", "in", types), ("state", "=", "posted")]

    def _payments_domain(self):
        states = ("in_process", "paid")
        return [*self._documents_domain(), ("partner_type", "=", "customer"), ("state", "in", states)]

    def _compute_document_counts(self):
        invoices = self._count_documents("account.move", self._invoices_domain())
        payments = self._count_documents("account.payment", self._payments_domain())
        for case in self:
            key = (case.partner_id, case.company_id)
            case.invoice_count, case.payment_count = invoices.get(key, 0), payments.get(key, 0)

    def _count_documents(self, model, domain):
        """Return {(customer, root company): number}."""
        counts = {}
        for partner, company, count in self.env[model]._read_group(domain, ["partner_id", "company_id"], ["__count"]):
            key = (partner.commercial_partner_id, company.root_id)
            counts[key] = counts.get(key, 0) + count
        return counts

    def _compute_record_counts(self):
        actions = self.env["collection.action"]._read_group([("case_id", "in", self.ids)], ["case_id"], ["__count"])
        holds = self.env["collection.hold"]._read_group(
            [("partner_id", "in", self.partner_id.ids)], ["partner_id", "company_id"], ["__count"]
        )
        messages, held = dict(actions), {(partner, company): count for partner, company, count in holds}
        for case in self:
            case.message_count = messages.get(case, 0)
            case.hold_count = held.get((case.partner_id, case.company_id), 0)

    def action_view_invoices(self):
        """Open the invoices and credit notes of the customer."""
        return self._open_documents("account.action_move_out_invoice_type", self._invoices_domain())

    def action_view_payments(self):
        """Open the payments of the customer."""
        return self._open_documents("account.action_account_payments", self._payments_domain())

    def _open_documents(self, xmlid, domain):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return action | {"domain": domain, "context": {"create": False}}
