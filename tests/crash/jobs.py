"""What the Odoo processes of these tests do. Runs inside ``odoo shell``, see `town.py`; nothing here is mocked.

`serve` loads Odoo once and forks a process for each job, as Odoo's own server does with its workers. A job tells its
test what it reached, one JSON object a line, and can be told to kill itself (SIGKILL) at a named instant. The instants
lie around Odoo's and our methods, wrapped here and not in the product, and at the lines that a cycle writes to the log.
"""

import functools
import json
import logging
import os
import random
import signal
import socket
import time
import traceback
from contextlib import contextmanager
from datetime import date, timedelta

import psycopg2
from odoo import SUPERUSER_ID, Command, api, fields, sql_db, tools
from odoo.addons.account_collections_auto.models import account_move_line
from odoo.addons.account_collections_auto.tests.bulk import post_invoices
from odoo.addons.account_collections_portal.engine.paying import Choice, what_to_pay
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying

CYCLE_LOGGER = "odoo.addons.account_collections_auto.models.collection_cycle"
JOBS = {}
LIFETIME = 15 * 60


def serve(env):
    """Fork a process for each connection until the test is gone."""
    dbname, parent = env.cr.dbname, os.getppid()
    env.cr.rollback()
    sql_db.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("PORT", listener.getsockname()[1], flush=True)
        listener.settimeout(2)
        while os.getppid() == parent:
            try:
                connection, _address = listener.accept()
            except TimeoutError:
                continue
            if not os.fork():
                listener.close()
                _work(connection, dbname)
            connection.close()
    os._exit(0)


def _work(connection, dbname):
    """Do one job and end the process, whatever happened."""
    try:
        signal.alarm(LIFETIME)  # nothing of a lost test stays behind
        connection.settimeout(None)
        random.seed()  # or the processes draw the same Message-IDs
        Registry(dbname)._db = sql_db.db_connect(dbname)  # its connections carry our process id
        with connection.makefile("rw") as wire:
            job = Job(wire, dbname, json.loads(wire.readline()))
            job.tell(pid=os.getpid())
            try:
                job.tell(result=JOBS[job.order.pop("job")](job, **job.order))
            except Exception:
                job.tell(error=traceback.format_exc())
    finally:
        os._exit(0)


def a_job(function):
    JOBS[function.__name__] = function
    return function


class Job:
    """One job: how it talks to its test, and when it has to die."""

    def __init__(self, wire, dbname, order):
        self.wire = wire
        self.dbname = dbname
        self.instant, self.countdown = order.pop("kill_at", None) or ("", 0)
        self.pause_at = order.pop("pause_at", None)
        self.order = order

    def tell(self, **message):
        self.wire.write(json.dumps(message) + "\n")
        self.wire.flush()

    def reach(self, instant, **details):
        """Say where we are. If that is what the test wants, end here, hard, or wait (the first time) for its word."""
        self.tell(reached=instant, **details)
        if instant == self.instant:
            self.countdown -= 1
            if self.countdown <= 0:
                self.tell(killed_at=instant)
                os.kill(os.getpid(), signal.SIGKILL)
        if instant == self.pause_at:
            self.pause_at = None
            self.wire.readline()

    @contextmanager
    def env(self):
        with Registry(self.dbname).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def rpc(self, call):
        """Run ``call(env)`` as Odoo runs a call of a client. Return (seconds, conflicts: [statement])."""
        conflicts = []

        def attempt(env):
            try:
                result = call(env)
                env.cr.flush()
                return result
            except psycopg2.Error as error:
                query = error.cursor.query.decode() if error.cursor is not None and error.cursor.query else ""
                conflicts.append(f"{error}\n{error.diag.context or ''}\n{query}")
                raise

        started = time.monotonic()
        with self.env() as env:
            retrying(functools.partial(attempt, env), env)
        return time.monotonic() - started, conflicts


