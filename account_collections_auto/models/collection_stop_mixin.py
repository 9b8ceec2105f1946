from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class CollectionStopMixin(models.AbstractModel):
    """What every stop answers: which items, from when until when, and why.

    The engine asks each model that inherits this mixin once per cycle, with one SELECT. A stop without items stops all
    items of its customer in its company, later ones included. Both end days still count.
    """

    _name = "collection.stop.mixin"
    _description = "Stop"

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

    @api.model
    def _stop_code(self):
        """Return the reason code of this kind of stop."""
        raise NotImplementedError

    @api.model
    def _stop_text_sql(self, alias):
        """Return SQL for the text shown with the reason."""
        return SQL("NULL")

    @api.model
    def _stopped_items_sql(self, company, date):
        """Return a SELECT of (item_id, code, until, text) of the items stopped on ``date`` in ``company``."""
        table = SQL.identifier(self._table)
        items = self._fields["item_ids"]
        relation, stop_column, item_column = (SQL.identifier(name) for name in (items.relation, items.column1, items.column2))
        return SQL(
            """SELECT item.id, %(code)s, stop.date_until, %(text)s
                 FROM %(table)s stop
                 JOIN res_partner debtor ON debtor.id = stop.partner_id
                 JOIN collection_case kase ON kase.company_id = %(company)s AND kase.partner_id = %(debtor)s
                 JOIN collection_item item ON item.case_id = kase.id AND item.active
                WHERE %(in_force)s AND stop.is_for_all
                UNION ALL
               SELECT item.id, %(code)s, stop.date_until, %(text)s
                 FROM %(table)s stop
                 JOIN %(relation)s link ON link.%(stop_column)s = stop.id
                 JOIN collection_item item ON item.id = link.%(item_column)s AND item.active
                WHERE %(in_force)s AND stop.is_for_all IS NOT TRUE""",
            in_force=SQL(
                """stop.active AND stop.company_id = %(company)s
                   AND stop.date_from <= %(date)s AND (stop.date_until IS NULL OR stop.date_until >= %(date)s)""",
                company=company.id,
                date=date,
            ),
            code=self._stop_code(),
            text=self._stop_text_sql("stop"),
            table=table,
            company=company.id,
            debtor=self.env["collection.case"]._debtor_sql("debtor"),
            relation=relation,
            item_column=item_column,
            stop_column=stop_column,
        )

    @api.model
    def _stops_case_sql(self, alias, today):
        """Return a SELECT that finds a stop of this kind over the whole case ``alias`` on the day ``today`` (SQL)."""
        return SQL(
            """SELECT 1 FROM %(table)s stop JOIN res_partner debtor ON debtor.id = stop.partner_id
                WHERE stop.active AND stop.is_for_all AND stop.company_id = %(company)s AND %(debtor)s = %(partner)s
                  AND stop.date_from <= %(today)s AND (stop.date_until IS NULL OR stop.date_until >= %(today)s)""",
            table=SQL.identifier(self._table),
            company=SQL.identifier(alias, "company_id"),
            debtor=self.env["collection.case"]._debtor_sql("debtor"),
            partner=SQL.identifier(alias, "partner_id"),
            today=today,
        )
