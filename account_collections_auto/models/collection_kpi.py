from datetime import timedelta

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..engine import ageing, as_of, dashboard_inputs, kpi_inputs, kpis

PERIODS = {"month": 1, "quarter": 3, "year": 12}
# The money of so many days up to the day is told apart by collector.
WEEK = 7
# So many of those who owe most are named.
TOP = 20
# So many month-ends are shown as a trend: this month and the same month of last year are both in it.
TREND = 13


class CollectionKpi(models.AbstractModel):
    """The figures about receivables of any day, from the ledger. Dashboard, spreadsheet and digest read them here.

    The number of SQL statements is the same for ten invoices and for a million. Formulas are in `engine/kpis.py`.
    """

    _name = "collection.kpi"
    _description = "Figures about Receivables"

    @api.model
    def get_figures(
        self,
        date=None,
        period="month",
        company_ids=None,
        currency_ids=None,
        country_ids=None,
        industry_ids=None,
        category_ids=None,
        user_ids=None,
    ):
        """Return the figures of ``date`` (default: today) and of the ``period`` that ends with it, as a dictionary.

        ``period``: a month, a quarter or a year (12 months) up to ``date``. Filters: companies (default: those the user has
        chosen, as far as they keep their books in the same currency), currencies of the items, countries, industries and tags
        of the customers, collectors of their cases. Amounts are in company currency at booking rate, whatever the filter.

        ``None`` means "not available". A rate is {"value": percent, "part", "whole", "count", "too_few"}. "debtors" are the
        customers who owe most.
        """
        scope = self._get_scope(company_ids, currency_ids, country_ids, industry_ids, category_ids, user_ids)
        date = fields.Date.to_date(date) or self.env["res.company"].browse(scope.company_ids[0])._collection_today()
        return self._read_figures(scope, date, period) | {"debtors": self._describe_debtors(scope, date)}

    def _get_scope(
        self, company_ids=None, currency_ids=None, country_ids=None, industry_ids=None, category_ids=None, user_ids=None
    ):
        """Return whose receivables are asked for, the companies checked."""
        return kpi_inputs.Scope(
            self._find_companies(company_ids).ids,
            currency_ids or (),
            country_ids or (),
            industry_ids or (),
            self._with_children(category_ids),
            user_ids or (),
        )

    def _read_figures(self, scope, date, period, with_week=False):
        """Return the figures, and ``with_week`` the money of the last seven days by collector: "week_money"."""
        if period not in PERIODS:
            raise UserError(self.env._("The period is a month, a quarter or a year."))
        companies = self.env["res.company"].browse(scope.company_ids)
        with kpi_inputs.gathered(self.env, scope):
            figures = self._compute_figures(companies, scope, date, period)
            if with_week:
                figures["week_money"] = dashboard_inputs.money(self.env, date - timedelta(days=WEEK), date)
            return figures

    def _find_companies(self, company_ids):
        """Return the companies the figures are about; they are the user's own, and one currency can be summed."""
        # Who may read cases may read what they sum up; the ledger itself is read by SQL.
        self.env["collection.case"].check_access("read")
        if not company_ids:
            return self.env.companies.filtered(lambda company: company.currency_id == self.env.company.currency_id)
        companies = self.env["res.company"].browse(company_ids)
        if companies - self.env.companies:
            raise AccessError(self.env._("Figures are shown of companies that you work in. Choose the company first."))
        if len(companies.currency_id) > 1:
            raise UserError(self.env._("The companies keep their books in different currencies. Choose those of one currency."))
        return companies

    def _with_children(self, category_ids):
        # sudo: a filter names a tag with all that are below it, whoever may see them
        categories = self.env["res.partner.category"].sudo()
        return categories.search([("id", "child_of", category_ids)]).ids if category_ids else ()

    # -- the days that are looked at -----------------------------------------------------------------------------------

    @api.model
    def _start(self, date, months):
        """Return the last day before the ``months`` that end with ``date``."""
        return date + timedelta(days=1) - relativedelta(months=months) - timedelta(days=1)

    @api.model
    def _month_ends(self, date, count):
        """Return the last ``count`` month-ends up to ``date``, the oldest first."""
        first = (date + timedelta(days=1)).replace(day=1)
        return [first - relativedelta(months=number) - timedelta(days=1) for number in reversed(range(count))]

    # -- putting together ----------------------------------------------------------------------------------------------

    def _compute_figures(self, companies, scope, date, period):
        env = self.env
        months = PERIODS[period]
        start = self._start(date, months)
        month_ends = self._month_ends(date, TREND + PERIODS["year"])
        dates = sorted({*month_ends, start, date})
        starts = ageing.bounds(companies[0]._get_collection_ageing_limits())
        balances = kpi_inputs.balances(env, dates, starts)
        ledger = kpi_inputs.Ledger(balances, kpi_inputs.flows(env, dates), dates, kpi_inputs.first_day(env))
        recovery = kpi_inputs.recovery(env, start, date)
        today, position = balances[date], kpi_inputs.position(env, date, starts)
        flows = ledger.flows(start, date)
        return {
            "date": date,
            "date_from": start + timedelta(days=1),
            "period": period,
            "days": (date - start).days,
            "company_ids": companies.ids,
            "currency_id": companies[0].currency_id.id,
            "receivables": today.net,
            "debit": today.debit,
            "credit": today.credit,
            "current": today.current,
            "overdue": today.overdue,
            "ageing": self._describe_buckets(starts, today, position),
            "flows": flows,
            **self._period_figures(ledger, start, date),
            "dso_count_back": kpis.dso_count_back(today.net, ledger.months_back(date)),
            **self._overdue_rates(today, position),
            **self._recovery_figures(companies, scope, recovery, flows, months),
            **self._at_risk_figures(start, date),
            **self._delay_figures(start, date),
            **self._promise_figures(companies, scope, start, date),
            **self._promised_figures(companies, scope, today, date),
            **self._dispute_figures(scope, today, position, start, date),
            "contacts": self._contact_figures(companies, scope, start, date),
            "satisfaction": self._satisfaction(scope, start, date),
            "cured": self._cured_figures(start, date),
            "roll": self._roll_rates(month_ends, starts),
            "trend": [
                self._trend_figures(ledger, month_end, self._start(month_end, months)) for month_end in month_ends[-TREND:]
            ],
            "tie_out": None if scope.is_filtered else self._tie_out(companies, date, today.net),
        }

    def _period_figures(self, ledger, start, date):
        """Figures of (start, date] that sales are needed for.

        Where the period begins before the first entry of what is looked at, its sales and its opening balance are not those of
        the whole period: then there is no figure by days.
        """
        opening, closing = ledger.balances[start], ledger.balances[date]
        days, sales = (date - start).days, ledger.flows(start, date)["sales"]
        known = ledger.knows(start)
        dso = kpis.dso_simple(closing.net, sales, days) if known else None
        best = kpis.dso_best_possible(closing.current, sales, days) if known else None
        times = kpis.turnover(sales, opening.net, closing.net) if known else None
        return {
            "dso": dso,
            "dso_best": best,
            "add": kpis.average_days_delinquent(dso, best),
            "turnover": times,
            "turnover_days": kpis.turnover_days(days, times),
            "bad_debt_rate": kpis.percent(ledger.flows(start, date)["write_off"], sales),
        }

    def _trend_figures(self, ledger, month_end, start):
        """Figures of one month-end; the collection effectiveness index is one of that calendar month, whatever the period."""
        opening, closing = ledger.balances[self._start(month_end, 1)], ledger.balances[month_end]
        flows = ledger.flows(self._start(month_end, 1), month_end)
        return {
            "date": month_end,
            "receivables": closing.net,
            "current": closing.current,
            "overdue": closing.overdue,
            "credit": closing.credit,
            "buckets": closing.buckets,
            "overdue_rate": kpis.percent(closing.overdue, closing.debit),
            "flows": flows,
            "cei": kpis.collection_effectiveness(opening.net, flows["sales"], closing.net, closing.current),
            "cei_money": kpis.collection_effectiveness_money(opening.net, flows["sales"], closing.current, flows["money"]),
            **self._period_figures(ledger, start, month_end),
        }

    def _overdue_rates(self, today, position):
        items = sum(position.items)
        return {
            "overdue_rate": self._rate(today.overdue, today.debit, items),
            "overdue_rate_undisputed": self._rate(
                today.overdue - position.overdue_disputed,
                today.debit - position.disputed,
                items - position.items_disputed,
            ),
            "overdue_customers_rate": self._rate(position.customers_overdue, position.customers, position.customers),
            "overdue_customers_rate_undisputed": self._rate(
                position.customers_overdue_undisputed, position.customers_undisputed, position.customers_undisputed
            ),
        }

    def _recovery_figures(self, companies, scope, recovery, flows, months):
        """What came of overdue debts. Costs are those of the companies as a whole: with a filter there are none."""
        cost = sum(companies.sudo().root_id.mapped("collection_monthly_cost")) * months
        collected = recovery.reduced["money"]
        return {
            "recovery": self._rate(collected, recovery.base, recovery.count),
            "recovery_parts": {kind: kpis.percent(amount, recovery.base) for kind, amount in recovery.reduced.items()},
            "cost_per_collected": kpis.cost_per_collected(cost, collected) if cost and not scope.is_filtered else None,
        }

    def _at_risk_figures(self, start, date):
        """Invoices that passed 90 days overdue, of those that could in the period: by number, and by amount."""
        items, amount, items_late, amount_late = kpi_inputs.at_risk(self.env, start, date)
        return {"at_risk": self._rate(items_late, items, items), "at_risk_value": self._rate(amount_late, amount, items)}

    def _delay_figures(self, start, date):
        by_allocation, closed = kpi_inputs.delays(self.env, start, date)
        return {
            name: {**delay._asdict(), "too_few": delay.count < kpis.TOO_FEW}
            for name, delay in (
                ("days_late", kpis.average_days_late(by_allocation)),
                ("days_late_fully_paid", kpis.average_days_late(closed)),
            )
        }

    def _promise_figures(self, companies, scope, start, date):
        matured = kpi_inputs.promises(self.env, scope, start, date)
        rates = self._rates(companies, date, {row[1] for row in matured})
        by_number, by_value = kpis.promises_kept(
            kpis.Promise(promised * rates[currency_id], received * rates[currency_id], is_kept)
            for _company_id, currency_id, promised, received, is_kept in matured
        )
        return {"promises_kept": self._rate(*by_number), "promises_kept_value": self._rate(*by_value)}

    def _promised_figures(self, companies, scope, today, date):
        """Of all open debits, the share for which there is a promise whose day is still to come."""
        rows = kpi_inputs.promised(self.env, scope, date)
        rates = self._rates(companies, date, {row[1] for row in rows})
        amount, count = kpis.promised_open(
            (promise_id, float(promised) * rates[currency_id], line_id, float(residual))
            for promise_id, currency_id, promised, line_id, residual in rows
        )
        return {"promised_rate": self._rate(amount, today.debit, count)}

    def _rates(self, companies, date, currency_ids):
        """Return {currency id: rate into company currency on ``date``}."""
        company = companies[0].sudo()
        currencies = self.env["res.currency"].browse(currency_ids)
        return {
            currency.id: currency._get_conversion_rate(currency, company.currency_id, company, date) for currency in currencies
        }

    def _dispute_figures(self, scope, today, position, start, date):
        number, days = kpi_inputs.settled_disputes(self.env, scope, start, date)
        return {
            "disputed": position.disputed,
            "dispute_rate": kpis.percent(position.disputed, today.debit),
            "days_to_settle_disputes": {
                "value": days / number if number else None,
                "count": number,
                "too_few": number < kpis.TOO_FEW,
            },
        }

    def _contact_figures(self, companies, scope, start, date):
        """What followed the contacts of the period: in all, by level, channel and text. Observations, not effects.

        Only contacts whose time to follow is over. ``response``: contacts that were answered; ``payment``: contacts that money
        followed; ``right_party``: customers with whom there was a conversation or who wrote, of those contacted.
        """
        domain = Domain([("date", ">", start), ("date", "<=", date), ("is_over", "=", True)])
        domain &= Domain("company_id", "in", companies.ids)
        for name, ids in (
            ("country_id", scope.country_ids),
            ("industry_id", scope.industry_ids),
            ("partner_id.category_id", scope.category_ids),
            ("user_id", scope.user_ids),
        ):
            if ids:
                domain &= Domain(name, "in", list(ids))
        report = self.env["collection.action.report"]
        sums = ["contacts:sum", "answered:sum", "paid:sum", "amount_paid:sum", "amount_under_way:sum"]
        by_level, by_channel, by_text, by_answer, in_all = report._read_grouping_sets(
            domain,
            [["level_id"], ["channel"], ["template_id"], ["answered"], []],
            [*sums, "partner_id:count_distinct"],
        )
        contacted = in_all[0][-1] if in_all else 0
        written = sum(row[-1] for row in by_answer if row[0])
        channels = dict(report._fields["channel"]._description_selection(self.env))
        return {
            "all": self._describe_contacts(*(in_all[0] if in_all else ())),
            "right_party": self._rate(written, contacted, contacted),
            "levels": [
                # A logged call belongs to no level.
                {"id": level.id, "name": level.name or self.env._("No level"), **self._describe_contacts(*row)}
                for level, *row in sorted(by_level, key=lambda row: (not row[0], row[0].days_overdue, row[0].id))
            ],
            "channels": [
                {"id": channel, "name": channels[channel], **self._describe_contacts(*row)} for channel, *row in by_channel
            ],
            "templates": [
                {"id": text.id, "name": text.name, **self._describe_contacts(*row)} for text, *row in by_text if text
            ],
        }

    @api.model
    def _describe_contacts(self, contacts=0, answered=0, paid=0, amount_paid=0.0, under_way=0.0, _customers=0):
        contacts, answered, paid = contacts or 0, answered or 0, paid or 0
        return {
            "response": self._rate(answered, contacts, contacts),
            "payment": self._rate(paid, contacts, contacts),
            "amount_paid": amount_paid or 0.0,
            "amount_under_way": under_way or 0.0,
        }

    @api.model
    def _satisfaction(self, scope, start, date):
        """What customers said in the period: {"value": average, "count", "too_few", "asked"}; None where nobody asks them."""
        return None

    def _cured_figures(self, start, date):
        """Customers who stopped being late, in all and by the highest level they were sent meanwhile."""
        rows = kpi_inputs.cured(self.env, start, date)
        levels = {level.id: level for level in self.env["collection.level"].browse([row[0] for row in rows if row[0]])}
        number, days = sum(row[1] for row in rows), sum(row[2] for row in rows)
        return {
            "count": number,
            "days": days / number if number else None,
            "too_few": number < kpis.TOO_FEW,
            "ended_otherwise": sum(row[3] for row in rows),
            "levels": [
                {
                    "level_id": level_id,
                    "name": levels[level_id].name if level_id else None,
                    "count": cured,
                    "days": days / cured if cured else None,
                    "ended_otherwise": otherwise,
                }
                for level_id, cured, days, otherwise in sorted(
                    rows, key=lambda row: (levels[row[0]].days_overdue, row[0]) if row[0] else (-(10**6), 0)
                )
            ],
        }

    def _roll_rates(self, month_ends, starts):
        """The full matrix between the last two month-ends."""
        before, after = month_ends[-2:]
        moved = kpi_inputs.rolled(self.env, before, after, starts)
        rows = kpis.roll_rates(moved, len(starts) + 1)
        for row in rows:
            row["to"] = {str(target): share for target, share in row["to"].items()}  # as JSON writes keys
        return {"from": before, "to": after, "rows": rows}

    def _tie_out(self, companies, date, opened):
        booked = as_of.read_booked(self.env, companies.ids, [date]).values()
        balance, exchange = (float(sum(each[number] for each in booked)) for number in (0, 1))
        return {name: round(amount, 6) for name, amount in as_of.tie(float(opened), balance, exchange)._asdict().items()}

    @api.model
    def _describe_debtors(self, scope, date):
        """Return who owed most on ``date``, after credits."""
        return [
            {
                "partner_id": debtor.partner_id or 0,
                "name": debtor.name or self.env._("Without a customer"),
                "amount": debtor.amount,
                "overdue": debtor.overdue,
                "days": (date - debtor.oldest).days if debtor.oldest else 0,
                "items": debtor.items,
                "share": debtor.amount / debtor.of_all * 100,
            }
            for debtor in dashboard_inputs.largest(self.env, scope, date, TOP)
        ]

    @api.model
    def _describe_buckets(self, starts, balance, position):
        ends = [0, *(first - 1 for first in starts[1:]), None]
        return [
            {"first": first, "last": last, "amount": amount, "count": number}
            for first, last, amount, number in zip([None, *starts], ends, balance.buckets, position.items, strict=True)
        ]

    @api.model
    def _rate(self, part, whole, count):
        rate = kpis.Rate(part, whole, count)
        return {"value": rate.value, **rate._asdict(), "too_few": rate.is_too_few}