class _PhaseReporter(logging.Handler):
    """A cycle's log says which phase it finished, and committed."""

    def __init__(self, job):
        super().__init__(level=logging.INFO)
        self.job = job

    def emit(self, record):
        words = record.getMessage().split(": ", 1)
        if words[0].startswith("Collection cycle"):
            self.job.reach(words[1].split(" of ")[0])


def _report_phases(job, env):
    logger = logging.getLogger(CYCLE_LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(_PhaseReporter(job))
    channel = type(env["collection.channel.email"])
    hand_over = channel._send

    def _send(self, actions):
        sent = hand_over(self, actions)
        self.env.flush_all()
        job.reach("handed over, not committed")
        return sent

    channel._send = _send


# -- the town ------------------------------------------------------------------------------------------------------


@a_job
def build(job, customers, payers=0, workers=0, invoices=0):
    """A company with three levels (7, 21 and 35 days) and customers with an overdue invoice.

    ``payers`` have ``invoices`` for each of the ``workers``, who have a bank and a sales journal each: reposting an
    invoice makes Odoo write on the next one of its journal.
    """
    with job.env() as env:
        company = env.company
        env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
        company.write(
            {
                "collection_tz": "UTC",
                "collection_plan_id": _make_plan(env).id,
                "collection_send_time": 0.0,
                "collection_bank_max_age_days": 0,
                "collection_brake_first_limit": 100 * customers,
                "email": "billing@town.example",
            }
        )
        env.user.partner_id.email = "admin@town.example"
        today = fields.Date.context_today(env.user)
        partners = env["res.partner"].create(
            [{"name": f"Customer {number:03}", "email": f"c{number}@customers.example"} for number in range(customers)]
        )
        post_invoices(env, [(partner, 100 + partner.id % 50, today - timedelta(days=60)) for partner in partners])
        env.cr.commit()
        rich = env["res.partner"].create(
            [{"name": f"Payer {number}", "email": f"p{number}@customers.example"} for number in range(payers)]
        )
        env["account.journal"].create(
            [{"name": f"Bank {number}", "type": "bank", "code": f"WRK{number}"} for number in range(workers)]
        )
        invoices_journal = env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
        sales = env["account.journal"].create(
            [
                {
                    "name": f"Sales {number}",
                    "type": "sale",
                    "code": f"SAL{number}",
                    "default_account_id": invoices_journal.default_account_id.id,
                }
                for number in range(workers)
            ]
        )
        for number, journal in enumerate(sales):
            orders = [(partner, today - timedelta(days=60), 1000) for partner in rich for _ in range(invoices)]
            moves = _invoice(env, orders, journal_id=journal.id)
            moves.invoice_origin = f"worker {number}"
        env.cr.commit()
        return {"company": company.id, "today": today.isoformat(), "payers": rich.ids, "customers": partners.ids}


def _make_plan(env):
    levels = [
        Command.create(
            {
                "name": name,
                "days_overdue": days,
                "response_days": 7,
                "step_ids": [
                    Command.create(
                        {
                            "channel": "email",
                            "mail_template_id": env.ref(f"account_collections_auto.mail_template_{template}").id,
                        }
                    )
                ],
            }
        )
        for name, days, template in (
            ("L1", 7, "first_reminder"),
            ("L2", 21, "second_reminder"),
            ("L3", 35, "final_notice"),
        )
    ]
    return env["collection.plan"].create(
        {
            "name": "Town",
            "company_id": env.company.id,
            "grace_days": 0,
            "calendar_id": False,
            "level_ids": levels,
        }
    )


def _invoice(env, orders, **values):
    moves = env["account.move"].create(
        [
            {
                **values,
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": due,
                "invoice_date_due": due,
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": amount, "tax_ids": []})],
            }
            for partner, due, amount in orders
        ]
    )
    moves.action_post()
    return moves


# -- the cycle and the queue -----------------------------------------------------------------------------------------


@a_job
def cycle(job, company, day):
    """The cycle of a day, as a program asks for it."""
    with job.env() as env:
        _report_phases(job, env)
        job.reach("ready")
        job.wire.readline()
        done = env["collection.cycle"].run(company, date.fromisoformat(day), commit=True)
        env.cr.commit()
        return {"cycle": done.id, "state": done.state}


@a_job
def daily_job(job, company):
    """The cycle of today, by Odoo's scheduler."""
    with job.env() as env:
        env["res.company"].browse(company).write({"collection_is_active": True, "collection_mode": "send"})
        # Odoo rests a job that was killed three times before it got anywhere; we kill it more often than that.
        env.cr.execute("UPDATE ir_cron_progress SET timed_out_counter = 0")
        env.cr.commit()
        _report_phases(job, env)
        job.reach("ready")
        job.wire.readline()
        env.ref("account_collections_auto.ir_cron_run_cycles").method_direct_trigger()
        env.cr.commit()


@a_job
def cycle_of_a_client(job, company, day):
    """The cycle of a day, as a client's call: one transaction, done again when it conflicts."""
    job.reach("ready")
    job.wire.readline()  # both clients at one moment
    _seconds, conflicts = job.rpc(lambda env: env["collection.cycle"].run(company, date.fromisoformat(day)).state)
    return len(conflicts)


@a_job
def mail_queue(job):
    """Odoo's mail queue, as the scheduler runs it; without the scheduler, which rests a job that was killed three times."""
    with job.env() as env:
        _report_checks(job, env)
        server = type(env["ir.mail_server"])
        send_email = server.send_email

        @functools.wraps(send_email)
        def _send_email(self, message, *args, **kwargs):
            job.reach("in the queue", mail=message["Message-Id"])
            answer = send_email(self, message, *args, **kwargs)
            job.reach("after the answer", mail=message["Message-Id"])
            return answer

        server.send_email = _send_email
        job.reach("ready")
        job.wire.readline()
        env["mail.mail"].process_email_queue()
        env.cr.commit()


def _report_checks(job, env):
    """The queue says before and after it checks a batch of messages once more."""
    mail = type(env["mail.mail"])
    drop_outdated = mail._drop_outdated

    def _drop_outdated(self, auto_commit):
        job.reach("before the check")
        leaving = drop_outdated(self, auto_commit)
        job.reach("checked")
        return leaving

    mail._drop_outdated = _drop_outdated


@a_job
def refresh(job):
    """What the scheduler does with the marks that are left."""
    with job.env() as env:
        env.ref("account_collections_auto.ir_cron_refresh").method_direct_trigger()
        env.cr.commit()


# -- the accountants -------------------------------------------------------------------------------------------------


@a_job
def accountant(job, number, payers, payments):
    """Register payments on this worker's invoices of shared customers, as a client does; undo some, edit some documents.

    Each worker has its own journal and invoices: what they share, beside the customers, is ours.
    """
    refreshes = _time_refreshes()
    tasks = [_pay] * payments + [_undo] * (payments // 4) + [_move_due_date] * (payments // 8) + [_repost] * (payments // 8)
    random.shuffle(tasks)
    seconds, conflicts = [], []
    job.reach("ready")
    job.wire.readline()
    for task in tasks:
        took, conflicted = job.rpc(lambda env, task=task: task(env, number, payers))
        seconds.append(took)
        conflicts += conflicted
    return {"seconds": seconds, "refreshes": refreshes, "conflicts": conflicts}


def _time_refreshes():
    """Return a list that receives how long each refresh after a commit took."""
    seconds = []
    refresh_now = account_move_line._refresh_in_new_transaction

    def timed(dbname):
        started = time.monotonic()
        refresh_now(dbname)
        seconds.append(time.monotonic() - started)

    account_move_line._refresh_in_new_transaction = timed
    return seconds


def _own_invoices(env, number, payers):
    moves = env["account.move"].search(
        [("partner_id", "=", random.choice(payers)), ("move_type", "=", "out_invoice"), ("state", "=", "posted")], order="id"
    )
    return moves.filtered(lambda move: move.invoice_origin == f"worker {number}")


def _pay(env, number, payers):
    invoice = random.choice(_own_invoices(env, number, payers)[:-1])
    wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids)
    journal = env["account.journal"].search([("code", "=", f"WRK{number}")])
    wizard.create({"amount": random.randint(1, 9), "journal_id": journal.id})._create_payments()


def _undo(env, number, payers):
    lines = _own_invoices(env, number, payers).line_ids.filtered("matched_credit_ids")
    lines[:1].remove_move_reconcile()


def _move_due_date(env, number, payers):
    invoice = random.choice(_own_invoices(env, number, payers))
    invoice.invoice_date_due += timedelta(days=random.choice((-1, 1)))


def _repost(env, number, payers):
    """The last invoice of a worker is never paid."""
    invoice = _own_invoices(env, number, payers)[-1]
    invoice.button_draft()
    invoice.invoice_line_ids.price_unit += 1
    invoice.action_post()


@a_job
def cycles(job, company, first, last, stop_file):
    """A cycle for each day, then for the last one again and again, until the file is there."""
    day, count = date.fromisoformat(first), 0
    with job.env() as env:
        while not os.path.exists(stop_file):
            env["collection.cycle"].run(company, day, commit=True)
            env.cr.commit()
            count += 1
            day = min(day + timedelta(days=1), date.fromisoformat(last))
    return count


@a_job
def payment_without_refresh(job, number, payers):
    """A payment whose process dies after the commit, before the refresh."""

    def die(_dbname):
        job.reach("committed, not refreshed")

    account_move_line._refresh_in_new_transaction = die
    job.instant, job.countdown = "committed, not refreshed", 1
    job.rpc(lambda env: _pay(env, number, payers))


@a_job
def refresher(job, partners, times):
    """Mark many customers and refresh them, as a bulk change does after its commit. Return the refreshes' seconds."""
    seconds = []
    job.reach("ready")
    job.wire.readline()
    for _ in range(times):
        random.shuffle(partners)
        with job.env() as env:
            env["account.move.line"]._collection_note_change(
                case_ids=env["collection.case"].search([("partner_id", "in", partners)]).ids
            )
            started = time.monotonic()
            env.cr.commit()
            seconds.append(time.monotonic() - started)
    return seconds


@a_job
def merge(job, pairs):
    """Merge customers with Odoo's wizard, as a client does. Return the number of conflicts."""
    conflicts = []
    for source, target in pairs:

        def call(env, source=source, target=target):
            partners = env["res.partner"].browse([source, target])
            env["base.partner.merge.automatic.wizard"].create({})._merge(partners.ids, partners[1])

        conflicts += job.rpc(call)[1]
    return len(conflicts)


@a_job
def failing_cycle(job, company, day):
    """A cycle during which the database refuses a statement. Return the error, and the locks that are left."""
    try:
        with job.env() as env:
            type(env["collection.cycle"])._dispatch = lambda self, commit: self.env.cr.execute(
                "SELECT no_such_column", log_exceptions=False
            )
            env["collection.cycle"].run(company, date.fromisoformat(day), commit=True)
    except psycopg2.Error as error:
        with job.env() as env:
            env.cr.execute(
                """SELECT count(*) FROM pg_locks lock JOIN pg_database database ON database.oid = lock.database
                    WHERE lock.locktype = 'advisory' AND database.datname = current_database()"""
            )
            return type(error).__name__, env.cr.fetchone()[0]
    return None


# -- sent by hand ----------------------------------------------------------------------------------------------------


@a_job
def send_now_of_a_client(job, customer):
    """A person opens Send Now for a customer; once all have, each of them presses Send."""
    request = []

    def begin(env):
        case = env["collection.case"].search([("partner_id", "=", customer)])
        request[:] = [case.action_send_now()["res_id"]]

    job.rpc(begin)
    job.reach("ready")
    job.wire.readline()
    job.rpc(lambda env: env["collection.request"].browse(request).action_send() and None)
    with job.env() as env:
        return env["collection.request"].browse(request).line_ids.state


@a_job
def bulk_message(job, customers):
    """A person confirms a message to many customers, which leaves in the background."""

    def send(env):
        cases = env["collection.case"].search([("partner_id", "in", customers)])
        env["collection.request"].browse(cases.action_bulk_message()["res_id"]).action_send()

    job.rpc(send)


@a_job
def send_by_hand(job):
    """What the scheduler does with what people confirmed."""
    with job.env() as env:
        env.cr.execute("UPDATE ir_cron_progress SET timed_out_counter = 0")
        env.cr.commit()
        _report_phases(job, env)
        job.reach("ready")
        job.wire.readline()
        # Odoo gives a job some seconds; what is left then, the scheduler's next call does.
        while env["collection.request"].search_count([("state", "=", "queued")]):
            env.ref("account_collections_auto.ir_cron_requests").method_direct_trigger()
            env.cr.commit()


@a_job
def claim_charges(job):
    """Each level claims interest of 10 % a year, and 40 once for each invoice."""
    with job.env() as env:
        currency = env.company.currency_id.id
        sums = [Command.create({"amount": 40})]
        terms = {"name": "Ten per cent", "customers": "all", "margin": 10, "fee_condition": "law"}
        terms = env["collection.charge.terms"].create({**terms, "fee_currency_id": currency, "bracket_ids": sums})
        env["collection.level"].search([]).charge_terms_ids = terms
        env.cr.commit()


# -- instalments that are charged to a card --------------------------------------------------------------------------


@a_job
def cards(job):
    """Odoo's demonstration provider is in use, and books what it takes in the bank."""
    with job.env() as env:
        provider = env["payment.provider"].search([("code", "=", "demo"), ("company_id", "=", env.company.id)])
        provider.write({"state": "test"})
        journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", env.company.id)], limit=1)
        provider.journal_id = journal
        line = journal.inbound_payment_method_line_ids.filtered(lambda line: line.payment_provider_id == provider)
        line.payment_account_id = journal.default_account_id.copy({"code": "101499"})
        env.cr.commit()


@a_job
def plan_to_charge(job, customer, day):
    """The customer pays all of it in one instalment on ``day``, charged to a card. Return the id of the plan."""
    with job.env() as env:
        provider = env["payment.provider"].search([("code", "=", "demo"), ("company_id", "=", env.company.id)])
        card = env["payment.token"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": env.ref("payment_demo.payment_method_demo").id,
                "partner_id": customer,
                "provider_ref": "card",
                "payment_details": "1234",
                "demo_simulated_state": "done",
            }
        )
        env["collection.case"]._refresh_marked()
        items = env["collection.item"].search([("case_id.partner_id", "=", customer)])
        plan = env["collection.payment.plan"].create(
            {
                "partner_id": customer,
                "company_id": env.company.id,
                "item_ids": [Command.set(items.ids)],
                "line_ids": [Command.create({"date": day, "amount": sum(items.mapped("amount_residual_currency"))})],
                "token_id": card.id,
                "charge_consent_on": day,
                "charge_consent": "Signed agreement",
            }
        )
        plan.action_propose()
        plan._accept("Anna", date.fromisoformat(day), env["ir.attachment"])
        env.cr.commit()
        return plan.id


