from odoo import api, models
from odoo.tools import SQL


class CollectionCycle(models.Model):
    """Customers are told of their answers (a promise not kept, a plan that ended) before the reminders of the day leave."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _case_stops(self, company, date, ignore_actions=()):
        """The message of its own goes first; a reminder waits for the gap after it."""
        first = [
            SQL(
                """SELECT kase.case_id, %s, NULL::date, NULL::text
                     FROM collection_tmp_case kase
                    WHERE NOT kase.by_person AND kase.case_id IN (SELECT case_id FROM (%s) to_tell WHERE is_first)""",
                model._first_code,
                model._to_tell_sql(company, date),
            )
            for model in self.env["collection.told.mixin"]._told_models()
        ]
        return [*super()._case_stops(company, date, ignore_actions), *first]

    def _count_to_tell(self):
        """Return how many customers this cycle writes to besides its reminders."""
        told = self.env["collection.told.mixin"]._told_models()
        return sum(model._count_to_tell(self.company_id, self.date) for model in told)

    def _dispatch(self, commit):
        for model in self.env["collection.told.mixin"]._told_models():
            while self._in_transaction(lambda model=model: model._tell_some(self.company_id, self.date), commit, done=int):
                continue
        return super()._dispatch(commit)
