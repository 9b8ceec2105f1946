"""Demonstration data: a year of invoices of forty invented customers, and six weeks of reminders about them."""

import random
from datetime import timedelta
from itertools import count
from typing import NamedTuple

from odoo import Command, api, fields, models

from .demo_customers import COUNTRIES

SEED = 19
FIRST_REF = "COLLECT-01"
# Rates per euro. Demonstration values, near to what they were.
PER_EURO = {"EUR": 1.0, "USD": 1.1, "GBP": 0.86, "CHF": 0.95}
GOODS = ("Delivery as ordered", "Service contract", "Spare parts", "Consulting", "Installation on site", "Monthly supply")
# Days overdue: (first, last, how many invoices).
OPEN_AGES = ((-60, -4, 44), (-3, -1, 8), (0, 0, 4), (1, 6, 14), (7, 20, 46), (21, 34, 20), (35, 90, 30), (91, 400, 14))
PAID_AGES = ((46, 400, 120),)
# Six weeks of history: a cycle on each of these days before today.
PAST_CYCLES = (42, 28, 14)
# So many messages of today's cycle wait for a person, and so many customers have no address.
TO_APPROVE = 12
WITHOUT_ADDRESS = 5
NO_ADDRESS_AT_ALL = "accounting(at)office"


class Bill(NamedTuple):
    """One invoice to make."""

    customer: int
    days_overdue: int
    amount: float
    currency: str
    term: str
    is_paid: bool


