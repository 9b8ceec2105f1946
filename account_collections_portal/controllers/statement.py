"""The statement: what is open, and the next step."""

from datetime import timedelta
from urllib.parse import urlencode

from babel.lists import format_list
from odoo.addons.account_collections_auto.models.collection_action_text import Formats
from odoo.addons.portal.controllers.portal import pager
from odoo.http import request

from ..engine import statement
from .portal_access import CollectionsPortal, collections_route

ROWS_PER_PAGE = 50
SEARCH_LENGTH = 64
PAYMENTS_SHOWN_DAYS = 90
# A ZIP file has the documents of so many rows: a PDF that was never printed takes about a second to make.
ZIP_ROWS = 25
DOCUMENT_KINDS = ("invoice", "credit_note")
DISPUTABLE = ("overdue", "not_due", "promised", "on_its_way")


class CollectionsStatement(CollectionsPortal):
    """What a customer owes, item by item."""

    @collections_route("")
    def collections_statement(self, viewer, status=None, search=None, page="1", **_kw):
        """Show what is open for this viewer."""
        values = self._collections_statement_values(viewer, status, search, page)
        return request.render("account_collections_portal.statement", values)

    def _collections_statement_values(self, viewer, status=None, search=None, page="1"):
        """Return what the page shows. Extend with yours."""
        status = status if status in statement.STATUSES else None
        search = (search or "").strip()[:SEARCH_LENGTH]
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        env, companies, domain = viewer.env, viewer.companies, viewer.domain()
        totals = statement.totals(env, companies, domain)
        total_count = sum(total.count for total in totals)
        if search or status:
            listed = statement.count(env, companies, domain, status=status, search=search)
        else:
            listed = total_count
        chosen = {name: value for name, value in (("status", status), ("search", search)) if value}
        pages = self._collections_pager(viewer, listed, number, chosen)
        rows = statement.rows(
            *(env, companies, domain), status=status, search=search, limit=ROWS_PER_PAGE, offset=pages["offset"]
        )
        words = Words(viewer.env)
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "collections",
            "no_breadcrumbs": bool(viewer.link),
            "viewer": viewer,
            "sections": self._collections_sections(viewer, totals, rows, words),
            "filters": self._collections_filters(viewer, totals, status, search, words),
            "headline": self._collections_headline(totals, words),
            "status": status,
            "search": search,
            "pages": pages,
            "listed": listed,
            "is_empty": not total_count,
            "contacts": [self._collections_contact_details(case) for case in viewer.cases],
            "payments": self._collections_payments(viewer, words),
            "announced": self._collections_announced(viewer, words),
            "files": self._collections_files_of(viewer, rows, pages["offset"], chosen),
            "answer_count": self._collections_answer_count(viewer),
        }

    def _collections_pager(self, viewer, listed, number, chosen):
        """Return the pager of the statement; its pages are a parameter, since the address is of the viewer."""
        pages = pager(viewer.url(), max(listed, 1), number, ROWS_PER_PAGE, url_args=chosen)
        last = pages["page_count"]

        def address(page):
            return _query(viewer.url(), {**chosen, "page": page})

        current = pages["page"]["num"]
        return {
            "offset": pages["offset"],
            "count": last,
            "current": current,
            "before": address(current - 1) if current > 1 else None,
            "after": address(current + 1) if current < last else None,
            "first": address(1),
            "last": address(last),
        }

    def _collections_files_of(self, viewer, rows, offset, chosen):
        """Return the ZIP files with the documents of the rows shown: (first row, last row, address)."""
        found = []
        for start in range(0, len(rows), ZIP_ROWS):
            some = rows[start : start + ZIP_ROWS]
            if any(row.kind in DOCUMENT_KINDS for row in some):
                first = offset + start
                address = _query(viewer.url("/documents"), {**chosen, "part": first // ZIP_ROWS + 1})
                found.append((first + 1, first + len(some), address))
        return found

    def _collections_sections(self, viewer, totals, rows, words):
        """Return the sections of the page: a company and currency each, with its sums and those of its rows shown."""
        by_section = {}
        for row in rows:
            by_section.setdefault((row.company_id, row.currency_id), []).append(row)
        sections = []
        for total in totals:
            currency = viewer.env["res.currency"].browse(total.currency_id)
            found = by_section.get((total.company_id, total.currency_id), [])
            sections.append(
                {
                    "company": viewer.env["res.company"].browse(total.company_id),
                    "currency": currency,
                    "total": total,
                    "sums": [
                        (words.statuses[name], words.amount(total.amounts[name], currency))
                        for name in statement.STATUSES
                        if total.amounts.get(name)
                    ],
                    "balance": words.amount(total.balance, currency),
                    "rows": [self._collections_row(viewer, row, currency, words) for row in found],
                }
            )
        return sections

    def _collections_row(self, viewer, row, currency, words):
        """Return a row of the page: the figures, and what is shown of them as text."""
        part = row.instalments > 1 and viewer.env._(
            "Instalment %(number)s of %(count)s", number=row.instalment, count=row.instalments
        )
        return {
            "row": row,
            "kind": words.kinds[row.kind],
            "date": words.date(row.date),
            "due_date": words.date(row.due_date),
            "part": part,
            "open": words.amount(row.open, currency),
            "original": words.amount(row.original, currency) if abs(row.original or 0) > abs(row.open) else "",
            "disputed": words.amount(row.disputed, currency) if 0 < row.disputed < row.open else "",
            "running": words.amount(row.running, currency),
            "status": words.describe(row),
            "dispute_url": _query(viewer.url("/dispute"), {"item": row.item_id}) if row.status in DISPUTABLE else None,
            "dispute_label": viewer.env._("Something is wrong with %(number)s", number=row.number),
            "document_url": viewer.url(f"/document/{row.item_id}") if row.kind in DOCUMENT_KINDS else None,
        }

    def _collections_filters(self, viewer, totals, status, search, words):
        """Return the filters of the page that would show something: (label, how many, address, is chosen)."""
        counts = {name: sum(total.counts.get(name, 0) for total in totals) for name in statement.STATUSES}
        found = {"search": search} if search else {}
        filters = [(words.everything, sum(counts.values()), _query(viewer.url(), found), not status)]
        for name in statement.STATUSES:
            if counts[name] or name == status:
                address = _query(viewer.url(), {"status": name, **found})
                filters.append((words.statuses[name], counts[name], address, name == status))
        return filters

    def _collections_headline(self, totals, words):
        """Return what is overdue per currency as one text, '' when nothing is."""
        overdue = {}
        for total in totals:
            overdue[total.currency_id] = overdue.get(total.currency_id, 0.0) + total.amounts.get("overdue", 0.0)
        return words.amounts(overdue)

    def _collections_contact_details(self, case):
        """Return whom to ask about the account of a case."""
        collector = case._get_collector()
        return {
            "company": case.company_id,
            "name": collector.name or case.company_id.name,
            "phone": collector.phone or case.company_id.phone,
            "email": case._get_reply_address(),
        }

    def _collections_announced(self, viewer, words):
        """Return the payments that the customer told us of and that did not arrive yet: (date, amount, until when)."""
        notices = viewer.env["collection.payment.notice"].search(
            [("case_id", "in", viewer.cases.ids), ("state", "=", "open")], limit=20
        )
        return [
            (words.date(notice.payment_date), words.amount(notice.amount, notice.currency_id), words.date(notice.date_until))
            for notice in viewer.only_seen(notices)
            if notice.date_until >= notice.company_id._collection_today()
        ]

    def _collections_answer_count(self, viewer):
        """Return how many answers of the customer there are to look at."""
        return 0

    def _collections_payments(self, viewer, words):
        """Return what was paid in the last days, the newest first: (date, amount, what for)."""
        found = []
        for case in viewer.cases:
            company = case.company_id
            since = company._collection_today() - timedelta(days=PAYMENTS_SHOWN_DAYS)
            only = None if viewer.is_whole else viewer.link.only_contact_id
            for day, number, reference, currency_id, amount in statement.payments(
                viewer.env, company, viewer.partner, since, only
            ):
                currency = viewer.env["res.currency"].browse(currency_id)
                found.append((day, words.date(day), words.amount(float(amount), currency), reference or number))
        return [payment[1:] for payment in sorted(found, key=lambda payment: payment[0], reverse=True)]


class Words(Formats):
    """Amounts, dates and names in the language of the page."""

    def __init__(self, env):
        super().__init__(env)
        self.everything = env._("All")
        self.kinds = env["collection.statement.document"]._kind_names()
        self.statuses = {
            "overdue": env._("Overdue"),
            "not_due": env._("Not due yet"),
            "disputed": env._("Disputed"),
            "promised": env._("Promised"),
            "in_plan": env._("In a payment plan"),
            "on_its_way": env._("Payment on its way"),
            "settled": env._("Settled: credit note follows"),
            "credit": env._("Credits"),
        }

    def describe(self, row):
        """Return the status of a row in words."""
        if row.status == "overdue":
            if row.days_overdue == 1:
                return self.env._("1 day overdue")
            return self.env._("%(days)s days overdue", days=row.days_overdue)
        if row.status == "promised" and row.until:
            return self.env._("Promised by %(date)s", date=self.date(row.until))
        if row.status == "on_its_way":
            return self.env._("Thank you, on its way")
        if row.status == "credit":
            return self.env._("In your favour")
        return self.statuses[row.status]

    def amounts(self, by_currency):
        """Return {currency id: amount} as one text: "120.00 EUR and 50.00 USD"; '' when all are zero."""
        parts = [
            self.amount(amount, self.env["res.currency"].browse(currency_id))
            for currency_id, amount in by_currency.items()
            if amount
        ]
        return format_list(parts, locale=self.env["collection.action"]._locale()) if parts else ""


def _query(path, parameters):
    """Return an address of our own with parameters."""
    return f"{path}?{urlencode(parameters)}" if parameters else path
