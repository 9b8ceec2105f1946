from odoo import models

from ..engine import settlements
from ..engine.withhold import DATED


class CollectionItem(models.Model):
    """What speaks against settling an item for less."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    def _find_stops(self):
        """Return {item: reason as a sentence} of those items that are stopped today, in full or in part; not by a hold.

        A message waits for the end of a hold; what is disputed, promised or with an agency is another agreement.
        """
        self.env.flush_all()
        found = {}
        for company, own in self.grouped(lambda item: item.case_id.company_id).items():
            today = company._collection_today()
            for item_id, code, text in settlements.find_stops(self.env, company, own.ids, today):
                values = {"date" if code in DATED else "text": text} if text else {}
                found[self.browse(item_id)] = self.env["collection.reason"]._describe(code, values)
        return found
