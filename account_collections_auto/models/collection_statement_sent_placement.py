from odoo import models


class CollectionStatementSent(models.Model):
    """A customer who is with an agency gets no monthly statement: own contact about placed items has stopped."""

    _inherit = "collection.statement.sent"  # pylint: disable=consider-merging-classes-inherited

    def _withhold_stopped(self, company):
        result = super()._withhold_stopped(company)
        monthly = self.filtered(lambda sent: sent.occasion and sent.state == "queued")
        placements = self.env["collection.placement"].search(
            [("case_id", "in", monthly.case_id.ids), ("state", "not in", ("proposed", "refused")), ("ended_on", "=", False)]
        )
        agencies = {placement.case_id: placement.agency_id.name for placement in placements}
        for sent in monthly.filtered(lambda sent: sent.case_id in agencies):
            sent._withhold("placement", text=agencies[sent.case_id])
        return result
