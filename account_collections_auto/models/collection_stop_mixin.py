from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class CollectionStopMixin(models.AbstractModel):
    """What every stop answers: which items or which part of them, from when until when, and why.

    The engine asks each model that inherits this mixin once per cycle, with one SELECT. A stop without items stops all
    items of its customer in its company, later ones included. Both end days still count. A stop that a person ended is
    archived; it is not in force any more on the day it was ended.
    """

    _name = "collection.stop.mixin"
    _description = "Stop"
    _inherit = ["collection.recorded.mixin"]
    # Of these Odoo's own "no follow-up" is set where they cover all of a document.
    _is_made_by_person = True
    # What happened to a stop: recorded by what people do with it, written by hand by nobody.
    _recorded = frozenset({"ended_on", "is_for_all"})

    partner_id = fields.Many2one("res.partner", string="Customer", required=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, index=True, default=lambda self: self.env.company.root_id)
    item_ids = fields.Many2many(
        "collection.item",
        string="Items",
        domain="[('case_id.partner_id', '=', partner_id), ('company_id', 'child_of', company_id)]",
        context={"active_test": False},
        help="Empty: all items of the customer, later ones included.",
    )
    # Stored, because an item that is deleted with its draft leaves `item_ids` without a word.
    is_for_all = fields.Boolean(compute="_compute_is_for_all", store=True, string="For All Items")
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today)
    date_until = fields.Date(string="Until", help="The last day of the stop. Empty: until somebody ends it.")
    active = fields.Boolean(default=True)
    ended_on = fields.Date(readonly=True, help="The day a person or an event ended it; empty while it runs, or ran its time.")

    _dates_in_order = models.Constraint(
        "CHECK(date_until IS NULL OR date_until >= date_from)", "A stop cannot end before it starts."
    )

    @api.constrains("company_id")
    def _check_company_is_root(self):
        """The case of a customer is in the root company: a stop in a branch would stop nothing."""
        for stop in self:
            if stop.company_id != stop.company_id.sudo().root_id:
                raise ValidationError(
                    stop.env._(
                        "%(company)s is a branch. Customers are put on hold in %(root)s, for all of its branches.",
                        company=stop.company_id.name,
                        root=stop.company_id.sudo().root_id.name,
                    )
                )

    @api.depends("item_ids")
    def _compute_is_for_all(self):
        for stop in self:
            stop.is_for_all = not stop.with_context(active_test=False).item_ids

    @api.model_create_multi
    def create(self, vals_list):
        stops = super().create(vals_list)
        stops._mirror()
        return stops

    def write(self, vals):
        companies = self.company_id
        ended = self.filtered("active") if not vals.get("active", True) else self.browse()
        result = super().write(vals)
        # sudo: whoever may end a stop does not choose the day that is recorded
        if vals.get("active"):
            super(CollectionStopMixin, self.sudo()).write({"ended_on": False})
        for company, stops in ended.grouped("company_id").items():
            super(CollectionStopMixin, stops.sudo()).write({"ended_on": company._collection_today()})
        self._mirror(companies)
        return result

    def unlink(self):
        companies = self.company_id
        result = super().unlink()
        self._mirror(companies)
        return result

    def _find_cases_of_customers(self):
        """Return {stop: the case of its customer in its company, empty while there is none}."""
        cases = self.env["collection.case"].search(
            [
                ("partner_id", "in", self.partner_id.commercial_partner_id.ids),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        by_debtor = {(case.partner_id, case.company_id): case for case in cases}
        return {stop: by_debtor.get((stop.partner_id.commercial_partner_id, stop.company_id), cases[:0]) for stop in self}

    def action_end(self):
        """End the stop: from today on the items go on where they stood."""
        self.active = False

    def _mirror(self, companies=None):
        """Bring Odoo's own flag in line, in these companies and those of the stops."""
        if self._is_made_by_person:
            for company in (companies or self.env["res.company"]) | self.exists().company_id:
                self.env["collection.mirror"]._sync(company)

    def _counts(self):
        """Return whether this stop held anything in its time: not when nobody approved it, or it was a mistake."""
        return True

    def _get_whole_items(self):
        """Return the items that are stopped as a whole."""
        return self.item_ids

    @api.model
    def _stop_code(self):
        """Return the reason code of this kind of stop."""
        raise NotImplementedError

    @api.model
    def _stop_codes(self):
        """Return all reason codes of this kind of stop."""
        return {self._stop_code()}

    @api.model
    def _stop_code_sql(self):
        """Return SQL for the reason code of ``stop``."""
        return SQL("%s", self._stop_code())

    @api.model
    def _stop_text_sql(self, alias):
        """Return SQL for the text shown with the reason."""
        return SQL("NULL")

    @api.model
    def _stops_sql(self, what):
        """Return a condition on ``stop``: it stops ``what``, for example messages or calls."""
        return SQL("TRUE")

    @api.model
    def _stopped_items_sql(self, company, date):
        """Return a SELECT of (item_id, code, until, text, amount) of what is stopped on ``date`` in ``company``.

        ``amount`` is in the item's currency, NULL for the whole item. Amounts of several stops of one item add up.
        """
        return self._items_of_sql(company, date, "messages")

    @api.model
    def _items_of_sql(self, company, date, what):
        """Return a SELECT as `_stopped_items_sql` of the items of which ``what`` is stopped, as a whole."""
        return self._stops_with_items_sql(
            company,
            SQL("%s, stop.date_until, %s, NULL::numeric", self._stop_code_sql(), self._stop_text_sql("stop")),
            SQL("%s AND %s", self._in_force_sql(date), self._stops_sql(what)),
        )

    @api.model
    def _placement_obstacles_sql(self, company, date):
        """Return a SELECT as `_stopped_items_sql` of what keeps an item from being handed over to an agency."""
        return self._stopped_items_sql(company, date)

    @api.model
    def _stopped_instalments_sql(self, company, date):
        """Return a SELECT as `_stopped_items_sql` of what keeps the instalments of an item from being charged."""
        return self._stopped_items_sql(company, date)

    @api.model
    def _ended_periods_sql(self, company, date):
        """Return a SELECT of (item_id, first day, last day, resume date, is whole) of the stops that are over on ``date``.

        Before the resume date no next level comes; ``is whole``: days of the stop were no time to answer.
        """
        columns = SQL("stop.date_from, %s, %s, TRUE", self._last_day_sql(), self._resume_date_sql())
        was_stopped = SQL("%s AND %s", self._is_over_sql(date), self._stops_sql("messages"))
        return self._stops_with_items_sql(company, columns, was_stopped)

    @api.model
    def _in_force_sql(self, date):
        """Return a condition on ``stop``: it is in force on ``date``."""
        return SQL(
            """(stop.active AND stop.date_from <= %(date)s AND (stop.date_until IS NULL OR stop.date_until >= %(date)s)
                AND (stop.ended_on IS NULL OR stop.ended_on > %(date)s))""",
            date=date,
        )

    @api.model
    def _is_over_sql(self, date):
        """Return a condition on ``stop``: it was in force for at least a day, and is not any more on ``date``."""
        return SQL("(%(last)s < %(date)s AND %(last)s >= stop.date_from)", last=self._last_day_sql(), date=date)

    @api.model
    def _last_day_sql(self):
        return SQL("LEAST(stop.date_until, stop.ended_on - 1)")

    @api.model
    def _resume_date_sql(self):
        """Return SQL for the first day on which the next level may come again, on ``stop`` and ``plan``."""
        return SQL("LEAST(stop.date_until, stop.ended_on) + plan.resume_days")

    @api.model
    def _stops_with_items_sql(self, company, columns, condition):
        """Return a SELECT of the item and ``columns`` of each open item that a stop fulfilling ``condition`` covers.

        ``columns`` and ``condition`` are SQL on ``stop`` and ``plan``.
        """
        items = self._fields["item_ids"]
        relation, stop_column, item_column = (SQL.identifier(name) for name in (items.relation, items.column1, items.column2))
        return SQL(
            """SELECT item.id, %(columns)s
                 FROM %(table)s stop
                 JOIN res_partner debtor ON debtor.id = stop.partner_id
                 JOIN collection_case kase ON kase.company_id = %(company)s AND kase.partner_id = %(debtor)s
                 LEFT JOIN collection_plan plan ON plan.id = kase.plan_id
                 JOIN collection_item item ON item.case_id = kase.id AND item.active
                WHERE stop.company_id = %(company)s AND stop.is_for_all AND %(condition)s
                UNION ALL
               SELECT item.id, %(columns)s
                 FROM %(table)s stop
                 JOIN %(relation)s link ON link.%(stop_column)s = stop.id
                 JOIN collection_item item ON item.id = link.%(item_column)s AND item.active
                 JOIN collection_case kase ON kase.id = item.case_id
                 LEFT JOIN collection_plan plan ON plan.id = kase.plan_id
                WHERE stop.company_id = %(company)s AND stop.is_for_all IS NOT TRUE AND %(condition)s""",
            columns=columns,
            condition=condition,
            table=SQL.identifier(self._table),
            company=company.id,
            debtor=self.env["collection.case"]._debtor_sql("debtor"),
            relation=relation,
            item_column=item_column,
            stop_column=stop_column,
        )

    @api.model
    def _stopped_partners_sql(self, what="messages", day=None):
        """Return a SELECT of (company_id, partner_id) of the customers who are stopped as a whole on ``day`` (default: today).

        By stops of this kind, and of them only those that stop ``what``: "messages", "calls".
        """
        return SQL(
            "SELECT stop.company_id, stop.partner_id FROM %(table)s stop WHERE stop.is_for_all AND %(in_force)s AND %(stops)s",
            table=SQL.identifier(self._table),
            in_force=self._in_force_sql(day or self.env["collection.case"]._today_sql("stop")),
            stops=self._stops_sql(what),
        )
