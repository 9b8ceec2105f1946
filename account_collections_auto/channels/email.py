from email.utils import formataddr

from odoo import api, models
from odoo.tools import SQL
from odoo.tools.mail import generate_tracking_message_id


class CollectionChannelEmail(models.AbstractModel):
    """E-mail through Odoo's outgoing queue. The message belongs to the case, so that replies land there."""

    _name = "collection.channel.email"
    _description = "E-mail Channel"
    _inherit = "collection.channel"

    @api.model
    def _recipients_sql(self, company):
        """The collections contacts; else the invoice contacts named on the claimed invoices; else the company.

        With a payer, that partner in place of the customer. Addresses are de-duplicated in their normalised form.
        """
        return SQL(
            """WITH payer AS (
                   SELECT kase.case_id, kase.debtor_id, COALESCE(debtor.collection_payer_id, kase.debtor_id) AS payer_id,
                          debtor.collection_payer_id IS NOT NULL AS is_other,
                          debtor.collection_grouping IS NOT DISTINCT FROM 'contact'
                              AND debtor.collection_payer_id IS NULL AS by_contact
                     FROM collection_tmp_case kase JOIN res_partner debtor ON debtor.id = kase.debtor_id
               ), flagged AS (
                   SELECT payer.case_id, contact.id AS partner_id
                     FROM payer
                     JOIN res_partner master ON master.id = payer.payer_id
                     JOIN res_partner contact ON contact.commercial_partner_id = master.commercial_partner_id
                    WHERE contact.collection_contact AND contact.active
               ), named AS (
                   SELECT DISTINCT item.case_id, item.contact_id AS partner_id
                     FROM collection_tmp_item item
                     JOIN payer ON payer.case_id = item.case_id AND NOT payer.is_other
                     JOIN res_partner contact ON contact.id = item.contact_id
                    WHERE (item.advances OR (item.collectable AND item.is_overdue))
                      AND COALESCE(contact.email, '') != ''
               ), chosen AS (
                   SELECT payer.case_id, item.contact_id, COALESCE(contact.id, payer.payer_id) AS partner_id
                     FROM payer
                     JOIN (SELECT DISTINCT case_id, contact_id FROM collection_tmp_item WHERE advances) item
                       ON item.case_id = payer.case_id
                     LEFT JOIN res_partner contact ON contact.id = item.contact_id AND COALESCE(contact.email, '') != ''
                    WHERE payer.by_contact
                   UNION ALL
                   SELECT case_id, 0, partner_id FROM flagged JOIN payer USING (case_id) WHERE NOT by_contact
                   UNION ALL
                   SELECT case_id, 0, partner_id FROM named JOIN payer USING (case_id)
                    WHERE NOT by_contact AND case_id NOT IN (SELECT case_id FROM flagged)
                   UNION ALL
                   SELECT case_id, 0, payer_id FROM payer
                    WHERE NOT by_contact AND case_id NOT IN (SELECT case_id FROM flagged UNION SELECT case_id FROM named)
               )
               SELECT DISTINCT ON (chosen.case_id, chosen.contact_id, COALESCE(partner.email_normalized, partner.email))
                      chosen.case_id, chosen.contact_id, 'email', partner.id,
                      COALESCE(partner.email_normalized, partner.email), partner.lang,
                      CASE WHEN COALESCE(partner.email, '') = '' THEN 'no_address'
                           WHEN partner.email_normalized IS NULL THEN 'invalid_address'
                           WHEN EXISTS (SELECT 1 FROM mail_blacklist listed
                                         WHERE listed.email = partner.email_normalized AND listed.active) THEN 'blacklisted'
                           WHEN EXISTS (SELECT 1 FROM collection_bounce bounce
                                         WHERE bounce.email = partner.email_normalized AND bounce.active
                                           AND bounce.company_id = %s) THEN 'bounced'
                      END
                 FROM chosen JOIN res_partner partner ON partner.id = chosen.partner_id
                ORDER BY chosen.case_id, chosen.contact_id, COALESCE(partner.email_normalized, partner.email), partner.id""",
            company.id,
        )

    @api.model
    def _send(self, actions):
        mails = self.env["mail.mail"].sudo()
        vals_list = []
        for template, group in actions.grouped(lambda action: action.step_id.mail_template_id).items():
            rendered = template._generate_template(group.ids, ("subject", "body_html", "email_from", "reply_to"))
            vals_list += [self._prepare_mail_vals(action, template, rendered[action.id]) for action in group]
        by_message_id = {mail.message_id: mail for mail in mails.create(vals_list)}
        for action in actions:
            mail = by_message_id[action.message_id]
            action.write({"mail_id": mail.id, "mail_message_id": mail.mail_message_id.id})
        return actions

    def _prepare_mail_vals(self, action, template, rendered):
        case = action.case_id
        action.message_id = generate_tracking_message_id(f"{case.id}-collection.case")
        recipients = ", ".join(formataddr((partner.name or "", partner.email_normalized)) for partner in action.recipient_ids)
        subject = rendered["subject"]
        if action.is_test:
            subject = f"[TEST, {action.recipient}] {subject}"
            recipients = action.company_id.collection_test_email
        return {
            "subject": subject,
            "body_html": rendered["body_html"],
            "email_from": rendered.get("email_from") or action.company_id.email_formatted or self.env.user.email_formatted,
            "reply_to": rendered.get("reply_to") or False,
            "email_to": recipients,
            "email_cc": False if action.is_test else action.partner_id.collection_cc,
            "message_id": action.message_id,
            "model": "collection.case",
            "res_id": case.id,
            "author_id": action.company_id.partner_id.id,
            "message_type": "email_outgoing",
            "is_notification": True,
            "auto_delete": template.auto_delete,
            "mail_server_id": template.mail_server_id.id,
            "state": "outgoing",
        }

    @api.model
    def _listen(self):
        """See what became of the mails in Odoo's queue."""
