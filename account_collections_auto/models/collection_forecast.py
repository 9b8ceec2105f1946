import base64
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine import forecast, forecast_inputs
from ..engine.statement_workbook import Column, Sheet, Table, write_workbook

# What is looked back at: so many past dates, so many weeks apart, or one week where the ledger is not that old.
PAST_DATES = 13
WEEKS_BETWEEN = 4
# Fewer past dates than this say little.
ENOUGH_DATES = 12


class CollectionForecast(models.AbstractModel):
    """When will what is open come in? The next 13 weeks by company and currency, and how far past forecasts were off.

    The rules are in `engine/forecast.py`. Nothing is stored: the same call for a past date forecasts with what was known then.
    """

    _name = "collection.forecast"
    _description = "Cash Forecast"

    # -- public ----------------------------------------------------------------------------------------------------------

    @api.model
    def get_forecast(self, date=False, filters=None):
        """Return the forecast of ``date`` (default: today), for the companies and the rights of the user.

        ``filters``: {"company_id": one company, or "company_ids": some of them, "currency_id": one currency}; each may be
        missing. Each group is one company (0: all of them) and one currency, amounts in that currency, and adds up to what was
        open on that date. ``low``, ``expected`` and ``high``: what has come by the end of each week (P10, P50, P90), see
        `forecast.Table`. A constant number of SQL statements, whatever the number of items.
        """
        day = self._check_date(date)
        filters = self._read_filters(filters)
        groups = forecast.tables(self._find_pieces(day, filters))
        companies, currencies = self._get_names(groups)
        return {
            "date": fields.Date.to_string(day),
            "today": fields.Date.to_string(self.env.company._collection_today()),
            "weeks": [
                {"number": number, "first": fields.Date.to_string(first), "last": fields.Date.to_string(last)}
                for number, first, last in self._get_weeks(day)
            ],
            "companies": companies,
            "currencies": currencies,
            "groups": [
                self._describe_group(company_id, currency_id, table)
                for (company_id, currency_id), table in self._sort_groups(groups)
            ],
        }

    @api.model
    def get_backtest(self, filters=None):
        """Return how far forecasts of past dates were off, by week: made with what was known then, beside what came.

        ``error``: the differences of a week without their sign, as a share of the money that came; ``bias``: with their sign,
        above zero the forecast was too high; ``error_until``: the error of what was expected by the end of that week;
        ``inside``: how often the money up to then lay between low and high, eight of ten times if all is well. None where
        nothing came.
        """
        self._check_role()
        filters = self._read_filters(filters)
        dates = self._get_past_dates(filters["company_ids"])
        outcomes = self._look_back(dates, filters)
        return {
            "dates": [fields.Date.to_string(day) for day in dates],
            "is_enough": len(dates) >= ENOUGH_DATES,
            "groups": [
                {
                    "company_id": company_id,
                    "currency_id": currency_id,
                    "weeks": [error._asdict() for error in forecast.look_back(found)],
                }
                for (company_id, currency_id), found in outcomes.items()
            ],
        }

    @api.model
    def get_items_action(self, date=False, filters=None, row=None, kind=None):
        """Return the list of the items behind a figure.

        ``row``: a week, 14 for later, 0 for no basis; None is all of them. ``kind``: a column, all without one.
        """
        day = self._check_date(date)
        filters = self._read_filters(filters)
        line_ids = {
            piece.item.line_id
            for piece in self._find_pieces(day, filters)
            if (row is None or row is False or piece.week == row)
            and (not kind or piece.kind == kind or (kind == "credit" and piece.credited))
        }
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_item_action")
        name = self._describe_cell(day, row, kind)
        return action | {
            "name": name,
            "display_name": name,
            "domain": [("move_line_id", "in", sorted(line_ids))],
            "context": {"active_test": False},
        }

    @api.model
    def get_workbook(self, date=False, filters=None):
        """Return {"name", "content"} of the forecast as a spreadsheet, base64; a sheet for each company and currency."""
        day = self._check_date(date)
        filters = self._read_filters(filters)
        groups = forecast.tables(self._find_pieces(day, filters))
        errors = self._look_back(self._get_past_dates(filters["company_ids"]), filters)
        sheets = [
            self._prepare_sheet(day, *group, table, forecast.look_back(errors.get(group, ())))
            for group, table in self._sort_groups(groups)
            if group[0] != forecast.ALL
        ]
        if not sheets:
            raise UserError(self.env._("Nothing was open on %(date)s.", date=format_date(self.env, day)))
        return {
            "name": self.env._("Cash forecast %(date)s.xlsx", date=fields.Date.to_string(day)),
            "content": base64.b64encode(write_workbook(sheets)).decode(),
        }

    # -- what is asked for -------------------------------------------------------------------------------------------------

    @api.model
    def _check_role(self):
        # The figures come from the ledger by SQL: this, and the companies of the user, is all that guards them.
        self.env["collection.case"].check_access("read")

    @api.model
    def _check_date(self, date):
        self._check_role()
        today = self.env.company._collection_today()
        day = fields.Date.to_date(date) or today
        if day > today:
            raise UserError(self.env._("A forecast starts from a day up to today: what is open later is not known yet."))
        return day

    @api.model
    def _read_filters(self, filters):
        """Return {"company_ids", "currency_id"}: never a company that the user has not selected."""
        filters = filters or {}
        wanted = [filters["company_id"]] if filters.get("company_id") else filters.get("company_ids")
        companies = self.env.companies
        if wanted:
            companies = companies.filtered(lambda company: company.id in wanted)
        return {"company_ids": companies.ids, "currency_id": filters.get("currency_id") or False}

    @api.model
    def _find_pieces(self, day, filters):
        if not filters["company_ids"]:
            return []
        items, *agreed = forecast_inputs.read(self.env, filters["company_ids"], day)
        predictor = self._get_predictor(filters["company_ids"], day, items)
        pieces = forecast.forecast(predictor, items, *agreed)
        currency_id = filters["currency_id"]
        return [piece for piece in pieces if piece.item.currency_id == currency_id] if currency_id else pieces

    @api.model
    def _get_predictor(self, company_ids, day, items):
        """Return what says when an item is paid, a `forecast.Predictor` that knows nothing of later than ``day``.

        ``items`` are open on that day.

        Override to put a better one in its place; the back-test shows whether it is.
        """
        return forecast_inputs.read_predictor(self.env, company_ids, day, items)

    # -- looking back ------------------------------------------------------------------------------------------------------

    @api.model
    def _get_past_dates(self, company_ids):
        """Return the past dates of which all 13 weeks are over, the oldest first; never before the ledger began."""
        first = company_ids and forecast_inputs.first_day(self.env, company_ids)
        if not first:
            return []
        last = self.env.company._collection_today() - timedelta(weeks=forecast.WEEKS)
        is_old = last - timedelta(weeks=WEEKS_BETWEEN * (PAST_DATES - 1)) >= first
        step = timedelta(weeks=WEEKS_BETWEEN if is_old else 1)
        return [day for number in reversed(range(PAST_DATES)) if (day := last - number * step) >= first]

    @api.model
    def _look_back(self, dates, filters):
        """Return {(company, currency): [Outcome of each date on which something was open]}."""
        if not dates:
            return {}
        received = forecast_inputs.read_received(self.env, filters["company_ids"], dates)
        outcomes = {}
        for day in dates:
            for (company_id, currency_id), table in forecast.tables(self._find_pieces(day, filters)).items():
                came = [
                    sum(
                        received.get((day, each, currency_id), {}).get(week, 0)
                        for each in ([company_id] if company_id != forecast.ALL else filters["company_ids"])
                    )
                    for week in range(1, forecast.WEEKS + 1)
                ]
                outcome = forecast.Outcome(table.weeks, table.low, table.expected, table.high, came)
                outcomes.setdefault((company_id, currency_id), []).append(outcome)
        return outcomes

    # -- what is shown -----------------------------------------------------------------------------------------------------

    @api.model
    def _get_weeks(self, day):
        """Return (number, first day, last day) of the 13 weeks after ``day``."""
        return [
            (number, day + timedelta(days=7 * number - 6), day + timedelta(days=7 * number))
            for number in range(1, forecast.WEEKS + 1)
        ]

    @api.model
    def _get_names(self, groups):
        # sudo: names of the user's own companies, and of the currencies in their ledgers
        shown = {company_id for company_id, _currency in groups}
        companies = self.env.companies.sudo().filtered(lambda company: company.id in shown)
        currencies = self.env["res.currency"].sudo().browse(sorted({currency_id for _company, currency_id in groups}))
        return (
            [{"id": company.id, "name": company.name} for company in companies],
            [{"id": currency.id, "name": currency.name} for currency in currencies],
        )

    @api.model
    def _sort_groups(self, groups):
        """The sums of all companies first; of the currencies the company's own first."""
        own = self.env.company.currency_id.id
        return sorted(groups.items(), key=lambda group: (group[0][0], group[0][1] != own, group[0][1]))

    @api.model
    def _to_amount(self, currency_id, units):
        digits = self.env["res.currency"].browse(currency_id).decimal_places
        return round(units / 10**digits, digits)

    @api.model
    def _describe_group(self, company_id, currency_id, table):
        def amounts(figures):
            return [self._to_amount(currency_id, figure) for figure in figures]

        return {
            "company_id": company_id,
            "currency_id": currency_id,
            "rows": {
                row: {kind: self._to_amount(currency_id, amount) for kind, amount in cells.items()}
                | {"total": self._to_amount(currency_id, table.total(row))}
                for row, cells in table.cells.items()
            },
            "low": amounts(table.low),
            "expected": amounts(table.expected),
            "high": amounts(table.high),
            "total": self._to_amount(currency_id, table.total()),
        }

    @api.model
    def _get_kinds(self):
        """Return {kind: label}, in the order of the columns and then of the lines without a date."""
        return {
            "due": self.env._("Not Due Yet"),
            "overdue": self.env._("Overdue"),
            "instalment": self.env._("Instalments"),
            "promised": self.env._("Promised"),
            "unknown": self.env._("Later than anybody paid so far"),
            "old": self.env._("More than %(days)s days late", days=forecast.OLD_DAYS),
            "disputed": self.env._("Disputed"),
            "placed": self.env._("With an agency"),
            "credit": self.env._("Credits"),
        }

    @api.model
    def _describe_row(self, day, row):
        if row == forecast.LATER:
            return self.env._("Later")
        if row == forecast.NO_BASIS:
            return self.env._("No basis")
        _number, first, last = self._get_weeks(day)[row - 1]
        return self.env._(
            "Week %(number)s, %(first)s to %(last)s",
            number=row,
            first=format_date(self.env, first),
            last=format_date(self.env, last),
        )

    @api.model
    def _describe_cell(self, day, row, kind):
        parts = [self._describe_row(day, row)] if row in range(forecast.LATER + 1) and row is not False else []
        parts += [label for code, label in self._get_kinds().items() if code == kind]
        return ": ".join(parts) or self.env._("All Open Items")

    @api.model
    def _prepare_sheet(self, day, company_id, currency_id, table, errors):
        currency = self.env["res.currency"].browse(currency_id)
        company, digits = self.env["res.company"].browse(company_id), currency.decimal_places
        kinds = self._get_kinds()

        def amount(name, is_summed=True):
            return Column(name, "amount", 15, digits, is_summed)

        def share(name):
            return Column(name, "amount", 12, 1)

        def percent(value):
            return None if value is None else 100.0 * value

        columns = [
            Column(self.env._("Week"), "text", 34),
            *(amount(kinds[kind]) for kind in (*forecast.DATED, "credit")),
            amount(self.env._("Total")),
            amount(self.env._("By Then, Low (P10)"), is_summed=False),
            amount(self.env._("By Then, Expected (P50)"), is_summed=False),
            amount(self.env._("By Then, High (P90)"), is_summed=False),
            share(self.env._("Past Error of the Week (%)")),
            share(self.env._("Past Error by Then (%)")),
        ]
        rows = []
        for row in range(1, forecast.LATER + 1):
            figures = [*(table.cells[row][kind] for kind in (*forecast.DATED, "credit")), table.total(row)]
            until, error = [None] * 3, [None] * 2
            if row <= forecast.WEEKS:
                until = [table.low[row - 1], table.expected[row - 1], table.high[row - 1]]
                error = [percent(errors[row - 1].error), percent(errors[row - 1].error_until)]
            amounts = [None if each is None else self._to_amount(currency_id, each) for each in figures + until]
            rows.append([self._describe_row(day, row), *amounts, *error])
        undated = table.cells[forecast.NO_BASIS]
        undated_rows = [
            [kinds[kind], self._to_amount(currency_id, undated[kind])]
            for kind in (*forecast.UNDATED, "credit")
            if undated[kind]
        ]
        return Sheet(
            name=f"{company.name} {currency.name}",
            title=self.env._("Cash Forecast"),
            subtitle=company.name,
            facts=[
                (self.env._("As Of"), format_date(self.env, day)),
                (self.env._("Currency"), currency.name),
                (self.env._("Open, less credits"), currency.format(self._to_amount(currency_id, table.total()))),
            ],
            tables=[
                Table(self.env._("When it comes in"), columns, rows, sum_label=self.env._("Total")),
                Table(
                    self.env._("No basis for a date"),
                    [Column(self.env._("Why"), "text", 34), amount(self.env._("Amount"))],
                    undated_rows,
                    sum_label=self.env._("Total"),
                ),
            ],
        )
