from datetime import date as Day
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine import dashboard_inputs
from .collection_kpi import PERIODS, WEEK

# Nobody keeps older books here: such a day was mistyped.
EARLIEST = Day(1970, 1, 1)
FILTERS = ("company_id", "currency_id", "country_id", "industry_id", "user_id")


class CollectionDashboard(models.AbstractModel):
    """The figures about receivables on one page. What they are is in `collection.kpi`; here they are arranged and named.

    ``options`` come from a client: date, period (month, quarter, year), company_id, currency_id, country_id, industry_id,
    user_id (the collector).
    """

    _name = "collection.dashboard"
    _description = "Dashboard"

    # -- public --------------------------------------------------------------------------------------------------------

    @api.model
    def get_settings(self):
        """Return the day the page opens with, and what it can be narrowed to."""
        companies = self.env["collection.kpi"]._find_companies(None)
        currencies, countries, segments, collectors = dashboard_inputs.choices(self.env, companies.ids)

        def named(model, ids):
            # sudo: names of what the customers of the user's companies have
            records = self.env[model].sudo().browse(sorted(ids))
            return sorted(({"id": record.id, "name": record.display_name} for record in records), key=lambda one: one["name"])

        left_out = self.env.companies - companies
        return {
            "date": fields.Date.to_string(self.env.company._collection_today()),
            "earliest": fields.Date.to_string(EARLIEST),
            "companies": [{"id": company.id, "name": company.name} for company in companies],
            "left_out": ", ".join(left_out.mapped("name")),
            "currencies": named("res.currency", currencies),
            "countries": named("res.country", countries),
            "segments": named("res.partner.industry", segments),
            "collectors": named("res.users", collectors),
        }

    @api.model
    def get_page(self, options=None):
        """Return all figures of the page but the forecast. The number of SQL statements does not grow with the records."""
        options = self._read_options(options)
        kpi, scope = self.env["collection.kpi"], self._get_scope(options)
        figures = kpi._read_figures(scope, options["date"], options["period"], with_week=True)
        return {
            "date": options["date"],
            "date_from": figures["date_from"],
            "period": options["period"],
            "currency_id": figures["currency_id"],
            "is_filtered": scope.is_filtered,
            "is_empty": self._is_empty(figures),
            "tiles": self._describe_tiles(figures),
            "ageing": self._describe_ageing(figures),
            "trend": [
                {name: month[name] for name in ("date", "current", "overdue", "overdue_rate")} for month in figures["trend"]
            ],
            "debtors": kpi._describe_debtors(scope, options["date"]),
            "levels": self._describe_levels(scope, options["date"]),
            "week": self._describe_week(scope, options["date"], figures["week_money"]),
            "contacts": self._describe_contacts(figures),
            "tie": self._describe_tie(figures),
        }

    @api.model
    def get_year_before(self, options=None):
        """Return {tile: value} of the same day a year earlier, over the same period."""
        options = self._read_options(options)
        date = fields.Date.subtract(options["date"], years=1)
        figures = self.env["collection.kpi"]._read_figures(self._get_scope(options), date, options["period"])
        return {tile["key"]: tile["value"] for tile in self._describe_tiles(figures)}

    @api.model
    def get_forecast(self, options=None):
        """Return the cash forecast of the companies that the page is about, as `collection.forecast` describes it."""
        options = self._read_options(options)
        return self.env["collection.forecast"].get_forecast(options["date"], self._get_forecast_filters(options))

    # -- what is asked for -----------------------------------------------------------------------------------------------

    @api.model
    def _read_options(self, options):
        """Return what a client asks for, checked: the day is one up to today, and not of another age."""
        # The figures come from the ledger by SQL: this, and the companies of the user, is all that guards them.
        self.env["collection.case"].check_access("read")
        options = options or {}
        today = self.env.company._collection_today()
        try:
            date = fields.Date.to_date(options.get("date")) or today
            ids = {name: int(options.get(name) or 0) for name in FILTERS}
        except (TypeError, ValueError):
            raise UserError(self.env._("The dashboard cannot be narrowed like that.")) from None
        if date > today:
            raise UserError(self.env._("The dashboard shows a day up to today: what comes later is not known yet."))
        if date < EARLIEST:
            raise UserError(
                self.env._("The dashboard shows days from %(date)s on.", date=format_date(self.env, EARLIEST))
            )
        period = options.get("period") or "month"
        if period not in PERIODS:
            raise UserError(self.env._("The period is a month, a quarter or a year."))
        return {"date": date, "period": period, **ids}

    @api.model
    def _get_scope(self, options):
        """Return the scope that the page is about; `collection.kpi` checks the companies."""
        # "company_id" -> "company_ids": each filter of the page is a list there.
        return self.env["collection.kpi"]._get_scope(
            **{f"{name}s": [options[name]] if options[name] else None for name in FILTERS}
        )

    @api.model
    def _get_forecast_filters(self, options):
        return {"company_ids": self._get_scope(options).company_ids, "currency_id": options["currency_id"]}

    # -- tiles -----------------------------------------------------------------------------------------------------------

    @api.model
    def _is_empty(self, figures):
        months = figures["trend"]
        return not (figures["debit"] or figures["credit"] or any(month["receivables"] for month in months)) and not any(
            month["flows"]["sales"] for month in months
        )

    @api.model
    def _describe_tiles(self, figures):
        """Return the tiles in their order: {"key", "group", "label", "unit", "value", "notes", "help", "drill", ...}.

        ``unit``: money, percent, days or times; a value of None is "not available". ``trend``: the 13 month-ends, and
        ``better``: whether more or less of it is good news.
        """
        last, contacts = figures["trend"][-1], figures["contacts"]
        tiles = [
            self._tile("receivables", "open", self.env._("Receivables"), "money", figures["receivables"], "open").trend(
                "receivables", None
            ),
            self._tile("overdue", "open", self.env._("Overdue"), "money", figures["overdue"], "overdue").trend(
                "overdue", "down"
            ),
            self._rate("overdue_rate", "open", self.env._("Share overdue"), figures["overdue_rate"], "overdue", "money").trend(
                "overdue_rate", "down"
            ),
            self._rate(
                "overdue_rate_undisputed",
                "open",
                self.env._("Share overdue, undisputed"),
                figures["overdue_rate_undisputed"],
                "overdue_undisputed",
                "money",
            ),
            self._rate(
                "overdue_customers_rate", "open", self.env._("Customers overdue"), figures["overdue_customers_rate"], "overdue"
            ),
            self._rate(
                "promised_rate", "open", self.env._("Share promised"), figures["promised_rate"], "promised", "money"
            ).explain(self.env._("Of all that is open, what customers promised to pay on a day that is still to come.")),
            self._rate("at_risk", "open", self.env._("At risk"), figures["at_risk"], "at_risk").explain(
                self.env._("Invoices that passed 90 days overdue, of those that could pass them in the period.")
            ),
            self._tile("credit", "open", self.env._("Unapplied credits"), "money", figures["credit"], "credit"),
            self._tile("dso", "speed", self.env._("Days sales outstanding"), "days", figures["dso"], "open")
            .trend("dso", "down")
            .explain(self.env._("Receivables ÷ sales of the period × its days.")),
            self._tile(
                "dso_count_back", "speed", self.env._("DSO, counted back"), "days", figures["dso_count_back"], "open"
            ).explain(self.env._("The sales of how many days, counted back from now, are still in the receivables.")),
            self._tile("dso_best", "speed", self.env._("Best possible DSO"), "days", figures["dso_best"], "current")
            .trend("dso_best", None)
            .explain(self.env._("The days sales outstanding if everybody paid on time.")),
            self._tile("add", "speed", self.env._("Average days delinquent"), "days", figures["add"], "overdue")
            .trend("add", "down")
            .explain(self.env._("How many of the days sales outstanding come from late payment.")),
            self._tile("turnover", "speed", self.env._("Turnover"), "times", figures["turnover"], "movements").trend(
                "turnover", "up"
            ),
            self._delay("days_late", self.env._("Average days late"), figures["days_late"]).explain(
                self.env._("Of each payment in the period, weighted by amount; early payments count as negative.")
            ),
            self._tile("cei", "collected", self.env._("Collection effectiveness"), "percent", last["cei"], "movements")
            .trend("cei", "up")
            .of_month(last["date"])
            .explain(
                self.env._("Of what could be collected in the calendar month, the share that is gone, for whatever reason.")
            ),
            self._tile(
                "cei_money", "collected", self.env._("Effectiveness, money only"), "percent", last["cei_money"], "movements"
            )
            .trend("cei_money", "up")
            .of_month(last["date"])
            .explain(self.env._("The same, with nothing but money as collected.")),
            self._rate("recovery", "collected", self.env._("Recovery rate"), figures["recovery"], "recovery", "money").explain(
                self.env._("Money that came for what was overdue or became overdue in the period.")
            ),
            self._tile("money", "collected", self.env._("Money received"), "money", figures["flows"]["money"], "money"),
            self._tile(
                "written_off", "collected", self.env._("Written off"), "money", figures["flows"]["write_off"], "write_off"
            ),
            self._tile(
                "bad_debt_rate",
                "collected",
                self.env._("Write-offs ÷ sales"),
                "percent",
                figures["bad_debt_rate"],
                "write_off",
            ),
            self._tile(
                "cost", "collected", self.env._("Cost of 100 collected"), "number", figures["cost_per_collected"], "recovery"
            ).explain(self.env._("Needs the monthly cost of collecting in the settings, and no filter.")),
            self._rate("promises_kept", "contact", self.env._("Promises kept"), figures["promises_kept"], "promises"),
            self._rate(
                "promises_kept_value",
                "contact",
                self.env._("Promises kept, by value"),
                figures["promises_kept_value"],
                "promises",
                "money",
            ),
            self._rate("right_party", "contact", self.env._("Customers reached"), contacts["right_party"], "contacts").explain(
                self.env._("Customers with whom there was a conversation or who wrote, of those contacted.")
            ),
            self._rate("response", "contact", self.env._("Contacts answered"), contacts["all"]["response"], "contacts"),
            self._rate("payment", "contact", self.env._("Contacts followed by money"), contacts["all"]["payment"], "contacts"),
            self._tile("dispute_rate", "contact", self.env._("Share disputed"), "percent", figures["dispute_rate"], "disputes"),
            self._counted(
                "days_to_settle", self.env._("Days to settle a dispute"), figures["days_to_settle_disputes"], "disputes_settled"
            ),
            self._counted(
                "cured",
                self.env._("Days until cured"),
                {"value": figures["cured"]["days"], **{name: figures["cured"][name] for name in ("count", "too_few")}},
                "cured",
            ).explain(
                self.env._("Customers who were late and paid all that was overdue in money, by the days they were late.")
            ),
        ]
        if figures["satisfaction"]:
            tiles.append(
                self._counted("satisfaction", self.env._("Satisfaction"), figures["satisfaction"], "satisfaction", "number")
            )
        return [tile.describe(figures["trend"]) for tile in tiles]

    @api.model
    def _tile(self, key, group, label, unit, value, drill):
        return _Tile(self.env, {"key": key, "group": group, "label": label, "unit": unit, "value": value, "drill": drill})

    @api.model
    def _rate(self, key, group, label, rate, drill, of="number"):
        """``of``: whether the rate is one of amounts ("money") or of a number of records."""
        tile = self._tile(key, group, label, "percent", rate["value"], drill)
        tile.values["of"] = of
        tile.values.update({name: rate[name] for name in ("part", "whole", "count", "too_few")})
        return tile

    @api.model
    def _delay(self, key, label, delay):
        tile = self._tile(key, "speed", label, "days", delay["by_amount"], "paid")
        tile.values.update({"count": delay["count"], "too_few": delay["too_few"]})
        return tile

    @api.model
    def _counted(self, key, label, figure, drill, unit="days"):
        tile = self._tile(key, "contact", label, unit, figure["value"], drill)
        tile.values.update({"count": figure["count"], "too_few": figure["too_few"]})
        return tile

    # -- the other parts of the page -------------------------------------------------------------------------------------

    @api.model
    def _describe_ageing(self, figures):
        """Return the buckets with their names, and the credits that belong to none."""
        buckets = figures["ageing"]
        names = self.env["collection.aged.report"]._bucket_names([bucket["last"] for bucket in buckets[1:-1]])
        return [
            {"index": number, "name": name, "amount": bucket["amount"], "count": bucket["count"]}
            for number, (name, bucket) in enumerate(zip(names, buckets, strict=True))
        ]

    @api.model
    def _describe_levels(self, scope, date):
        """Return what is overdue by level reached, from no level yet to the last one, in the order of days."""
        found = dashboard_inputs.overdue_by_level(self.env, scope, date)
        # sudo: of the companies of the user, an archived plan's levels too
        levels = self.env["collection.level"].sudo().browse(level_id for level_id in found if level_id)
        has_many = len(levels.plan_id) > 1
        rows = [(None, self.env._("No level yet"), "")] if None in found else []
        rows += [
            (level.id, level.name, level.plan_id.name if has_many else "")
            for level in levels.sorted(lambda level: (level.days_overdue, level.id))
        ]
        names = ("items", "customers", "amount")
        return [
            {"level_id": level_id or 0, "name": name, "plan": plan, **dict(zip(names, found[level_id], strict=True))}
            for level_id, name, plan in rows
        ]

    @api.model
    def _describe_week(self, scope, date, received):
        start = date - timedelta(days=WEEK)
        found = dashboard_inputs.weeks(self.env, scope, start, date, received)
        # sudo: names of collectors, also of those who have left
        users = self.env["res.users"].sudo().browse(user_id for user_id in found if user_id)
        names = {user.id: user.name for user in users}
        rows = [
            {"user_id": user_id or 0, "name": names.get(user_id) or self.env._("No collector"), **week._asdict()}
            for user_id, week in found.items()
        ]
        return {
            "date_from": start + timedelta(days=1),
            "rows": sorted(rows, key=lambda row: (not row["user_id"], -row["money"], row["name"])),
        }

    @api.model
    def _describe_contacts(self, figures):
        """Return what followed the contacts, by level, channel and text."""
        contacts = figures["contacts"]
        return [
            {"kind": kind, "label": label, "rows": contacts[kind]}
            for kind, label in (
                ("levels", self.env._("Level")),
                ("channels", self.env._("Channel")),
                ("templates", self.env._("Text")),
            )
            if contacts[kind]
        ]

    @api.model
    def _describe_tie(self, figures):
        """Return whether the receivables of the page are the balance of the accounts, and by what they differ."""
        tie = figures["tie_out"]
        if not tie:
            return {
                "agrees": None,
                "lines": [],
                "text": self.env._(
                    "The page is narrowed to some customers, so there is no balance of an account to compare with. Take the "
                    "filters away to see whether all figures add up."
                ),
            }
        currency = self.env["res.currency"].browse(figures["currency_id"])
        agrees = currency.is_zero(tie["open"] - tie["balance"])
        return {
            "agrees": agrees,
            "text": self.env._("The receivables of this page and the balance of the receivable accounts agree.")
            if agrees
            else self.env._(
                "The receivables of this page and the balance of the receivable accounts differ by what is named here."
            ),
            "lines": [
                {"name": self.env._("Receivables of this page"), "amount": tie["open"]},
                {"name": self.env._("Balance of the receivable accounts"), "amount": tie["balance"]},
                {"name": self.env._("Exchange differences that count already and are booked later"), "amount": tie["exchange"]},
                {
                    "name": self.env._("Matched with entries that are not booked, or with those of another company"),
                    "amount": tie["difference"],
                },
            ],
        }


class _Tile:
    """One figure of the page on its way to the client."""

    def __init__(self, env, values):
        self.env, self.values, self._series = env, {"help": "", "month": "", "trend": [], "better": None} | values, None

    def trend(self, name, better):
        """Show the 13 month-ends of ``name``; ``better``: "up" or "down", whatever is good news."""
        self._series, self.values["better"] = name, better
        return self

    def explain(self, text):
        self.values["help"] = text
        return self

    def of_month(self, date):
        """The figure is one of a calendar month, whatever the day of the page."""
        self.values["month"] = date
        return self

    def describe(self, months):
        """Return the values of the tile, with the change between the last month-end and the same a year before."""
        if not self._series:
            return self.values | {"change": None}
        series = [month[self._series] for month in months]
        first, last = series[0], series[-1]
        is_known = first is not None and last is not None
        return self.values | {
            "trend": series,
            "change": last - first if is_known else None,
            "change_from": months[0]["date"],
            "change_to": months[-1]["date"],
        }
