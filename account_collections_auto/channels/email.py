import re
from email.utils import formataddr

from odoo import Command, api, models
from odoo.tools import SQL
from odoo.tools.mail import generate_tracking_message_id


class CollectionChannelEmail(models.AbstractModel):
    """E-mail through Odoo's outgoing queue. The message belongs to the case, so that replies land there."""

    _name = "collection.channel.email"
    _description = "E-mail Channel"
    _inherit = "collection.channel"

    @api.model
    def _recipients_sql(self, company, for_customer=False):
        """The collections contacts; else the invoice contacts named on the claimed invoices; else the company.

        With a payer, that partner in place of the customer; with a hold that names who alone may be written to, that one.
        A contact may have several addresses; they are de-duplicated in their normalised form.
        ``for_customer``: about the whole account, so one message, and of a customer whose invoice contacts get only
        what is theirs none goes to those.
        """
        return SQL(
            """WITH payer AS (
                   SELECT kase.case_id, kase.debtor_id,
                          COALESCE(kase.only_contact_id, debtor.collection_payer_id, kase.debtor_id) AS payer_id,
                          kase.only_contact_id IS NOT NULL AS is_only,
                          COALESCE(kase.only_contact_id, debtor.collection_payer_id) IS NOT NULL AS is_other,
                          debtor.collection_grouping IS NOT DISTINCT FROM 'contact' AS is_apart,
                          debtor.collection_grouping IS NOT DISTINCT FROM 'contact'
                              AND debtor.collection_payer_id IS NULL AND kase.only_contact_id IS NULL
                              AND NOT %(for_customer)s AS by_contact
                     FROM collection_tmp_case kase JOIN res_partner debtor ON debtor.id = kase.debtor_id
               ), flagged AS (
                   SELECT payer.case_id, contact.id AS partner_id
                     FROM payer
                     JOIN res_partner master ON master.id = payer.payer_id
                     JOIN res_partner contact ON contact.commercial_partner_id = master.commercial_partner_id
                    WHERE contact.collection_contact AND contact.active AND NOT payer.is_only
               ), named AS (
                   SELECT DISTINCT item.case_id, item.contact_id AS partner_id
                     FROM collection_tmp_item item
                     JOIN payer ON payer.case_id = item.case_id AND NOT payer.is_other AND NOT payer.is_apart
                     JOIN res_partner contact ON contact.id = item.contact_id
                    WHERE (item.advances OR (item.collectable AND item.is_overdue))
                      AND contact.active AND COALESCE(contact.email, '') != ''
               ), chosen AS (
                   SELECT payer.case_id, item.contact_id, COALESCE(contact.id, payer.payer_id) AS partner_id
                     FROM payer
                     JOIN (SELECT DISTINCT case_id, contact_id FROM collection_tmp_item WHERE advances) item
                       ON item.case_id = payer.case_id
                     LEFT JOIN res_partner contact ON contact.id = item.contact_id AND contact.active
                                                      AND COALESCE(contact.email, '') != ''
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
               SELECT DISTINCT ON (chosen.case_id, chosen.contact_id, COALESCE(used.address, partner.email))
                      chosen.case_id, chosen.contact_id, 'email', partner.id,
                      COALESCE(used.address, partner.email), partner.lang,
                      CASE WHEN COALESCE(partner.email, '') = '' THEN 'no_address'
                           WHEN used.address IS NULL THEN 'invalid_address'
                           WHEN EXISTS (SELECT 1 FROM mail_blacklist listed
                                         WHERE listed.email = used.address AND listed.active) THEN 'blacklisted'
                           WHEN EXISTS (SELECT 1 FROM collection_bounce bounce
                                         WHERE bounce.email = used.address AND bounce.active
                                           AND bounce.company_id = %(company)s) THEN 'bounced'
                      END
                 FROM chosen JOIN res_partner partner ON partner.id = chosen.partner_id
                      CROSS JOIN LATERAL (%(addresses)s) used
                ORDER BY chosen.case_id, chosen.contact_id, COALESCE(used.address, partner.email), partner.id""",
            addresses=_addresses_sql(),
            company=company.id,
            for_customer=for_customer,
        )

    @api.model
    def _send(self, actions):
        mails = self.env["mail.mail"].sudo()
        reply_addresses = self._get_reply_addresses(actions)
        texts = self._render(actions)
        vals_list = [
            self._prepare_mail_vals(action, action._get_template(), texts[action.id], reply_addresses[action.case_id.id])
            for action in actions
        ]
        by_message_id = {mail.message_id: mail for mail in mails.create(vals_list)}
        for action in actions:
            mail = by_message_id[action.message_id]
            action.write({"mail_id": mail.id, "mail_message_id": mail.mail_message_id.id})
        mails.browse([mail.id for mail in by_message_id.values()])._trigger_queue()
        return actions

    @api.model
    def _render(self, actions):
        """Return {action id: {"subject", "body_html", "email_from", "reply_to", "body"}}, as the recipient gets it.

        ``body`` is the whole message inside of its layout. What a person wrote takes the place of the template's words.
        """
        actions._ensure_portal_links(actions.line_ids.move_id)
        texts = {}
        for template, group in actions.grouped(lambda action: action._get_template()).items():
            with template._explaining():
                rendered = template._generate_template(group.ids, ("subject", "body_html", "email_from", "reply_to"))
                for action in group:
                    if own := action._get_own_text():
                        rendered[action.id] |= own._fill(action.with_context(lang=action.lang or self.env.lang))
                    if action.is_test:
                        rendered[action.id]["subject"] = f"[TEST, {action.recipient}] {rendered[action.id]['subject']}"
                for action_id, body in self._wrap(template, group, rendered).items():
                    texts[action_id] = rendered[action_id] | {"body": body}
        return texts

    def _get_reply_addresses(self, actions):
        """Return {case id: reply-to}: the catch-all of the alias domain, from where a reply is routed to the case; without
        an alias domain the collector's or the company's address.
        """
        by_case = {action.case_id.id: action for action in actions}
        cases = self.env["collection.case"].browse(by_case)
        return cases._notify_get_reply_to_batch(
            defaults={case_id: action._get_reply_address() for case_id, action in by_case.items()},
            author_ids={case_id: action.company_id.partner_id.id for case_id, action in by_case.items()},
        )

    def _wrap(self, template, actions, rendered):
        """Return {action id: the whole message}: what was rendered, inside the layout, in the recipient's language."""
        layout = template.email_layout_xmlid or "account_collections_auto.mail_layout"
        wrapped = {}
        for action in actions:
            body = rendered[action.id]["body_html"]
            wrapped[action.id] = template.with_context(lang=action.lang)._render_encapsulate(
                layout,
                body,
                add_context=self._prepare_layout(action, body),
            )
        return wrapped

    def _prepare_layout(self, action, body):
        """Return what the layout shows around the text of ``action``. Extend with yours; writes nothing."""
        return {
            "company": action.company_id,
            "message": self.env["mail.message"].sudo().new({"body": body}),
            "model_description": "",
            "record_name": action.partner_id.display_name,
            "test_recipient": action.is_test and action.recipient,
        }

    @api.model
    def _show(self, actions):
        sent = actions.filtered("mail_message_id")
        texts = {
            action.id: {"subject": action.mail_message_id.subject, "body_html": action.mail_message_id.body} for action in sent
        }
        shown = {}
        for template, group in sent.grouped(lambda action: action._get_template()).items():
            wrapped = self._wrap(template, group, texts)
            for action in group:
                shown[action] = (action.mail_message_id.subject, action.mail_id.body_html or wrapped[action.id])
        waiting = (actions - sent).filtered(lambda action: action._get_template())
        return shown | {
            waiting.browse(action_id): (text["subject"], text["body"]) for action_id, text in self._render(waiting).items()
        }

    def _prepare_mail_vals(self, action, template, rendered, reply_address):
        """Values of the mail of ``action``. It belongs to the case, so that replies land there."""
        case, company = action.case_id, action.company_id
        action.message_id = generate_tracking_message_id(f"{case.id}-collection.case")
        names = action.recipient_ids._get_collection_names()
        recipients = ", ".join(formataddr((header_name(names.get(address)), address)) for address in action._get_addresses())
        if action.is_test:
            recipients = company.collection_test_email
        return {
            "subject": rendered["subject"],
            "body": rendered["body_html"],
            "body_html": rendered["body"],
            "email_from": rendered.get("email_from") or self._get_sender(company),
            "reply_to": rendered.get("reply_to") or company.collection_reply_to or reply_address,
            "email_to": recipients,
            "email_cc": False if action.is_test or action.case_id.is_contact_restricted else action.partner_id.collection_cc,
            "message_id": action.message_id,
            "model": "collection.case",
            "res_id": case.id,
            "record_company_id": company.id,
            "record_alias_domain_id": company.alias_domain_id.id,
            "author_id": company.partner_id.id,
            "attachment_ids": [Command.set(self._get_attachments(action).ids)],
            "message_type": "email_outgoing",
            "is_notification": True,
            "auto_delete": template.auto_delete,
            "mail_server_id": template.mail_server_id.id,
            "state": "outgoing",
            "scheduled_date": action._get_leaving_time(),
        }

    def _get_sender(self, company):
        """Return the address that messages come from: the one set for collections, else the company's."""
        return company.collection_email_from or company.email_formatted or self.env.user.email_formatted

    # -- attachments: of one message, of one customer ------------------------------------------------------------------

    def _get_attachments(self, action):
        """Return the files of this message: the letter, then the invoices, oldest first, up to the size of the step."""
        files, step = self.env["ir.attachment"].sudo(), action.step_id
        problems = []
        if step.attach_letter:
            files += action._get_letter_attachment(problems)
        if step.attach_invoices:
            room = step.attachment_limit_mb * 1024 * 1024 - sum(files.mapped("file_size"))
            files += self._get_invoice_files(action, room, problems)
        if problems:
            action.note_code = problems[0]
        return files

    def _get_invoice_files(self, action, room, problems):
        """Return the PDFs of the claimed invoices that fit into ``room`` bytes: as they were sent, else made now."""
        files = self.env["ir.attachment"].sudo()
        lines = action.line_ids.filtered(lambda line: line.amount_residual_currency > 0)
        for move in lines.sorted("due_date").move_id.filtered(lambda move: move.is_sale_document()):
            pdf = move.sudo().invoice_pdf_report_id or self._make_invoice_pdf(action, move, problems)
            if not pdf:
                continue
            room -= pdf.file_size
            if room < 0:
                problems.append("attachments_left_out")
                break
            files += pdf
        return files

    def _make_invoice_pdf(self, action, move, problems):
        name = f"{(move.name or 'invoice').replace('/', '_')}.pdf"
        return action._make_pdf("account.account_invoices", move, name, problems)

    # -- what became of it ---------------------------------------------------------------------------------------------

    @api.model
    def _listen(self):
        """Look at what the queue could not send, and wake it up for what waits."""
        mails = self.env["mail.mail"].sudo()
        stuck = mails.search([("model", "=", "collection.case"), ("state", "=", "exception")])
        stuck._hear_failures()
        mails._withdraw_late()
        mails._end_service_alert()
        mails._trigger_queue(only_if_due=True)


def _addresses_sql():
    """SELECT of the addresses of ``partner``: Odoo's normalised one, which is the first, and what else looks like one.

    A name in quotes is none, and the others are only looked for where there is a second @.
    """
    return SQL(
        """SELECT partner.email_normalized AS address
           UNION ALL
           SELECT lower(found[1])
             FROM regexp_matches(regexp_replace(partner.email, '"[^"]*"', '', 'g'),
                                 '[a-zA-Z0-9._%%+-]+@[a-zA-Z0-9.-]+\\.[a-zA-Z]{2,63}', 'g') found
            WHERE partner.email LIKE '%%@%%@%%' AND lower(found[1]) != lower(partner.email_normalized)"""
    )


def header_name(name):
    """Return a name for the header of a mail without anything that Odoo could take for one more address.

    Customers write their names themselves, in the portal or in a shop.

    >>> header_name("Buyer Ltd, <spy@x.example>\\nBcc: spy")
    'Buyer Ltd spy x.example Bcc spy'
    """
    return re.sub(r'[\s<>@",:;()\\\[\]]+', " ", name or "").strip()
