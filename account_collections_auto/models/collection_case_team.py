from odoo import fields, models


class CollectionCase(models.Model):
    """The team that a case belongs to, and who does its work on a day."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    team_id = fields.Many2one(
        "collection.team",
        string="Team",
        tracking=True,
        index="btree_not_null",
        domain="[('company_id', '=', company_id)]",
        help="The team that works this case. Its leader hears of what is not decided in time.",
    )

    def _get_collector(self):
        # sudo: who leads a team is nobody's secret, and who reads a case need not read teams
        return self.user_id or self.sudo().team_id.leader_id.sudo(self.env.su) or super()._get_collector()

    def _get_todo_users(self):
        """Return {case: who gets its to-dos today}: its collector, or who stands in for that person."""
        return self._replace_absent({case: case._get_collector() for case in self})

    def _get_todo_user(self):
        """Return who gets the to-dos of this case today; where there is no case yet, whoever asks."""
        if not self:
            return self.env.user
        self.ensure_one()
        return self._get_todo_users()[self]

    def _get_leaders(self):
        """Return {case: who hears of what is late}: the leader of its team or of its collector's, else a manager."""
        # sudo: who leads whom is nobody's secret
        leaders = self.env["collection.team"].sudo()._get_leaders()
        managers = {company: company._collection_responsible() for company in self.company_id}
        users = {}
        for case in self:
            leader_id = case.sudo().team_id.leader_id.id or leaders.get(case._get_collector().id)
            users[case] = self.env["res.users"].browse(leader_id or managers[case.company_id].id)
        return self._replace_absent(users)

    def _replace_absent(self, users):
        """Return ``users``, {case: user}, with the stand-in instead of who is away today."""
        replaced = {}
        for company, cases in self.grouped("company_id").items():
            people = self.env["res.users"].union(*(users[case] for case in cases))
            stand_ins = people._collection_stand_ins(company._collection_today())
            replaced |= {case: stand_ins.get(users[case], users[case]) for case in cases}
        return replaced

    def _workload_domain(self):
        return [("state", "=", "open")]

    def _assign_to(self, team, date):
        """Give these cases to ``team``: to the member with the fewest; whoever of the team works one already keeps it.

        One statement or two for each member, whatever the number of cases; recorded in each case.
        """
        people = team.member_ids | team.leader_id
        kept = self.filtered(lambda case: case.user_id in people)
        quiet = self.with_context(tracking_disable=True)
        quiet.filtered(lambda case: case.team_id != team).team_id = team
        bodies = {}
        for user, cases in team._share_out(self - kept, date).items():
            cases.with_context(tracking_disable=True).user_id = user
            note = self.env._("Assigned to %(user)s of the team %(team)s.", user=user.name, team=team.name)
            bodies |= {case.id: note for case in cases}
        self.browse(bodies)._message_log_batch(bodies=bodies)
