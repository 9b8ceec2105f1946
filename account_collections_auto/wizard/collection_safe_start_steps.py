from odoo import api, fields, models
from odoo.addons.base.models.res_partner import _tz_get
from odoo.exceptions import ValidationError
from odoo.tools import format_datetime, formatLang

from ..engine import ageing, hints, project
from .collection_safe_start import DONE

# What the step about the company writes on it, as the company's fields are called.
COMPANY_FIELDS = {
    "company_name": "name",
    "street": "street",
    "street2": "street2",
    "zip": "zip",
    "city": "city",
    "country_id": "country_id",
    "email": "email",
    "phone": "phone",
}


class CollectionSafeStart(models.TransientModel):
    """The steps from an empty company to the first cycle. Each is saved when it is left; the company remembers which."""

    _inherit = "collection.safe.start"  # pylint: disable=consider-merging-classes-inherited

    step = fields.Selection(
        [
            ("company", "Your Company"),
            ("overdue", "What Is Overdue"),
            ("plan", "Plan"),
            ("sender", "Sender"),
            ("test", "Test"),
            ("preview", "Preview"),
            ("old", "Old Debts"),
            ("on", "Switch On"),
        ],
        required=True,
        default="company",
    )

    # Your company
    can_edit_company = fields.Boolean(compute="_compute_can_edit_company")
    company_name = fields.Char(string="Name", help="The name that customers know, in the sender and below each message.")
    street = fields.Char(help="The address on letters and at the end of each message.")
    street2 = fields.Char(help="A second line of the address.")
    zip = fields.Char(string="ZIP", help="The postal code of the address.")
    city = fields.Char(help="The place of the address.")
    country_id = fields.Many2one("res.country", help="The country of the address.")
    email = fields.Char(string="E-mail", help="The sender of messages, unless you name another one in the step Sender.")
    phone = fields.Char(help="Printed at the end of each message: customers who cannot pay like to call.")
    bank_accounts = fields.Char(
        compute="_compute_bank_accounts",
        help="Where customers pay to: the account on the invoice, else the first of these.",
    )
    new_bank_account = fields.Char(string="Add an Account", help="Number or IBAN of an account that customers pay to.")
    company_hints = fields.Html(compute="_compute_company_hints", sanitize=False)

    # What is overdue
    ageing = fields.Json(compute="_compute_ageing")

    # Plan
    plan_choice = fields.Char(string="Plan", help="Customers follow this plan unless a rule or a person gave them another one.")
    plan_choices = fields.Json(compute="_compute_plan_choices")

    # Sender
    collector_id = fields.Many2one(
        "res.users",
        string="Who Answers",
        domain="[('share', '=', False)]",
        help="Named at the end of each message, and answers for the customers without a collector of their own.",
    )
    email_from = fields.Char(
        string="Messages Come From",
        help='For example "Accounts <accounts@example.com>". Empty: the name and e-mail address of your company.',
    )
    reply_to = fields.Char(
        string="Answers Go To",
        help="Empty: back to Odoo, where an answer is shown on the case of the customer. Needs a catch-all address in "
        "Odoo's settings; without one answers go to the person named above.",
    )
    sender_hints = fields.Html(compute="_compute_sender_hints", sanitize=False)

    # Switch on
    mode = fields.Selection(
        selection=lambda self: self.env["res.company"]._fields["collection_mode"]._description_selection(self.env),
        string="Who Sends",
        required=True,
        default="prepare",
        help="A person confirms: a preview is ready in the morning, and nothing leaves before a manager confirmed it. By "
        "themselves: what is due leaves at its hour, unless the bank is not in or unusually many would be contacted.",
    )
    prepare_time = fields.Float(
        string="Preview Is Ready At", default=4.0, help="The hour of the preview, in the time zone of collections."
    )
    tz = fields.Selection(
        _tz_get,
        string="Time Zone",
        required=True,
        default=lambda self: self.env.company.root_id.sudo().collection_tz or "UTC",
        help="The hour above, and the day on which something is overdue, are those of this time zone.",
    )
    tz_clock = fields.Char(compute="_compute_tz_clock", help="What the clock shows in this time zone now.")
    overview = fields.Html(compute="_compute_overview", sanitize=False)

    @api.depends("tz")
    @api.depends_context("lang")
    def _compute_tz_clock(self):
        for start in self:
            clock = format_datetime(self.env, fields.Datetime.now(), tz=start.tz or "UTC", dt_format="short")
            start.tz_clock = start.env._("It is %(clock)s there now", clock=clock)

    # -- navigation ----------------------------------------------------------------------------------------------------

    def write(self, vals):
        """Leaving a step saves it, and looks up what the next one shows."""
        if "step" not in vals:
            return super().write(vals)
        left = {start: start.step for start in self}
        result = super().write(vals)
        for start, step in left.items():
            if start.step != step:
                start._check_manager(start.company_id)
                start._save_step(step)
                start._enter_step()
        return result

    def action_next(self):
        """Save this step and go on to the next one."""
        self._go(1)

    def action_back(self):
        """Save this step and go back to the one before."""
        self._go(-1)

    def action_skip(self):
        """Forget what was typed in this step and go on: it can be taken up at any time."""
        self.ensure_one()
        self._check_manager(self.company_id)
        self.write(self._prepare_step_vals(self.company_id))
        self._go(1)

    def _go(self, distance):
        self.ensure_one()
        steps = self._fields["step"].get_values(self.env)
        self.step = steps[min(max(steps.index(self.step) + distance, 0), len(steps) - 1)]

    def _save_step(self, step):
        save = getattr(self, f"_save_{step}", None)
        if save:
            save()

    def _enter_step(self):
        if self.step in ("preview", "old", "on"):
            self._ensure_preview()
        company_sudo = self.company_id.sudo()
        if company_sudo.collection_start_step != DONE:
            # A manager of collections need not be an administrator of companies.
            company_sudo.collection_start_step = self.step

    def _prepare_step_vals(self, company):
        """Values that the steps start from: what the company has now."""
        company_sudo = company.sudo()
        return {
            **{name: company_sudo[field] for name, field in COMPANY_FIELDS.items() if name != "country_id"},
            "country_id": company_sudo.country_id.id,
            "new_bank_account": False,
            "plan_choice": company_sudo.collection_plan_id and f"plan:{company_sudo.collection_plan_id.id}",
            "collector_id": company_sudo.collection_user_id.id,
            "email_from": company_sudo.collection_email_from,
            "reply_to": company_sudo.collection_reply_to,
            "is_test_mode": company_sudo.collection_test_mode,
            "test_email": company_sudo.collection_test_email or self.env.user.email_normalized,
            "mode": company_sudo.collection_mode,
            "prepare_time": company_sudo.collection_prepare_time,
            "send_time": company_sudo.collection_send_time,
            "tz": company_sudo.collection_tz or "UTC",
        }

    @api.model
    def get_banner(self):
        """Return what invites to go on with the set-up of the current company: its next step, or None."""
        company = self.env.company.root_id
        if not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            return None
        if company not in self.env.companies or company.sudo().collection_is_active:
            return None
        step = company.sudo().collection_start_step
        if step == DONE:
            return None
        labels = dict(self._fields["step"]._description_selection(self.env))
        steps = list(labels)
        return {
            "is_started": bool(step),
            "step": labels.get(step, labels[steps[0]]),
            "number": steps.index(step) + 1 if step in labels else 1,
            "total": len(steps),
        }

    # -- your company ----------------------------------------------------------------------------------------------------

    @api.depends("company_id")
    @api.depends_context("uid")
    def _compute_can_edit_company(self):
        for start in self:
            company = start.company_id
            start.can_edit_company = company.has_access("write") and company.partner_id.has_access("write")

    @api.depends("company_id")
    def _compute_bank_accounts(self):
        for start in self:
            start._check_manager(start.company_id)
            start.bank_accounts = ", ".join(start.company_id.sudo().partner_id.bank_ids.mapped("acc_number"))

    @api.depends(*COMPANY_FIELDS, "new_bank_account", "bank_accounts")
    @api.depends_context("lang")
    def _compute_company_hints(self):
        for start in self:
            start.company_hints = start._render_hints(
                start._company_problems(), self.env._("Everything that a reminder needs from your company is there.")
            )

    def _company_problems(self):
        """Return one sentence for each thing that customers would miss."""
        problems = []
        if not (self.street and self.city and self.country_id):
            problems.append(self.env._("The address is not complete: many countries ask for it in a reminder."))
        if not self.email:
            problems.append(self.env._("There is no e-mail address: messages need a sender."))
        elif not hints.is_address(self.email):
            problems.append(self.env._("%(email)s is not one e-mail address.", email=self.email))
        if not hints.is_phone(self.phone):
            problems.append(self.env._("There is no phone number: customers who cannot pay like to call."))
        number = self.new_bank_account
        if not number and not self.bank_accounts:
            problems.append(self.env._("There is no bank account: customers do not see where to pay to."))
        elif number and hints.looks_like_iban(number) and not hints.iban_is_right(number):
            problems.append(
                self.env._("%(number)s looks like an IBAN, but a figure is missing, too many or wrong.", number=number)
            )
        return problems

    def _render_hints(self, problems, all_well):
        return self.env["ir.qweb"]._render(
            "account_collections_auto.collection_start_hints", {"problems": problems, "all_well": all_well}
        )

    def _save_company(self):
        """Write what was typed with the rights of the user: a bank account is nothing to change on the quiet."""
        if not self.can_edit_company:
            return
        company = self.company_id
        changed = {field: self[name] for name, field in COMPANY_FIELDS.items() if self[name] != company[field]}
        if not self.company_name:
            changed.pop("name", None)
        if changed:
            company.write({field: value.id if field == "country_id" else value for field, value in changed.items()})
        if self.new_bank_account:
            self.env["res.partner.bank"].create(
                {"acc_number": self.new_bank_account, "partner_id": company.partner_id.id, "company_id": company.id}
            )
            self.new_bank_account = False
            self.invalidate_recordset(["bank_accounts"])

    # -- what is overdue -------------------------------------------------------------------------------------------------

    @api.depends("company_id")
    @api.depends_context("lang")
    def _compute_ageing(self):
        labels = dict(self.env["collection.case"]._fields["ageing_bucket"]._description_selection(self.env))
        for start in self:
            start._check_manager(start.company_id)
            # sudo: the figures of all branches, as a cycle sees them
            found = project.ledger_by_age(
                self.sudo().env, start.company_id, [bucket.first for bucket in ageing.BUCKETS if bucket.first]
            )
            start.ageing = {
                "currency_id": start.company_id.sudo().currency_id.id,
                "buckets": [
                    {
                        "label": labels[bucket.code],
                        "is_overdue": bool(bucket.first),
                        "number": found.get(place, (0, 0))[0],
                        "amount": float(found.get(place, (0, 0))[1]),
                    }
                    for place, bucket in enumerate(ageing.BUCKETS)
                ],
                "credit": float(found.get(None, (0, 0))[1]),
            }

    # -- plan ------------------------------------------------------------------------------------------------------------

    @api.depends("company_id")
    @api.depends_context("lang")
    def _compute_plan_choices(self):
        """The plans that the company has, then the ready-made ones that it has not made its own yet."""
        plans = self.env["collection.plan"]
        templates = self.env["collection.plan.template"]
        ready_made = templates._get_templates()
        for start in self:
            own = plans.search([("company_id", "=", start.company_id.id)])
            choices = [
                {
                    "key": f"plan:{plan.id}",
                    "name": plan.name,
                    "description": ready_made.get(plan.template_code, {}).get("description", ""),
                    "levels": plan.timeline,
                }
                for plan in own
            ]
            for code in ready_made.keys() - set(own.mapped("template_code")):
                plan = plans.new(templates._prepare_plan_vals(code))
                choices.append(
                    {
                        "key": f"template:{code}",
                        "name": plan.name,
                        "description": ready_made[code]["description"],
                        "levels": plan._get_timeline(),
                    }
                )
            order = list(ready_made)
            start.plan_choices = choices[: len(own)] + sorted(
                choices[len(own) :], key=lambda choice: order.index(choice["key"].split(":")[1])
            )

    def _save_plan(self):
        """Make the chosen plan the default of the company; a ready-made one becomes a plan of its own first."""
        kind, _colon, key = (self.plan_choice or "").partition(":")
        company_sudo = self.company_id.sudo()
        if kind == "template":
            plan = self.env["collection.plan.template"]._create_plan(self.company_id, key)
        elif kind == "plan" and key.isdecimal():
            plan = self.env["collection.plan"].browse(int(key)).exists()
        else:
            return
        if plan and plan != company_sudo.collection_plan_id:
            company_sudo.collection_plan_id = plan  # of another company it is refused there
            self.plan_choice = f"plan:{plan.id}"
            self._forget_preview()

    def action_edit_plan(self):
        """Save the choice and open the plan, to change its levels."""
        self.ensure_one()
        self._check_manager(self.company_id)
        self._save_plan()
        return {
            "type": "ir.actions.act_window",
            "res_model": "collection.plan",
            "res_id": self.company_id.sudo().collection_plan_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # -- sender ----------------------------------------------------------------------------------------------------------

    @api.depends("company_id", "collector_id", "email_from", "reply_to")
    @api.depends_context("lang")
    def _compute_sender_hints(self):
        for start in self:
            start._check_manager(start.company_id)
            start.sender_hints = start._render_hints(start._sender_problems(), start._describe_sender())

    def _sender_problems(self):
        problems = []
        company_sudo = self.company_id.sudo()
        for address in (self.email_from, self.reply_to):
            if address and not hints.is_address(address):
                problems.append(self.env._("%(email)s is not one e-mail address.", email=address))
        if not self.email_from and not company_sudo.email:
            problems.append(self.env._("Your company has no e-mail address: name a sender here."))
        if not self.reply_to and not company_sudo.alias_domain_id.catchall_email and not self.collector_id.email_normalized:
            problems.append(
                self.env._("Nobody gets the answers: choose who answers, someone with an e-mail address, or name an address.")
            )
        return problems

    def _describe_sender(self):
        company_sudo = self.company_id.sudo()
        catchall = company_sudo.alias_domain_id.catchall_email
        sender = self.email_from or company_sudo.email_formatted
        if self.reply_to:
            answers = self.env._("answers go to %(email)s and are not seen in Odoo", email=self.reply_to)
        elif catchall:
            answers = self.env._("answers go to %(email)s and are shown on the case of the customer", email=catchall)
        else:
            answers = self.env._("answers go to %(email)s", email=self.collector_id.email_normalized)
        return self.env._("Messages come from %(sender)s; %(answers)s.", sender=sender, answers=answers)

    def _save_sender(self):
        for address in (self.email_from, self.reply_to):
            if address and not hints.is_address(address):
                raise ValidationError(self.env._("%(email)s is not one e-mail address.", email=address))
        self.company_id.sudo().write(
            {
                "collection_user_id": self.collector_id.id,
                "collection_email_from": self.email_from,
                "collection_reply_to": self.reply_to,
            }
        )

    # -- test, daily run ---------------------------------------------------------------------------------------------------

    def _save_test(self):
        if self.is_test_mode and not self.test_email:
            raise ValidationError(self.env._("Test mode needs the address that receives the messages."))
        company_sudo = self.company_id.sudo()
        address = self.test_email if self.is_test_mode else company_sudo.collection_test_email
        company_sudo.write({"collection_test_mode": self.is_test_mode, "collection_test_email": address})

    def _save_on(self):
        self.company_id.sudo().write(
            {
                "collection_mode": self.mode,
                "collection_prepare_time": self.prepare_time,
                "collection_send_time": self.send_time,
                "collection_tz": self.tz,
            }
        )

    @api.depends("step", "cycle_id", "is_test_mode", "test_email", "old_items", "old_item_count")
    @api.depends_context("lang")
    def _compute_overview(self):
        for start in self:
            start._check_manager(start.company_id)
            start.overview = self.env["ir.qweb"]._render(
                "account_collections_auto.collection_start_overview", {"rows": start._describe_setup()}
            )

    def _describe_setup(self):
        """Return (what, how it is set up) for a last look before the switch."""
        company_sudo = self.company_id.sudo()
        levels = self.cycle_id._get_summary()["levels"] if self.cycle_id else []
        rows = [
            (self.env._("Plan"), company_sudo.collection_plan_id.name or "-"),
            (self.env._("Sender"), self.env["collection.channel.email"].sudo()._get_sender(company_sudo)),
            (
                self.env._("Messages"),
                self.env._("all to %(email)s (test mode)", email=self.test_email)
                if self.is_test_mode
                else self.env._("to the customers"),
            ),
            (
                self.env._("Today"),
                self.env._(
                    "%(count)s customers would be contacted, about %(amount)s",
                    count=sum(level["customers"] for level in levels),
                    amount=formatLang(self.env, sum(level["amount"] for level in levels), currency_obj=self.currency_id),
                ),
            ),
        ]
        if self.old_item_count:
            choices = dict(self._fields["old_items"]._description_selection(self.env))
            chosen = choices.get(self.old_items) or self.env._("not decided yet")
            rows.append((self.env._("Old debts"), chosen))
        return rows

    # -- preview -----------------------------------------------------------------------------------------------------------

    def _ensure_preview(self):
        """Make the preview of today, unless there is one; it brings the cases up to date with the ledger, too."""
        if self.is_active or self.cycle_id.state == "preview":
            return
        self.cycle_id = self.env["collection.cycle"].preview(self.company_id, self.company_id._collection_today())
        self.invalidate_recordset(["old_item_count", "old_customer_count", "old_amount", "old_due_date"])
        self._prepare_plans()

    def _forget_preview(self):
        """A preview of another plan says nothing any more."""
        self._cancel_undecided_preview()
        self.cycle_id = False

    def action_preview_again(self):
        """Make the preview once more, after something was changed meanwhile."""
        self.ensure_one()
        self._check_manager(self.company_id)
        self._forget_preview()
        self._ensure_preview()

    def action_run_first_cycle(self):
        """Run what the preview showed, as a person would confirm it, and show what became of it."""
        self.ensure_one()
        cycle = self.cycle_id
        if cycle.state == "preview":
            cycle.action_confirm()
        else:
            cycle = cycle.run(self.company_id, self.company_id._collection_today())
        return {
            "type": "ir.actions.act_window",
            "res_model": "collection.cycle",
            "res_id": cycle.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
