from odoo import api, models
from odoo.tools import SQL, format_date

from ..engine import select, withhold


class CollectionCycle(models.Model):
    """Why was this customer, or this item, not reminded today?"""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _explain(self, cases):
        """Return {"cases": {id: sentence}, "items": {id: sentence}}: why nothing would be sent today, '' where it would.

        "case_stops" and "item_stops" hold what stops them as it was found: {id: [{"code", "until", ...}]}; "parts" holds
        what may be claimed of the items of which only a part is stopped: {id: amount}.
        """
        result = {"cases": {}, "items": {}, "case_stops": {}, "item_stops": {}, "parts": {}}
        for company, group in cases.sudo().grouped("company_id").items():
            if not group.ids:
                continue
            self.env.flush_all()
            date = company._collection_today()
            engine = self.env["collection.cycle"].sudo().env
            select.select(engine, company, date, SQL("SELECT unnest(%s)", group.ids))
            withhold.withhold(engine, company, date)
            self._read_explanation(result, group)
            select.drop(engine)
        return result

    def _read_explanation(self, result, cases):
        describe_all = self.env["collection.reason"]._describe_all
        values = withhold.reasons_sql("stop")
        rows = self.env.execute_query(SQL("SELECT item_id, %s FROM collection_tmp_stop stop GROUP BY item_id", values))
        item_reasons = dict(rows)
        case_reasons = dict(
            self.env.execute_query(SQL("SELECT case_id, %s FROM collection_tmp_case_stop stop GROUP BY case_id", values))
        )
        result["item_stops"].update(item_reasons)
        result["case_stops"].update(case_reasons)
        rows = self.env.execute_query(
            SQL(
                """SELECT item_id, case_id, reached, advances,
                          CASE WHEN collectable AND claimable < amount_residual_currency THEN claimable END
                     FROM collection_tmp_item WHERE NOT is_credit"""
            )
        )
        advancing, seen = set(), {}
        for item_id, case_id, reached, advances, part in rows:
            if part is not None:
                result["parts"][item_id] = part
            reasons = item_reasons.get(item_id) or (case_reasons.get(case_id) if advances else None)
            result["items"][item_id] = describe_all(reasons) if reasons else ("" if advances else self._not_yet())
            if advances:
                advancing.add(case_id)
            if reached:
                seen.setdefault(case_id, []).extend(item_reasons.get(item_id) or [])
        for case in cases:
            reasons = case_reasons.get(case.id) or ([] if case.id in advancing else seen.get(case.id, []))
            if reasons:
                unique = {reason["code"] + str(reason.get("text")): reason for reason in reasons}
                result["cases"][case.id] = describe_all(unique.values())
            elif case.id in advancing:
                result["cases"][case.id] = ""
            else:
                result["cases"][case.id] = self._nothing_reached(case)

    def _not_yet(self):
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
