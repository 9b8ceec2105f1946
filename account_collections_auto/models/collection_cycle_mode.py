from odoo import api, models
from odoo.fields import Domain

from ..engine import schedule, select


class CollectionCycle(models.Model):
    """Prepared at night and confirmed by a person; the work goes on in the background and tells how far it is."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    # -- prepared at night ---------------------------------------------------------------------------------------------

    @api.model
    def _prepare_day(self, company, date, commit=False):
        """Return the preview of ``company`` that a person confirms, made for ``date``.

        One that nobody confirmed yet is brought up to this day, so that never two of them wait: the selection is made
        afresh, whom a person dropped stays dropped.
        """
        with self._exclusively(company, commit):
            self._in_transaction(lambda: self._project_company(company, date), commit)
            return self._in_transaction(lambda: self._find_or_create_prepared(company)._prepare_for(date), commit)

    @api.model
    def _find_or_create_prepared(self, company):
        domain = [("company_id", "=", company.id), ("state", "=", "preview"), ("is_automatic", "=", True)]
        return self.search(domain, limit=1) or self.create(
            {"company_id": company.id, "date": company._collection_today(), "is_automatic": True}
        )

    @api.model
    def _find_newest_automatic(self, company):
        """Return the newest cycle of ``company`` that ran or that the daily job prepared; none that broke off before."""
        chosen = Domain("prepared_at", "!=", False) & (Domain("is_automatic", "=", True) | Domain("state", "=", "running"))
        return self.search(Domain("company_id", "=", company.id) & (Domain("state", "=", "done") | chosen), limit=1)

    def _prepare_for(self, date):
        """Decide what would be sent on ``date``. What a cycle notes for people's eyes only is noted here too."""
        was_waiting = bool(self.planned_count)
        self.write({"date": date, "stop_code": False, "stop_values": False, "bank_status": False})
        self.env["collection.action"]._expire_reviews(self.company_id, date)
        self._forget_decisions()
        self.bank_status = self._get_bank_status()
        self._select_and_withhold(None)
        self._note_what_would_stop_it()
        self._record_decisions()
        schedule.keep_contact_problems(self.env)
        self._mark_decisions_to_take()
        select.drop(self.env)
        self.env.invalidate_all(flush=False)
        if self.planned_count and not was_waiting:
            self._tell_responsible()
        return self

    def _note_what_would_stop_it(self):
        """Warn whoever confirms of what stops a cycle that nobody looks at."""
        stale = self._bank_is_stale()
        excess = None if stale else self._excess_contacts()
        if stale or excess:
            self.write({"stop_code": "bank_not_fresh" if stale else "brake", "stop_values": stale or excess})

    def _tell_responsible(self):
        """Tell whoever confirms that a preview waits: once, however many nights it waits."""
        responsible = self.company_id._collection_responsible()
        if not responsible:
            return
        inside = self.with_context(lang=responsible.lang)
        inside.env["mail.thread"].message_notify(
            partner_ids=responsible.partner_id.ids,
            subject=inside.env._("%(cycle)s: messages wait for you", cycle=inside.display_name),
            body=inside.env._(
                "%(count)s customers are to be contacted. Look at the preview and confirm it; until then nothing is sent.",
                count=self.planned_count,
            ),
            model=self._name,
            res_id=self.id,
            force_send=False,
        )

    # -- in the background -----------------------------------------------------------------------------------------------

    def action_confirm_in_background(self):
        """Confirm this preview for today; the answer comes at once, the work is done by the scheduler.

        A preview of an earlier day selects afresh for today, with today's dates in the messages.
        """
        self.ensure_one()
        today = self.company_id.sudo().root_id._collection_today()
        self._accept(max(self.date, today))._go_on_in_background()
        return True

    def action_run_again_in_background(self):
        """Look again at what was withheld or released since, in the background; a cycle of today only."""
        self._check_may_run_again()
        for cycle in self.sudo():  # nobody writes cycles; the right to run them was checked
            cycle.filtered(lambda cycle: cycle.state == "done").state = "running"
            cycle._go_on_in_background()
        return True

    def _go_on_in_background(self):
        """Let the scheduler work on running cycles as soon as this transaction is through."""
        self._send_progress()
        self.env.ref("account_collections_auto.ir_cron_run_cycles").sudo()._trigger()

    # -- how far it is -----------------------------------------------------------------------------------------------------

    def get_progress(self):
        """Return how far this cycle is: its state, percent, and a sentence."""
        self.ensure_one()
        self.check_access("read")
        return self.sudo()._prepare_progress()

    def _prepare_progress(self):
        counts = dict(self.env["collection.action"]._read_group([("cycle_id", "=", self.id)], ["state"], ["__count"]))
        queued = counts.get("queued", 0)
        sent = sum(counts.get(state, 0) for state in ("sent", "delivered", "failed", "bounced"))
        values = {"id": self.id, "state": self.state, "percent": 100, "text": ""}
        if self.state == "running" and not self.is_planned:
            values |= {"percent": 5, "text": self.env._("Looking at all open items and choosing whom to contact")}
        elif self.state == "running":
            values |= {
                "percent": 10 + round(90 * sent / (sent + queued)) if sent + queued else 10,
                "text": self.env._("%(sent)s of %(total)s messages have left", sent=sent, total=sent + queued),
            }
        elif self.state == "done":
            values["text"] = self._describe_result(counts, sent)
        return values

    def _describe_result(self, counts, sent):
        waiting = counts.get("review")
        parts = [self.env._("One message has left") if sent == 1 else self.env._("%(count)s messages have left", count=sent)]
        if waiting == 1:
            parts.append(self.env._("one waits for approval"))
        elif waiting:
            parts.append(self.env._("%(count)s wait for approval", count=waiting))
        return ", ".join(parts)

    def _send_progress(self):
        """Tell the open pages of this cycle how far it is, and at its end whoever confirmed it; heard at the commit."""
        progress = self._prepare_progress()
        self.env["bus.bus"]._sendone(self, "collection.cycle/progress", progress)
        person = self.confirmed_by_id
        if self.state == "done" and person:
            inside = self.with_context(lang=person.lang)
            person._bus_send(
                "simple_notification",
                {
                    "type": "success",
                    "title": inside.env._("%(cycle)s is done", cycle=inside.display_name),
                    "message": inside._prepare_progress()["text"],
                },
            )
