from collections import defaultdict

from odoo import models
from odoo.tools import SQL, format_date, formatLang

LIST_VIEWS = {
    "planned": "account_collections_auto.collection_cycle_line_view_list_planned",
    "withheld": "account_collections_auto.collection_cycle_line_view_list_withheld",
    "dropped": "account_collections_auto.collection_cycle_line_view_list_dropped",
    "gone": "account_collections_auto.collection_cycle_line_view_list_gone",
}


class CollectionCycle(models.Model):
    """The figures on the page of a cycle: per level and channel, held back by reason, compared with the last cycle."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    def get_page(self):
        """Return what the page of this cycle shows above its list, with sums and dates as text in the reader's language.

        A constant number of statements, whatever the number of customers.
        """
        self.ensure_one()
        self.check_access("read")
        self.env.flush_all()
        decisions = self._sum_decisions()
        return {
            "state": self.state,
            "test_note": self.state in ("preview", "running") and self.company_id._collection_test_note(),
            "decisions": decisions,
            "levels": self._get_level_rows(),
            "comparison": self._get_comparison(),
            "progress": self._prepare_progress(),
            "views": {name: self.env.ref(xmlid).id for name, xmlid in LIST_VIEWS.items()},
            "search_view": self.env.ref("account_collections_auto.collection_cycle_line_view_search_page").id,
        }

    def _money(self, amount):
        return formatLang(self.env, amount or 0.0, currency_obj=self.currency_id)

    def _sum_decisions(self):
        """Return {decision: how many customers, their sum}."""
        rows = self.env["collection.cycle.line"]._read_group(
            [("cycle_id", "=", self.id)], ["decision"], ["case_id:count_distinct", "amount:sum"]
        )
        sums = {decision: (count, amount) for decision, count, amount in rows}
        result = {}
        for decision in ("planned", "withheld", "dropped"):
            count, amount = sums.get(decision, (0, 0.0))
            result[decision] = {"count": count, "amount": self._money(amount)}
        return result

    def _get_level_rows(self):
        """Return one row per level and channel: number, sum and oldest, and the same level in the last cycle."""
        before = self._sum_levels_before()
        names = dict(self.env["collection.step"]._fields["channel"]._description_selection(self.env))
        rows = self.env.execute_query(
            SQL(
                """SELECT line.level_id, channel, count(DISTINCT line.case_id), sum(line.item_count), sum(line.amount),
                          min(line.oldest_due_date), count(DISTINCT line.case_id) FILTER (WHERE line.needs_approval)
                     FROM collection_cycle_line line
                     LEFT JOIN LATERAL unnest(string_to_array(line.channels, ',')) channel ON TRUE
                    WHERE line.cycle_id = %s AND line.decision = 'planned'
                    GROUP BY line.level_id, channel""",
                self.id,
            )
        )
        levels = self.env["collection.level"].browse({row[0] for row in rows if row[0]} | set(before))
        order = {level.id: position for position, level in enumerate(levels.sorted(lambda level: level.days_overdue))}
        result = [
            {
                "key": f"{level_id}-{channel}",
                "level_id": level_id or False,
                "level": levels.browse(level_id).name if level_id else self.env._("Deleted level"),
                "channel": channel or False,
                "by": names.get(channel, channel) or "",
                "count": count,
                "items": items,
                "amount": self._money(amount),
                "oldest": oldest and format_date(self.env, oldest) or "",
                "oldest_days": oldest and (self.date - oldest).days,
                "approval": approval,
                **self._prepare_before(before.pop(level_id, None)),
            }
            for level_id, channel, count, items, amount, oldest, approval in sorted(
                rows, key=lambda row: (order.get(row[0], -1), row[1] or "")
            )
        ]
        for level_id in sorted(before, key=order.get):
            level = levels.browse(level_id)
            result.append(
                {"key": f"{level_id}", "level_id": level_id, "level": level.name, "by": "", "count": 0}
                | self._prepare_before(before[level_id])
            )
        return result

    def _sum_levels_before(self):
        """Return {level id: (customers, sum)} of the cycle that this one is compared with."""
        if not self.previous_id:
            return {}
        rows = self.env["collection.cycle.line"]._read_group(
            [("cycle_id", "=", self.previous_id.id), ("decision", "=", "planned"), ("level_id", "!=", False)],
            ["level_id"],
            ["case_id:count_distinct", "amount:sum"],
        )
        return {level.id: (count, amount) for level, count, amount in rows}

    def _prepare_before(self, sums):
        count, amount = sums or (0, 0.0)
        return {"before_count": count, "before_amount": self._money(amount) if count else ""}

    def _get_comparison(self):
        """Return who is new, at a higher level, at the same one, or not in this cycle any more; None without a last cycle."""
        previous = self.previous_id
        if not previous:
            return None
        lines = self.env["collection.cycle.line"]
        rows = self.env.execute_query(
            SQL(
                """WITH now AS (%s), before AS (%s)
                   SELECT CASE WHEN before.case_id IS NULL THEN 'new'
                               WHEN now.case_id IS NULL THEN 'gone'
                               WHEN now.days > before.days THEN 'higher' ELSE 'same' END,
                          count(*), sum(COALESCE(now.amount, before.amount))
                     FROM now FULL JOIN before ON before.case_id = now.case_id
                    GROUP BY 1""",
                lines._levels_by_case(self.id),
                lines._levels_by_case(previous.id),
            )
        )
        sums = defaultdict(lambda: (0, 0.0), {code: (count, amount) for code, count, amount in rows})
        labels = {
            "new": self.env._("New"),
            "higher": self.env._("Higher level"),
            "same": self.env._("Same level again"),
            "gone": self.env._("Not any more"),
        }
        return {
            "cycle_id": previous.id,
            "date": format_date(self.env, previous.date),
            "changes": [
                {"code": code, "label": label, "count": sums[code][0], "amount": self._money(sums[code][1])}
                for code, label in labels.items()
            ],
        }
