from collections.abc import Callable
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import formatLang

TODO = "account_collections_auto.mail_activity_type_told"


class Step(NamedTuple):
    """One thing that a level sets off: its name, as in "... failed", and what does it for cases."""

    label: str
    do: Callable


class CollectionLevel(models.Model):
    """What a level sets off besides its message, when that is really sent."""

    _inherit = "collection.level"  # pylint: disable=consider-merging-classes-inherited

    assigns_team = fields.Boolean(
        string="Give to a Team",
        help="When a message of this level is sent, the case goes to a team: to the member with the fewest cases who is not "
        "away. Who works it already and belongs to the team keeps it.",
    )
    team_id = fields.Many2one(
        "collection.team",
        string="Team",
        domain="[('company_id', '=', company_id)]",
        ondelete="set null",
        help="Empty: the first team that takes such a customer, by country, tag and amount.",
    )
    informs_salesperson = fields.Boolean(
        string="Tell the Salesperson",
        help="Who sold the open invoices gets one to-do on the customer: one for each customer, not for each invoice.",
    )
    proposes_credit_hold = fields.Boolean(
        string="Credit Hold",
        help="Stops selling to the customer on account. A collector approves it first, unless the settings say otherwise.",
    )
    proposed_decision = fields.Selection(
        selection="_selection_proposed_decision",
        string="Then Propose",
        help="What is proposed when this level has passed without an answer. A person decides.",
    )
    has_escalation = fields.Boolean(compute="_compute_has_escalation")

    @api.model
    def _selection_proposed_decision(self):
        return self.env["collection.case.decide"]._fields["choice"]._description_selection(self.env)

    @api.depends("assigns_team", "informs_salesperson", "proposes_credit_hold")
    def _compute_has_escalation(self):
        for level in self:
            level.has_escalation = level.assigns_team or level.informs_salesperson or level.proposes_credit_hold

    @api.depends("assigns_team", "team_id", "informs_salesperson", "proposes_credit_hold")
    def _compute_sentence(self):
        return super()._compute_sentence()

    def _get_sentence(self):
        return ", ".join([super()._get_sentence(), *self._describe_escalation()])

    def _describe_escalation(self):
        """Return what the level sets off, one phrase each."""
        phrases = []
        if self.assigns_team:
            team = self.team_id.name or self.env._("the team that takes such customers")
            phrases.append(self.env._("the case goes to %(team)s", team=team))
        if self.informs_salesperson:
            phrases.append(self.env._("the salesperson is told"))
        if self.proposes_credit_hold:
            phrases.append(self.env._("credit hold"))
        return phrases

    def _get_escalation_steps(self):
        """Return what the level asks for. Extend with yours; the same few statements for any number of cases."""
        self.ensure_one()
        steps = []
        if self.assigns_team:
            steps.append(Step(self.env._("giving the case to a team"), self._give_to_team))
        if self.informs_salesperson:
            steps.append(Step(self.env._("telling the salesperson"), self._tell_salespeople))
        if self.proposes_credit_hold:
            steps.append(Step(self.env._("proposing a credit hold"), self._propose_credit_holds))
        return steps

    def _give_to_team(self, cases):
        teams = self.env["collection.team"]
        if self.team_id:
            found = {case: self.team_id if case.company_id == self.team_id.company_id else teams for case in cases}
        else:
            found = teams._find_for(cases)
        for team in set(found.values()) - {teams}:
            chosen = cases.filtered(lambda case, team=team: found[case] == team)
            chosen._assign_to(team, team.company_id._collection_today())

    def _propose_credit_holds(self, cases):
        self.env["collection.credit.hold"]._propose(cases, self)

    def _tell_salespeople(self, cases):
        summaries = {
            case: self.env._(
                "%(level)s sent: %(amount)s is overdue",
                level=self.name,
                amount=formatLang(self.env, case.amount_overdue, currency_obj=case.currency_id),
            )
            for case in cases
        }
        told = cases._tell_salespeople(TODO, summaries)
        bodies = {
            case.id: self.env._("%(level)s: told %(users)s.", level=self.name, users=", ".join(users.mapped("name")))
            for case, users in told.items()
            if users
        }
        cases.browse(bodies)._message_log_batch(bodies=bodies)
