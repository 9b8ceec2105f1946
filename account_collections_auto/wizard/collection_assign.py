from odoo import fields, models


class CollectionAssign(models.TransientModel):
    """Who works these cases from now on?"""

    _name = "collection.assign"
    _description = "Assign a Collector"
    _inherit = "collection.decision"

    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        help="Empty: nobody in particular. Replies then reach the default collector of the company.",
    )

    def _apply(self):
        before = {str(case.id): case.user_id.id for case in self.case_ids}
        self.case_ids.write({"user_id": self.user_id.id})
        if not self.user_id:
            return self.env._("%(subject)s: without a collector.", subject=self.subject), before
        return self.env._("%(subject)s: assigned to %(user)s.", subject=self.subject, user=self.user_id.name), before

    def _take_back(self, values):
        for user_id, cases in self.case_ids.grouped(lambda case: values.get(str(case.id))).items():
            cases.write({"user_id": user_id})
