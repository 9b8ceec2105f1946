"""The invoices to replay: the real files where they are, else a made-up sample of the same shape and size.

The files lie in the folder that COLLECTIONS_DATA names, else in ``../shared/data`` beside the clone. They are recognised by
their columns, whatever their name and the case of the headers. The sample is written as such a file and read the same way.
"""

import csv
import io
import os
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
SEED = 20260601

IBM = ("customerid", "invoicenumber", "invoicedate", "duedate", "invoiceamount", "settleddate")
HIGHRADIUS = ("cust_number", "doc_id", "posting_date", "due_in_date", "total_open_amount", "clear_date", "invoice_currency")


@dataclass(frozen=True)
class Invoice:
    customer: str
    number: str
    currency: str | None  # None: the company's
    issued: date
    due: date
    amount: Decimal
    settled: date | None


def load(columns: tuple[str, ...], limit: int | None = None) -> tuple[str, list[Invoice]]:
    """Return (where they come from, invoices) of the file with these ``columns``; at most ``limit`` rows of it."""
    for path in sorted(data_folder().glob("**/*.csv")):
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(read(file, columns, limit))
        if rows:
            return f"the real file {path.name}", rows
    sample = sample_ibm() if columns == IBM else sample_highradius()
    return "a made-up sample", list(read(sample, columns, limit))


def data_folder() -> Path:
    return Path(os.environ.get("COLLECTIONS_DATA") or CLONE.parent / "shared" / "data")


def read(lines: Iterable[str], columns: tuple[str, ...], limit: int | None = None) -> Iterator[Invoice]:
    """Yield the invoices of a file that has these ``columns``, none of another file; rows without an amount are left out."""
    table = csv.reader(lines)
    header = [name.strip().lower() for name in next(table, ())]
    if not set(columns) <= set(header):
        return
    places = {name: header.index(name) for name in columns}
    count = 0
    for cells in table:
        values = {name: cells[place].strip() for name, place in places.items()}
        invoice = _from_ibm(values) if columns == IBM else _from_highradius(values)
        if invoice.amount <= 0 or invoice.due < invoice.issued:
            continue
        yield invoice
        count += 1
        if count == limit:
            return


def _from_ibm(values):
    return Invoice(
        customer=values["customerid"],
        number=values["invoicenumber"],
        currency=None,
        issued=_day(values["invoicedate"]),
        due=_day(values["duedate"]),
        amount=Decimal(values["invoiceamount"]).quantize(Decimal("0.01")),
        settled=_day(values["settleddate"]),
    )


def _from_highradius(values):
    return Invoice(
        customer=values["cust_number"],
        number=values["doc_id"].removesuffix(".0"),
        currency=values["invoice_currency"],
        issued=_day(values["posting_date"]),
        due=_day(values["due_in_date"]),
        amount=Decimal(values["total_open_amount"] or 0).quantize(Decimal("0.01")),
        settled=_day(values["clear_date"]),
    )


def _day(text):
    """
    >>> _day("1/22/2013"), _day("20200210.0"), _day("2020-02-11 00:00:00"), _day("")
    (datetime.date(2013, 1, 22), datetime.date(2020, 2, 10), datetime.date(2020, 2, 11), None)
    """
    text = text.strip().removesuffix(".0").split(" ")[0]
    if not text:
        return None
    for layout in ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, layout).date()
        except ValueError:
            continue
    raise ValueError(f"not a day: {text}")


# -- the sample ------------------------------------------------------------------------------------------------------


def sample_ibm(customers=100, invoices=2466):
    """About two years of monthly buyers in one currency: 30 days to pay, a third pays late, by ten days on average."""
    dice = random.Random(SEED)
    header = (
        "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
        "PaperlessBill,DaysToSettle,DaysLate"
    )
    lateness = {number: max(0.05, dice.gauss(0.35, 0.2)) for number in range(customers)}
    lines = [header]
    for number in range(invoices):
        customer = dice.randrange(customers)
        issued = date(2012, 1, 3) + timedelta(days=dice.randrange(700))
        late = round(dice.expovariate(1 / 11)) + 1 if dice.random() < lateness[customer] else 0
        settled = issued + timedelta(days=30 + late if late else dice.randint(2, 30))
        lines.append(
            f"{300 + customer % 5},{customer:04d}-SAMPL,4/6/2013,{number + 1000000},{issued:%m/%d/%Y},"
            f"{issued + timedelta(days=30):%m/%d/%Y},{max(5, dice.gauss(60, 20)):.2f},{'Yes' if late > 20 else 'No'},"
            f"{settled:%m/%d/%Y},{'Paper' if customer % 2 else 'Electronic'},{(settled - issued).days},{late}"
        )
    return io.StringIO("\n".join(lines))


def sample_highradius(rows=2000, customers=320):
    """Fourteen months of a food wholesaler in USD and CAD: few big and many small customers, the newest not paid yet."""
    dice = random.Random(SEED + 1)
    header = (
        "business_code,cust_number,name_customer,clear_date,buisness_year,doc_id,posting_date,document_create_date,"
        "due_in_date,invoice_currency,document type,posting_id,total_open_amount,baseline_create_date,cust_payment_terms,"
        "invoice_id,isOpen"
    )
    last = date(2020, 2, 27)
    lines = [header]
    for number in range(rows):
        customer = min(dice.randrange(customers), dice.randrange(customers), dice.randrange(customers))
        currency = "CAD" if customer % 11 == 5 or (customer % 7 == 3 and dice.random() < 0.4) else "USD"
        posted = last - timedelta(days=dice.randrange(420))
        due = posted + timedelta(days=dice.choice((15, 15, 30, 30, 10, 45)))
        cleared = due + timedelta(days=round(dice.gauss(0, 6)) + (round(dice.expovariate(1 / 15)) if customer % 4 == 0 else 0))
        cleared = max(cleared, posted + timedelta(days=1))
        is_open = cleared > last or dice.random() < 0.03
        lines.append(
            f"{'CA02' if currency == 'CAD' else 'U001'},02{customer:08d},SAMPLE {customer},"
            f"{'' if is_open else f'{cleared} 00:00:00'},{posted.year}.0,{1930000000 + number}.0,{posted},{posted:%Y%m%d},"
            f"{due:%Y%m%d}.0,{currency},RV,1.0,{dice.lognormvariate(9.2, 1.3):.2f},{posted:%Y%m%d}.0,NAA8,"
            f"{1930000000 + number}.0,{int(is_open)}"
        )
    return io.StringIO("\n".join(lines))
