from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import placements
from ..engine.withhold import stop_models


class CollectionItem(models.Model):
    """Items and placements: what came later of a customer who is with an agency, about which a person decides."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    is_placement_later = fields.Boolean(
        compute="_compute_is_placement_later",
        search="_search_is_placement_later",
        string="To Decide: With an Agency",
        help="Overdue, of a customer who is with an agency, and not handed over: it is not reminded until a person decides.",
    )

    def _compute_is_placement_later(self):
        found = self.search([("id", "in", self.ids), ("is_placement_later", "=", True)])
        for item in self:
            item.is_placement_later = item._origin in found

    def _search_is_placement_later(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.env.flush_all()  # the condition is SQL
        placements_sudo = self.env["collection.placement"].sudo()  # sudo: which companies have any is no secret
        with_agencies = {company.id for (company,) in placements_sudo._read_group([], ["company_id"])}
        days = self.env["res.company"]._get_collection_days()
        companies = self.env.companies.root_id.filtered(lambda company: company.id in with_agencies)
        found = [self._placement_later_sql(company, days[company.id]) for company in companies]
        later = Domain.FALSE
        if found:
            later = Domain.custom(
                to_sql=lambda model, alias, query: SQL(
                    "%s IN (%s)", SQL.identifier(alias, "id"), SQL(" UNION ALL ").join(SQL("(%s)", each) for each in found)
                )
            )
        return later if True in value else ~later

    @api.model
    def _placement_later_sql(self, company, date):
        """SELECT of the ids of overdue items that nobody decided about: no other stop is a decision."""
        others = [name for name in stop_models(self.env) if name != "collection.placement"]
        return SQL(
            """SELECT later.item_id
                 FROM (%(later)s) later (item_id, code, until, info, amount)
                 JOIN collection_item item ON item.id = later.item_id
                WHERE item.due_date < %(date)s AND item.is_small IS NOT TRUE
                  AND item.id NOT IN (SELECT item_id FROM collection_placement_line
                                       WHERE is_live AND item_id IS NOT NULL)
                  AND item.id NOT IN (SELECT item_id FROM (%(stops)s) stop (item_id, code, until, info, amount)
                                       WHERE amount IS NULL AND item_id IS NOT NULL)""",
            later=placements.later_sql(company, self.env["collection.placement"]._in_force_sql(date)),
            date=date,
            stops=SQL(" UNION ALL ").join(SQL("(%s)", self.env[name]._stopped_items_sql(company, date)) for name in others),
        )

    def action_place(self):
        """Propose these items to an agency: for a later item the one that has the customer already."""
        cases = self.case_id
        action = cases.action_place()
        with_agency = cases.placement_ids.filtered(lambda placement: placement.state in ("approved", "handed_over"))
        context = action["context"] | {"default_item_ids": self.ids}
        if len(with_agency.agency_id) == 1:
            context["default_agency_id"] = with_agency.agency_id.id
        return action | {"context": context}

    def action_remind_despite_placement(self):
        """Let our own reminders of these items go on although the customer is with an agency."""
        self.case_id._check_collector()
        self.case_id.check_access("write")
        later = self.filtered("is_placement_later")
        if not later:
            raise UserError(self.env._("None of these waits for a decision because of a placement."))
        for case, items in later.grouped("case_id").items():
            in_force = case.placement_ids.filtered(
                lambda placement: placement.state not in ("proposed", "refused") and not placement.ended_on
            )
            # sudo: recorded, not written by people
            in_force.sudo().kept_item_ids |= items
            in_force._mirror()
            case._message_log(
                body=self.env._(
                    "Reminded by us in spite of the placement: %(items)s", items=", ".join(items.mapped("display_name"))
                )
            )
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _has_final_notice(self):
        """Return whether the item had its final notice, and the deadline of that has passed."""
        self.ensure_one()
        today = self.case_id.company_id._collection_today()
        return bool(self.level_id.final_notice and self.deadline and self.deadline < today)
