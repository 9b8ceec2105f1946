from odoo import api, models
from odoo.tools import SQL

from . import texts
from .found import Found, FoundExclusion, FoundLevel, FoundPlan, Note

# What a line that left may be called; a draft, an ignored and a failed one never reached anybody.
SENT = ("sent", "queued")


class CollectionImportOca(models.AbstractModel):
    """OCA's ``account_credit_control``: policies with levels, one line per invoice and level, policies that do nothing."""

    _name = "collection.import.oca"
    _inherit = ["collection.import.source"]
    _description = "Import from OCA Credit Control"

    @api.model
    def _label(self):
        return self.env._("OCA Account Credit Control")

    @api.model
    def _module_name(self):
        return "account_credit_control"

    @api.model
    def _is_there(self):
        return bool(self._columns("credit_control_policy_level")) and self._has_rows("credit_control_policy_level")

    @api.model
    def _find(self, company):
        policies = self._read(
            "credit_control_policy",
            ("id", "name", "do_nothing", "company_id", "active"),
            SQL("company_id IS NULL OR company_id IN (%s)", self._companies(company)),
        )
        notes = []
        plans = [
            self._find_plan(company, policy, notes)
            for policy in policies
            if not policy["do_nothing"] and policy["active"] is not False and self._is_used(company, policy["id"])
        ]
        self._note_policies_of_invoices(company, plans, notes)
        silent = [policy["id"] for policy in policies if policy["do_nothing"]]
        return Found(
            tuple(plan for plan in plans if plan.levels),
            (*self._find_silent(company, silent), *self._find_by_hand(company), *self._find_planned(company)),
            self._progress(company),
            tuple(notes),
        )

    # -- policies ----------------------------------------------------------------------------------------------------

    def _is_used(self, company, policy_id):
        """Whether a policy is the default, or somebody follows it, or was reminded by it; the others are examples."""
        uses = [
            SQL(
                """SELECT 1 FROM credit_control_line line
                     JOIN credit_control_policy_level level ON level.id = line.policy_level_id
                     JOIN account_move_line entry ON entry.id = line.move_line_id
                    WHERE level.policy_id = %s AND entry.company_id IN (%s)""",
                policy_id,
                self._companies(company),
            )
        ]
        if "credit_policy_id" in self._columns("res_partner"):
            uses.append(SQL("SELECT 1 FROM res_partner WHERE credit_policy_id = %s", policy_id))
        if "credit_policy_id" in self._columns("res_company"):
            uses.append(SQL("SELECT 1 FROM res_company WHERE credit_policy_id = %s AND id = %s", policy_id, company.id))
        return any(self.env.execute_query(SQL("%s LIMIT 1", use)) for use in uses)

    def _find_plan(self, company, policy, notes):
        rows = self._read(
            "credit_control_policy_level",
            ("id", "name", "level", "computation_mode", "delay_days", "channel", "custom_text", "custom_mail_text"),
            SQL("policy_id = %s", policy["id"]),
            order="level",
        )
        levels, days = [], 0
        for row in rows:
            since_previous = row["computation_mode"] == "previous_date"
            days = days + row["delay_days"] if since_previous else row["delay_days"]
            levels.append(self._find_level(row, days, since_previous, notes))
        levels = self._ladder(levels, notes)
        settings = self._read("res_company", ("id", "credit_policy_id", "credit_control_tolerance"), SQL("id = %s", company.id))
        return FoundPlan(
            policy["id"],
            policy["name"],
            levels,
            settings[0]["credit_policy_id"] == policy["id"],
            settings[0]["credit_control_tolerance"],
            self._find_followers(company, policy["id"]),
        )

    def _find_level(self, row, days, since_previous, notes):
        level = FoundLevel(
            row["id"],
            self._translations(row["name"]),
            days,
            "review" if row["channel"] == "email" else "manual",
            row["delay_days"] if since_previous else None,
            self._find_text(row),
        )
        if row["computation_mode"] == "end_of_month":
            what = self.env._("it waited for the end of the month; here it comes %(days)s days after the due date", days=days)
            notes.append(self._note(level, what))
        self._note_level(level, row["channel"] == "email", notes)
        return level

    def _find_text(self, row):
        mails = {lang: texts.from_html(text) for lang, text in self._translations(row["custom_mail_text"]).items()}
        return mails if mails and all(mails.values()) else None

    def _find_followers(self, company, policy_id):
        if "credit_policy_id" not in self._columns("res_partner"):
            return ()
        rows = self.env.execute_query(
            SQL(
                """SELECT kase.partner_id FROM collection_case kase JOIN res_partner partner ON partner.id = kase.partner_id
                    WHERE kase.company_id = %s AND partner.credit_policy_id = %s ORDER BY 1""",
                company.id,
                policy_id,
            )
        )
        return tuple(partner_id for (partner_id,) in rows)

    def _note_policies_of_invoices(self, company, plans, notes):
        """A policy of a single invoice has no counterpart: the plan is that of the customer."""
        if "credit_policy_id" not in self._columns("account_move") or not plans:
            return
        ((count,),) = self.env.execute_query(
            SQL(
                """SELECT count(DISTINCT item.move_id) FROM collection_item item
                     JOIN account_move move ON move.id = item.move_id
                     JOIN collection_case kase ON kase.id = item.case_id
                    WHERE item.active AND kase.company_id = %s AND move.credit_policy_id = ANY(%s)""",
                company.id,
                [plan.ref for plan in plans],
            )
        )
        if count:
            notes.append(
                Note(
                    self.env._(
                        "%(count)s invoices had a policy of their own. Plans belong to customers here: these invoices "
                        "follow the plan of their customer.",
                        count=count,
                    )
                )
            )

    # -- who is left alone -------------------------------------------------------------------------------------------

    def _find_silent(self, company, policy_ids):
        """Customers and invoices whose policy does nothing."""
        found = []
        reason = self.env._("Its policy in OCA Account Credit Control was not to remind")
        if policy_ids and "credit_policy_id" in self._columns("res_partner"):
            rows = self.env.execute_query(
                SQL(
                    """SELECT kase.partner_id FROM collection_case kase
                         JOIN res_partner partner ON partner.id = kase.partner_id
                        WHERE kase.company_id = %s AND partner.credit_policy_id = ANY(%s) ORDER BY 1""",
                    company.id,
                    policy_ids,
                )
            )
            found += [FoundExclusion(f"silent_{partner_id}", partner_id, reason) for (partner_id,) in rows]
        if policy_ids and "credit_policy_id" in self._columns("account_move"):
            rows = self.env.execute_query(
                SQL(
                    """SELECT kase.partner_id, item.move_id, array_agg(item.move_line_id ORDER BY item.move_line_id)
                         FROM collection_item item
                         JOIN collection_case kase ON kase.id = item.case_id
                         JOIN account_move move ON move.id = item.move_id
                        WHERE item.active AND kase.company_id = %s AND move.credit_policy_id = ANY(%s)
                        GROUP BY kase.partner_id, item.move_id ORDER BY item.move_id""",
                    company.id,
                    policy_ids,
                )
            )
            found += [
                FoundExclusion(f"silent_invoice_{move_id}", partner_id, reason, None, tuple(line_ids))
                for partner_id, move_id, line_ids in rows
            ]
        return found

    def _find_by_hand(self, company):
        if "manual_followup" not in self._columns("res_partner"):
            return []
        rows = self.env.execute_query(
            SQL(
                """SELECT kase.partner_id FROM collection_case kase JOIN res_partner partner ON partner.id = kase.partner_id
                    WHERE kase.company_id = %s AND partner.manual_followup IS TRUE ORDER BY 1""",
                company.id,
            )
        )
        reason = self.env._("Was followed up by hand in OCA Account Credit Control")
        return [FoundExclusion(f"by_hand_{partner_id}", partner_id, reason) for (partner_id,) in rows]

    def _find_planned(self, company):
        reason = self.env._("Next action planned in OCA Account Credit Control")
        return self._find_later(company, "payment_next_action_date", reason)

    # -- what was sent -----------------------------------------------------------------------------------------------

    def _progress(self, company):
        return SQL(
            """SELECT move_line_id AS line_id, policy_level_id AS level_ref, COALESCE(date_sent, date) AS sent_on
                 FROM credit_control_line WHERE state IN %s""",
            SENT,
        )
