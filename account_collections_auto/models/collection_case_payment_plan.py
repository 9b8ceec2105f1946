from odoo import Command, fields, models
from odoo.exceptions import UserError


class CollectionCase(models.Model):
    """The payment plans of a case, and what the customer is told about them."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    payment_plan_ids = fields.One2many("collection.payment.plan", "case_id", string="Payment Plans")
    payment_plan_count = fields.Integer(compute="_compute_payment_plan_count")

    def _compute_payment_plan_count(self):
        counts = dict(
            self.env["collection.payment.plan"]._read_group(
                [("case_id", "in", self.ids), ("state", "!=", "cancelled")], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.payment_plan_count = counts.get(case, 0)

    def action_payment_plan(self):
        """Agree on instalments: what is overdue is proposed, or all that is open where nothing is."""
        self.ensure_one()
        items = self.item_ids.filtered(lambda item: item.amount_residual_currency > 0)
        overdue = items.filtered(lambda item: item.days_overdue > 0)
        return self._action_new_payment_plan(overdue or items)

    def _action_new_payment_plan(self, items):
        if not items:
            raise UserError(
                self.env._("%(customer)s owes nothing that could be paid in instalments.", customer=self.display_name)
            )
        currency = items[0].currency_id
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_payment_plan_start_action")
        return action | {
            "context": {
                "default_case_id": self.id,
                "default_item_ids": [Command.set(items.filtered(lambda item: item.currency_id == currency).ids)],
            }
        }

    def _tell(self, template, record, attachments=None):
        """Send ``template`` about ``record`` to whom the reminders go, in the language of each customer.

        In test mode it goes to the test address, and says so. Returns whether it was sent: not where a hold says to write
        to nobody.
        """
        self.ensure_one()
        contacts = self._get_contacts_to_write()
        if not contacts:
            record._message_log(body=self.contact_notice)
            return False
        values = {"auto_delete": False, "recipient_ids": [Command.set(contacts.ids)]}
        if attachments:
            values["attachment_ids"] = [Command.set(attachments.ids)]
        if self.company_id.collection_test_mode:
            values |= {
                "email_to": self.company_id.collection_test_email,
                "recipient_ids": [],
                "subject": f"[TEST, {self.partner_id.email or ''}] {record.display_name}",
            }
        # sudo: who records what a customer agreed to need not be allowed to read every template
        with template._explaining():
            mail_id = template.sudo().send_mail(record.id, email_values=values)
        mail_sudo = self.env["mail.mail"].sudo().browse(mail_id)
        self._complete_told(mail_sudo, record, contacts)
        return True

    def _complete_told(self, mail_sudo, record, contacts):
        """Add to the mail that tells ``contacts`` about ``record`` what is for their eyes only. Extend with yours."""
