import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import project
from ..engine.attempt import attempt
from ..engine.instalment_charges import find_stopped, find_stopped_items
from ..engine.instalments import UNDER_WAY
from ..engine.transactions import CONFLICTS, retrying

_logger = logging.getLogger(__name__)

# As long as one of these is there, an instalment is not charged once more.
LIVE = (*UNDER_WAY, "done")
_TODO = "account_collections_auto.mail_activity_type_payment_plan_charge"


class CollectionPaymentPlanCharge(models.Model):
    """One try to charge an instalment to the stored card or account of the customer.

    Never twice for one instalment: the try is committed before the provider is asked, and again after its answer. Where the
    process died in between, nobody knows whether money moved, so a person looks, and nothing is tried again by itself.
    """

    _name = "collection.payment.plan.charge"
    _description = "Charge of an Instalment"
    _order = "id desc"

    line_id = fields.Many2one(
        "collection.payment.plan.line", string="Instalment", required=True, readonly=True, index=True, ondelete="restrict"
    )
    payment_plan_id = fields.Many2one(related="line_id.payment_plan_id", store=True, index=True)
    partner_id = fields.Many2one(related="line_id.partner_id")
    company_id = fields.Many2one(related="line_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="line_id.currency_id")
    attempt = fields.Integer(required=True, readonly=True, aggregator=None)
    date = fields.Date(required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    transaction_id = fields.Many2one("payment.transaction", required=True, readonly=True, ondelete="restrict")
    reference = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("prepared", "Prepared"),
            ("asked", "Asked"),
            ("pending", "Under Way"),
            ("done", "Paid"),
            ("failed", "Failed"),
            ("unknown", "Not Known"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="prepared",
        readonly=True,
        help="Not known: the answer of the provider was lost. Look there before anything else is done.",
    )
    message = fields.Char(string="Answer", readonly=True)

    _attempt_once = models.UniqueIndex("(line_id, attempt)", "This try was made already.")
    _one_live = models.UniqueIndex(
        "(line_id) WHERE state IN ('prepared', 'asked', 'pending', 'unknown', 'done')",
        "This instalment is being charged already.",
    )

    @api.model
    def _cron_charge(self):
        """Charge the instalments that are due to the cards and accounts that customers allowed us to charge."""
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            if company.collection_test_mode:
                continue
            try:
                self.sudo().with_company(company)._charge_due(company, company._collection_today(), commit=True)
            except Exception:
                self.env.cr.rollback()  # whatever it is, the other companies go on
                _logger.exception("%s: the instalments of the day could not all be charged", company)

    @api.model
    def _charge_due(self, company, date, commit=False):
        """Hear what became of earlier charges, then charge what is due on ``date``. With ``commit`` each step is final."""

        def run(step, **options):
            return retrying(self.env, step, **options) if commit else step()

        run(lambda: self._follow(company))
        run(lambda: self._prepare_due(company, date))
        # The search ends its transaction too: the next one sees what others did until its charge is announced.
        for charge in run(lambda: self.search([("company_id", "=", company.id), ("state", "=", "prepared")])):
            try:
                if not run(lambda charge=charge: charge._announce(date)):
                    continue
                # Once only: a second attempt of this step could take the money twice.
                run(charge._ask_provider, attempts=1)
                run(charge._take_answer)
            except Exception:
                if not commit:
                    raise
                # Whatever it is, the other customers go on; this charge is followed up by a person.
                self.env.cr.rollback()
                _logger.exception("Nobody knows what became of the charge %s", charge.id)
                run(lambda: self._follow(company))

    @api.model
    def _prepare_due(self, company, date):
        """Write down what is to be charged on ``date``: one try for each instalment, when its time has come."""
        self.env["collection.case"]._refresh_marked()
        self.env["collection.payment.plan"]._judge(company, date)
        lines = self.env["collection.payment.plan.line"].search(
            [
                ("company_id", "=", company.id),
                ("plan_state", "=", "running"),
                ("state", "in", ("open", "late", "missed")),
                ("date", "<=", date),
                ("payment_plan_id.token_id", "!=", False),
            ]
        )
        stopped = find_stopped(self.env, company, date) if lines else {}
        for line in lines.try_lock_for_update():
            amount, reasons = line._look_at_charge(stopped)
            if line._may_charge(date) and amount > 0:
                reasons = [*reasons, *self._try_to_prepare(line, amount, date)]
            line._note_charge_stops(reasons)
        self.env.flush_all()

    def _try_to_prepare(self, line, amount, date):
        """Prepare the try, and return []; where its provider refuses that, a person hears of it: return the reason."""
        try:
            with self.env.cr.savepoint():
                self._prepare(line, amount, date)
        except CONFLICTS:
            raise  # somebody else prepared it at the same time: the whole step is done again
        except Exception as error:
            if not isinstance(error, UserError):
                _logger.exception("%s could not be charged", line)
            summary = self.env._("An instalment could not be charged: %(reason)s", reason=error)
            self._add_todo(line.payment_plan_id, summary)
            return [{"code": "charge_refused", "text": str(error)}]
        return []

    def _prepare(self, line, amount, date):
        token, attempt = line.payment_plan_id.token_id, len(line.charge_ids) + 1
        # sudo: payments of providers are the administrators'; this one was allowed by the customer
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": token.provider_id.id,
                    "payment_method_id": token.payment_method_id.id,
                    "token_id": token.id,
                    "amount": amount,
                    "currency_id": line.currency_id.id,
                    "partner_id": token.partner_id.id,
                    "operation": "offline",
                    # Odoo keeps references unique: a try can not be made twice.
                    "reference": f"PLAN-{line.payment_plan_id.id}-{line.id}-{attempt}",
                }
            )
        )
        return self.create(
            {
                "line_id": line.id,
                "attempt": attempt,
                "date": date,
                "amount": amount,
                "transaction_id": transaction.id,
                "reference": transaction.reference,
            }
        )

    def _announce(self, date):
        """Mark the try as asked, before the provider is.

        The debt is read and judged once more, in this transaction. False where somebody else has the try or works on its
        plan, or where it was paid or stopped meanwhile: what is left is tried by the next run.
        """
        plan = self.payment_plan_id
        if not self.try_lock_for_update() or self.state != "prepared" or not plan.try_lock_for_update():
            return False
        self._judge_again(date)
        line = self.line_id
        amount, reasons = line._look_at_charge(find_stopped(self.env, self.company_id, date, plan.case_id))
        if obstacles := self._find_obstacles():
            amount, reasons = 0.0, obstacles
        if line.currency_id.compare_amounts(amount, self.amount) < 0:
            reasons = reasons or [{"code": "charge_changed"}]
            self._give_up(reasons)
        else:
            self.state = "asked"
        line._note_charge_stops(reasons)
        return self.state == "asked"

    def _find_obstacles(self):
        """Return why this charge may not be made, as the plan says it; [] where nothing is against it.

        Another card, or none, may have been chosen since it was prepared.
        """
        obstacles = self.payment_plan_id._find_charge_obstacles()
        if not obstacles and self.transaction_id.sudo().token_id != self.payment_plan_id.sudo().token_id:
            obstacles = [{"code": "charge_card_gone"}]
        return obstacles

    def _give_up(self, reasons):
        """The provider was not asked, and is not."""
        self.write({"state": "cancelled", "message": self.env["collection.reason"]._describe_all(reasons)})
        self.transaction_id.sudo()._set_canceled()

    def _judge_again(self, date):
        """Bring the case of this charge up to date with the ledger, judge its plans on ``date``, and keep others from it."""
        case = self.payment_plan_id.case_id
        self.payment_plan_id._refresh_and_judge(self.company_id, date, case)
        project.lock_cases(self.env, self.company_id.id, case.partner_id.ids)

    def _ask_provider(self):
        """Let the provider take the money. Nothing else happens in this transaction, so that its answer is kept.

        At this last moment the plan may have been cancelled, or its card been taken away: then it is not asked.
        """
        self.lock_for_update()
        if self.state != "asked":  # somebody took it for one whose answer was lost
            return
        if obstacles := self._find_obstacles():
            self._give_up(obstacles)
        else:
            self.transaction_id.sudo()._charge_with_token()

    @api.model
    def _follow(self, company):
        """Take what the provider told since. A try that was begun and never answered is for a person to look at."""
        charges = self.search([("company_id", "=", company.id), ("state", "in", ("asked", "pending", "unknown"))])
        for charge in charges.try_lock_for_update():  # not the one that is being asked at this moment
            attempt(charge, charge._take_answer)

    def _take_answer(self):
        states = {"pending": "pending", "authorized": "pending", "done": "done", "cancel": "failed", "error": "failed"}
        for charge in self:
            transaction_sudo = charge.transaction_id.sudo()
            state = states.get(transaction_sudo.state, "unknown")
            if transaction_sudo.state == "error" and not transaction_sudo.provider_reference:
                # Odoo calls a provider that did not answer in time an error too: it may have taken the money.
                state = "unknown"
            if charge.state == "cancelled" or state == charge.state:
                continue
            charge.write({"state": state, "message": transaction_sudo.state_message})
            if state == "done" and not transaction_sudo.is_post_processed:
                transaction_sudo._post_process()
            charge._tell_collector()

    def _tell_collector(self):
        plan = self.payment_plan_id
        if self.state == "done":
            plan.activity_unlink([_TODO])
        elif self.state == "failed":
            self._add_todo(plan, self.env._("An instalment could not be charged: %(reason)s", reason=self.message or ""))
        elif self.state == "unknown":
            lost = self.env._("Ask the provider whether %(reference)s was paid: its answer was lost", reference=self.reference)
            self._add_todo(plan, lost)

    @api.model
    def _add_todo(self, plan, summary):
        if not plan.activity_search([_TODO]):
            plan.with_context(mail_activity_quick_update=True).activity_schedule(
                _TODO, user_id=plan.case_id._get_collector().id, summary=summary
            )

    def _match(self):
        """Match the payments of these charges with the items of their plans: those first of which nothing is stopped.

        Then those that are stopped in part; what is stopped as a whole, it was not charged for. Of each the item first that
        is due first, as Odoo does it.
        """
        for charge in self:
            payment_sudo = charge.transaction_id.sudo().payment_id
            items = charge.line_id.item_id or charge.payment_plan_id.item_ids
            places = find_stopped_items(self.env, charge.company_id, charge.company_id._collection_today(), items)
            credit = payment_sudo.move_id.line_ids.filtered(
                lambda line, payment=payment_sudo: line.account_id == payment.destination_account_id and not line.reconciled
            )
            for _place, at_once in sorted(items.grouped(lambda item, places=places: places.get(item.id, 0)).items()):
                open_debits = at_once.move_line_id.sudo().filtered(
                    lambda line, credit=credit: not line.reconciled and line.account_id == credit.account_id
                )
                if credit and open_debits and not credit.reconciled:
                    (credit + open_debits).reconcile()

    # -- what people do ------------------------------------------------------------------------------------------------

    def action_was_not_paid(self):
        """A person asked the provider: no money moved. The instalment may be charged again."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can say what became of a charge."))
        self.payment_plan_id.check_access("write")
        for charge in self:
            if charge.state != "unknown":
                raise UserError(charge.env._("It is known what became of %(reference)s.", reference=charge.reference))
        # sudo: nobody writes charges by hand; this is the one thing that a person knows better
        self.sudo().write({"state": "failed", "message": self.env._("%(user)s: no money moved", user=self.env.user.name)})
        self.sudo().transaction_id._set_canceled()

    def _may_retry_on(self):
        """Return the first day on which the instalment of these tries may be tried again."""
        days = self.payment_plan_id.plan_id.charge_retry_days or 3
        return max(self.mapped("date")) + timedelta(days=days)
