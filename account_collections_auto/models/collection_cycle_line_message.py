from odoo import models


class CollectionCycleLine(models.Model):
    """The messages behind a decision, as the customer sees them."""

    _inherit = "collection.cycle.line"  # pylint: disable=consider-merging-classes-inherited

    def get_messages(self):
        """Return the messages to the customer of this line, each with its recipient, language, subject and HTML document.

        Of a preview they are rendered for this call only: nothing of it is kept, nothing is sent.
        """
        self.ensure_one()
        self.check_access("read")
        self.env.flush_all()
        # A raw savepoint: one that flushes would forget what other modules do before the commit.
        undo = self.env.cr.savepoint(flush=False)
        try:
            # sudo: rendering is the system's; the reader was checked
            return self.sudo().with_company(self.company_id)._find_or_make_messages()._get_shown()
        finally:
            undo.close(rollback=True)
            self.env.transaction.clear()  # also what was not written yet: it belongs to records that are gone

    def _find_or_make_messages(self):
        if self.decision == "planned" and self.cycle_id.state == "preview":
            return self.cycle_id._make_messages_of(self.case_id)
        return self.action_ids
