import statistics
from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

# An automatic cycle that contacts no more customers than this is never braked, however quiet the days before were.
BRAKE_FLOOR = 10
BRAKE_HISTORY = 10


class CollectionCycle(models.Model):
    """What stops a whole automatic cycle as a preview: a bank that is not in, unusually many customers."""

    _inherit = "collection.cycle"  # pylint: disable=consider-merging-classes-inherited

    def _may_stop_itself(self):
        """Whether nobody looked at this cycle before it sends."""
        return self.is_automatic and not self.confirmed_by_id

    def _get_bank_status(self):
        """Return, per bank journal: name, day of the last line, number of unmatched lines."""
        self.env.cr.execute(
            SQL(
                """SELECT journal.id, max(move.date), count(line.id) FILTER (WHERE line.is_reconciled IS NOT TRUE)
                     FROM account_journal journal
                     JOIN res_company company ON company.id = journal.company_id
                     LEFT JOIN (account_bank_statement_line line
                                JOIN account_move move ON move.id = line.move_id AND move.state = 'posted' AND move.date <= %s)
                       ON line.journal_id = journal.id
                    WHERE journal.type = 'bank' AND journal.active AND split_part(company.parent_path, '/', 1)::int = %s
                    GROUP BY journal.id ORDER BY journal.id""",
                self.date,
                self.company_id.id,
            )
        )
        return [
            {
                "name": self.env["account.journal"].browse(journal_id).name,
                "last_date": last_date and last_date.isoformat(),
                "unmatched": unmatched,
            }
            for journal_id, last_date, unmatched in self.env.cr.fetchall()
        ]

    def _find_stale_bank(self):
        """Return the values of the reason when the bank is not in at this moment."""
        self_sudo = self.sudo()  # the state of the bank is shown to whoever confirms
        return self_sudo._bank_is_stale(self_sudo._get_bank_status())

    def _bank_is_stale(self, bank_status=None):
        """Return the values of the reason when the newest bank line is too old; a company without lines is not held up."""
        max_age = self.company_id.collection_bank_max_age_days
        dated = [journal for journal in bank_status or self.bank_status or [] if journal["last_date"]]
        if not max_age or not dated:
            return None
        newest = max(dated, key=lambda journal: journal["last_date"])
        if fields.Date.to_date(newest["last_date"]) + timedelta(days=max_age) >= self.date:
            return None
        return {"text": self._describe_bank(newest)}

    def _excess_contacts(self):
        """Return the values of the reason when this cycle would contact unusually many customers; tests contact nobody."""
        if self.company_id.collection_test_mode:
            return None
        self.env.cr.execute(
            """SELECT count(*) FROM collection_tmp_case kase
                WHERE kase.mode = 'auto'
                  AND NOT EXISTS (SELECT 1 FROM collection_tmp_case_stop stop WHERE stop.case_id = kase.case_id)"""
        )
        count = self.env.cr.fetchone()[0] + self._count_to_tell()
        history = self.search(
            [("company_id", "=", self.company_id.id), ("contacted_count", ">", 0), ("is_automatic", "=", True)],
            limit=BRAKE_HISTORY,
        ).mapped("contacted_count")
        if len(history) < BRAKE_HISTORY:
            limit = self.company_id.collection_brake_first_limit
        else:
            limit = max(self.company_id.collection_brake_factor * statistics.median(history), BRAKE_FLOOR)
        if count <= limit:
            return None
        return {"text": self.env._("%(count)s customers, at most %(limit)s expected", count=count, limit=int(limit))}

    def _stop_as_preview(self, code, values):
        """Show what would have been sent instead of sending it, and tell the managers why."""
        self.write({"state": "preview", "stop_code": code, "stop_values": values})
        self._decide_only()
        self._notify_managers()

    def _notify_managers(self):
        managers = self.company_id._collection_managers()
        if managers:
            self.env["mail.thread"].message_notify(
                partner_ids=managers.partner_id.ids,
                subject=self.env._("%(cycle)s stopped as a preview", cycle=self.display_name),
                body=self.stop_reason,
                model=self._name,
                res_id=self.id,
                force_send=False,
            )
