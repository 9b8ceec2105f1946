"""Fill a database with a ledger of N posted invoices by bulk SQL: what an ORM fill would leave, in seconds.

One invoice, one payment and one customer are made through Odoo; all others are copies of their rows with their own
amounts, dates, partners, residuals and reconciliations. The same N gives the same ledger on the same day.
"""

CUSTOMERS_PER_INVOICE = 0.2
PAID, PARTLY = 0.50, 0.08
FOREIGN = 0.05  # of the customers buy in another currency
UNALLOCATED = 0.02  # of the customers have money on account
DAYS = 400  # the age of the oldest invoice
PAYMENT_DAYS = 30
RATE = 1.1


def fill(env, invoices):
    """Fill the database of ``env`` and commit."""
    template = _Templates(env)
    cr = env.cr
    cr.execute("SELECT setseed(0.42)")
    _customers(cr, template, max(int(invoices * CUSTOMERS_PER_INVOICE), 10))
    _draw_invoices(cr, template, invoices)
    _draw_payments(cr)
    cr.execute("INSERT INTO account_full_reconcile (id) SELECT full_id FROM bench_numbered WHERE in_full")
    _write_invoices(cr, template)
    _write_payments(cr, template)
    _write_partials(cr, template)
    cr.commit()
    cr.execute("ANALYZE")
    cr.commit()


class _Templates:
    """The rows that are copied."""

    def __init__(self, env):
        company = env.company
        if not company.chart_template:
            env["account.chart.template"].try_loading("generic_coa", company)
        self.own_currency = company.currency_id
        self.other_currency = env.ref("base.GBP" if company.currency_id == env.ref("base.USD") else "base.USD")
        self.other_currency.active = True
        self.other_currency.rate_ids.unlink()
        env["res.currency.rate"].create({"name": "2000-01-01", "rate": RATE, "currency_id": self.other_currency.id})
        self.customer = env["res.partner"].create(
            {"name": "Template", "email": "template@bench.example.com", "lang": "en_US", "country_id": env.ref("base.be").id}
        )
        self.invoice = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_payment_term_id": False,
                "invoice_date": "2020-01-01",
                "invoice_date_due": "2020-01-31",
                "invoice_line_ids": [(0, 0, {"name": "Goods", "price_unit": 100.0, "tax_ids": []})],
            }
        )
        self.invoice.action_post()
        self.receivable = self.invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.income = self.invoice.line_ids - self.receivable
        journal = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
        self.payment = env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": "2020-01-02",
                "line_ids": [
                    (0, 0, {"name": "Bank", "account_id": journal.default_account_id.id, "debit": 100.0}),
                    (0, 0, {"account_id": self.receivable.account_id.id, "partner_id": self.customer.id, "credit": 100.0}),
                ],
            }
        )
        self.payment.action_post()
        self.payment.line_ids.no_followup = False
        self.bank, self.counterpart = self.payment.line_ids.sorted("credit")
        env.flush_all()


def copy(cr, template, source, values):
    """Insert one copy of the row ``template`` for each row of ``source``, with ``values`` (column -> SQL) in its place."""
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = current_schema",
        [template._table],
    )
    columns = [row[0] for row in cr.fetchall()]
    unknown = set(values) - set(columns)
    if unknown:
        raise ValueError(f"{template._table} has no {', '.join(sorted(unknown))}")
    names = ", ".join(f'"{name}"' for name in columns)
    expressions = ", ".join(values.get(name, f'template."{name}"') for name in columns)
    table = template._table
    cr.execute(
        f"INSERT INTO {table} ({names}) SELECT {expressions} FROM {source}, {table} template WHERE template.id = {template.id}"
    )


def reserve(cr, table, count):
    """Return the first of ``count`` ids of ``table`` that nobody else will get."""
    cr.execute(f"SELECT nextval('{table}_id_seq')")
    first = cr.fetchone()[0]
    cr.execute(f"SELECT setval('{table}_id_seq', {first + count})")
    return first


def _customers(cr, template, count):
    first = reserve(cr, "res_partner", count)
    cr.execute(
        f"""CREATE TEMPORARY TABLE bench_customer AS
            SELECT n, {first} + n - 1 AS id, 'Customer ' || n AS name, 'customer' || n || '@bench.example.com' AS email,
                   random() < {FOREIGN} AS is_foreign, random() < {UNALLOCATED} AS has_credit
              FROM generate_series(1, {count}) n"""
    )
    copy(
        cr,
        template.customer,
        "bench_customer source",
        {
            "id": "source.id",
            "commercial_partner_id": "source.id",
            "name": "source.name",
            "complete_name": "source.name",
            "email": "source.email",
            "email_normalized": "source.email",
        },
    )


