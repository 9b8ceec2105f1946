from odoo import api, models
from odoo.tools import SQL


class CollectionSettlementOffer(models.Model):
    """The customer gets the offer in a message of its own: at once, or as soon as nothing holds it back."""

    _inherit = "collection.settlement.offer"  # pylint: disable=consider-merging-classes-inherited

    _told_field = "settlement_ids"
    _states_to_tell = ("offered",)
    _makes_due = True
    _is_stopped_itself = False
    _is_told_whole = True

    def _get_message_template(self):
        template = self.env.ref("account_collections_auto.mail_template_settlement", raise_if_not_found=False)
        return template or self.env["mail.template"]

    @api.model
    def _may_cycle_tell(self, company, date):
        return super()._may_cycle_tell(company, date) and bool(self._get_message_template())

    @api.model
    def _is_waiting_sql(self, company, date):
        return SQL("%s AND record.pay_by >= %s", self._is_untold_sql(), date)

    def _judge_again(self, date):
        self.env["collection.case"].sudo()._refresh_marked()
        for company in self.sudo().company_id:
            self.sudo()._judge(company, date)
