from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

_COMPARISONS = {"=": SQL("="), "!=": SQL("IS DISTINCT FROM"), "<": SQL("<"), "<=": SQL("<="), ">": SQL(">"), ">=": SQL(">=")}


class CollectionCalendarMixin(models.AbstractModel):
    """Figures that change with the calendar: right at the first look of a day, sortable, summable, never stored.

    A model lists them in `_calendar_expressions`; each such field has ``compute="_compute_calendar_figures"`` and
    ``search`` set to a one-line method that calls `_search_calendar_figure`.
    """

    _name = "collection.calendar.mixin"
    _description = "Figures of the Day"

    def _calendar_expressions(self, alias, today):
        """Return {field name: SQL expression} for the rows of ``alias``; ``today`` is SQL for the company's day."""
        return {}

    def _today_sql(self, alias):
        """Return SQL for today's date in the time zone of the row's company."""
        days = self.env["res.company"]._get_collection_days()
        if len(set(days.values())) <= 1:
            return SQL("%s::date", next(iter(days.values()), fields.Date.today()))
        company = SQL.identifier(alias, "company_id")
        cases = SQL(" ").join(SQL("WHEN %s THEN %s::date", company_id, day) for company_id, day in days.items())
        return SQL("CASE %s %s END", company, cases)

    def _field_to_sql(self, alias, field_expr, query=None):
        if (field := self._fields.get(field_expr)) and field.compute == "_compute_calendar_figures":
            self._check_field_access(field, "read")
            self.env.flush_all()  # the expressions name columns, and Odoo does not know which
            return self._calendar_expressions(alias, self._today_sql(alias))[field_expr]
        return super()._field_to_sql(alias, field_expr, query)

    def _compute_calendar_figures(self):
        expressions = self._calendar_expressions(self._table, self._today_sql(self._table))
        rows = {}
        if self.ids:
            self.env.flush_all()
            columns = SQL(", ").join(expressions.values())
            rows = {
                row[0]: row[1:]
                for row in self.env.execute_query(
                    SQL("SELECT id, %s FROM %s WHERE id IN %s", columns, SQL.identifier(self._table), tuple(self.ids))
                )
            }
        stored = self.filtered(lambda record: record.id in rows)
        for place, name in enumerate(expressions):
            self._remember_figure(stored, name, [rows[record_id][place] for record_id in stored._ids])
        for record in self - stored:
            values = rows.get(record._origin.id) or (False,) * len(expressions)
            for name, value in zip(expressions, values, strict=True):
                record[name] = value

    @api.model
    def _remember_figure(self, records, name, values):
        """Put figures that were read into the cache, as Odoo does with columns it reads: a list has hundreds of them."""
        field = self._fields[name]
        field._insert_cache(records, [field.convert_to_cache(value, records, validate=False) for value in values])

    def web_read(self, specification):
        """Read for a form, never through a read-only connection: reasons of the day are found with temporary tables."""
        return super().web_read(specification)

    web_read._readonly = False

    @api.model
    def _search_calendar_figure(self, name, operator, value):
        if operator == "not in":
            return ~self._search_calendar_figure(name, "in", value)
        if operator == "in":
            return Domain.custom(to_sql=lambda model, alias, query: model._calendar_figure_in(alias, name, value, query))
        if operator not in _COMPARISONS:
            raise UserError(self.env._("%(field)s cannot be searched with %(operator)s.", field=name, operator=operator))
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s %s %s", model._field_to_sql(alias, name, query), _COMPARISONS[operator], value
            )
        )

    def _calendar_figure_in(self, alias, name, values, query):
        """Return the condition that a figure is one of ``values``; False stands for no value, except of a boolean."""
        figure = self._field_to_sql(alias, name, query)
        is_boolean = self._fields[name].type == "boolean"
        wanted = tuple(value for value in values if value is not False or is_boolean)
        conditions = [SQL("%s IN %s", figure, wanted)] if wanted else []
        if len(wanted) < len(values):
            conditions.append(SQL("%s IS NULL", figure))
        return SQL("(COALESCE(%s, FALSE))", SQL(" OR ").join(conditions)) if conditions else SQL("FALSE")
