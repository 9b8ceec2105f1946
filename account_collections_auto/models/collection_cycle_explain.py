from odoo import api, models
from odoo.tools import SQL, format_date

from ..engine import select, withhold


class CollectionCycle(models.Model):
    """Why was this customer, or this item, not reminded today?"""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _explain(self, cases):
        """Return {case id: why nothing would be sent today}, each a dictionary as `collection.case.explanation` keeps it.

        "reason": a sentence, '' where something would be sent; "items": such sentences, {item id as text: sentence}.
        "stops" and "item_stops" hold what stops the case and its items as it was found: [{"code", "until", ...}];
        "parts" what may be claimed of the items of which only a part is stopped.
        """
        result = {}
        for company, group in cases.sudo().grouped("company_id").items():
            if not group.ids:
                continue
            self.env.flush_all()
            date = company._collection_today()
            engine = self.env["collection.cycle"].sudo().env
            select.select(engine, company, date, SQL("SELECT unnest(%s)", group.ids))
            withhold.withhold(engine, company, date)
            result |= self._read_explanation(group)
            select.drop(engine)
        return result

    def _read_explanation(self, cases):
        describe_all = self.env["collection.reason"]._describe_all
        reasons = withhold.reasons_sql("stop")
        case_stops = dict(
            self.env.execute_query(SQL("SELECT case_id, %s FROM collection_tmp_case_stop stop GROUP BY case_id", reasons))
        )
        found = {
            case.id: {"items": {}, "item_stops": {}, "parts": {}, "stops": case_stops.get(case.id, [])} for case in cases
        }
        rows = self.env.execute_query(
            SQL(
                """SELECT item.item_id, item.case_id, item.reached, item.advances, item.got_days, stopped.reasons,
                          CASE WHEN item.collectable AND item.claimable < item.amount_residual_currency
                               THEN item.claimable END
                     FROM collection_tmp_item item
                     LEFT JOIN (SELECT item_id, %s AS reasons FROM collection_tmp_stop stop
                                 WHERE item_id IN (SELECT item_id FROM collection_tmp_item) GROUP BY item_id) stopped
                       ON stopped.item_id = item.item_id
                    WHERE NOT item.is_credit""",
                reasons,
            )
        )
        plans = {case.id: case.plan_id for case in cases}
        advancing, seen = set(), {}
        for item_id, case_id, reached, advances, got_days, item_stops, part in rows:
            explained, key = found[case_id], str(item_id)
            if part is not None:
                explained["parts"][key] = part
            if item_stops:
                explained["item_stops"][key] = item_stops
            stops = item_stops or (explained["stops"] if advances else None)
            explained["items"][key] = describe_all(stops) if stops else (
                "" if advances else self._not_yet(plans[case_id], got_days)
            )
            if advances:
                advancing.add(case_id)
            if reached:
                seen.setdefault(case_id, []).extend(item_stops or [])
        for case in cases:
            stops = found[case.id]["stops"] or ([] if case.id in advancing else seen.get(case.id, []))
            if stops:
                unique = {stop["code"] + str(stop.get("text")): stop for stop in stops}
                reason = describe_all(unique.values())
            else:
                reason = "" if case.id in advancing else self._nothing_reached(case)
            found[case.id]["reason"] = reason
        return found

    def _not_yet(self, plan, got_days):
        levels = plan.level_ids.mapped("days_overdue")
        if levels and got_days is not None and got_days >= max(levels) and not plan.repeat_last_days:
            return self.env._("There is no further level")
        return self.env._("The next level is not reached")

    def _nothing_reached(self, case):
        if case.next_step == "decide":
            return self.env._("The last level has passed: a person decides what happens next")
        if case.state == "closed":
            return self.env._("Nothing is open")
        if case.next_action_date:
            return self.env._(
                "No level is reached yet; the next one is due on %(date)s", date=format_date(self.env, case.next_action_date)
            )
        return self.env._("There is no further level")