def _draw_invoices(cr, template, count):
    """One row per invoice in ``bench_invoice``; few customers have many of them."""
    move = reserve(cr, "account_move", count)
    line = reserve(cr, "account_move_line", 2 * count)
    cr.execute(
        f"""CREATE TEMPORARY TABLE bench_invoice AS
            SELECT drawn.*, {move} + drawn.n - 1 AS move_id, {line} + 2 * (drawn.n - 1) AS line_id,
                   {line} + 2 * drawn.n - 1 AS income_id, 'BENCH/' || lpad(drawn.n::text, 7, '0') AS number,
                   customer.id AS customer_id, customer.name AS customer_name,
                   CASE WHEN customer.is_foreign THEN {template.other_currency.id} ELSE {template.own_currency.id} END
                       AS currency_id,
                   CASE WHEN customer.is_foreign THEN round(amount / {RATE}, 2) ELSE amount END AS balance,
                   CASE WHEN luck < {PAID} THEN amount WHEN luck < {PAID + PARTLY} THEN round(amount * 0.4, 2) ELSE 0 END
                       AS paid,
                   0::numeric AS paid_balance
              FROM (SELECT n, (20 + random() * 2000)::numeric(12, 2) AS amount, random() AS luck,
                           CURRENT_DATE - (random() * {DAYS})::int AS invoice_date,
                           1 + floor(power(random(), 2.5) * (SELECT count(*) FROM bench_customer))::int AS customer_number
                      FROM generate_series(1, {count}) n) drawn
              JOIN bench_customer customer ON customer.n = drawn.customer_number"""
    )
    cr.execute("ALTER TABLE bench_invoice ADD COLUMN due_date date")
    cr.execute(
        f"""UPDATE bench_invoice
               SET due_date = invoice_date + {PAYMENT_DAYS},
                   paid_balance = CASE WHEN paid = amount THEN balance WHEN amount = balance THEN paid
                                       ELSE round(paid / {RATE}, 2) END"""
    )


def _draw_payments(cr):
    """One row per payment in ``bench_payment``: one for each invoice with money on it, and the money on account."""
    cr.execute(
        f"""CREATE TEMPORARY TABLE bench_payment AS
            SELECT row_number() OVER () AS n, drawn.*
              FROM (SELECT move_id AS invoice_id, line_id AS invoice_line_id, customer_id, currency_id, paid AS amount,
                           paid_balance AS balance, paid = amount AS in_full, invoice_date + 20 AS date
                      FROM bench_invoice WHERE paid > 0
                     UNION ALL
                    SELECT NULL, NULL, customer.id, last.currency_id, 50, CASE WHEN customer.is_foreign
                           THEN round(50 / {RATE}, 2) ELSE 50 END, FALSE, CURRENT_DATE - 3
                      FROM bench_customer customer
                      JOIN (SELECT DISTINCT customer_id, currency_id FROM bench_invoice) last ON last.customer_id = customer.id
                     WHERE customer.has_credit) drawn"""
    )
    cr.execute("SELECT count(*) FROM bench_payment")
    count = cr.fetchone()[0]
    move, line = reserve(cr, "account_move", count), reserve(cr, "account_move_line", 2 * count)
    partial, full = reserve(cr, "account_partial_reconcile", count), reserve(cr, "account_full_reconcile", count)
    cr.execute(
        f"""CREATE TEMPORARY TABLE bench_numbered AS
            SELECT bench_payment.*, {move} + n - 1 AS move_id, {line} + 2 * (n - 1) AS bank_id, {line} + 2 * n - 1 AS line_id,
                   {partial} + n - 1 AS partial_id, {full} + n - 1 AS full_id, 'BENCHPAY/' || lpad(n::text, 7, '0') AS number
              FROM bench_payment"""
    )
    for table in ("bench_invoice", "bench_numbered"):
        cr.execute(f"ANALYZE {table}")


def _totals(balance, amount):
    """The amount columns of a move of ``balance`` in company currency and ``amount`` in its own."""
    return {
        "amount_untaxed": amount,
        "amount_total": amount,
        "amount_untaxed_signed": balance,
        "amount_untaxed_in_currency_signed": amount,
        "amount_total_signed": balance,
        "amount_total_in_currency_signed": amount,
    }


def _side(sign, residual="0", residual_currency="0"):
    """The amount columns of a line: a debit for "" as ``sign``, a credit for "-"."""
    return {
        "debit": "0" if sign else "source.balance",
        "credit": "source.balance" if sign else "0",
        "balance": f"{sign}source.balance",
        "amount_currency": f"{sign}source.amount",
        "amount_residual": residual,
        "amount_residual_currency": residual_currency,
        "currency_id": "source.currency_id",
        "move_name": "source.number",
    }


