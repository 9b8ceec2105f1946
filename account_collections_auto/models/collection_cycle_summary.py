from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date


class CollectionCycle(models.Model):
    """What a cycle shows: its counts, its decisions per level and reason, why it stopped, and the lists behind them."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    @api.depends("company_id", "date")
    def _compute_display_name(self):
        for cycle in self:
            cycle.display_name = cycle.env._(
                "Cycle of %(date)s, %(company)s", date=format_date(cycle.env, cycle.date), company=cycle.company_id.name
            )

    @api.model
    def _search_display_name(self, operator, value):
        """Find cycles by their day, however it is written: 2026-09-15, 15.09.2026, 15/09 or only 2026."""
        if operator not in ("ilike", "like", "=ilike", "=like"):
            return NotImplemented
        pattern = value if operator.startswith("=") else f"%{value}%"
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "to_char(%s, 'YYYY-MM-DD, DD.MM.YYYY, DD/MM/YYYY, MM/DD/YYYY') ILIKE %s",
                model._field_to_sql(alias, "date", query),
                pattern,
            )
        )

    @api.depends("date", "company_id")
    def _compute_is_past(self):
        for cycle in self:
            today = cycle.company_id.sudo()._collection_today()
            cycle.is_past = cycle.date < today
            cycle.is_future = cycle.date > today

    @api.depends("stop_code", "stop_values")
    @api.depends_context("lang")
    def _compute_stop_reason(self):
        for cycle in self:
            cycle.stop_reason = self.env["collection.reason"]._describe(cycle.stop_code, cycle.stop_values)

    @api.depends("bank_status")
    @api.depends_context("lang")
    def _compute_bank_summary(self):
        for cycle in self:
            cycle.bank_summary = "\n".join(cycle._describe_bank(journal) for journal in cycle.bank_status or [])

    def _describe_bank(self, journal):
        if not journal["last_date"]:
            return self.env._("%(journal)s: no lines yet", journal=journal["name"])
        return self.env._(
            "%(journal)s: last line of %(date)s, %(unmatched)s not matched",
            journal=journal["name"],
            date=format_date(self.env, journal["last_date"]),
            unmatched=journal["unmatched"],
        )

    @api.depends("line_ids.decision", "action_ids.state")
    def _compute_counts(self):
        decisions = self._count_by(self.env["collection.cycle.line"], "decision")
        states = self._count_by(self.env["collection.action"], "state")
        for cycle in self:
            sent = sum(states.get((cycle.id, state), 0) for state in ("sent", "delivered", "failed", "bounced"))
            queued = states.get((cycle.id, "queued"), 0)
            cycle.planned_count = decisions.get((cycle.id, "planned"), 0)
            cycle.withheld_count = decisions.get((cycle.id, "withheld"), 0)
            cycle.dropped_count = decisions.get((cycle.id, "dropped"), 0)
            cycle.message_count = sum(count for (cycle_id, _state), count in states.items() if cycle_id == cycle.id)
            cycle.sent_count = sent
            cycle.waiting_count = queued + states.get((cycle.id, "review"), 0) + states.get((cycle.id, "planned"), 0)
            cycle.progress = 100.0 * sent / (sent + queued) if sent + queued else 100.0 * (cycle.state == "done")

    def _count_by(self, model, field):
        rows = model._read_group([("cycle_id", "in", self.ids)], ["cycle_id", field], ["__count"])
        return {(cycle.id, value): count for cycle, value, count in rows}

    @api.depends("line_ids.decision")
    @api.depends_context("lang")
    def _compute_summary(self):
        for cycle in self:
            cycle.summary = self.env["ir.qweb"]._render(
                "account_collections_auto.collection_cycle_summary", cycle._get_summary()
            )

    def _get_summary(self):
        """What the cycle decided: per level and per reason, and the customers who wait longest."""
        self.ensure_one()
        lines = self.env["collection.cycle.line"]
        planned = [("cycle_id", "=", self.id), ("decision", "=", "planned")]
        withheld = [("cycle_id", "=", self.id), ("decision", "!=", "planned")]
        labels = dict(self.env["collection.reason"]._selection_code())
        measures = ["case_id:count_distinct", "item_count:sum", "amount:sum", "oldest_due_date:min"]
        return {
            "currency": self.currency_id,
            "levels": [
                {"name": level.name, "customers": customers, "items": items, "amount": amount, "oldest": oldest}
                for level, customers, items, amount, oldest in lines._read_group(planned, ["level_id"], measures)
            ],
            "reasons": [
                {"name": labels.get(code, code), "customers": customers, "amount": amount}
                for code, customers, amount in lines._read_group(
                    withheld, ["reason_code"], ["case_id:count_distinct", "amount:sum"]
                )
            ],
            "oldest": lines.search(planned, order="oldest_due_date, id", limit=5),
        }

    def action_view_planned(self):
        """Open the customers to contact."""
        return self._view_lines("planned")

    def action_view_withheld(self):
        """Open the customers who are held back, by reason."""
        return self._view_lines("withheld", search_default_group_reason=1)

    def action_view_dropped(self):
        """Open the customers whom a person dropped."""
        return self._view_lines("dropped")

    def _view_lines(self, decision, **context):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_cycle_line_action")
        return action | {
            "domain": [("cycle_id", "=", self.id)],
            "context": {f"search_default_{decision}": 1, **context},
        }

    def action_view_messages(self):
        """Open the messages of this cycle."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_action_action")
        return action | {"domain": [("cycle_id", "=", self.id)], "context": {}}
