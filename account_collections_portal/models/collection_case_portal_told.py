from markupsafe import Markup
from odoo import models

# The page that such a message is about, after the address of the link; others lead to what is open.
_PAGES = {"collection.payment.plan": "/plan/%s", "collection.dispute": "/answers"}


class CollectionCase(models.Model):
    """What the customer is told about a payment plan or a dispute carries the link to its page."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    def _complete_told(self, mail_sudo, record, contacts):
        """As the reminders: the link is in the mail only, not in the conversation; a test carries none."""
        super()._complete_told(mail_sudo, record, contacts)
        if self.company_id.collection_test_mode:
            return
        addresses = ", ".join(contact.email for contact in contacts if contact.email)
        links = self.env["collection.portal.link"]
        link = links._make([links._prepare_vals(self, contacts, addresses, self.partner_id.lang)])
        page = _PAGES.get(record._name, "")
        button = self.env["ir.qweb"]._render(
            "account_collections_portal.online_button",
            {"portal_url": link._get_url() + (page % record.id if "%" in page else page), "record": record},
            lang=link.lang or self.env.lang,
            minimal_qcontext=True,
        )
        mail_sudo.body_html = Markup("%s%s") % (Markup(mail_sudo.body_html), button)
