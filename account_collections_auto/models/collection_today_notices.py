from datetime import timedelta

from odoo import api, models
from odoo.tools import format_date

# A cycle that is not there so many hours after its hour is late: the scheduler calls every quarter of an hour.
HOURS_LATE = 1


class CollectionToday(models.AbstractModel):
    """What has to be known about all figures of Today: no cycle comes by itself, or test mode is on. For every role."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def get_page(self):
        """Return also the notices above the tiles, and whether a cycle will come by itself."""
        page = super().get_page()
        companies_sudo = self._get_root_companies().sudo()  # sudo: every role is told what the settings mean for it
        problems = {company: self._find_cycle_problem(company) for company in companies_sudo}
        invited = bool(self.env["collection.safe.start"].get_banner()) and self.env.company.root_id
        notices = []
        for company, problem in problems.items():
            # A manager who is invited to switch the reminders on need not be told twice that they are off.
            if problem and company != invited:
                notices.append(self._notice("cycle", company, problem, self._switch_on_buttons(company)))
            if test_note := company._collection_test_note():
                notices.append(self._notice("test", company, test_note))
        return page | {"notices": notices, "is_cycle_coming": not any(problems.values())}

    @api.model
    def _get_root_companies(self):
        return self.env.companies.root_id & self.env.companies

    @api.model
    def _notice(self, kind, company, text, buttons=()):
        return {
            "key": f"{kind}-{company.id}",
            "kind": kind,
            "text": f"{company.name}: {text}" if self._has_companies() else text,
            "buttons": list(buttons),
        }

    @api.model
    def _switch_on_buttons(self, company):
        """The assistant is about the current company, and for managers."""
        if company.collection_is_active or company != self.env.company.root_id or not self._is_manager():
            return []
        return [self._button(self.env._("Switch On"), "open_start")]

    @api.model
    def _find_cycle_problem(self, company):
        """Return why no cycle comes by itself in ``company``, False when one does."""
        if not company.collection_is_active:
            return self.env._("Reminders are switched off: no cycle runs by itself.")
        now = company._collection_now()
        newest = self.env["collection.cycle"].sudo()._find_newest_automatic(company)
        start = company.collection_prepare_time if company.collection_mode == "prepare" else company.collection_send_time
        expected = now.date() if now.hour + now.minute / 60.0 >= start + HOURS_LATE else now.date() - timedelta(days=1)
        if newest and newest.date >= expected:
            return False
        if not newest:
            return self.env._("No cycle has run yet. If it stays like this, Odoo's scheduled actions do not run: ask your IT.")
        return self.env._(
            "No cycle since %(date)s. Odoo's scheduled actions do not run, or the cycle fails: ask your IT.",
            date=format_date(self.env, newest.date),
        )

    @api.model
    def open_start(self):
        """Open the start assistant at its switch; managers only."""
        return self.env["collection.safe.start"].action_open()
