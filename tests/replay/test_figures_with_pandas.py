"""The figures of each month-end of the invoice files are what an independent calculation with pandas says."""

from datetime import timedelta

import pandas as pd

from .common import ReplayCase
from .invoices import HIGHRADIUS, IBM, load
from .story import Event

PER_USD = {"USD": 1.0, "CAD": 1.25}  # what `ReplayCase` buys for one unit of the company's currency
AGEING = (0, 30, 60, 90)  # days overdue at which a bucket ends; the last one has no end
# Sums of cents are compared to the cent; days and rates are quotients of such sums.
CENT, DAY = 0.005, 1e-6
INVOICES = 500  # of each file


class TestFiguresWithPandas(ReplayCase):
    def test_month_ends_of_the_ibm_file(self):
        self._compare_file(IBM)

    def test_month_ends_of_the_highradius_file_in_two_currencies(self):
        self._compare_file(HIGHRADIUS)

    # -- the ledger ----------------------------------------------------------------------------------------------------

    def _compare_file(self, columns):
        source, invoices = load(columns, INVOICES)
        self.templates, self.documents = {}, {}
        self._post_file(invoices)
        table = _table(invoices)
        month_ends = pd.date_range(table.issued.min(), table.settled.max(), freq="ME")
        compared = sum(self._compare_month_end(table, month_end) for month_end in month_ends)
        self.show(f"figures of {source} compared with pandas: {len(month_ends)} month-ends, {compared} figures")
        self.assertGreaterEqual(len(month_ends), 12)

    def _post_file(self, invoices):
        """Post the invoices, and the money on its days; each payment is matched with its invoice."""
        names = sorted({invoice.customer for invoice in invoices})
        self.partners = dict(zip(names, self.env["res.partner"].create([{"name": name} for name in names]), strict=True))
        debts, money, settled = [], [], [invoice for invoice in invoices if invoice.settled]
        for number, invoice in enumerate(invoices):
            args = (f"I{number}", invoice.currency or "USD", invoice.due, invoice.amount, invoice.issued)
            debts.append(Event(invoice.customer, "invoice", args))
        self._post(invoices[0].issued, debts)
        by_invoice = dict(zip(invoices, (event.args[0] for event in debts), strict=True))
        payments = self.env["account.move"]
        for day in sorted({invoice.settled for invoice in settled}):
            paid = [invoice for invoice in settled if invoice.settled == day]
            events = [
                Event(invoice.customer, "payment", (f"P{by_invoice[invoice]}", invoice.currency or "USD", invoice.amount))
                for invoice in paid
            ]
            payments |= self._draft(day, "payment", events)
            money += [self.documents[by_invoice[invoice]] for invoice in paid]
        payments.action_post()
        receivable = payments.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        credits = {line.move_id: line for line in receivable}
        pairs = [debt + credits[payment] for debt, payment in zip(money, payments, strict=True)]
        self.env["account.move.line"]._reconcile_plan(pairs)
        self.env.flush_all()

    # -- the comparison ------------------------------------------------------------------------------------------------

    def _compare_month_end(self, table, month_end):
        """Compare what both say of the calendar month that ends with ``month_end``. Return the number of figures."""
        found = self.env["collection.kpi"].get_figures(date=month_end.date(), period="month", company_ids=self.company.ids)
        wanted = _month(table, month_end)
        buckets = dict(zip(("current", *AGEING), (bucket["amount"] for bucket in found["ageing"]), strict=True))
        pairs = {
            "receivables": (found["receivables"], wanted["receivables"], CENT),
            "sales": (found["flows"]["sales"], wanted["sales"], CENT),
            **{f"ageing {first}": (amount, wanted["ageing"][first], CENT) for first, amount in buckets.items()},
            "DSO": (found["dso"], wanted["dso"], DAY),
            "best possible DSO": (found["dso_best"], wanted["dso_best"], DAY),
            "ADD": (found["add"], wanted["add"], DAY),
            "days late by amount": (found["days_late"]["by_amount"], wanted["late_by_amount"], DAY),
            "days late by number": (found["days_late"]["by_count"], wanted["late_by_number"], DAY),
            "paid": (found["days_late"]["count"], wanted["paid"], 0),
        }
        for name, (ours, theirs, delta) in pairs.items():
            agree = ours is theirs if None in (ours, theirs) else abs(ours - theirs) <= delta
            self.assertTrue(agree, f"{name} of {month_end.date()}: {ours}, pandas says {theirs}")
        return len(pairs)


# -- what pandas says --------------------------------------------------------------------------------------------------


def _table(invoices):
    """One row for each invoice, amounts in the company's currency."""
    table = pd.DataFrame([vars(invoice) for invoice in invoices])
    for column in ("issued", "due", "settled"):
        table[column] = pd.to_datetime(table[column])
    rates = table.currency.fillna("USD").map(PER_USD)
    table["amount"] = (table.amount.astype(float) / rates).round(2)
    # An invoice is closed by money once both are in the books.
    table["settled"] = table.settled.where(table.settled.isna() | (table.settled >= table.issued), table.issued)
    return table


def _month(table, month_end):
    """The figures of the calendar month that ends with ``month_end``; None where a division has no meaning."""
    start = month_end.replace(day=1) - timedelta(days=1)
    days = (month_end - start).days
    open_ = table[(table.issued <= month_end) & ~(table.settled <= month_end)]
    overdue_days = (month_end - open_.due).dt.days
    edges = [-(10**6), *AGEING, 10**6]
    names = ["current", *AGEING]
    ageing = open_.amount.groupby(pd.cut(overdue_days, edges, labels=names), observed=False).sum()
    sales = table.amount[(table.issued > start) & (table.issued <= month_end)].sum()
    receivables, current = open_.amount.sum(), ageing["current"]
    known = table.issued.min() <= start + timedelta(days=1)
    dso = receivables / sales * days if known and sales > 0 and receivables > 0 else None
    best = current / sales * days if known and sales > 0 else None
    paid = table[(table.settled > start) & (table.settled <= month_end)]
    late = (paid.settled - paid.due).dt.days
    return {
        "receivables": receivables,
        "sales": sales,
        "ageing": ageing,
        "dso": dso,
        "dso_best": best,
        "add": dso - best if dso is not None and best is not None else None,
        "paid": len(paid),
        "late_by_amount": (paid.amount * late).sum() / paid.amount.sum() if len(paid) else None,
        "late_by_number": late.mean() if len(paid) else None,
    }
