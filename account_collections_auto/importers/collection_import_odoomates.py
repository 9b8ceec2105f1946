from odoo import api, models
from odoo.tools import SQL

from . import texts
from .found import Found, FoundLevel, FoundPlan


class CollectionImportOdoomates(models.AbstractModel):
    """Odoo Mates' ``om_account_followup``: one follow-up per company, the level and the date on each receivable line."""

    _name = "collection.import.odoomates"
    _inherit = ["collection.import.source"]
    _description = "Import from Odoo Mates Follow-ups"

    @api.model
    def _label(self):
        return self.env._("Odoo Mates Customer Follow-Up")

    @api.model
    def _module_name(self):
        return "om_account_followup"

    @api.model
    def _is_there(self):
        return bool(
            self._columns("followup_followup") and "delay" in self._columns("followup_line") and self._has_rows("followup_line")
        )

    @api.model
    def _find(self, company):
        notes, plans = [], []
        for followup in self._read("followup_followup", ("id", "auto_send"), SQL("company_id = %s", company.id)):
            rows = self._read(
                "followup_line",
                ("id", "name", "delay", "description", "send_email", "send_letter", "manual_action"),
                SQL("followup_id = %s", followup["id"]),
                order="delay",
            )
            mode = "auto" if followup["auto_send"] else "review"
            levels = self._ladder([self._find_level(row, mode, notes) for row in rows], notes)
            name = self.env._("Follow-ups of %(company)s", company=company.name)
            plans.append(FoundPlan(followup["id"], name, levels, is_default=True))
        return Found(
            tuple(plan for plan in plans if plan.levels),
            (
                *self._find_blocked(company),
                *self._find_later(
                    company,
                    "payment_next_action_date",
                    self.env._("Next action planned in Odoo Mates Customer Follow-Up"),
                ),
            ),
            self._progress(),
            tuple(notes),
        )

    def _find_level(self, row, mode, notes):
        bodies = {lang: texts.from_plain(text) for lang, text in self._translations(row["description"]).items()}
        level = FoundLevel(
            row["id"],
            self._translations(row["name"]),
            row["delay"],
            mode if row["send_email"] else "manual",
            text=bodies if bodies and all(bodies.values()) else None,
        )
        self._note_level(level, row["send_email"], notes)
        if row["send_letter"] and row["send_email"]:
            notes.append(self._note(level, self.env._("beside the e-mail it printed a letter, which is left out")))
        if row["manual_action"]:
            notes.append(self._note(level, self.env._("the task that it gave to a person is left out")))
        return level

    def _progress(self):
        """The level on a line is the one that it had; without the module's own columns nothing is known."""
        if not self._points_to("account_move_line", "followup_line_id", "followup_line"):
            return None
        sent_on = SQL("followup_date") if "followup_date" in self._columns("account_move_line") else SQL("NULL::date")
        return SQL(
            """SELECT line.id AS line_id, line.followup_line_id AS level_ref, %s AS sent_on
                 FROM account_move_line line WHERE line.followup_line_id IS NOT NULL AND line.reconciled IS NOT TRUE""",
            sent_on,
        )
