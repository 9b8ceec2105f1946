from decimal import Decimal

from odoo import models

from ..engine import dates, simulate


class CollectionPlan(models.Model):
    """A plan as the simulation knows it, and the button that tries it on a customer."""

    _inherit = "collection.plan"  # pylint: disable=consider-merging-classes-inherited

    def action_try_on_customer(self):
        """Show what this plan would have sent to a real customer."""
        return self.env["collection.plan.try"].action_open(self)

    def _prepare_simulation(self, first, last):
        """Return this plan for `simulate.simulate`, with the days off from ``first`` to a year after ``last``."""
        self.ensure_one()
        weekdays, holidays = self._get_working_days(first)
        _weekdays, later_holidays = self._get_working_days(last)
        return simulate.Plan(
            levels=tuple(level._prepare_simulation() for level in self.level_ids),
            gap_days=self.minimum_days_between_contacts,
            grace_days=self.grace_days,
            resume_days=self.resume_days,
            minimum=_decimal(self.minimum_amount),
            tolerance=_decimal(self.tolerance_amount),
            catch_up=self.catch_up,
            repeat_days=self.repeat_last_days,
            repeat_times=self.repeat_last_times,
            weekdays=weekdays or dates.EVERY_DAY,
            holidays=holidays | later_holidays,
            digits=self.company_id.currency_id.decimal_places,
        )


def _decimal(amount):
    """Return ``amount`` as it is written, not as it is stored: 0.1 is one tenth."""
    return Decimal(str(amount))
