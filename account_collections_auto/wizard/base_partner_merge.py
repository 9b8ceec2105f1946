from datetime import date

from odoo import models
from odoo.tools import SQL

from ..engine import project


class BasePartnerMerge(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        # Before Odoo moves the keys: it would crash on the unique ones, or delete what it cannot move.
        self._collection_lock_cases(src_partners + dst_partner)
        self._collection_separate_contacts(src_partners + dst_partner)
        self._collection_join_credit_holds(src_partners + dst_partner)
        self._collection_join_agencies(src_partners, dst_partner)
        self._collection_join_cases(src_partners, dst_partner)
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self._collection_rename_agencies(dst_partner)
        project.mark_debtors(self.env, (src_partners + dst_partner).ids)
        self.env["account.move.line"]._collection_refresh_after_commit()
        return result

    def _collection_lock_cases(self, partners):
        """Wait for a cycle that works on the cases of ``partners`` before anything is changed that it may wait for."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT FROM collection_case WHERE partner_id = ANY(%s) ORDER BY id FOR UPDATE",
                (partners + partners.commercial_partner_id).ids,
            ),
            log_exceptions=False,
        )

    def _collection_separate_contacts(self, partners):
        """Messages of one occasion to two invoice contacts that become one stay two occasions."""
        actions = self.env["collection.action"].sudo().search([("contact_id", "in", partners.ids)])
        actions.filtered(lambda action: action.state in ("planned", "review", "queued"))._cancel("merged")
        for action in actions:
            action.occasion = f"{action.occasion}/contact:{action.contact_id.id}"
        self.env.flush_all()

    def _collection_join_credit_holds(self, partners):
        """Of the credit holds of one company the strictest is left: one that is on before a proposed one, then the longest."""
        live = self.env["collection.credit.hold"].sudo()
        live = live.search([("partner_id", "in", partners.ids), ("state", "in", ("proposed", "on"))], order="id")
        for holds in live.grouped("company_id").values():
            kept = holds.sorted(
                lambda hold: (hold.state == "on", not hold.date_until, hold.date_until or date.min, -hold.id), reverse=True
            )[0]
            joined = holds - kept
            for hold in joined:
                body = hold.env._("Joined, because the customers were merged: %(reason)s", reason=hold.reason)
                kept._message_log(body=body)
            for state, target in (("on", "lifted"), ("proposed", "refused")):
                joined.filtered(lambda hold, state=state: hold.state == state)._close(target, by=False)
        self.env.flush_all()

    def _collection_join_agencies(self, src_partners, dst_partner):
        """Of two agencies of one company one is left for new placements. The other is archived and keeps its own."""
        agencies = self.env["collection.agency"].sudo().search([("partner_id", "in", (src_partners + dst_partner).ids)])
        for same_company in agencies.grouped("company_id").values():
            kept = same_company.filtered(lambda agency: agency.partner_id == dst_partner) or same_company[0]
            archived = same_company - kept
            for agency in archived:
                agency._message_log(body=agency.env._("Archived, because its contact was merged with that of another agency."))
            archived.active = False
        self.env.flush_all()

    def _collection_rename_agencies(self, partner):
        """What is stored of an agency's contact follows the contact that is left."""
        agencies = self.env["collection.agency"].sudo().with_context(active_test=False)
        agencies = agencies.search([("partner_id", "=", partner.id)])
        agencies.invalidate_recordset(["partner_id"], flush=False)
        self.env.add_to_compute(agencies._fields["name"], agencies)

    def _collection_join_cases(self, src_partners, dst_partner):
        """Join the cases of the customers, company by company, so that one case with all of the history is left."""
        debtor = dst_partner.commercial_partner_id
        if debtor in src_partners:
            debtor = dst_partner
        cases = self.env["collection.case"].sudo().search([("partner_id", "in", (src_partners + debtor).ids)])
        for same_company in cases.grouped("company_id").values():
            kept = same_company.filtered(lambda case: case.partner_id == debtor) or same_company[0]
            self._collection_join_into(kept, same_company - kept)
            kept.action_ids.filtered(lambda action: action.partner_id != debtor).partner_id = debtor
            kept.partner_id = debtor
        self.env.flush_all()

    def _collection_join_into(self, kept, joined):
        if not joined:
            return
        actions = joined.action_ids
        actions.filtered(lambda action: action.state in ("planned", "review", "queued"))._cancel("merged")
        for action in actions:
            action.occasion = f"{action.occasion}/case:{action.case_id.id}"
        for sent in joined.statement_ids.filtered("occasion"):
            sent.occasion = f"{sent.occasion}/case:{sent.case_id.id}"
        self.env.flush_all()
        self._collection_join_decisions(kept, joined)
        self._collection_join_requests(kept, joined)
        self._update_foreign_keys_generic("collection.case", joined, kept)
        self._update_reference_fields_generic("collection.case", joined, kept)
        self.env.invalidate_all()
        kept._message_log(
            body=self.env._(
                "Joined with the case of %(customers)s, because the customers were merged.",
                customers=", ".join(joined.partner_id.mapped("display_name")),
            )
        )
        joined.unlink()

    def _collection_join_requests(self, kept, joined):
        """Where both cases are part of one sending by hand, one line of it is left; the messages stay."""
        lines = self.env["collection.request.line"].sudo().search([("case_id", "in", (kept + joined).ids)], order="id")
        for same_request in lines.grouped("request_id").values():
            first = same_request.filtered(lambda line: line.state == "sent")[:1] or same_request[:1]
            (same_request - first).unlink()
        self.env.flush_all()

    def _collection_join_decisions(self, kept, joined):
        """Where a cycle decided the same of both cases, one decision with the sums of both is left."""
        pairs = self.env.execute_query(
            SQL(
                """SELECT line.id, (SELECT min(other.id) FROM collection_cycle_line other
                                    WHERE other.cycle_id = line.cycle_id AND other.decision = line.decision
                                      AND other.level_id IS NOT DISTINCT FROM line.level_id
                                      AND other.case_id = ANY(%(cases)s))
                     FROM collection_cycle_line line WHERE line.case_id = ANY(%(cases)s)""",
                cases=(kept + joined).ids,
            )
        )
        lines = self.env["collection.cycle.line"].sudo()
        for line_id, first_id in pairs:
            if line_id == first_id:
                continue
            line, first = lines.browse(line_id), lines.browse(first_id)
            first.write({"item_count": first.item_count + line.item_count, "amount": first.amount + line.amount})
            line.action_ids.cycle_line_id = first
            line.unlink()
        self.env.flush_all()
