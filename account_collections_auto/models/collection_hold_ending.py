from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from .undo import offer_undo

DAYS_AHEAD = 7


class CollectionHold(models.Model):
    """A hold that ends soon is a decision: prolong it, end it now, or let it end as planned."""

    _inherit = "collection.hold"  # pylint: disable=consider-merging-classes-inherited

    ends_as_planned = fields.Boolean(
        readonly=True, tracking=True, help="Somebody knows that it ends and wants it so; Today does not ask again."
    )
    is_ending = fields.Boolean(
        compute="_compute_is_ending", search="_search_is_ending", string="Ends This Week", help="Within seven days."
    )
    is_mine = fields.Boolean(
        compute="_compute_is_mine",
        search="_search_is_mine",
        string="Answered by Me",
        help="You answer for the customer's case.",
    )

    @api.depends("active", "date_until", "ends_as_planned")
    def _compute_is_ending(self):
        for hold in self:
            today = hold.company_id._collection_today()
            last = today + timedelta(days=DAYS_AHEAD - 1)
            hold.is_ending = bool(
                hold.active and not hold.ends_as_planned and hold.date_until and today <= hold.date_until <= last
            )

    def _search_is_ending(self, operator, value):
        if operator != "in":
            return NotImplemented
        days = self.env["res.company"]._get_collection_days()
        periods = [
            Domain("company_id", "=", company.id)
            & Domain("date_until", ">=", days[company.id])
            & Domain("date_until", "<", days[company.id] + timedelta(days=DAYS_AHEAD))
            for company in self.env.companies
        ]
        return Domain("active", "=", True) & Domain("ends_as_planned", "=", False) & Domain.OR(periods)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_is_mine(self):
        found = self.search([("id", "in", self.ids), ("is_mine", "=", True)])
        for hold in self:
            hold.is_mine = hold._origin in found

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()  # the condition is SQL
        return Domain.custom(to_sql=lambda model, alias, query: self._mine_sql(alias))

    @api.model
    def _mine_sql(self, alias):
        return SQL(
            """EXISTS (SELECT 1 FROM collection_case kase JOIN res_partner debtor ON %(debtor)s = kase.partner_id
                        WHERE debtor.id = %(partner)s AND kase.company_id = %(company)s AND %(mine)s)""",
            debtor=self.env["collection.case"]._debtor_sql("debtor"),
            partner=SQL.identifier(alias, "partner_id"),
            company=SQL.identifier(alias, "company_id"),
            mine=self.env["collection.case"]._mine_sql("kase"),
        )

    def action_prolong(self):
        """Let the holds last two weeks longer. Offers a way back."""
        self._check_decides()
        ending = self.filtered("date_until")
        before = ending._read_ending()
        for date_until, holds in ending.grouped("date_until").items():
            holds.date_until = date_until + timedelta(days=14)
        message = self.env._("%(customers)s: on hold two weeks longer.", customers=ending._name_customers())
        return ending._answer(message, before)

    def action_let_end(self):
        """The holds end on their day: do not ask again. Offers a way back."""
        self._check_decides()
        before = self._read_ending()
        self.ends_as_planned = True
        message = self.env._("%(customers)s: the hold ends on its day.", customers=self._name_customers())
        return self._answer(message, before)

    def _check_decides(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can decide about holds."))
        self.check_access("write")

    def _read_ending(self):
        """Return {hold id as text: [its last day, whether it ends as planned]}."""
        return {
            str(hold.id): [hold.date_until.isoformat() if hold.date_until else False, hold.ends_as_planned] for hold in self
        }

    def _answer(self, message, before):
        """Say ``message``, and offer to make the holds again what they were ``before``."""
        after = self._read_ending()
        values = {hold_id: [before[hold_id], after[hold_id]] for hold_id in before}
        # sudo: what an answer takes back is written by no client
        answer = self.env["collection.hold.answer"].sudo().create({"hold_ids": self.ids, "answered": values})
        return offer_undo(message, answer.sudo(False))

    def write(self, vals):
        if "date_until" in vals:
            vals = {"ends_as_planned": False, **vals}  # another day is another question
        return super().write(vals)
