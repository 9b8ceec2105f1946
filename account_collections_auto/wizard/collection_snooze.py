from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class CollectionSnooze(models.TransientModel):
    """Until when does nobody need to look at these cases?"""

    _name = "collection.snooze"
    _description = "Snooze Cases"
    _inherit = "collection.decision"

    snooze_until = fields.Date(
        string="Comes Back On",
        required=True,
        default=lambda self: fields.Date.context_today(self) + timedelta(days=7),
        help="From this day on the case is in the worklist again.",
    )
    snooze_reason = fields.Char(string="Reason", required=True)

    @api.constrains("snooze_until")
    def _check_snooze_until(self):
        for wizard in self:
            if any(wizard.snooze_until <= company._collection_today() for company in wizard.case_ids.company_id):
                raise ValidationError(wizard.env._("Choose a day after today: until then the case is out of the worklist."))

    def _apply(self):
        before = {
            str(case.id): [case.snooze_until and case.snooze_until.isoformat(), case.snooze_reason] for case in self.case_ids
        }
        self.case_ids.write({"snooze_until": self.snooze_until, "snooze_reason": self.snooze_reason})
        date = format_date(self.env, self.snooze_until)
        return self.env._("%(subject)s: back in the worklist on %(date)s.", subject=self.subject, date=date), before

    def _take_back(self, values):
        for (until, reason), cases in self.case_ids.grouped(
            lambda case: tuple(values.get(str(case.id)) or (False, False))
        ).items():
            cases.write({"snooze_until": until, "snooze_reason": reason})
