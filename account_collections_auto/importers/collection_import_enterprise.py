from odoo import api, models
from odoo.tools import SQL

from . import texts
from .found import Found, FoundExclusion, FoundLevel, FoundPlan

LEVELS = "account_followup_followup_line"


class CollectionImportEnterprise(models.AbstractModel):
    """Odoo Enterprise's ``account_followup``: levels per company, the level on each receivable line.

    From Odoo 18 on no line keeps when it was reminded; the day follows from the next reminder of the customer.
    """

    _name = "collection.import.enterprise"
    _inherit = ["collection.import.source"]
    _description = "Import from Enterprise Follow-ups"

    @api.model
    def _label(self):
        return self.env._("Odoo Enterprise Payment Follow-up")

    @api.model
    def _module_name(self):
        return "account_followup"

    @api.model
    def _is_there(self):
        return "delay" in self._columns(LEVELS) and self._has_rows(LEVELS)

    @api.model
    def _find(self, company):
        notes = []
        texts_and_ways = ("description", "mail_template_id", "send_email", "auto_execute", "send_sms", "print_letter")
        columns = ("id", "name", "delay", *texts_and_ways)
        in_company = SQL("company_id = %s", company.id) if "company_id" in self._columns(LEVELS) else None
        rows = self._read(LEVELS, columns, in_company, order="delay")
        levels = self._ladder([self._find_level(row, notes) for row in rows], notes)
        name = self.env._("Follow-ups of %(company)s", company=company.name)
        return Found(
            (FoundPlan(company.id, name, levels, is_default=True),) if levels else (),
            (
                *self._find_manual(company),
                *self._find_blocked(company),
                *self._find_later(
                    company,
                    "followup_next_action_date",
                    self.env._("Next reminder planned in Odoo Enterprise Payment Follow-up"),
                ),
            ),
            self._progress(company),
            tuple(notes),
        )

    def _find_level(self, row, notes):
        sends_email = row["send_email"] is not False
        level = FoundLevel(
            row["id"],
            self._translations(row["name"]),
            row["delay"],
            ("auto" if row["auto_execute"] else "review") if sends_email else "manual",
            text=self._find_text(row),
        )
        self._note_level(level, sends_email, notes)
        if row["send_sms"]:
            notes.append(self._note(level, self.env._("its text message is left out")))
        if row["print_letter"]:
            notes.append(self._note(level, self.env._("its printed letter is left out")))
        return level

    def _find_text(self, row):
        """The text of the level, in older versions its own, later that of an e-mail template."""
        bodies = {lang: texts.from_plain(text) for lang, text in self._translations(row["description"]).items()}
        if not bodies and row["mail_template_id"]:
            (template,) = self._read("mail_template", ("body_html",), SQL("id = %s", row["mail_template_id"])) or [{}]
            bodies = {lang: texts.from_html(text) for lang, text in self._translations(template.get("body_html")).items()}
        return bodies if bodies and all(bodies.values()) else None

    def _find_manual(self, company):
        """Customers whom a person reminds."""
        if "followup_reminder_type" not in self._columns("res_partner"):
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT kase.partner_id FROM collection_case kase JOIN res_partner partner ON partner.id = kase.partner_id
                    WHERE kase.company_id = %s AND %s = 'manual' ORDER BY 1""",
                company.id,
                self._in_company("res_partner", "followup_reminder_type", company, "partner"),
            )
        )
        reason = self.env._("Reminded by hand in Odoo Enterprise Payment Follow-up")
        return [FoundExclusion(f"by_hand_{partner_id}", partner_id, reason) for (partner_id,) in rows]

    def _progress(self, company):
        if not self._points_to("account_move_line", "followup_line_id", LEVELS):
            return None
        there = self._columns("account_move_line")
        dates = [SQL.identifier("line", name) for name in ("last_followup_date", "followup_date") if name in there]
        if "followup_next_action_date" in self._columns("res_partner"):
            # The next reminder was planned so many days after the last one: until the next level, else as from the one before.
            dates.append(
                SQL(
                    "%s - level.interval_days",
                    self._in_company("res_partner", "followup_next_action_date", company, "debtor", "date"),
                )
            )
        return SQL(
            """SELECT line.id AS line_id, line.followup_line_id AS level_ref, COALESCE(%(dates)s, NULL) AS sent_on
                 FROM account_move_line line
                 JOIN res_partner partner ON partner.id = line.partner_id
                 JOIN res_partner debtor ON debtor.id = partner.commercial_partner_id
                 JOIN (SELECT id, COALESCE(lead(delay) OVER ordered - delay, delay - lag(delay) OVER ordered, delay)
                                  AS interval_days
                         FROM account_followup_followup_line WINDOW ordered AS (PARTITION BY company_id ORDER BY delay)) level
                   ON level.id = line.followup_line_id
                WHERE line.reconciled IS NOT TRUE""",
            dates=SQL(", ").join(dates or [SQL("NULL::date")]),
        )
