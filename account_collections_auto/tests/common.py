"""Builders for stories about collections: each takes what the story is about and defaults the rest."""

from contextlib import contextmanager
from datetime import date, timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.tests import tagged

TODAY = date(2026, 9, 15)


@tagged("post_install", "-at_install")
class CollectionsCase(AccountTestInvoicingCommon):
    """A company with a dunning plan of four levels, a seven-day week and no grace, as of `TODAY`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.manager = cls.env.user
        cls.company.collection_tz = "UTC"
        cls.plan = cls.make_plan()
        cls.company.collection_plan_id = cls.plan
        cls.pay_in_cash = cls.company_data["default_journal_cash"]

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("account_collections_auto.group_collection_manager")

    @classmethod
    def default_env_context(cls):
        return {}

    # -- configuration ---------------------------------------------------------------------------------------------

    @classmethod
    def make_plan(cls, levels=((-3, {}), (7, {}), (21, {}), (35, {"final_notice": True})), company=None, **vals):
        """Create a plan; ``levels`` are (days, values) pairs. Answer in 7 days, 7 days between levels and contacts."""
        templates = ["courtesy", "first_reminder", "second_reminder", "final_notice"]
        if not any(days <= 0 for days, _values in levels):
            templates = templates[1:]
        level_ids = [
            Command.create(
                {
                    "name": f"L{number}",
                    "days_overdue": days,
                    "step_ids": [
                        Command.create(
                            {
                                "channel": "email",
                                "mail_template_id": cls.quick_ref(
                                    "account_collections_auto.mail_template_" + templates[min(number, len(templates) - 1)]
                                ).id,
                            }
                        )
                    ],
                    **values,
                }
            )
            for number, (days, values) in enumerate(levels)
        ]
        return cls.env["collection.plan"].create(
            {
                "name": "Test plan",
                "company_id": (company or cls.company).id,
                "grace_days": 0,
                "resume_days": 0,
                "calendar_id": False,
                "level_ids": level_ids,
                **vals,
            }
        )

    @classmethod
    def level(cls, days, plan=None):
        return (plan or cls.plan).level_ids.filtered(lambda level: level.days_overdue == days)

    @classmethod
    def make_user(cls, login, *groups, company=None):
        """Create an internal user of one company with ``groups`` (XML ids) and nothing more."""
        company = company or cls.company
        return cls.env["res.users"].sudo().create(
            {
                "name": login.title(),
                "login": f"{login}@{company.id}",
                "email": f"{login}@example.org",
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set([cls.quick_ref(group).id for group in ("base.group_user", *groups)])],
            }
        )

    # -- the ledger --------------------------------------------------------------------------------------------------

    @classmethod
    def customer(cls, name="Customer", email="customer@example.com", **vals):
        return cls.env["res.partner"].create({"name": name, "email": email, **vals})

    @classmethod
    def invoice(cls, customer, amount=100.0, due=None, issued=None, currency=None, move_type="out_invoice", **vals):
        """Post an invoice (or credit note) of ``amount`` without tax that falls due on ``due``."""
        due = due or TODAY - timedelta(days=30)
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": customer.id,
                "invoice_date": issued or due,
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "currency_id": (currency or cls.env.company.currency_id).id,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": amount, "tax_ids": []})],
                **vals,
            }
        )
        move.action_post()
        return move

    @classmethod
    def credit_note(cls, customer, amount=100.0, on=None, **vals):
        return cls.invoice(customer, amount, due=on, move_type="out_refund", **vals)

    @classmethod
    def pay(cls, moves, amount=None, on=None):
        """Register a payment of ``amount`` (default: all) on ``moves`` and return it."""
        wizard = (
            cls.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"payment_date": on or TODAY, "journal_id": cls.pay_in_cash.id, "group_payment": True})
        )
        if amount is not None:
            wizard.amount = amount
        return wizard._create_payments()

    @classmethod
    def money_on_account(cls, customer, amount, on=None, post=True):
        """Receive ``amount`` of ``customer`` that nobody matched with anything; without ``post`` it is not booked yet."""
        payment = cls.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": customer.id,
                "amount": amount,
                "date": on or TODAY,
                "journal_id": cls.pay_in_cash.id,
            }
        )
        if post:
            payment.action_post()
        return payment

    @classmethod
    def instalments(cls, customer, *parts):
        """Post one invoice that falls due in ``parts``, (amount, due date) pairs."""
        move = cls.invoice(customer, sum(amount for amount, _due in parts), due=parts[0][1])
        move.button_draft()
        term = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        first, *others = parts
        values = [Command.update(term.id, {"debit": first[0], "date_maturity": first[1]})]
        for amount, due in others:
            values.append(
                Command.create(
                    {
                        "account_id": term.account_id.id,
                        "partner_id": customer.id,
                        "display_type": "payment_term",
                        "debit": amount,
                        "date_maturity": due,
                    }
                )
            )
        move.with_context(skip_invoice_sync=True).write({"line_ids": values})
        move.action_post()
        return move

    @classmethod
    def journal_debit(cls, customer, amount=100.0, due=None, account=None):
        """Post a general journal entry that the customer owes; Odoo sets "no follow-up" on its lines."""
        due = due or TODAY - timedelta(days=30)
        line = {"name": "Opening balance", "partner_id": customer and customer.id, "date_maturity": due}
        move = cls.env["account.move"].create(
            {
                "move_type": "entry",
                "date": due,
                "journal_id": cls.company_data["default_journal_misc"].id,
                "line_ids": [
                    Command.create(
                        {
                            **line,
                            "account_id": (account or cls.company_data["default_account_receivable"]).id,
                            "debit": amount,
                        }
                    ),
                    Command.create(
                        {**line, "account_id": cls.company_data["default_account_revenue"].id, "credit": amount}
                    ),
                ],
            }
        )
        move.action_post()
        return move

    @classmethod
    def bank_line(cls, amount=1000.0, on=TODAY, journal=None, **vals):
        """Import a bank statement line that nobody has matched yet."""
        return cls.env["account.bank.statement.line"].create(
            {
                "journal_id": (journal or cls.company_data["default_journal_bank"]).id,
                "date": on,
                "amount": amount,
                "payment_ref": "Transfer",
                **vals,
            }
        )

    @classmethod
    def booked_bank_line(cls, customer, amount, on=TODAY, **vals):
        """Book a bank line on a customer without matching it with anything. Return its open line."""
        line = cls.bank_line(amount, on=on, partner_id=customer.id, **vals)
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = cls.company_data["default_account_receivable"]
        return suspense

    # -- people ------------------------------------------------------------------------------------------------------

    @classmethod
    def hold(cls, customer, items=None, since=TODAY, until=False, reason="They call us back"):
        return cls.env["collection.hold"].create(
            {
                "partner_id": customer.id,
                "company_id": cls.company.id,
                "item_ids": [Command.set(items.ids if items else [])],
                "date_from": since,
                "date_until": until,
                "reason": reason,
            }
        )

    # -- the engine ----------------------------------------------------------------------------------------------------

    @classmethod
    def run_cycle(cls, on=TODAY, company=None):
        return cls.env["collection.cycle"].run(company or cls.company, on)

    @classmethod
    def run_daily(cls, first, last):
        """Run a cycle on every day from ``first`` to ``last``."""
        day = first
        while day <= last:
            cls.run_cycle(day)
            day += timedelta(days=1)

    @classmethod
    def run_on(cls, *offsets, since=TODAY):
        """Run the cycles of the days that lie ``offsets`` days after ``since``."""
        for offset in offsets:
            cls.run_cycle(since + timedelta(days=offset))

    @classmethod
    def case(cls, customer):
        cls.env["collection.case"]._refresh_marked()
        return cls.env["collection.case"].search(
            [("partner_id", "=", customer.commercial_partner_id.id), ("company_id", "=", cls.company.id)]
        )

    @classmethod
    def items(cls, record):
        """Return the open items of a customer or a document."""
        cls.env["collection.case"]._refresh_marked()
        field = "move_id" if record._name == "account.move" else "case_id.partner_id"
        return cls.env["collection.item"].search([(field, "in", record.ids)])

    @classmethod
    def actions(cls, customer, state=None):
        domain = [("partner_id", "=", customer.commercial_partner_id.id)]
        if state:
            domain.append(("state", "=", state))
        return cls.env["collection.action"].search(domain, order="contact_date, id")

    def sent(self, customer):
        """Return what was sent to ``customer``: (day, level name, {number: amount} that advances, total claimed)."""
        return [
            (
                action.contact_date,
                action.level_id.name,
                {line.move_id: line.amount_residual_currency for line in action.line_ids if line.advances},
                action.amount,
            )
            for action in self.actions(customer)
            if action.state in ("sent", "delivered")
        ]

    def assertSent(self, customer, level, on=TODAY):
        """The customer got a message of ``level`` on the day ``on``."""
        found = [(day, name) for day, name, _advancing, _total in self.sent(customer)]
        self.assertIn((on, level.name), found)

    def assertNotSent(self, customer, on=None):
        """The customer got no message at all, or none on the day ``on``."""
        found = [(day, name) for day, name, _advancing, _total in self.sent(customer) if on in (None, day)]
        self.assertEqual(found, [])

    def assertWithheld(self, customer, code, on=TODAY):
        """The cycle of the day withheld something of the customer for the reason ``code``."""
        lines = self.env["collection.cycle.line"].search(
            [("case_id.partner_id", "=", customer.id), ("cycle_id.date", "=", on), ("decision", "!=", "planned")]
        )
        self.assertIn(code, [reason["code"] for line in lines for reason in line.reasons])

    @contextmanager
    def on_day(self, day, without=None):
        """Let the company's today be ``day``; with the company ``without`` nothing works that needs its day."""
        moment = fields.Datetime.to_datetime(day).replace(hour=12)

        def now(company):
            if company == without:
                raise ValueError("A clock that does not work")
            return moment

        with patch.object(type(self.env["res.company"]), "_collection_now", now):
            yield

    @classmethod
    def set_rate(cls, currency, per_company_unit, on=date(2020, 1, 1)):
        """Let one unit of company currency buy ``per_company_unit`` of ``currency`` from ``on``."""
        cls.env["res.currency.rate"].create(
            {"name": on, "rate": per_company_unit, "currency_id": currency.id, "company_id": cls.company.id}
        )
