from datetime import timedelta

from odoo import api, models

from ..engine.attempt import attempt, attempt_each

TODO = "account_collections_auto.mail_activity_type_decide"
LATE_TODO = "account_collections_auto.mail_activity_type_decide_late"
# What nobody decided within so many days goes to the leader of the team.
DAYS_TO_DECIDE = 14


class CollectionCase(models.Model):
    """After the last level: who is asked what happens next, and who hears of it when nobody decides."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    def action_decide(self):
        """Ask what happens next with these customers."""
        return self._open_decision("collection.case.decide", self.env._("Decide What Happens Next"))

    @api.model
    def _decide_types(self):
        """Return the types of the to-dos about a decision: asked, and asked too long ago."""
        types = self.env["mail.activity.type"]
        return types.union(*(self.env.ref(xmlid, raise_if_not_found=False) or types for xmlid in (TODO, LATE_TODO)))

    def _get_decide_todos(self):
        # sudo: the to-dos of colleagues, of cases that this user may read
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("activity_type_id", "in", self._decide_types().ids),
                    ("res_model", "=", "collection.case"),
                    ("res_id", "in", self.ids),
                ]
            )
        )

    def _ask_for_decision(self, date):
        """One to-do for each of these cases, for its collector or who stands in; for many cases at once."""
        asked = self.browse(self._get_decide_todos().mapped("res_id"))
        todo_users = (self - asked)._get_todo_users()
        self.mapped("display_name")  # Odoo names each to-do after its record, and would read them one by one
        for user in set(todo_users.values()):
            cases = self.filtered(lambda case, user=user: todo_users.get(case) == user)
            cases.with_context(mail_activity_quick_update=True).activity_schedule(
                TODO,
                date_deadline=date,
                user_id=user.id,
                summary=self.env._("The last level has passed: decide what happens next"),
            )

    @api.model
    def _forget_settled_decisions(self, company):
        """Nobody needs to decide about these cases any more: their to-dos go."""
        types = self._decide_types().ids
        settled = self.search(
            [("company_id", "=", company.id), ("next_step", "=", False), ("activity_ids.activity_type_id", "in", types)]
        )
        settled._get_decide_todos().unlink()

    def _note_decision(self, note):
        """The decision is taken: the to-dos go, and each case says what was decided and by whom."""
        self._get_decide_todos().unlink()
        self._message_log_batch(bodies={case.id: note for case in self})

    @api.model
    def _cron_escalate_decisions(self):
        """What nobody decided in time goes to the leader of the team, else to a manager; once. One company at a time."""
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            attempt(company, self._escalate_decisions, company)

    @api.model
    def _escalate_decisions(self, company):
        late_type = self.env.ref(LATE_TODO)
        last_day = company._collection_today() - timedelta(days=DAYS_TO_DECIDE)
        cases = self.search(
            [
                ("company_id", "=", company.id),
                ("next_step", "=", "decide"),
                ("activity_ids.activity_type_id", "=", self.env.ref(TODO).id),
                ("activity_ids.date_deadline", "<=", last_day),
            ]
        )
        todos = cases._get_decide_todos().filtered(
            lambda todo: todo.activity_type_id != late_type and todo.date_deadline <= last_day
        )

        def tell_leaders(some):
            ids = set(some.ids)
            some._tell_leaders(todos.filtered(lambda todo: todo.res_id in ids), late_type)

        attempt_each(self.browse(set(todos.mapped("res_id"))), tell_leaders)

    def _tell_leaders(self, todos, late_type):
        leaders = self._get_leaders()
        bodies = {}
        for asked in set(todos.user_id):
            for leader in set(leaders.values()):
                late = todos.filtered(
                    lambda todo, asked=asked, leader=leader: todo.user_id == asked
                    and leaders[self.browse(todo.res_id)] == leader
                )
                if not late:
                    continue
                note = self.env._("%(user)s did not decide in time what happens next", user=asked.name)
                late.with_context(mail_activity_quick_update=True).write(
                    {"activity_type_id": late_type.id, "user_id": leader.id, "summary": note}
                )
                bodies |= {
                    case_id: self.env._(
                        "Not decided within %(days)s days: now asks %(leader)s.", days=DAYS_TO_DECIDE, leader=leader.name
                    )
                    for case_id in late.mapped("res_id")
                }
        self.browse(bodies)._message_log_batch(bodies=bodies)