def _write_invoices(cr, template):
    dates = {"date": "source.invoice_date", "invoice_date": "source.invoice_date"}
    matched = "LEFT JOIN bench_numbered payment ON payment.invoice_id = source.move_id"
    copy(
        cr,
        template.invoice,
        "bench_invoice source",
        {
            **_totals("source.balance", "source.amount"),
            **dates,
            "id": "source.move_id",
            "name": "source.number",
            "sequence_prefix": "'BENCH/'",
            "sequence_number": "source.n",
            "payment_reference": "source.number",
            "partner_id": "source.customer_id",
            "commercial_partner_id": "source.customer_id",
            "partner_shipping_id": "source.customer_id",
            "invoice_partner_display_name": "source.customer_name",
            "invoice_date_due": "source.due_date",
            "currency_id": "source.currency_id",
            "invoice_currency_rate": "source.amount / NULLIF(source.balance, 0)",
            "amount_residual": "source.amount - source.paid",
            "amount_residual_signed": "source.balance - source.paid_balance",
            "payment_state": "CASE WHEN paid = amount THEN 'paid' WHEN paid > 0 THEN 'partial' ELSE 'not_paid' END",
        },
    )
    copy(
        cr,
        template.receivable,
        f"bench_invoice source {matched}",
        {
            **_side("", "source.balance - source.paid_balance", "source.amount - source.paid"),
            **dates,
            "id": "source.line_id",
            "move_id": "source.move_id",
            "name": "source.number",
            "partner_id": "source.customer_id",
            "date_maturity": "source.due_date",
            "reconciled": "source.paid = source.amount",
            "full_reconcile_id": "CASE WHEN source.paid = source.amount THEN payment.full_id END",
            "matching_number": "CASE WHEN source.paid = source.amount THEN payment.full_id::text "
            "WHEN source.paid > 0 THEN 'P' || payment.partial_id END",
        },
    )
    copy(
        cr,
        template.income,
        "bench_invoice source",
        {
            **_side("-"),
            **dates,
            "id": "source.income_id",
            "move_id": "source.move_id",
            "partner_id": "source.customer_id",
            "price_unit": "source.amount",
            "price_subtotal": "source.amount",
            "price_total": "source.amount",
        },
    )


def _write_payments(cr, template):
    copy(
        cr,
        template.payment,
        "bench_numbered source",
        {
            **_totals("source.balance", "source.amount"),
            "amount_untaxed": "0",
            "amount_untaxed_signed": "0",
            "amount_untaxed_in_currency_signed": "0",
            "id": "source.move_id",
            "name": "source.number",
            "sequence_prefix": "'BENCHPAY/'",
            "sequence_number": "source.n",
            "date": "source.date",
            "partner_id": "source.customer_id",
            "commercial_partner_id": "source.customer_id",
            "currency_id": "source.currency_id",
        },
    )
    copy(
        cr,
        template.bank,
        "bench_numbered source",
        {
            **_side(""),
            "id": "source.bank_id",
            "move_id": "source.move_id",
            "date": "source.date",
            "partner_id": "source.customer_id",
        },
    )
    matched = "source.invoice_id IS NOT NULL"
    copy(
        cr,
        template.counterpart,
        "bench_numbered source",
        {
            **_side(
                "-",
                f"CASE WHEN {matched} THEN 0 ELSE -source.balance END",
                f"CASE WHEN {matched} THEN 0 ELSE -source.amount END",
            ),
            "id": "source.line_id",
            "move_id": "source.move_id",
            "date": "source.date",
            "date_maturity": "source.date",
            "create_date": "source.date",  # booked when it came in: Today asks for it
            "partner_id": "source.customer_id",
            "reconciled": matched,
            "full_reconcile_id": "CASE WHEN source.in_full THEN source.full_id END",
            "matching_number": "CASE WHEN source.in_full THEN source.full_id::text "
            f"WHEN {matched} THEN 'P' || source.partial_id END",
        },
    )


def _write_partials(cr, template):
    cr.execute(
        """INSERT INTO account_partial_reconcile
                  (id, debit_move_id, credit_move_id, debit_currency_id, credit_currency_id, amount, debit_amount_currency,
                   credit_amount_currency, full_reconcile_id, company_id, max_date, create_uid, create_date)
           SELECT source.partial_id, source.invoice_line_id, source.line_id, source.currency_id, source.currency_id,
                  source.balance, source.amount, source.amount, CASE WHEN source.in_full THEN source.full_id END,
                  %s, source.date, 1, now() AT TIME ZONE 'UTC'
             FROM bench_numbered source WHERE source.invoice_id IS NOT NULL""",
        [template.invoice.company_id.id],
    )