@a_job
def two_drafts(job, customer, day):
    """Two collectors each make a plan over all that the customer owes. Return the ids of the drafts."""
    with job.env() as env:
        env["collection.case"]._refresh_marked()
        items = env["collection.item"].search([("case_id.partner_id", "=", customer)])
        vals = {
            "partner_id": customer,
            "company_id": env.company.id,
            "item_ids": [Command.set(items.ids)],
            "line_ids": [Command.create({"date": day, "amount": sum(items.mapped("amount_residual_currency"))})],
        }
        plans = env["collection.payment.plan"].create([vals, vals])
        env.cr.commit()
        return plans.ids


@a_job
def propose(job, plan):
    """Propose the plan, as a client does. Return why that was refused."""

    def call(env):
        env["collection.payment.plan"].browse(plan).mapped("state")
        job.reach("begun")
        env["collection.payment.plan"].browse(plan).action_propose()
        env.flush_all()
        job.reach("proposed")

    try:
        job.rpc(call)
    except UserError as error:
        return str(error)
    return ""


@a_job
def charge(job, company, day):
    """Charge the instalments of ``day``, as the scheduler does it."""
    with job.env() as env:
        _report_charges(job, env)
        job.reach("ready")
        job.wire.readline()
        company = env["res.company"].browse(company)
        env["collection.payment.plan.charge"]._charge_due(company, date.fromisoformat(day), commit=True)
        env.cr.commit()


