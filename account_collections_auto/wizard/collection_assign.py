from odoo import fields, models
from odoo.exceptions import UserError


class CollectionAssign(models.TransientModel):
    """Who works these cases from now on?"""

    _name = "collection.assign"
    _description = "Assign a Collector"
    _inherit = "collection.decision"

    assign_to = fields.Selection(
        [("person", "One person"), ("team", "A team, which shares them")],
        required=True,
        default="person",
        help="Within a team each case goes to the member with the fewest who is not away; who has one already keeps it.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Collector",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        help="Empty: nobody in particular. Replies then reach the default collector of the company.",
    )
    team_id = fields.Many2one("collection.team", string="Team", help="The team that works these cases from now on.")

    def _apply(self):
        before = {str(case.id): [case.user_id.id, case.team_id.id] for case in self.case_ids}
        if self.assign_to == "team":
            return self._assign_to_team(), before
        self.case_ids.write({"user_id": self.user_id.id})
        if not self.user_id:
            return self.env._("%(subject)s: without a collector.", subject=self.subject), before
        return self.env._("%(subject)s: assigned to %(user)s.", subject=self.subject, user=self.user_id.name), before

    def _assign_to_team(self):
        if not self.team_id:
            raise UserError(self.env._("Choose the team."))
        if self.case_ids.company_id != self.team_id.company_id:
            raise UserError(
                self.env._(
                    "%(team)s works for %(company)s only: choose cases of that company.",
                    team=self.team_id.name,
                    company=self.team_id.company_id.name,
                )
            )
        self.case_ids._assign_to(self.team_id, self.team_id.company_id._collection_today())
        return self.env._("%(subject)s: assigned to the team %(team)s.", subject=self.subject, team=self.team_id.name)

    def _take_back(self, values):
        for (user_id, team_id), cases in self.case_ids.grouped(
            lambda case: tuple(values.get(str(case.id)) or (False, False))
        ).items():
            cases.write({"user_id": user_id, "team_id": team_id})
