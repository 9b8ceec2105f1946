from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..engine import stand_ins


class CollectionTeam(models.Model):
    """People who work cases and disputes together, with a leader who hears of what is late."""

    _name = "collection.team"
    _description = "Collections Team"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, help="How you call the team, for example Export.")
    sequence = fields.Integer(
        default=10, help="Teams are tried from top to bottom; the first one that fits takes the customer."
    )
    active = fields.Boolean(default=True, help="An archived team gets no new cases and no disputes.")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        help="The team works cases of this company and its branches.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    leader_id = fields.Many2one(
        "res.users",
        string="Leader",
        required=True,
        ondelete="restrict",
        default=lambda self: self.env.user,
        domain=lambda self: self.env["collection.absence"]._collectors_domain(),
        help="Gets what nobody decided or settled in time, and stands in for members without a stand-in of their own.",
    )
    member_ids = fields.Many2many(
        "res.users",
        "collection_team_member_rel",
        "team_id",
        "user_id",
        string="Members",
        domain=lambda self: self.env["collection.absence"]._collectors_domain(),
        help="New cases and disputes go to the member with the fewest who is not away. Empty: to the leader.",
    )
    country_ids = fields.Many2many(
        "res.country", string="Countries", help="Takes customers in these countries. Empty: anywhere."
    )
    category_ids = fields.Many2many(
        "res.partner.category",
        "collection_team_category_rel",
        "team_id",
        "category_id",
        string="Customer Tags",
        help="Takes customers with one of these tags. Empty: any customer.",
    )
    amount_from = fields.Monetary(
        string="Overdue From", help="Takes customers with at least this much overdue, in company currency. 0: however little."
    )
    amount_to = fields.Monetary(
        string="Overdue Below", help="Takes customers with less than this overdue, in company currency. 0: however much."
    )
    case_count = fields.Integer(compute="_compute_case_count", string="Open Cases")

    _amounts_in_order = models.Constraint(
        "CHECK(amount_from >= 0 AND amount_to >= 0 AND (amount_to = 0 OR amount_from < amount_to))",
        "The amounts of a team cannot be negative, and the first must be less than the second. 0 means no limit.",
    )

    @api.constrains("company_id", "leader_id", "member_ids")
    def _check_people(self):
        for team in self:
            if team.company_id != team.company_id.sudo().root_id:
                raise ValidationError(
                    team.env._(
                        "%(branch)s is a branch: a team works for a company with all its branches.", branch=team.company_id.name
                    )
                )
            # sudo: who may edit teams need not see the companies of others
            strangers = (
                (team.leader_id | team.member_ids)
                .sudo()
                .filtered(lambda user, company=team.company_id: company not in user.company_ids)
            )
            if strangers:
                raise ValidationError(
                    team.env._(
                        "%(users)s cannot work for %(company)s: they have no access to it.",
                        users=", ".join(strangers.mapped("name")),
                        company=team.company_id.name,
                    )
                )

    def _compute_case_count(self):
        groups = self.env["collection.case"]._read_group(
            [("team_id", "in", self.ids), ("state", "=", "open")], ["team_id"], ["__count"]
        )
        counts = dict(groups)
        for team in self:
            team.case_count = counts.get(team, 0)

    def action_view_cases(self):
        """Open the cases of the team."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_case_action")
        return action | {"domain": [("team_id", "=", self.id)], "context": {}}

    def action_view_absences(self):
        """Open the absences of the members."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_absence_action")
        people = self.member_ids | self.leader_id
        return action | {"domain": [("user_id", "in", people.ids)], "context": {}}

    # -- who leads whom ------------------------------------------------------------------------------------------------

    @api.model
    def _get_leaders(self):
        """Return {id of each member: id of the leader}; of several teams the first one counts."""
        leaders = {}
        for team in self.search(Domain.TRUE).with_context(active_test=False):
            for member in team.member_ids:
                leaders.setdefault(member.id, team.leader_id.id)
        return leaders

    # -- sharing out ---------------------------------------------------------------------------------------------------

    @api.model
    def _find_for(self, cases):
        """Return {case: the first team that takes such customers, or no team}; a constant number of statements."""
        nobody = self.browse()
        teams = self.search([("company_id", "in", cases.company_id.ids)])
        return {case: next((team for team in teams if team._takes(case)), nobody) for case in cases}

    def _takes(self, case):
        self.ensure_one()
        partner, overdue = case.partner_id, case.amount_overdue
        return (
            self.company_id == case.company_id
            and (not self.country_ids or partner.country_id in self.country_ids)
            and (not self.category_ids or partner.category_id & self.category_ids)
            and overdue >= self.amount_from
            and (not self.amount_to or overdue < self.amount_to)
        )

    def _get_present(self, date):
        """Return the members who are there on ``date``; when nobody is, who answers for the leader."""
        self.ensure_one()
        # sudo: absences of others are nobody's business
        absent = self.env["collection.absence"].sudo()._get_absent(date)
        people = self.member_ids or self.leader_id
        return people.filtered(lambda user: user.id not in absent) or self.leader_id._collection_stand_in(date)

    def _share_out(self, records, date):
        """Return {user: records}: each of ``records`` (cases, disputes) goes to the member with the fewest open ones."""
        self.ensure_one()
        present = self._get_present(date)
        counts = records._read_group([("user_id", "in", present.ids), *records._workload_domain()], ["user_id"], ["__count"])
        load = {user.id: count for user, count in counts}
        shares = stand_ins.share_out(records, present.ids, load)
        return {present.browse(user_id): records.browse().union(*share) for user_id, share in shares.items()}