def _report_charges(job, env):
    """Say where a charge is: prepared; the provider is asked; it took the money; its answer is kept; it is booked."""

    def report(model, name, before=None, after=None):
        method = getattr(type(env[model]), name)

        @functools.wraps(method)
        def reporting(self, *args, **kwargs):
            if before == "prepared":
                job.reach(before)  # nothing is read yet: the transaction begins after it
            elif before:
                job.reach(before, references=self.mapped("reference"))
            result = method(self, *args, **kwargs)
            if after:
                self.env.flush_all()
                job.reach(after)
            return result

        setattr(type(env[model]), name, reporting)

    report("payment.transaction", "_send_payment_request", before="asks the provider", after="the provider took it")
    report("payment.transaction", "_post_process", before="the answer is kept", after="booked, not committed")
    report("collection.payment.plan.charge", "_announce", before="prepared")


# -- what customers answer -------------------------------------------------------------------------------------------


@a_job
def new_customers(job, names, due):
    """Customers with an invoice over 100 each that fell due on the day ``due``. Return their ids."""
    with job.env() as env:
        partners = env["res.partner"].create([{"name": name, "email": f"{name}@customers.example"} for name in names])
        post_invoices(env, [(partner, 100, date.fromisoformat(due)) for partner in partners])
        env.cr.commit()
        return partners.ids


