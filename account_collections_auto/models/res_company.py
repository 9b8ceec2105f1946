import zoneinfo
from datetime import datetime

from odoo import api, fields, models
from odoo.addons.base.models.res_partner import _tz_get
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import ormcache


class ResCompany(models.Model):
    _inherit = "res.company"

    collection_tz = fields.Selection(
        _tz_get,
        string="Collections Time Zone",
        default=lambda self: self.env.user.tz or "UTC",
        help="A day of collections is a day in this time zone.",
    )
    collection_plan_id = fields.Many2one(
        "collection.plan",
        string="Default Dunning Plan",
        ondelete="restrict",
        help="For customers without a plan of their own, whom no plan rule fits.",
    )
    collection_user_id = fields.Many2one(
        "res.users", string="Default Collector", help="Answers for the cases without a collector; named in messages."
    )
    collection_email_from = fields.Char(
        string="Reminders Come From",
        help='The sender of reminders, for example "Accounts <accounts@example.com>". Empty: the name and address of the '
        "company. A text with a sender of its own keeps that one.",
    )
    collection_reply_to = fields.Char(
        string="Answers Go To",
        help="Where answers to reminders go. Empty: to the catch-all address of Odoo, so that they reach the case of the "
        "customer, or without one to the collector.",
    )
    collection_start_step = fields.Char(
        string="Start Assistant", help="Where the start assistant was left; done, when the cycle was switched on once."
    )
    collection_is_active = fields.Boolean(string="Automatic Cycle", help="The daily cycle runs by itself for this company.")
    collection_mode = fields.Selection(
        [("prepare", "A person confirms each day's messages"), ("send", "Messages leave by themselves")],
        string="Daily Messages",
        required=True,
        default="prepare",
        help="A person confirms: a preview is ready in the morning, and nothing leaves before a manager looked at it and "
        "confirmed. By themselves: the cycle runs at its hour and sends what is due; it stops as a preview when the bank is "
        "not in or unusually many customers would be contacted.",
    )
    collection_prepare_time = fields.Float(
        string="Preview Is Made At", default=4.0, help="The hour at which the preview is made that a person confirms."
    )
    collection_send_time = fields.Float(
        string="Cycle Starts At",
        default=8.0,
        help="The hour at which messages leave by themselves, in the time zone of collections.",
    )
    collection_test_mode = fields.Boolean(
        string="Test Mode", help="Every message goes to one internal address and counts for nothing."
    )
    collection_test_email = fields.Char(
        string="Test Address", help="While test mode is on, every message goes here instead of to the customer."
    )
    collection_short_payment_percent = fields.Float(
        string="Short Payment Up To",
        default=25.0,
        help="When a customer paid an invoice except for at most this share of it, in percent, the rest is listed under "
        "Short Payments and a dispute is proposed.",
    )
    collection_bank_max_age_days = fields.Integer(
        string="Newest Bank Line At Most",
        default=4,
        help="When the newest bank line is older than this many days, an automatic cycle stops as a preview. 0: never.",
    )
    collection_brake_factor = fields.Float(
        string="Brake Factor",
        default=3.0,
        help="An automatic cycle that would contact more than this many times the usual number of customers, "
        "which is the median of its last ten, stops as a preview. Ten customers are never too many.",
    )
    collection_brake_first_limit = fields.Integer(
        string="Brake At First",
        default=200,
        help="Most customers that one of the first ten automatic cycles may contact before it stops as a preview.",
    )

    _collection_test_mode_has_address = models.Constraint(
        "CHECK(collection_test_mode IS NOT TRUE OR collection_test_email IS NOT NULL)",
        "Test mode needs the address that receives the messages.",
    )

    @api.constrains("collection_plan_id")
    def _check_collection_plan_company(self):
        for company in self.sudo():
            plan = company.collection_plan_id
            if plan and plan.company_id != company.root_id:
                raise ValidationError(
                    company.env._(
                        "The dunning plan %(plan)s does not belong to %(company)s.", plan=plan.name, company=company.name
                    )
                )

    @api.model
    def _get_collection_days(self):
        """Return {company id: today in its time zone} for all companies."""
        days = {}
        for company_ids in self._get_companies_by_zone():
            days |= dict.fromkeys(company_ids, self.browse(company_ids[0])._collection_today())
        return days

    @api.model
    @ormcache()
    def _get_companies_by_zone(self):
        """Return the ids of all companies, those with the same time zone together."""
        companies_sudo = self.sudo().with_context(active_test=False).search(Domain.TRUE)
        groups = companies_sudo.grouped(lambda company: company.root_id.collection_tz)
        return tuple(tuple(companies.ids) for companies in groups.values())

    @ormcache("self.id")
    def _get_collection_zone(self):
        """Return the name of the company's time zone."""
        self.ensure_one()
        return self.sudo().root_id.collection_tz or "UTC"

    def cache_invalidation_fields(self):
        """Return the fields whose change clears Odoo's caches: the zones of all companies are kept there, too."""
        return super().cache_invalidation_fields() | {"collection_tz"}

    def _collection_now(self):
        """Return the local time in the company's time zone, without zone."""
        return self._collection_local(fields.Datetime.now())

    def _collection_local(self, moment):
        """Return ``moment`` (UTC, as stored) as the clock of the company's time zone shows it, without zone."""
        zone = zoneinfo.ZoneInfo(self._get_collection_zone())
        return moment.replace(tzinfo=zoneinfo.ZoneInfo("UTC")).astimezone(zone).replace(tzinfo=None)

    def _collection_today(self):
        """Return today's date in the company's time zone."""
        return datetime.date(self._collection_now())

    def _collection_managers(self):
        """Return the collection managers of this company."""
        self.ensure_one()
        # sudo: whoever asks need not see other users
        managers = self.env.ref("account_collections_auto.group_collection_manager").sudo().all_user_ids
        return managers.filtered(lambda user: self.root_id in user.company_ids and user.active and not user.share)

    def _collection_responsible(self):
        """Return who confirms the prepared messages: the default collector who is a manager, else the first manager."""
        managers = self._collection_managers()
        return (self.sudo().root_id.collection_user_id & managers) or managers.sorted("id")[:1]

    def _collection_preview_waiting(self):
        """Return the preview that waits for a manager of this company to confirm it; empty when there is nothing to send."""
        self.ensure_one()
        root = self.root_id
        # sudo: the daily mail and jobs ask too; the caller shows it with the rights of its reader
        cycles = self.env["collection.cycle"].sudo()
        waiting = cycles.search([("company_id", "=", root.id), ("state", "=", "preview"), ("is_automatic", "=", True)], limit=1)
        later = [("company_id", "=", root.id), ("state", "in", ("running", "done")), ("date", ">=", waiting.date)]
        if not waiting.planned_count or cycles.search_count(later, limit=1):
            return self.env["collection.cycle"]
        return waiting.sudo(self.env.su)

    @api.model
    def _collection_create_default_plans(self):
        """Give each root company without a default plan a copy of the standard one, so that its cases follow a plan."""
        # sudo: who creates a company need not have access to the one that the standard plan belongs to
        standard = self.env.ref("account_collections_auto.collection_plan_standard").sudo()
        for company in self.sudo().search([("parent_id", "=", False), ("collection_plan_id", "=", False)]):
            if standard.company_id == company:
                company.collection_plan_id = standard
            else:
                company.collection_plan_id = standard.copy(
                    {"company_id": company.id, "calendar_id": company.resource_calendar_id.id, "name": standard.name}
                )

    def _collection_find_time_zone(self):
        """Take the time zone of the working hours, else of an administrator: whoever installs a module has none.

        Odoo's working hours are in UTC when nobody had a time zone yet, so UTC is taken only where nothing else is known.
        """
        administrators = self.env.ref("base.group_system").sudo().all_user_ids.sorted("id")
        for company in self.sudo():
            zones = [
                company.resource_calendar_id.tz,
                *administrators.filtered(lambda user, company=company: company in user.company_ids).mapped("tz"),
            ]
            company.collection_tz = next((zone for zone in zones if zone and zone != "UTC"), "UTC")

    def write(self, vals):
        if vals.get("collection_is_active"):
            self._collection_check_may_switch()
        return super().write(vals)

    def _collection_check_may_switch(self):
        """Whoever may edit companies may not yet let messages leave."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can switch the automatic collection cycle on."))

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("collection_is_active") for vals in vals_list):
            self._collection_check_may_switch()
        companies = super().create(vals_list)
        if self.env.ref("account_collections_auto.collection_plan_standard", raise_if_not_found=False):
            self._collection_create_default_plans()
        return companies