class CollectionDemo(models.AbstractModel):
    """Builds the demonstration data. The same data on every machine, but for the dates: they count from today."""

    _name = "collection.demo"
    _description = "Demonstration Data of Collections"

    @api.model
    def _build(self):
        """Fill the main company, once; without a chart of accounts there is nothing to fill."""
        company = self.env.ref("base.main_company")
        if not company.chart_template or self.env["res.partner"].search_count([("ref", "=", FIRST_REF)]):
            return
        quiet = {"tracking_disable": True, "mail_create_nosubscribe": True, "mail_notrack": True}
        demo = self.with_context(**quiet, allowed_company_ids=company.ids).with_company(company)
        demo._activate_languages()
        demo._set_rates()
        company._collection_create_default_plans()
        company.collection_user_id = demo._collector()
        customers = demo._create_customers()
        bills, invoices = demo._post_invoices(customers)
        demo._pay_in_time(bills, invoices)
        demo._post_credit_notes(customers, invoices)
        demo._run_past_cycles(company)
        demo._pay_late(invoices)
        demo._make_exceptions(invoices)
        demo._make_work_for_today(company)

    # -- the ground ----------------------------------------------------------------------------------------------------

    def _activate_languages(self):
        codes = [country.lang for country in COUNTRIES]
        for code in codes:
            self.env["res.lang"]._activate_lang(code)
        # Odoo loads the translations of this module only after its demonstration data.
        modules = self.env["ir.module.module"].search(
            ["|", ("state", "=", "installed"), ("name", "=", "account_collections_auto")]
        )
        modules._update_translations(codes)

    def _set_rates(self):
        """A rate at the start of each of the last 14 months, wavering a little, for currencies without one."""
        today = self._today()
        base = PER_EURO.get(self.env.company.currency_id.name, 1.0)
        for name, per_euro in PER_EURO.items():
            currency = self.env["res.currency"].with_context(active_test=False).search([("name", "=", name)])
            currency.active = True
            if currency == self.env.company.currency_id or self._has_rates(currency):
                continue
            self.env["res.currency.rate"].create(
                [
                    {
                        "name": today.replace(day=1) - timedelta(days=30 * months),
                        "rate": round(per_euro / base * (1 + (months % 5 - 2) / 200), 4),
                        "currency_id": currency.id,
                        "company_id": self.env.company.id,
                    }
                    for months in range(15)
                ]
            )

    def _has_rates(self, currency):
        own = [("currency_id", "=", currency.id), ("company_id", "=", self.env.company.id)]
        return bool(self.env["res.currency.rate"].search_count(own))

    def _collector(self):
        """The demonstration user works the cases."""
        user = self.env.ref("base.user_demo", raise_if_not_found=False) or self.env.ref("base.user_admin")
        user.group_ids += self.env.ref("account_collections_auto.group_collector")
        return user

    def _today(self):
        return self.env.company._collection_today()

    def _terms(self):
        """Payment terms by key; "three" asks for three instalments."""
        thirds = (34, 33, 33)
        parts = {"14": [(100, 14)], "30": [(100, 30)], "three": list(zip(thirds, (30, 60, 90), strict=True))}
        names = {"14": "14 days", "30": "30 days", "three": "3 instalments (30, 60, 90 days)"}
        return {
            key: self.env["account.payment.term"].create(
                {
                    "name": names[key],
                    "line_ids": [
                        Command.create({"value": "percent", "value_amount": percent, "nb_days": days})
                        for percent, days in lines
                    ],
                }
            )
            for key, lines in parts.items()
        }

    # -- customers -----------------------------------------------------------------------------------------------------

    def _create_customers(self):
        number = count(1)
        return self.env["res.partner"].create(
            [self._prepare_customer_vals(country, next(number), *name) for country in COUNTRIES for name in country.names]
        )

    def _prepare_customer_vals(self, country, number, name, domain, street, postal_code, city):
        return {
            "name": name,
            "ref": f"COLLECT-{number:02}",
            "is_company": True,
            "customer_rank": 1,
            "lang": country.lang,
            "country_id": self.env.ref(f"base.{country.code.lower().replace('gb', 'uk')}").id,
            "street": street,
            "zip": postal_code,
            "city": city,
            "email": f"{country.mailbox}@{domain}.example",
            "phone": country.phone.format(number),
        }

    # -- the ledger ----------------------------------------------------------------------------------------------------

    def _plan_bills(self, customers):
        """300 invoices in all ages; each customer has some, a few have many."""
        chance = random.Random(SEED)
        ages = [(chance.randint(first, last), False) for first, last, many in OPEN_AGES for _number in range(many)]
        ages += [(chance.randint(first, last), True) for first, last, many in PAID_AGES for _number in range(many)]
        chance.shuffle(ages)
        everyone = list(range(len(customers)))
        weights = [1 + 20 / (1 + position) for position in everyone]
        chance.shuffle(weights)
        owners = everyone + chance.choices(everyone, weights, k=len(ages) - len(everyone))
        home = [country.currency for country in COUNTRIES for _name in country.names]
        return [
            Bill(
                customer=owner,
                days_overdue=days,
                amount=round(chance.lognormvariate(6.3, 1.0) + 20, 2),
                currency=chance.choices([home[owner], "USD", "CHF"], [16, 3, 1])[0],
                term=chance.choices(["30", "14", "three"], [10, 5, 1])[0],
                is_paid=is_paid,
            )
            for owner, (days, is_paid) in zip(owners, ages, strict=True)
        ]

    def _post_invoices(self, customers):
        """Create and post all invoices in the order of their dates, so that the numbers follow them."""
        # With three instalments the second one is as old as the bill asks for.
        before_due = {"14": 14, "30": 30, "three": 60}
        bills = sorted(self._plan_bills(customers), key=lambda bill: -bill.days_overdue - before_due[bill.term])
        terms = self._terms()
        currencies = {currency.name: currency.id for currency in self.env["res.currency"].search([])}
        chance = random.Random(SEED)
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": customers[bill.customer].id,
                    "invoice_date": self._today() - timedelta(days=bill.days_overdue + before_due[bill.term]),
                    "invoice_payment_term_id": terms[bill.term].id,
                    "currency_id": currencies[bill.currency],
                    "ref": f"PO-{chance.randint(10000, 99999)}",
                    "invoice_line_ids": [
                        Command.create({"name": chance.choice(GOODS), "price_unit": bill.amount, "tax_ids": []})
                    ],
                }
                for bill in bills
            ]
        )
        invoices.action_post()
        invoices.is_move_sent = True
        return bills, invoices

    def _pay_in_time(self, bills, invoices):
        """One payment per customer and currency for what was paid before the first reminder, and a few parts.

        Some customers pay nearly in time, some two weeks late, some a month late.
        """
        paid = invoices.browse(move.id for move, bill in zip(invoices, bills, strict=True) if bill.is_paid)
        for group in paid.grouped(lambda move: (move.partner_id, move.currency_id)).values():
            newest = (self._today() - max(group.mapped("invoice_date_due"))).days
            self._pay(group, days_ago=max(45, newest - (3, 14, 30)[group.partner_id.id % 3]))
        for move in self._overdue(invoices)[::11]:
            self._pay(move, days_ago=43, share=0.4)

    def _pay_late(self, invoices):
        """Some react to the reminders: they pay all, or a part."""
        for move in self._overdue(invoices)[3::13]:
            self._pay(move, days_ago=8)
        for move in self._overdue(invoices)[5::17]:
            self._pay(move, days_ago=6, share=0.5)
        for move in self._overdue(invoices)[7::29]:
            self._pay(move, days_ago=1)

    def _overdue(self, invoices):
        today = self._today()
        return invoices.filtered(lambda move: move.amount_residual and move.invoice_date_due < today - timedelta(days=20))

    def _pay(self, moves, days_ago, share=1.0):
        # Odoo asks which invoices a payment is for; planned for empty tables, that takes minutes.
        self.env.flush_all()
        self.env.cr.execute("ANALYZE account_move, account_move_line, account_payment, account_partial_reconcile")
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"payment_date": self._today() - timedelta(days=days_ago), "group_payment": True})
        )
        if share < 1.0:
            wizard.amount = wizard.currency_id.round(sum(moves.mapped("amount_residual")) * share)
        wizard._create_payments()

    def _post_credit_notes(self, customers, invoices):
        """Twelve customers have a credit; one of them more than it owes. Two credits are already used."""
        owing = self._overdue(invoices).grouped("partner_id")
        chosen = [customer for customer in customers if customer in owing][::2][:12]
        notes = self.env["account.move"].create(
            [
                {
                    "move_type": "out_refund",
                    "partner_id": customer.id,
                    "invoice_date": self._today() - timedelta(days=20 + position),
                    "currency_id": owing[customer][0].currency_id.id,
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Goods returned", "price_unit": self._credit(position, owing[customer]), "tax_ids": []}
                        )
                    ],
                }
                for position, customer in enumerate(chosen)
            ]
        )
        notes.action_post()
        for note in notes[-2:]:
            both = (note + owing[note.partner_id][0]).line_ids
            both.filtered(lambda line: line.account_type == "asset_receivable" and not line.reconciled)[:2].reconcile()

    def _credit(self, position, owed):
        total = sum(owed.mapped("amount_residual"))
        return round(total * 1.2 if position == 0 else owed[0].amount_residual * 0.3, 2)

    # -- what was sent before today ------------------------------------------------------------------------------------

    def _run_past_cycles(self, company):
        """Cycles of the last weeks. Their messages are history: they count as sent and never enter the queue."""
        for days in PAST_CYCLES:
            date = self._today() - timedelta(days=days)
            cycle = self.env["collection.cycle"].run(company, date)
            moment = fields.Datetime.to_datetime(date).replace(hour=8)
            cycle.action_ids.filtered("sent_at").sent_at = moment
            cycle.action_ids.mail_message_id.date = moment
            cycle.action_ids.mail_id.state = "sent"

    # -- what is special -----------------------------------------------------------------------------------------------

    def _make_exceptions(self, invoices):
        """Something of everything that holds a reminder back or leads it elsewhere."""
        next_invoices = self._due_for_a_reminder(invoices)
        pick = iter(next_invoices.browse(moves.ids[0]) for moves in next_invoices.grouped("partner_id").values())
        self._make_addresses(pick)
        self._make_stops(pick)
        self._make_bank_lines(pick)
        self._make_own_company(invoices)

    def _due_for_a_reminder(self, invoices):
        """The open invoices that reach their first or second level by today."""
        today = self._today()
        first, last = today - timedelta(days=34), today - timedelta(days=7)
        return invoices.filtered(lambda move: move.amount_residual and first <= move.invoice_date_due <= last)

    def _make_addresses(self, pick):
        self._add_contact(next(pick).partner_id, "collections", collection_contact=True)
        self._add_contact(next(pick).partner_id, "invoices", type="invoice")
        payer = self.env["res.partner"].create(
            {
                "name": "Centralia Payment Services",
                "is_company": True,
                "email": "desk@centralia.example",
                "country_id": self.env.ref("base.nl").id,
                "lang": "nl_NL",
            }
        )
        next(pick).partner_id.collection_payer_id = payer
        next(pick).partner_id.collection_direct_debit = True
        next(pick).partner_id.collection_cc = "sales@yourcompany.example"

    def _add_contact(self, customer, mailbox, **vals):
        offices = {country.lang: country.office for country in COUNTRIES}
        domain = customer.email.partition("@")[2]
        self.env["res.partner"].create(
            {
                "name": offices[customer.lang],
                "parent_id": customer.id,
                "email": f"{mailbox}@{domain}",
                "lang": customer.lang,
                **vals,
            }
        )

    def _make_stops(self, pick):
        today = self._today()
        whole, part = next(pick), next(pick)
        self.env["collection.hold"].create(
            [
                {
                    "partner_id": whole.partner_id.id,
                    "date_from": today,
                    "date_until": today + timedelta(days=5),
                    "reason": "Waiting for a corrected delivery note",
                },
                {
                    "partner_id": part.partner_id.id,
                    "date_from": today - timedelta(days=3),
                    "date_until": today + timedelta(days=30),
                    "item_ids": [Command.set(self.env["collection.item"].search([("move_id", "=", part.id)]).ids)],
                    "reason": "Price is being checked",
                },
            ]
        )
        next(pick).no_followup = True
        next(pick).action_toggle_block_payment()

    def _make_bank_lines(self, pick):
        """Money in the bank that nobody matched yet: by partner, by reference, too old to hold back, and unknown."""
        today = self._today()
        by_partner, by_reference, too_old = next(pick), next(pick), next(pick)
        journal = self.env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", self.env.company.id)], limit=1)
        lines = [
            (1, 500.0, "Transfer", by_partner.partner_id),
            (2, 250.0, f"Payment of {by_reference.name}", self.env["res.partner"]),
            (12, 180.0, "Transfer", too_old.partner_id),
            (0, 77.7, "Cash deposit", self.env["res.partner"]),
        ]
        self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": journal.id,
                    "date": today - timedelta(days=days),
                    "amount": amount,
                    "payment_ref": text,
                    "partner_id": partner.id,
                }
                for days, amount, text, partner in lines
            ]
        )

    def _make_own_company(self, invoices):
        """A company of this database owes money too; it is not dunned."""
        sister = self.env["res.company"].create(
            {"name": "YourCompany Services", "email": "office@yourcompany-services.example"}
        )
        invoices[:1].copy(
            {
                "partner_id": sister.partner_id.id,
                "invoice_date": self._today() - timedelta(days=60),
            }
        ).action_post()

    # -- what somebody finds on Today after the cycle --------------------------------------------------------------------

    def _make_work_for_today(self, company):
        """Of the customers whom a cycle today would contact, the largest wait for approval and the smallest have no
        address, one that is none, or one that wants no mail. Whom else the cycle reaches depends on the day of the week.
        """
        preview = self.env["collection.cycle"].preview(company, self._today())
        planned = preview.line_ids.filtered(lambda line: line.decision == "planned").sorted("amount", reverse=True)
        cases = planned.case_id
        preview.unlink()
        # Those with contacts or a payer of their own are written to there.
        alone = cases.filtered(lambda case: not case.partner_id.child_ids and not case.partner_id.collection_payer_id)
        unreachable = alone[-WITHOUT_ADDRESS - 2 :]
        (cases - unreachable)[:TO_APPROVE].needs_review = True
        *without, wrong, unwilling = unreachable.partner_id
        self.env["res.partner"].union(*without).email = False
        wrong.email = NO_ADDRESS_AT_ALL
        self.env["mail.blacklist"]._add(unwilling.email)