@a_job
def answer(job, kind, customer, day):
    """Record, as a client does, what a customer did or said on ``day``. Whoever has to wait for long fails."""

    def call(env):
        env.cr.execute("SET LOCAL lock_timeout = '10s'")
        ANSWERS[kind](env, env["res.partner"].browse(customer), date.fromisoformat(day))

    _seconds, conflicts = job.rpc(call)
    return conflicts


def _pays(env, partner, day):
    invoices = env["account.move"].search([("partner_id", "=", partner.id), ("move_type", "=", "out_invoice")])
    wizard = env["account.payment.register"].with_context(active_model="account.move", active_ids=invoices.ids)
    wizard.create({"payment_date": day})._create_payments()


def _stop(env, model, partner, day, **values):
    env[model].create({"partner_id": partner.id, "company_id": env.company.id, "date_from": day, **values})


def _disputes(env, partner, day):
    """Thirty of the hundred."""
    reason = env.ref("account_collections_auto.collection_dispute_reason_delivery")
    item = env["collection.item"].search([("case_id.partner_id", "=", partner.id)])
    lines = [Command.create({"item_id": item.id, "amount": 30})]
    _stop(env, "collection.dispute", partner, day, reason_id=reason.id, line_ids=lines)


def _plan_of(env, partner):
    return env["collection.payment.plan"].search([("partner_id", "=", partner.id)])


