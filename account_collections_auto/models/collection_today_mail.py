import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class CollectionToday(models.AbstractModel):
    """The figures of Today once a day by mail, to who asked for it, on days with something to do."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _cron_mail(self):
        """Send today's figures of each company whose hour has come."""
        companies = (
            self.env["res.company"].sudo().search([("collection_mail_user_ids", "!=", False), ("parent_id", "=", False)])
        )
        ready = companies.filtered(lambda company: company._collection_mail_is_due())
        for number, company in enumerate(ready, start=1):
            company_id = company.id
            try:
                for user in company.collection_mail_user_ids:
                    self._mail_figures(company, user)
                company.collection_mail_date = company._collection_today()
            except Exception:
                # Whatever it is, the other companies get their mail; the next call tries this one again.
                self.env.cr.rollback()
                _logger.exception("The daily mail of company %s was not made", company_id)
            self.env["ir.cron"]._commit_progress(1, remaining=len(ready) - number)

    @api.model
    def _mail_figures(self, company, user):
        """Queue the mail of ``user`` about ``company``; none without access, without address, or with nothing to do."""
        allowed = user.active and not user.share and user.has_group("account_collections_auto.group_collection_auditor")
        if not allowed or company not in user.company_ids or not user.email_normalized:
            return self.env["mail.mail"]
        today = self.with_user(user).with_company(company).with_context(allowed_company_ids=company.ids, lang=user.lang)
        tiles = today.get_tiles()
        if all(tile["stamp"] for tile in tiles):  # notes only
            return self.env["mail.mail"]
        mail = self.env["mail.mail"].sudo().create(today._prepare_mail_vals(company, tiles))
        mail._trigger_queue()
        return mail

    @api.model
    def _prepare_mail_vals(self, company, tiles):
        """Values of the mail to the current user, in the language of the context."""
        body = self.env["ir.qweb"]._render(
            "account_collections_auto.collection_today_mail",
            {
                "company": company,
                "user": self.env.user,
                "tiles": [{**tile, "amount": self._format_amounts(tile["amounts"])} for tile in tiles],
                "url": f"{company.get_base_url()}/odoo/collection-today",
            },
        )
        return {
            "subject": self.env._("%(company)s: what to decide today", company=company.name),
            "body_html": body,
            "email_from": company.email_formatted or self.env.user.email_formatted,
            "email_to": self.env.user.email_formatted,
            "auto_delete": True,
        }
