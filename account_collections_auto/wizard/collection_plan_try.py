from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount, format_date

from ..engine import history, simulate

YEAR = timedelta(days=365)


class CollectionPlanTry(models.TransientModel):
    """Show what a plan would have sent to a real customer in the last year. Sends and writes nothing."""

    _name = "collection.plan.try"
    _description = "Try a Plan on a Customer"
    _rec_name = "plan_id"

    plan_id = fields.Many2one("collection.plan", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one(related="plan_id.company_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        ondelete="cascade",
        domain="[('customer_rank', '>', 0), ('company_id', 'in', (False, company_id))]",
        help="Best somebody with many invoices in this time, some of them paid late.",
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="To", required=True)
    result = fields.Html(compute="_compute_result", sanitize=False)

    @api.model
    def action_open(self, plan):
        """Open the screen on ``plan`` with the customer who had the most to pay late."""
        plan.ensure_one()
        today = plan.company_id._collection_today()
        trial = self.create(
            {
                "plan_id": plan.id,
                "partner_id": self._find_example(plan.company_id).id,
                "date_from": today - YEAR,
                "date_to": today,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Try %(plan)s on a Customer", plan=plan.display_name),
            "res_model": self._name,
            "res_id": trial.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _find_example(self, company):
        """Return the customer of ``company`` with the most items so far: the trial has something to show."""
        rows = (
            self.env["collection.item"]
            .with_context(active_test=False)
            ._read_group([("case_id.company_id", "=", company.id)], ["case_id"], order="__count DESC, case_id", limit=1)
        )
        return rows[0][0].partner_id if rows else self.env["res.partner"]

    @api.depends("plan_id", "partner_id", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_result(self):
        for trial in self:
            trial.result = self.env["ir.qweb"]._render("account_collections_auto.collection_plan_try_result", trial._try())

    def _try(self):
        """Return what the screen shows: ``rows`` by day, ``sentence``; or only a ``hint`` what to do first."""
        if not self.partner_id:
            return {"hint": self.env._("Choose a customer to see what this plan would have sent.")}
        if not (self.date_from and self.date_to and self.date_from <= self.date_to):
            return {"hint": self.env._("Choose a first and a last day.")}
        self._check_may_try()
        events, lines = self._simulate()
        if not lines:
            return {"hint": self.env._("This customer owed nothing in this time. Choose another customer or other days.")}
        rows = [self._prepare_event(event, lines) for event in events]
        rows += [self._prepare_payment(line) for line in lines.values() if self._is_shown(line)]
        rows.sort(key=lambda row: (row["day"], row["order"]))
        return {
            "rows": rows,
            "sentence": self._get_sentence_of_result([event for event in events if isinstance(event, simulate.Sent)]),
        }

    def _check_may_try(self):
        """The ledger is read by SQL: first ask for the rights that reading it with Odoo would need."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can try plans."))
        self.plan_id.check_access("read")
        self.partner_id.check_access("read")

    def _simulate(self):
        """Return (events by day, {line id: line})."""
        plan, company, debtor = self.plan_id, self.plan_id.company_id, self.partner_id.commercial_partner_id
        items, lines = history.read(self.env, company, debtor, self.date_from, self.date_to, only_sent=plan.only_sent_invoices)
        currency_ids = {item.currency for item in items}
        rates = history.read_rates(self.env, company, list(currency_ids), self.date_from, self.date_to)
        events = simulate.simulate(
            plan._prepare_simulation(self.date_from, self.date_to), items, rates, self.date_from, self.date_to
        )
        return events, lines

    # -- rows --------------------------------------------------------------------------------------------------------

    def _prepare_event(self, event, lines):
        """Return the row of a message, or of a level that waits for a person."""
        names = {level.id: level.name for level in self.plan_id.level_ids}
        is_message = isinstance(event, simulate.Sent)
        by_level = {}
        if is_message:
            for key, level in event.advancing.items():
                by_level.setdefault(names[level.key], []).append(lines[key])
            listed = self._name_lines(lines[key] for key in event.listed)
        else:
            by_level[names[event.level.key]] = [lines[key] for key in event.items]
            listed = []
        return {
            "kind": "message" if is_message else "by_hand",
            "day": event.day,
            "order": 1,
            "date": format_date(self.env, event.day),
            "title": names[event.level.key],
            "advancing": {name: self._name_lines(of_level) for name, of_level in by_level.items()},
            "listed": listed,
            "amount": self._format(event.total, self.company_id.currency_id) if is_message else "",
            "deadline": format_date(self.env, event.deadline) if is_message else "",
            "needs_approval": self.plan_id.level_ids.browse(event.level.key).mode == "review",
        }

    def _prepare_payment(self, line):
        due = format_date(self.env, line.due)
        titles = {
            "payment": self.env._("Payment"),
            "credit": self.env._("Credit note"),
            "debit": self.env._("Invoice, due %(date)s", date=due),
        }
        currency = self.env["res.currency"].browse(line.currency_id)
        return {
            "kind": line.kind,
            "day": line.day,
            "order": {"debit": -1, "payment": 0, "credit": 0}[line.kind],
            "date": format_date(self.env, line.day),
            "title": titles[line.kind],
            "number": self._name_line(line),
            "amount": self._format(abs(line.amount), currency),
        }

    def _is_shown(self, line):
        return self.date_from <= line.day <= self.date_to

    def _name_lines(self, lines):
        """Return the numbers of the documents, each once however many of its instalments are among ``lines``."""
        return list(dict.fromkeys(map(self._name_line, lines)))

    def _name_line(self, line):
        return line.number or self.env._("Entry %(number)s", number=line.move_id)

    def _format(self, amount, currency):
        return format_amount(self.env, float(amount), currency)

    def _get_sentence_of_result(self, messages):
        if not messages:
            return self.env._("In this time the plan would have sent this customer nothing.")
        counts = {}
        for message in messages:
            counts[message.level.key] = counts.get(message.level.key, 0) + 1
        by_level = [
            self.env._("%(count)s × %(level)s", count=counts[level.id], level=level.name)
            for level in self.plan_id.level_ids.sorted("days_overdue")
            if level.id in counts
        ]
        return self.env._(
            "In this time the plan would have sent %(count)s messages: %(levels)s.",
            count=len(messages),
            levels=", ".join(by_level),
        )