ANSWERS = {
    "pays": _pays,
    "disputes": _disputes,
    "promises": lambda env, partner, day: _stop(
        env, "collection.promise", partner, day, amount=100, promise_date=day + timedelta(days=9)
    ),
    "has_paid": lambda env, partner, day: _stop(env, "collection.payment.notice", partner, day, amount=100, payment_date=day),
    "cancels the plan": lambda env, partner, day: _plan_of(env, partner).action_cancel(),
    "takes the card away": lambda env, partner, day: _plan_of(env, partner).write({"token_id": False}),
    "waits": lambda env, partner, day: _stop(env, "collection.hold", partner, day, reason="Waits for a document"),
}


# -- customers who pay online ------------------------------------------------------------------------------------------


@a_job
def a_provider(job):
    """Odoo's demonstration provider takes payments."""
    with job.env() as env:
        provider = env["payment.provider"].search([("code", "=", "demo"), ("company_id", "=", env.company.id)], limit=1)
        provider.write({"state": "test", "is_published": True})
        provider.journal_id = env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", env.company.id)], limit=1
        )
        env.cr.commit()
        return provider.id


@a_job
def begin_payment(job, customer, provider):
    """Press "Pay" on a page that was opened before; the word is "begun" or "refused"."""
    with job.env() as env:
        case = env["collection.case"].search([("partner_id", "=", customer)])
        domain = [("case_id", "=", case.id), ("active", "=", True)]
        payable, _rows = env["collection.item"]._read_payable(case.company_id, domain)
        (part,) = what_to_pay(payable.values(), Choice(), {item.group: 2 for item in payable.values()})
        items = env["collection.item"].browse([share.id for share in part.debts])
        transactions = env["payment.transaction"]
        values = {
            "provider_id": provider,
            "payment_method_id": env.ref("payment_demo.payment_method_demo").id,
            "amount": part.amount,
            "currency_id": part.group[1],
            "partner_id": customer,
            "operation": "online_direct",
            "reference": f"{case.id}-{os.getpid()}",
        }
        chosen = transactions._collection_prepare_vals(case, part, {item.id: item.move_line_id for item in items})
        job.reach("ready")
        job.wire.readline()
        try:
            with tools.mute_logger("odoo.sql_db"):
                transactions.create({**values, **chosen})
                env.cr.commit()
        except psycopg2.IntegrityError:
            env.cr.rollback()
            return "refused"
        return "begun"


