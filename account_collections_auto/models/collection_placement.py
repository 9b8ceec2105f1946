from functools import partial

from markupsafe import Markup
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..engine import placements
from ..engine.attempt import attempt
from ..engine.transactions import retrying
from ..engine.withhold import DATED

# The agency has the items, or is about to get them.
WITH_AGENCY = ("approved", "handed_over")
COLLECTOR = "account_collections_auto.group_collector"
MANAGER = "account_collections_auto.group_collection_manager"


class CollectionPlacement(models.Model):
    """Items of one customer, in one currency, that are handed over to an agency or a lawyer.

    A collector proposes, a manager approves; from then on we do not contact the customer about anything by ourselves.
    What the items were when they were handed over stays on the lines; what came of them are the movements.
    """

    _name = "collection.placement"
    _description = "Placement"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.stop.mixin", "collection.agency.terms"]
    _order = "id desc"
    _recorded = frozenset(
        {
            *("name", "partner_id", "company_id", "case_id", "agency_id", "currency_id", "line_ids", "item_ids", "state"),
            *("outcome", "active", "ended_on", "date_from", "date_until", "proposed_by_id", "proposed_on", "approved_by_id"),
            *("approved_on", "handed_over_on", "handed_over_by_id", "closed_on", "refusal_reason", "commission_rule"),
            *("fixed_fee", "minimum", "on_direct", "contact_gap_days", "amount_placed", "amount_company", "kept_item_ids"),
            *("is_despite_notice", "file_id", "evidence_ids", "is_for_all"),
        }
    )

    name = fields.Char(string="Reference", required=True, readonly=True, copy=False, default="/")
    active = fields.Boolean(readonly=True)
    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="restrict")
    partner_id = fields.Many2one(readonly=True, tracking=True)
    company_id = fields.Many2one(readonly=True)
    agency_id = fields.Many2one(
        "collection.agency", required=True, readonly=True, index=True, ondelete="restrict", tracking=True
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    line_ids = fields.One2many("collection.placement.line", "placement_id", string="Items", readonly=True, copy=False)
    item_ids = fields.Many2many(string="Items in the Ledger", compute="_compute_item_ids", store=True, readonly=True)
    kept_item_ids = fields.Many2many(
        "collection.item",
        "collection_placement_kept_rel",
        "placement_id",
        "item_id",
        string="Reminded by Us",
        readonly=True,
        copy=False,
        help="Later items of the customer that a person decided to remind in spite of the placement.",
    )
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("refused", "Refused"),
            ("approved", "Approved"),
            ("handed_over", "Handed Over"),
            ("recalled", "Recalled"),
            ("closed", "Closed"),
        ],
        required=True,
        default="proposed",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )
    outcome = fields.Selection(
        [("paid", "Settled"), ("uncollectable", "Uncollectable")], readonly=True, copy=False, tracking=True
    )
    proposed_by_id = fields.Many2one("res.users", readonly=True, default=lambda self: self.env.user)
    proposed_on = fields.Date(readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_on = fields.Date(readonly=True, copy=False)
    handed_over_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    handed_over_on = fields.Date(readonly=True, copy=False, tracking=True)
    closed_on = fields.Date(readonly=True, copy=False)
    refusal_reason = fields.Char(readonly=True, copy=False)
    is_despite_notice = fields.Boolean(
        string="Without Final Notice",
        readonly=True,
        copy=False,
        tracking=True,
        help="A manager approved it although not every item had a final notice whose deadline has passed.",
    )
    note = fields.Text(help="For the agency and for us: what is known about the customer.")
    # -- the terms, as they were on the day of the hand-over
    commission_rule = fields.Selection(readonly=True, copy=False)
    fixed_fee = fields.Monetary(readonly=True, copy=False)
    minimum = fields.Monetary(readonly=True, copy=False)
    on_direct = fields.Boolean(readonly=True, copy=False)
    contact_gap_days = fields.Integer(readonly=True, copy=False)
    # -- figures
    amount_placed = fields.Monetary(string="Placed", readonly=True, help="What was open on the day of the hand-over.")
    amount_company = fields.Monetary(string="Placed in Company Currency", readonly=True, currency_field="company_currency_id")
    amount_open = fields.Monetary(
        compute="_compute_amounts", string="Still Open", help="Of the items that are with the agency, today."
    )
    amount_recovered = fields.Monetary(
        compute="_compute_amounts", string="Recovered", help="Paid since the hand-over, to the agency or to us."
    )
    amount_commission = fields.Monetary(
        compute="_compute_amounts",
        string="Commission",
        help="By the terms, on what came in through the agency or was reported.",
    )
    movement_ids = fields.One2many("collection.placement.movement", "placement_id", string="What Came of It", readonly=True)
    receipt_ids = fields.One2many("collection.placement.receipt", "placement_id", string="Payments Through the Agency")
    to_report_count = fields.Integer(compute="_compute_amounts", string="To Report")
    lacks_notice = fields.Boolean(
        compute="_compute_lacks_notice",
        help="An item had no final notice, or its deadline has not passed.",
    )
    age_days = fields.Integer(compute="_compute_age_days", string="Oldest, Days Overdue")
    file_id = fields.Many2one(
        "collection.placement.file", readonly=True, copy=False, ondelete="set null", index="btree_not_null"
    )
    evidence_ids = fields.Many2many("ir.attachment", string="Evidence", readonly=True, copy=False)

    # -- what follows from the rest ------------------------------------------------------------------------------------

    @api.depends("line_ids.item_id", "line_ids.recalled_on")
    def _compute_item_ids(self):
        """What is stopped: not what was recalled."""
        for placement in self:
            placement.item_ids = placement.with_context(active_test=False)._get_whole_items()

    @api.depends("item_ids")
    def _compute_is_for_all(self):
        """A placement is about its items, also when one of them was deleted with its draft."""
        self.is_for_all = False

    @api.depends("line_ids.item_id.amount_residual_currency", "movement_ids.commission", "movement_ids.is_known")
    def _compute_amounts(self):
        lines = self.env["collection.placement.line"]._read_group(
            [("placement_id", "in", self.ids), ("recalled_on", "=", False)], ["placement_id", "item_id"]
        )
        rests = {}
        for placement, item in lines:
            rests[placement] = rests.get(placement, 0.0) + item.amount_residual_currency
        movements = self.env["collection.placement.movement"]
        own = [("placement_id", "in", self.ids)]
        money = dict(movements._read_group([*own, ("is_money", "=", True)], ["placement_id"], ["amount:sum"]))
        commissions = dict(movements._read_group(own, ["placement_id"], ["commission:sum"]))
        unknown = dict(movements._read_group([*own, ("is_known", "=", False)], ["placement_id"], ["__count"]))
        for placement in self:
            placement.amount_open = rests.get(placement, 0.0)
            placement.amount_recovered = money.get(placement, 0.0)
            placement.amount_commission = commissions.get(placement, 0.0)
            placement.to_report_count = unknown.get(placement, 0)

    @api.depends("line_ids.has_notice")
    def _compute_lacks_notice(self):
        for placement in self:
            placement.lacks_notice = not all(placement.line_ids.mapped("has_notice"))

    @api.depends("line_ids.days_overdue")
    def _compute_age_days(self):
        for placement in self:
            placement.age_days = max(placement.line_ids.mapped("days_overdue"), default=0)

    @api.depends("name", "partner_id")
    def _compute_display_name(self):
        for placement in self:
            placement.display_name = f"{placement.name} {placement.partner_id.name or ''}".strip()

    # -- who may, and the only writer of the state ----------------------------------------------------------------------

    def _check_role(self, group, message):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(message)

    def _check_collector(self):
        self._check_role(COLLECTOR, self.env._("Only a collector can propose placements and follow them."))

    def _check_manager(self):
        self._check_role(MANAGER, self.env._("Only a collection manager can decide about placements."))

    def _change_state(self, target, *, allowed_from, **values):
        """The only writer of ``state``. What people may do was checked before."""
        wrong = self.filtered(lambda placement: placement.state not in allowed_from)
        if wrong:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(placement)s is %(state)s, so it cannot become %(target)s.",
                    placement=wrong[0].display_name,
                    state=labels[wrong[0].state],
                    target=labels[target],
                )
            )
        # sudo: recorded, not written by people
        self.sudo().write({"state": target, **values})

    def _log_on_cases(self, describe):
        """Note on each case what happened: ``describe`` returns the sentence for a placement."""
        bodies = {}
        for placement in self:
            bodies.setdefault(placement.case_id.id, []).append(describe(placement))
        texts = {case_id: Markup("<br/>").join(found) for case_id, found in bodies.items()}
        self.case_id._message_log_batch(texts)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_proposal(self):
        if any(placement.state not in ("proposed", "refused") for placement in self):
            raise UserError(self.env._("A placement that was approved is evidence and cannot be deleted."))

    def action_end(self):
        """A placement ends by a recall, or by being closed."""
        raise UserError(self.env._("Recall the placement or close it; it does not end by itself."))

    # -- proposing -----------------------------------------------------------------------------------------------------

    @api.model
    def _find_obstacles(self, items):
        """Return {item: reason as a sentence} of the ``items`` that cannot be placed today; a constant number of statements
        per company.
        """
        self.env.flush_all()
        reasons = self.env["collection.reason"]
        found = {}
        for company, own in items.grouped(lambda item: item.case_id.company_id).items():
            today = company._collection_today()
            for item_id, (code, text) in placements.obstacles(self.env, company, own.ids, today).items():
                values = {"date" if code in DATED else "text": text} if text else {}
                found[items.browse(item_id)] = reasons._describe(code, values)
        return found

    @api.model
    def _propose(self, agency, items, note=False):
        """Propose to hand ``items`` over to ``agency``: one placement per customer and currency. Returns them.

        Items that cannot be placed are refused, by name.
        """
        if any(item.case_id.company_id != agency.company_id for item in items):
            raise UserError(self.env._("%(agency)s works for another company.", agency=agency.name))
        obstacles = self._find_obstacles(items)
        if obstacles:
            raise UserError(
                self.env._(
                    "These cannot be placed: %(items)s",
                    items="; ".join(f"{item.display_name}: {reason}" for item, reason in obstacles.items()),
                )
            )
        lines = self.env["collection.placement.line"]
        today = agency.company_id._collection_today()
        sequence = self.env["ir.sequence"].sudo()
        vals_list = [
            {
                "name": sequence.next_by_code("collection.placement") or "/",
                "case_id": case.id,
                "partner_id": case.partner_id.id,
                "company_id": case.company_id.id,
                "agency_id": agency.id,
                "currency_id": currency.id,
                "date_from": today,
                "proposed_on": today,
                "proposed_by_id": self.env.uid,
                "note": note,
                "amount_placed": sum(own.mapped("amount_residual_currency")),
                "amount_company": sum(own.mapped("amount_residual")),
                "line_ids": [Command.create(lines._prepare_line_vals(item)) for item in own.sorted("due_date")],
            }
            for (case, currency), own in items.grouped(lambda item: (item.case_id, item.currency_id)).items()
        ]
        # sudo: nobody writes placements by hand; whoever calls this was checked to be a collector of these cases
        proposed = self.sudo().create(vals_list).sudo(False)
        proposed._ask_manager()
        proposed.case_id._get_decide_todos().unlink()
        proposed._log_on_cases(
            lambda placement: self.env._(
                "Proposed for %(agency)s: %(amount)s",
                agency=agency.name,
                amount=placement.currency_id.format(placement.amount_placed),
            )
        )
        return proposed

    def _ask_manager(self):
        """One to-do for the company's person in charge, when that is a manager; all managers see it on Today."""
        for company, proposed in self.grouped("company_id").items():
            user = company.collection_user_id
            if user and user.has_group(MANAGER):
                proposed.sudo().with_context(mail_activity_quick_update=True).activity_schedule(
                    "account_collections_auto.mail_activity_type_placement_approval",
                    user_id=user.id,
                    summary=self.env._("Decide whether to hand over"),
                )

    def _end_todo(self, feedback):
        self.sudo().activity_feedback(["account_collections_auto.mail_activity_type_placement_approval"], feedback=feedback)

    # -- deciding ------------------------------------------------------------------------------------------------------

    def action_approve(self):
        """Ask the manager once more, with number, sum and what speaks against it."""
        self._check_manager()
        waiting = self.filtered(lambda placement: placement.state == "proposed")
        if not waiting:
            raise UserError(self.env._("None of these waits for approval."))
        return self._open_question("collection.placement.approve", self.env._("Approve"), waiting)

    def action_refuse(self):
        """Do not hand over: reminders and decisions go on as if it had not been proposed."""
        self._check_manager()
        self._refuse()

    def action_withdraw(self):
        """Take back an own proposal that nobody decided about yet."""
        self._check_collector()
        self._check_proposed_by_me()
        self._refuse()

    def _check_proposed_by_me(self):
        if any(placement.proposed_by_id != self.env.user for placement in self):
            raise UserError(self.env._("Only who proposed it can withdraw a proposal; a manager can refuse it."))

    def _refuse(self, reason=False):
        self._change_state("refused", allowed_from=("proposed",), refusal_reason=reason)
        self.line_ids.sudo().is_live = False
        self._end_todo(self.env._("Refused"))
        self._log_on_cases(lambda placement: self.env._("Not handed over to %(agency)s", agency=placement.agency_id.name))

    def _open_question(self, wizard, title, records):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": wizard,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_placement_ids": records.ids},
        }

    def _approve(self, despite_notice=False):
        """Approve the placements: our own contact stops at once. What cannot be placed any more drops out.

        Returns those that were approved; one with nothing left is refused, with the reason.
        """
        self._check_manager()
        left = self._drop_unplaceable("proposed")
        lacking = left.filtered("lacks_notice")
        if lacking and not despite_notice:
            raise UserError(
                self.env._(
                    "Not all items of %(placements)s had a final notice whose deadline has passed. Send it first, or confirm "
                    "that they are handed over in spite of that.",
                    placements=", ".join(lacking.mapped("display_name")),
                )
            )
        for company, own in left.grouped("company_id").items():
            today = company._collection_today()
            own._change_state(
                "approved", allowed_from=("proposed",), approved_by_id=self.env.uid, approved_on=today, date_from=today
            )
        lacking.sudo().is_despite_notice = True
        left._succeed()
        left._leave_what_we_remind()
        left._end_todo(self.env._("Approved"))
        left._stop_contact()
        left._log_on_cases(
            lambda placement: self.env._(
                "Approved for %(agency)s by %(user)s: from now on nothing is sent by itself.",
                agency=placement.agency_id.name,
                user=self.env.user.name,
            )
        )
        return left

    def _drop_unplaceable(self, state):
        """Take items off that were paid, disputed or stopped meanwhile, bring the others up to date. Return what is left."""
        for placement in self:
            if placement.state != state:
                placement._change_state(state, allowed_from=(state,))  # says what is wrong
        obstacles = self._find_obstacles_of_lines()
        for line, reason in obstacles.items():
            line.placement_id.message_post(
                body=self.env._("%(item)s is not handed over: %(reason)s", item=line.move_name, reason=reason),
                subtype_xmlid="mail.mt_note",
            )
        lines_sudo = self.env["collection.placement.line"].union(*obstacles).sudo()
        lines_sudo.unlink()
        self.invalidate_recordset(["line_ids", "item_ids"])
        empty = self.filtered(lambda placement: not placement.line_ids)
        if empty:
            empty._change_state("refused", allowed_from=(state,), refusal_reason=self.env._("Nothing was left to hand over."))
            empty._end_todo(self.env._("Nothing was left to hand over."))
        left = self - empty
        left.line_ids._bring_up_to_date()
        for placement in left.sudo():
            placement.amount_placed = sum(placement.line_ids.mapped("amount"))
            placement.amount_company = sum(placement.line_ids.mapped("amount_company"))
        return left

    def _find_obstacles_of_lines(self):
        """Return {line: reason}; that it is in this very placement is none."""
        self.env["collection.case"]._refresh_marked()
        lines = self.with_context(active_test=False).line_ids
        lines.sudo().is_live = False
        self.env.flush_all()
        obstacles = self._find_obstacles(lines.item_id)
        lines.sudo().is_live = True
        gone = self.env._("It does not exist any more.")
        return {line: obstacles.get(line.item_id, gone) for line in lines if not line.item_id or line.item_id in obstacles}

    def _succeed(self):
        """What another agency gave up and this one takes over is not with that one any more."""
        former = self.env["collection.placement.line"].search(
            [
                ("item_id", "in", self.line_ids.item_id.ids),
                ("placement_id.state", "=", "closed"),
                ("placement_id.outcome", "=", "uncollectable"),
                ("recalled_on", "=", False),
            ]
        )
        for company, lines in former.grouped("company_id").items():
            today = company._collection_today()
            lines.sudo().recalled_on = today
            ended = lines.placement_id.filtered(lambda placement: all(placement.line_ids.mapped("recalled_on")))
            ended.sudo().ended_on = today

    def _leave_what_we_remind(self):
        """What a person lets us remind in spite of another placement of the customer is not stopped by this one either."""
        for placement in self.sudo():
            kept = placement.case_id.placement_ids.filtered(lambda other: other._counts() and not other.ended_on).kept_item_ids
            placement.kept_item_ids |= kept - placement.line_ids.item_id

    def _stop_contact(self):
        """Take back what is prepared for these customers or still in the outgoing queue, and set Odoo's own flag."""
        actions = self.env["collection.action"].sudo()
        for agency, own in self.grouped("agency_id").items():
            unsent = actions.search([("case_id", "in", own.case_id.ids), ("state", "in", ("planned", "review", "queued"))])
            unsent._cancel("placement", text=agency.name)
        waiting = actions.search(
            [("case_id", "in", self.case_id.ids), ("state", "=", "sent"), ("mail_id.state", "=", "outgoing")]
        )
        waiting.mail_id._withdraw_outdated()
        self._mirror()

    # -- handing over --------------------------------------------------------------------------------------------------

    def action_hand_over(self):
        """Hand the approved items over: the terms are copied, and the file for the agency is made."""
        self._check_collector()
        approved = self.filtered(lambda placement: placement.state == "approved")
        if not approved:
            raise UserError(self.env._("Only approved placements can be handed over."))
        files = approved._hand_over()
        if len(files) == 1:
            return files._get_records_action()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_placement_file_action")
        return action | {"domain": [("id", "in", files.ids)], "context": {}}

    def _hand_over(self):
        """Do it; returns the files, one per agency, that are made from now on."""
        left = self._drop_unplaceable("approved")
        files = self.env["collection.placement.file"].sudo()
        for agency, own in left.grouped("agency_id").items():
            today = agency.company_id._collection_today()
            for placement in own:
                placement._change_state(
                    "handed_over",
                    allowed_from=("approved",),
                    handed_over_on=today,
                    handed_over_by_id=self.env.uid,
                    **agency._prepare_terms(placement.currency_id, today),
                )
                for line in placement.line_ids.sudo():
                    line.percent = agency._get_percent(line.days_overdue, placement.amount_company)
            files |= files.create(
                {
                    "agency_id": agency.id,
                    "company_id": agency.company_id.id,
                    "date": today,
                    "user_id": self.env.uid,
                    "placement_ids": [Command.set(own.ids)],
                }
            )
        self.env.flush_all()
        placements.remember_matched(self.env, left.line_ids.ids)
        left.line_ids.invalidate_recordset(flush=False)
        left._mirror()
        left._log_on_cases(
            lambda placement: self.env._(
                "Handed over to %(agency)s: %(amount)s",
                agency=placement.agency_id.name,
                amount=placement.currency_id.format(placement.amount_placed),
            )
        )
        files._start()
        return files.sudo(False)

    # -- recall and closing ----------------------------------------------------------------------------------------------

    def action_recall(self):
        """Ask which items come back to us, and why."""
        self._check_manager()
        return self._open_question("collection.placement.recall", self.env._("Recall"), self)

    def _recall(self, lines, note=False, tell=True):
        """Take ``lines`` back from the agency: they go on where they stood, after the gap of the terms."""
        self._check_manager()
        self._find_movements()
        wrong = lines.filtered(lambda line: line.recalled_on or line.placement_id not in self)
        if wrong or not lines:
            raise UserError(self.env._("Choose items that are with the agency."))
        for placement in self:
            uncollectable = placement.state == "closed" and placement.outcome == "uncollectable"
            if placement.state not in WITH_AGENCY and not uncollectable:
                placement._change_state("recalled", allowed_from=WITH_AGENCY)  # says what is wrong
        for company, own in lines.grouped("company_id").items():
            own.sudo().write({"recalled_on": company._collection_today(), "is_live": False})
        for placement in self:
            if all(placement.line_ids.mapped("recalled_on")):
                today = placement.company_id._collection_today()
                allowed = (*WITH_AGENCY, "closed")
                placement._change_state("recalled", allowed_from=allowed, ended_on=today, closed_on=today)
        self._mirror()
        self._message_log_batch(
            {
                placement.id: self.env._(
                    "Recalled: %(items)s. %(note)s", items=", ".join(own.mapped("move_name")), note=note or ""
                )
                for placement, own in lines.grouped("placement_id").items()
            }
        )
        self._log_on_cases(
            lambda placement: self.env._(
                "Recalled from %(agency)s. Reminders go on after %(days)s days, where they stood.",
                agency=placement.agency_id.name,
                days=placement._get_gap_days(),
            )
        )
        if tell:
            self._tell_recall(lines, "recall", note)

    def _get_gap_days(self):
        return self.contact_gap_days if self.handed_over_on else 0

    def _tell_recall(self, lines, kind, note=False):
        """Tell each agency that knows of the lines; without an address a person has to."""
        known = lines.filtered(lambda line: line.placement_id.handed_over_on)
        for agency, own in known.grouped(lambda line: line.placement_id.agency_id).items():
            self.env["collection.agency.message"]._tell(
                agency, kind, by_mail=bool(agency.email), line_ids=[Command.set(own.ids)], note=note
            )

    def action_undo_recall(self):
        """Give recalled items back to the agency, as long as nobody was reminded of them and they are not placed again."""
        self._check_manager()
        lines = self.line_ids.filtered("recalled_on")
        if not lines:
            raise UserError(self.env._("Nothing was recalled."))
        reminded = lines.filtered(lambda line: line.item_id.level_date and line.item_id.level_date >= line.recalled_on)
        elsewhere = self.env["collection.placement.line"].search([("item_id", "in", lines.item_id.ids), ("is_live", "=", True)])
        settled = lines.filtered(lambda line: not line.item_id.active)
        back = lines - settled
        if reminded or elsewhere or not back:
            raise UserError(
                self.env._(
                    "The recall cannot be taken back: the customer was reminded since, the items are placed again, or nothing "
                    "of them is open. Propose a new placement instead."
                )
            )
        back.sudo().write({"recalled_on": False, "is_live": True})
        for placement in back.placement_id:
            state = "handed_over" if placement.handed_over_on else "approved"
            allowed = ("recalled", *WITH_AGENCY)
            placement._change_state(state, allowed_from=allowed, ended_on=False, closed_on=False, outcome=False)
        back.placement_id._stop_contact()
        self._log_on_cases(
            lambda placement: self.env._("The recall from %(agency)s was taken back.", agency=placement.agency_id.name)
        )
        self._tell_recall(back, "recall_undone")

    def action_close_paid(self):
        """Close placements of which nothing is open any more."""
        self._check_collector()
        self._find_movements()
        unpaid = self.filtered(lambda placement: placement.currency_id.compare_amounts(placement.amount_open, 0) > 0)
        if unpaid:
            raise UserError(
                self.env._(
                    "Of %(placement)s %(amount)s is still open: recall it, or close it as uncollectable.",
                    placement=unpaid[0].display_name,
                    amount=unpaid[0].currency_id.format(unpaid[0].amount_open),
                )
            )
        for company, own in self.grouped("company_id").items():
            today = company._collection_today()
            own._change_state("closed", allowed_from=("handed_over",), outcome="paid", closed_on=today, ended_on=today)
        self.line_ids.sudo().is_live = False
        self._mirror()

    def action_close_uncollectable(self):
        """The agency gave up. The items stay out of our reminders until a person recalls them or writes them off."""
        self._check_manager()
        self._find_movements()
        for company, own in self.grouped("company_id").items():
            today = company._collection_today()
            own._change_state("closed", allowed_from=("handed_over",), outcome="uncollectable", closed_on=today)
        self.line_ids.sudo().is_live = False
        self._log_on_cases(
            lambda placement: self.env._(
                "%(agency)s gave up: decide whether to write it off or to recall it.", agency=placement.agency_id.name
            )
        )

    def action_reopen(self):
        """Undo the closing: the agency goes on."""
        self._check_manager()
        self._change_state("handed_over", allowed_from=("closed",), outcome=False, closed_on=False, ended_on=False)
        self.line_ids.filtered(lambda line: not line.recalled_on).sudo().is_live = True
        self._mirror()

    # -- money -----------------------------------------------------------------------------------------------------------

    def _find_movements(self):
        """Look into the ledger for what happened to the placed items of these companies."""
        for company in self.company_id:
            self.env["collection.placement.movement"]._find(company)

    @api.model
    def _cron_follow(self):
        """Find what happened to placed items in all companies, and match payments that were posted elsewhere.

        What goes wrong in one company is logged and holds up no other; the next run tries it again.
        """
        self.env["collection.placement.receipt"].sudo()._match_posted()
        movements = self.env["collection.placement.movement"].sudo()
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            # each company in a transaction of its own
            retrying(self.env, partial(attempt, company, movements._find, company))

    def action_receipt(self):
        """Record a payment that came through the agency."""
        self.ensure_one()
        self._check_collector()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_collections_auto.collection_placement_receipt_action_new"
        )
        return action | {"context": {"default_placement_id": self.id}}

    def action_view_to_report(self):
        """Open what the agency does not know yet of this placement."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_placement_movement_action")
        return action | {"domain": [("placement_id", "in", self.ids)], "context": {}}

    def action_view_case(self):
        """Open the case of the customer."""
        self.ensure_one()
        return self.case_id._get_records_action()

    # -- what the engine asks ----------------------------------------------------------------------------------------------

    def _counts(self):
        return self.state not in ("proposed", "refused")

    def _get_whole_items(self):
        return self.line_ids.filtered(lambda line: not line.recalled_on).item_id

    @api.model
    def _stop_code(self):
        return "placement"

    @api.model
    def _in_force_sql(self, date):
        """From the approval to the recall; a placement that the agency gave up stops us until somebody decides."""
        return SQL("(%s AND stop.state NOT IN ('proposed', 'refused'))", super()._in_force_sql(date))

    @api.model
    def _placement_obstacles_sql(self, company, date):
        """Placed items are looked at on their own; that an item came later does not keep it from being placed."""
        return SQL("SELECT NULL::int, NULL::text, NULL::date, NULL::text, NULL::numeric WHERE FALSE")

    @api.model
    def _stopped_items_sql(self, company, date):
        """As in the mixin: the placed items, and whatever else the customer owes until somebody decides about it."""
        in_force = self._in_force_sql(date)
        return SQL("%s UNION ALL %s", placements.placed_sql(company, in_force), placements.later_sql(company, in_force))

    @api.model
    def _ended_periods_sql(self, company, date):
        """As in the mixin: after a recall the gap of the terms, for all that the customer owes."""
        return SQL(
            """SELECT item.id, stop.date_from, over.day - 1,
                      over.day + CASE WHEN stop.handed_over_on IS NOT NULL THEN stop.contact_gap_days ELSE 0 END, TRUE
                 FROM collection_placement stop
                 JOIN collection_placement_line line ON line.placement_id = stop.id
                 JOIN collection_item item ON item.id = line.item_id AND item.active
                CROSS JOIN LATERAL (SELECT LEAST(line.recalled_on, stop.ended_on) AS day) over
                WHERE stop.company_id = %(company)s AND stop.state NOT IN ('proposed', 'refused') AND over.day <= %(date)s
                UNION ALL
               SELECT item.id, GREATEST(stop.date_from, item.create_date::date), stop.ended_on - 1,
                      stop.ended_on + CASE WHEN stop.handed_over_on IS NOT NULL THEN stop.contact_gap_days ELSE 0 END, TRUE
                 FROM collection_placement stop
                 JOIN collection_item item ON item.case_id = stop.case_id AND item.active
                WHERE stop.company_id = %(company)s AND stop.state NOT IN ('proposed', 'refused')
                  AND stop.ended_on <= %(date)s
                  AND NOT EXISTS (SELECT 1 FROM collection_placement_line line
                                   WHERE line.placement_id = stop.id AND line.item_id = item.id)
                  AND NOT EXISTS (SELECT 1 FROM collection_placement_kept_rel kept
                                   WHERE kept.placement_id = stop.id AND kept.item_id = item.id)""",
            company=company.id,
            date=date,
        )

    @api.model
    def _stopped_partners_sql(self, what="messages", day=None):
        """As in the mixin: all of the case, unless something of it is recalled, or reminded in spite of the placement."""
        return SQL(
            """SELECT kase.company_id, kase.partner_id
                 FROM collection_placement stop JOIN collection_case kase ON kase.id = stop.case_id
                WHERE %(in_force)s
                  AND NOT EXISTS (
                      SELECT 1 FROM collection_item item
                       WHERE item.case_id = stop.case_id AND item.active AND item.amount_residual_currency > 0
                         AND (EXISTS (SELECT 1 FROM collection_placement_kept_rel kept
                                       WHERE kept.placement_id = stop.id AND kept.item_id = item.id)
                              OR EXISTS (SELECT 1 FROM collection_placement_line line
                                          WHERE line.placement_id = stop.id AND line.item_id = item.id
                                            AND line.recalled_on IS NOT NULL)))""",
            in_force=self._in_force_sql(day or self.env["collection.case"]._today_sql("stop")),
        )

    def _describe_stay(self):
        """Return where the items are and since when, in words, for the case."""
        self.ensure_one()
        return self.env._(
            "%(amount)s with %(agency)s since %(date)s",
            amount=self.currency_id.format(self.amount_open),
            agency=self.agency_id.name,
            date=format_date(self.env, self.handed_over_on or self.approved_on),
        )
