from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionAbsence(models.Model):
    """Somebody is away, and who does the work meanwhile. Leaves of Odoo's Time Off count too, where it is installed."""

    _name = "collection.absence"
    _description = "Absence"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        "res.users",
        string="Who Is Away",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
        domain=lambda self: self._collectors_domain(),
        help="To-dos and disputes of this person go to the stand-in while the absence lasts.",
    )
    date_from = fields.Date(string="From", required=True, default=fields.Date.context_today, help="The first day away.")
    date_until = fields.Date(string="Until", required=True, help="The last day away.")
    stand_in_id = fields.Many2one(
        "res.users",
        string="Stand-in",
        ondelete="set null",
        domain=lambda self: self._collectors_domain(),
        help="Gets the to-dos meanwhile. Empty, or away as well: the leader of the team does.",
    )

    _dates_in_order = models.Constraint("CHECK(date_until >= date_from)", "An absence cannot end before it starts.")

    @api.model
    def _collectors_domain(self):
        collectors = self.env.ref("account_collections_auto.group_collector").ids
        return [("all_group_ids", "in", collectors), ("share", "=", False)]

    @api.constrains("user_id", "stand_in_id")
    def _check_stand_in(self):
        for absence in self:
            if absence.stand_in_id == absence.user_id:
                raise ValidationError(absence.env._("%(user)s cannot stand in for itself.", user=absence.user_id.name))

    @api.model
    def _get_absent(self, date):
        """Return {id of each user who is away on ``date``: id of the named stand-in, or None}."""
        away = {user.id: None for user in self._get_users_on_leave(date)}
        for absence in self.search([("date_from", "<=", date), ("date_until", ">=", date)], order="id"):
            away[absence.user_id.id] = absence.stand_in_id.id or away.get(absence.user_id.id)
        return away

    @api.model
    def _get_users_on_leave(self, date):
        """Return the users with a whole day of approved leave in Odoo's Time Off; nobody where it is not installed."""
        if "hr.leave" not in self.env:
            return self.env["res.users"]
        leaves = self.env["hr.leave"].search(
            [
                ("state", "=", "validate"),
                ("request_date_from", "<=", date),
                ("request_date_to", ">=", date),
                ("employee_id.user_id", "!=", False),
            ]
        )
        return leaves.filtered(lambda leave: self._is_whole_day(leave, date)).employee_id.user_id

    @api.model
    def _is_whole_day(self, leave, date):
        """Return whether a leave of Odoo's Time Off that is counted in days, half days or hours takes up all of ``date``."""
        first, last = leave.request_date_from, leave.request_date_to
        if leave.request_unit_half:
            starts_at_noon = date == first and leave.request_date_from_period == "pm"
            ends_at_noon = date == last and leave.request_date_to_period == "am"
            return not starts_at_noon and not ends_at_noon
        if leave.request_unit_hours:
            return first < date < last or (first == last and leave.number_of_days >= 1)
        return True