@a_job
def confirm_payment(job, transaction):
    """The provider says that the money is there."""
    with job.env() as env:
        env["payment.transaction"].browse(transaction)._set_done()
        env.cr.commit()


@a_job
def book_payment(job, transaction):
    """What the page of the customer and the scheduler do at the same moment; the word is "booked" or "again"."""
    with job.env() as env:
        found = env["payment.transaction"].browse(transaction)
        assert not found.is_post_processed
        job.reach("ready")
        job.wire.readline()
        try:
            with tools.mute_logger("odoo.sql_db"):
                found._post_process()
                env.cr.commit()
        except psycopg2.OperationalError:
            env.cr.rollback()
            return "again"
        return "booked"


# -- customers who answer on their own page ------------------------------------------------------------------------------


@a_job
def propose_plan(job, customer):
    """A collector proposes instalments. Return the id of the plan."""
    with job.env() as env:
        case = env["collection.case"].search([("partner_id", "=", customer)])
        plan = case._portal_plan(case.item_ids, 2, case.company_id._collection_today(), case.partner_id)
        env.cr.commit()
        return plan.id


@a_job
def answer_on_page(job, kind, customer, record=None):
    """Send a form, as Odoo runs a request: who meets another one begins again. The word is what the customer is told."""
    attempts = []

    def request(env):
        case = env["collection.case"].search([("partner_id", "=", customer)])
        items = case.item_ids
        items.mapped("amount_residual_currency")  # the page has been read: the transaction sees what there was
        if not attempts:
            attempts.append(1)
            job.reach("ready")
            job.wire.readline()
        return PAGES[kind](env, case, items, record)

    with job.env() as env, tools.mute_logger("odoo.sql_db", "odoo.service.model"):
        try:
            answer = retrying(functools.partial(request, env), env)
        except UserError:
            return "told that it is known"
        return f"noted {answer}"


def _page_paid(_env, case, items, _record):
    return case._portal_paid(items, 100, case.company_id._collection_today(), "", (), case.partner_id).id


def _page_dispute(env, case, items, _record):
    reason = env.ref("account_collections_auto.collection_dispute_reason_delivery")
    amounts = {item: item.amount_residual_currency for item in items}
    return case._portal_dispute(amounts, reason, "Missing", (), case.partner_id).id


def _page_sign(env, case, _items, record):
    plan = env["collection.payment.plan"].browse(record)
    plan._portal_accept(f"Signer {os.getpid()}", "127.0.0.1", case.partner_id, env["payment.token"])
    return record


PAGES = {"paid": _page_paid, "dispute": _page_dispute, "sign": _page_sign}
