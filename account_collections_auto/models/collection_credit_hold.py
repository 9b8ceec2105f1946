from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

TODO_APPROVE = "account_collections_auto.mail_activity_type_credit_hold_approval"
TODO_TELL = "account_collections_auto.mail_activity_type_credit_hold"


class CollectionCreditHold(models.Model):
    """We sell nothing more on account to a customer until somebody lifts it. Reminders go on: that is another hold."""

    _name = "collection.credit.hold"
    _description = "Credit Hold"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    case_id = fields.Many2one("collection.case", readonly=True, index=True, ondelete="cascade")
    level_id = fields.Many2one(
        "collection.level", readonly=True, ondelete="set null", help="The level that proposed it; empty: a person set it."
    )
    hold_id = fields.Many2one(
        "collection.hold",
        string="Because of a Hold",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The hold whose reason stops sales. When that ends, sales go on.",
    )
    reason = fields.Char(required=True, readonly=True, help="Salespeople and billing clerks read it.")
    date_from = fields.Date(string="Since", readonly=True)
    date_until = fields.Date(string="Until", readonly=True, help="The last day. Empty: until somebody lifts it.")
    set_by_id = fields.Many2one("res.users", string="Set By", readonly=True)
    lifted_by_id = fields.Many2one("res.users", string="Lifted By", readonly=True)
    lifted_on = fields.Date(readonly=True)
    state = fields.Selection(
        [("proposed", "To Approve"), ("on", "On"), ("lifted", "Lifted"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="proposed",
        tracking=True,
    )
    amount_overdue = fields.Monetary(related="case_id.amount_overdue")
    currency_id = fields.Many2one(related="company_id.currency_id")

    _one_in_force = models.UniqueIndex(
        "(company_id, partner_id) WHERE state IN ('proposed', 'on')", "There is a credit hold on this customer already."
    )

    # -- proposing and setting -----------------------------------------------------------------------------------------

    @api.model
    def _propose(self, cases, level):
        """A level proposes a hold on the customers of ``cases``; where the company says so, it is on at once.

        Whoever has one, or is asked about one, keeps it. Constant statements for any number of cases.
        """
        self._end_passed(cases)
        held = self.search([("case_id", "in", cases.ids), ("state", "in", ("proposed", "on"))]).case_id
        # sudo: nobody writes credit holds; a level that was really sent asks for it
        holds = self.sudo().create(
            [
                {
                    "case_id": case.id,
                    "partner_id": case.partner_id.id,
                    "company_id": case.company_id.id,
                    "level_id": level.id,
                    "reason": self.env._("Not paid after %(level)s", level=level.name),
                }
                for case in cases - held
            ]
        )
        by_approval = holds.filtered("company_id.collection_credit_hold_approval")
        by_approval._ask_for_approval()
        (holds - by_approval)._put_on()
        return holds

    def _ask_for_approval(self):
        leaders = self.case_id._get_leaders()
        for leader in set(leaders.values()):
            holds = self.filtered(lambda hold, leader=leader: leaders[hold.case_id] == leader)
            holds.with_context(mail_activity_quick_update=True).activity_schedule(
                TODO_APPROVE, user_id=leader.id, summary=self.env._("Approve or refuse the credit hold")
            )

    @api.model
    def _set_by_hand(self, cases, reason, date_until):
        """A person stops selling to these customers; what was only proposed is on from now on."""
        self._end_passed(cases)
        live = self.search([("case_id", "in", cases.ids), ("state", "in", ("proposed", "on"))])
        already = live.filtered(lambda hold: hold.state == "on")
        if already:
            raise UserError(
                self.env._("%(customers)s: on credit hold already.", customers=", ".join(already.partner_id.mapped("name")))
            )
        values = {"reason": reason, "date_until": date_until}
        live.sudo().write(values)  # sudo: nobody writes credit holds; the caller checked the right
        new = self.sudo().create(
            [
                {"case_id": case.id, "partner_id": case.partner_id.id, "company_id": case.company_id.id, **values}
                for case in cases - live.case_id
            ]
        )
        holds = (live | new).sudo(self.env.su)
        holds._put_on()
        return holds

    @api.model
    def _set_by_holds(self, holds):
        """Stop selling to the customers of ``holds``, whose reasons say so; for as long as these last.

        Who is on credit hold already stays so. What a person lifted stays lifted while the same hold lasts.
        """
        self.env["collection.case"]._refresh_marked()
        debtors = holds.partner_id.commercial_partner_id
        cases = holds._find_cases_of_customers()
        live = self.search([("partner_id", "in", debtors.ids), ("state", "in", ("proposed", "on"))])
        passed = live.filtered(lambda held: held.date_until and held.date_until < held.company_id._collection_today())
        if passed:
            passed._close("lifted", by=False)
        by_debtor = {(held.company_id, held.partner_id): held for held in live - passed}
        started = self.browse()
        for hold in holds:
            key = (hold.company_id, hold.partner_id.commercial_partner_id)
            # A customer who never owed anything gets its case later.
            follows = {"date_until": hold.date_until, "case_id": cases[hold].id}
            values = {**follows, "hold_id": hold.id, "reason": hold.reason_id.name}
            held = by_debtor.get(key, self.browse())
            if not held:
                if not hold.credit_hold_ids.lifted_by_id:
                    by_debtor[key] = self.create({**values, "company_id": key[0].id, "partner_id": key[1].id})
                    started |= by_debtor[key]
            elif held.state == "proposed":
                held.write(values)
                started |= held
            elif held.hold_id == hold and (held.date_until, held.case_id) != (hold.date_until, cases[hold]):
                held.write(follows)
        if started:
            started._put_on()

    def action_approve(self):
        """Approve what a level proposed: from now on nothing more is sold on account to these customers."""
        self._check_collector()
        self._check_state("proposed")
        self._put_on()

    def action_refuse(self):
        """Do not stop selling; the level does not propose it again for the same items."""
        self._check_collector()
        self._check_state("proposed")
        self._close("refused")

    def action_lift(self):
        """Sell to these customers again."""
        self._check_collector()
        self._check_state("on")
        self._lift()

    def _lift(self, by=None):
        """Sell again, and tell who sells. ``by``: the id of the person, False when nobody decided it; empty: who is at work."""
        self._close("lifted", by=by)
        salespeople = self.case_id._get_salespeople()
        for hold in self:
            sentence = hold.env._("The credit hold on %(customer)s is lifted.", customer=hold.partner_id.name)
            hold._tell(sentence, salespeople.get(hold.case_id, hold.partner_id.user_id))
            if hold.case_id:
                hold.case_id._message_log(body=sentence)

    def _check_collector(self):
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can set or lift a credit hold."))

    def _check_state(self, state):
        for hold in self:
            if hold.state != state:
                raise UserError(
                    hold.env._("The credit hold on %(customer)s is decided already.", customer=hold.partner_id.name)
                )

    def _put_on(self):
        for company, holds in self.grouped("company_id").items():
            # sudo: nobody writes credit holds; the caller checked the right
            holds.sudo().write(
                {"state": "on", "date_from": company._collection_today(), "set_by_id": self.env.uid, "lifted_on": False}
            )
        self._note_on_companies()
        self.sudo().activity_unlink([TODO_APPROVE])
        self._tell_salespeople()
        of_cases = self.filtered("case_id")
        bodies = {hold.case_id.id: hold.env._("Credit hold: %(reason)s", reason=hold.reason) for hold in of_cases}
        self.case_id._message_log_batch(bodies=bodies)

    def _end_passed(self, cases):
        """Holds on ``cases`` whose last day is over make room for another one."""
        for company, own in cases.grouped("company_id").items():
            today = company._collection_today()
            passed = self.search([("case_id", "in", own.ids), ("state", "=", "on"), ("date_until", "<", today)])
            if passed:
                passed._close("lifted", by=False)

    def _note_on_companies(self):
        """Note whether anybody is on hold in these companies.

        The row is written each time: of two transactions that change holds of one company, one is done again.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE res_company company
                      SET collection_has_credit_holds = EXISTS (SELECT FROM collection_credit_hold hold
                                                                 WHERE hold.company_id = company.id AND hold.state = 'on')
                    WHERE id = ANY(%s)""",
                self.company_id.ids,
            )
        )
        self.company_id.invalidate_recordset(["collection_has_credit_holds"])

    def _close(self, state, by=None):
        by = self.env.uid if by is None else by
        for company, holds in self.grouped("company_id").items():
            holds.sudo().write({"state": state, "lifted_by_id": by, "lifted_on": company._collection_today()})
        self._note_on_companies()
        self.sudo().activity_unlink([TODO_APPROVE])
        # sudo: the salesperson's to-do, on a contact that the collector may not edit
        told = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("activity_type_id", "=", self.env.ref(TODO_TELL).id),
                    ("res_model", "=", "res.partner"),
                    ("res_id", "in", self.partner_id.ids),
                ]
            )
        )
        # sudo: a hold of another company on the same customer keeps the to-dos of those who sell there
        others = self.sudo().search([("partner_id", "in", self.partner_id.ids), ("state", "=", "on")])
        if others:
            salespeople = (self.case_id.sudo() | others.case_id)._get_salespeople()
            for partner, holds in others.grouped("partner_id").items():
                own = self.sudo().filtered(lambda hold, partner=partner: hold.partner_id == partner)
                users = self.env["res.users"]
                staying = users.union(*(salespeople[hold.case_id] for hold in holds))
                leaving = users.union(*(salespeople[hold.case_id] for hold in own)) - staying
                told = told.filtered(
                    lambda todo, partner=partner, leaving=leaving: todo.res_id != partner.id or todo.user_id in leaving
                )
        told.unlink()

    # -- telling -------------------------------------------------------------------------------------------------------

    def _tell_salespeople(self):
        """A to-do on the customer for each salesperson, and a notice: they hear of it before the next order does."""
        summary = self.env._("Credit hold: sell nothing more on account for now")
        salespeople = self.case_id._tell_salespeople(TODO_TELL, {case: summary for case in self.case_id})
        for hold in self:
            hold._tell(
                hold.env._(
                    "%(customer)s is on credit hold: %(reason)s. Talk to the customer, or to %(collector)s, before you promise "
                    "a delivery.",
                    customer=hold.partner_id.name,
                    reason=hold.reason,
                    collector=(hold.case_id and hold.case_id._get_collector().name) or hold.company_id.name,
                ),
                salespeople.get(hold.case_id, hold.partner_id.user_id),
            )

    def _tell(self, body, users):
        """Notify ``users`` on the contact, which salespeople may read."""
        self.ensure_one()
        if users:
            self.partner_id.sudo().message_notify(  # sudo: the collector may not edit the contact
                body=body, subject=self.env._("Credit hold"), partner_ids=users.partner_id.ids
            )

    # -- who is on hold ------------------------------------------------------------------------------------------------

    @api.model
    def _find_reasons(self, company, partners):
        """Return {debtor: why nothing more is sold on account to it} for those of ``partners`` on hold in ``company``.

        No statement while nobody is on hold in the company, else one.
        """
        root_sudo = company.sudo().root_id
        if not root_sudo.collection_has_credit_holds or not partners:
            return {}
        debtors = partners.commercial_partner_id
        domain = [
            ("company_id", "=", root_sudo.id),
            ("partner_id", "in", debtors.ids),
            ("state", "=", "on"),
            "|",
            ("date_until", "=", False),
            ("date_until", ">=", root_sudo._collection_today()),
        ]
        # sudo: who posts an invoice or confirms an order need not read collections, but is told of the hold
        holds_sudo = self.sudo().search_fetch(domain, ["partner_id", "reason"])
        reasons = {hold.partner_id.id: hold.reason for hold in holds_sudo}
        return {debtor: reasons[debtor.id] for debtor in debtors if debtor.id in reasons}

    @api.model
    def _describe(self, partner, reason):
        """Return the sentence that people read where a hold matters."""
        return self.env._("%(customer)s is on credit hold: %(reason)s.", customer=partner.name, reason=reason)

    @api.model
    def _may_override(self, company):
        """Return whether the current user may sell to a customer on hold all the same, knowing of it."""
        if company.sudo().root_id.collection_credit_hold_effect == "warn" or self.env.su:
            return True
        return self.env.user.has_group("account_collections_auto.group_collection_manager")

    @api.constrains("date_until")
    def _check_date_until(self):
        for hold in self:
            if hold.date_until and hold.date_until < hold.company_id._collection_today():
                raise ValidationError(hold.env._("%(date)s has passed already.", date=format_date(hold.env, hold.date_until)))
