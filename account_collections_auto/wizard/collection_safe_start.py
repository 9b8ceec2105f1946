import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import takeover

_logger = logging.getLogger(__name__)

DONE = "done"


class CollectionSafeStart(models.TransientModel):
    """Switch the daily cycle of a company on, after seeing whom it would contact; or off again."""

    _name = "collection.safe.start"
    _description = "Start or Stop the Automatic Cycle"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    is_active = fields.Boolean(related="company_id.collection_is_active")
    cycle_id = fields.Many2one("collection.cycle", string="Preview", readonly=True, ondelete="set null")
    # As the reader may see them: a program may ask for any preview.
    summary = fields.Html(related="cycle_id.summary", related_sudo=False)
    bank_summary = fields.Text(related="cycle_id.bank_summary", related_sudo=False)
    send_time = fields.Float(
        string="Messages Leave At",
        required=True,
        help="The hour at which messages leave by themselves, in the time zone of collections.",
    )
    is_test_mode = fields.Boolean(
        string="Test Mode First", help="Every message goes to one internal address and counts for nothing."
    )
    test_email = fields.Char(string="Test Address", help="The address that gets every message while test mode is on.")
    old_days = fields.Integer(
        string="Old Means Overdue More Than (Days)",
        default=90,
        required=True,
        help="Items that are overdue for longer than this are asked about; the others start with the plan as it is.",
    )
    old_item_count = fields.Integer(compute="_compute_old_items", string="Old Items")
    old_customer_count = fields.Integer(compute="_compute_old_items", string="Their Customers")
    old_amount = fields.Monetary(compute="_compute_old_items")
    old_due_date = fields.Date(compute="_compute_old_items", string="Oldest Due Date")
    old_items = fields.Selection(
        [
            ("leave_out", "Leave them out: they are put on hold until somebody ends it"),
            ("set_level", "Set the level they already have: the next reminder is the one after it"),
            ("review", "Prepare for review: a person approves the first message to these customers"),
        ],
        string="What Happens to Old Items",
        help="Done once, when the cycle is switched on. On hold: end the hold of a customer when you want to go on. Set the "
        "level: as if the reminder had been sent by us. Review: the first message waits for approval.",
    )
    last_reminded_date = fields.Date(
        string="Last Reminded On", help="The days until the next level count from here, as if a message had left."
    )
    plan_ids = fields.One2many(
        "collection.safe.start.plan",
        "start_id",
        string="Levels They Have",
        help="Per plan, the level that its old items are taken to stand at; the next reminder is the one after it.",
    )

    @api.depends("company_id", "old_days")
    def _compute_old_items(self):
        for start in self:
            # The sums are read with the rights of the system: a program may ask about any company.
            start._check_manager(start.company_id)
            rows = start._old_items_sudo()._read_group(
                start._get_old_domain(), [], ["__count", "case_id:count_distinct", "amount_residual:sum", "due_date:min"]
            )
            start.old_item_count, start.old_customer_count, start.old_amount, start.old_due_date = rows[0]

    def _old_items_sudo(self):
        """The items of the company and its branches, also of branches that the manager has not ticked."""
        return self.env["collection.item"].sudo()

    def _get_old_domain(self):
        return [
            ("case_id.company_id", "=", self.company_id.id),
            ("days_overdue", ">", self.old_days),
            ("amount_residual", ">", 0),
            ("is_small", "=", False),
        ]

    # -- open ----------------------------------------------------------------------------------------------------------

    @api.model
    def action_open(self):
        """Open the assistant where it was left; of a company that is switched on, at the switch."""
        company = self.env.company.root_id
        self._check_manager(company)
        start = self.create(self._prepare_start_vals(company))
        start._enter_step()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Start Assistant"),
            "res_model": self._name,
            "res_id": start.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _prepare_start_vals(self, company):
        company_sudo = company.sudo()
        finished = company_sudo.collection_is_active or company_sudo.collection_start_step == DONE
        return self._prepare_step_vals(company) | {
            "company_id": company.id,
            "step": "on" if finished else company_sudo.collection_start_step or "company",
            "last_reminded_date": company._collection_today(),
        }

    def _prepare_plans(self):
        """One row per plan with old items, at the highest level reached that is no final notice."""
        by_plan = self._old_items_sudo()._read_group(self._get_old_domain(), ["case_id"], ["__count"])
        counts = {}
        for case, count in by_plan:
            counts[case.plan_id] = counts.get(case.plan_id, 0) + count
        self.plan_ids = [fields.Command.clear()] + [
            fields.Command.create({"plan_id": plan.id, "item_count": count, "level_id": self._get_default_level(plan).id})
            for plan, count in counts.items()
            if plan
        ]

    def _get_default_level(self, plan):
        levels = plan.level_ids.filtered(lambda level: 0 < level.days_overdue <= self.old_days and not level.final_notice)
        return levels.sorted("days_overdue")[-1:]

    # -- switch --------------------------------------------------------------------------------------------------------

    def action_switch_on(self):
        """Do with the old items what was chosen, and let the daily cycle run."""
        self.ensure_one()
        self._check_manager(self.company_id)
        self._ensure_preview()
        self._save_test()
        self._save_on()
        if self.old_item_count and not self.old_items:
            raise UserError(
                self.env._(
                    "%(count)s items are more than %(days)s days overdue. Choose what happens to them first.",
                    count=self.old_item_count,
                    days=self.old_days,
                )
            )
        if self.old_item_count:
            getattr(self, f"_{self.old_items}")()
        # A manager of collections need not be an administrator of companies; the right was checked above.
        self.company_id.sudo().write({"collection_is_active": True, "collection_start_step": DONE})
        self._log_switch(self.env._("Automatic collection cycle switched on."))

    def action_switch_off(self):
        """Let the daily cycle run no more; nothing else changes."""
        self.ensure_one()
        self._check_manager(self.company_id)
        self.company_id.sudo().collection_is_active = False
        self._log_switch(self.env._("Automatic collection cycle switched off."))

    def action_view_preview(self):
        """Open the preview with its customers."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "collection.cycle",
            "res_id": self.cycle_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.ondelete(at_uninstall=False)
    def _cancel_undecided_preview(self):
        """The preview goes with the screen it was made for, unless somebody dropped customers in it."""
        # Whatever a program wrote into `cycle_id`: only what its user may see.
        readable = self.cycle_id._filtered_access("read")
        previews = readable.sudo().filtered(lambda cycle: cycle.state == "preview" and not cycle.dropped_count)
        previews.action_cancel()

    def _log_switch(self, body):
        """Keep who switched and when, on the contact of the company."""
        _logger.info("%s Company %s, by user %s", body, self.company_id.id, self.env.uid)
        self.company_id.sudo().partner_id._message_log(body=body, author_id=self.env.user.partner_id.id)

    def _check_manager(self, company):
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can switch the automatic cycle."))
        if not self.env.su and company not in self.env.companies:
            raise AccessError(self.env._("You have no access to %(company)s.", company=company.sudo().name))

    # -- old items -----------------------------------------------------------------------------------------------------

    def _leave_out(self):
        """Put the old items on hold: one hold per customer, with the reason."""
        items_sudo = self._old_items_sudo().search(self._get_old_domain())
        reason = self.env._("More than %(days)s days overdue when the automatic cycle was switched on", days=self.old_days)
        self.env["collection.hold"].create(
            [
                {
                    "partner_id": case.partner_id.id,
                    "company_id": self.company_id.id,
                    "item_ids": [fields.Command.set(case_items.ids)],
                    "date_from": self.company_id._collection_today(),
                    "reason": reason,
                }
                for case, case_items in items_sudo.grouped("case_id").items()
            ]
        )

    def _set_level(self):
        """Record the chosen level of each plan as evidence; no message leaves and nothing counts as a contact."""
        self.env.flush_all()
        for row in self.plan_ids.filtered("level_id"):
            takeover.take_over(
                self.sudo().env,
                self.company_id,
                row.level_id,
                older_than=self.old_days,
                sent_on=self.last_reminded_date or self.company_id._collection_today(),
                occasion=f"takeover:{self.id}",
            )

    def _review(self):
        """The first message to the customers of old items waits for approval."""
        self._old_items_sudo().search(self._get_old_domain()).case_id.needs_review = True
