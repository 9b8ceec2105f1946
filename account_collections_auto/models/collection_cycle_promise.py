from odoo import api, models
from odoo.tools import SQL


class CollectionCycle(models.Model):
    """Customers who did not keep a promise are told so before the reminders of the day leave."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _case_stops(self, company, date, ignore_actions=()):
        """On the first day the message about the promise goes first; a reminder waits for the gap after it."""
        to_tell = self.env["collection.promise"]._to_tell_sql(company, date)
        promise_first = SQL(
            """SELECT kase.case_id, 'broken_promise', NULL::date, NULL::text
                 FROM collection_tmp_case kase
                WHERE NOT kase.by_person AND kase.case_id IN (SELECT case_id FROM (%s) to_tell WHERE is_new)""",
            to_tell,
        )
        return [*super()._case_stops(company, date, ignore_actions), promise_first]

    def _dispatch(self, commit):
        def tell_some():
            return self.env["collection.promise"]._tell_some(self.company_id, self.date)

        while self._in_transaction(tell_some, commit, done=int):
            continue
        return super()._dispatch(commit)
