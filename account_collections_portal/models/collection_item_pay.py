from odoo import models
from odoo.tools import SQL

from ..engine import statement
from ..engine.paying import Open


class CollectionItem(models.Model):
    """What can be paid of items: from the ledger as it is now, not from what was shown."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    def _read_payable(self, companies, domain):
        """Return ({item id: `Open`}, {item id: `Row` of the statement}) of the items of ``domain``. Two statements.

        What was settled a moment ago, and so is not open in the ledger any more, is left out.
        """
        rows = {row.item_id: row for row in statement.rows(self.env, companies, domain)}
        ledger = self.env.execute_query(
            SQL(
                """SELECT item.id, line.company_id, line.currency_id, line.account_id, line.amount_residual_currency
                     FROM collection_item item JOIN account_move_line line ON line.id = item.move_line_id
                    WHERE item.id = ANY(%s) AND line.parent_state = 'posted' AND line.reconciled IS NOT TRUE""",
                list(rows),
            )
        )
        found = {}
        for item_id, company_id, currency_id, account_id, residual in ledger:
            row, residual = rows[item_id], float(residual)
            if residual * row.open > 0:  # both a debt, or both a credit
                group, disputed = (company_id, currency_id, account_id), min(row.disputed, abs(residual))
                found[item_id] = Open(item_id, group, row.due_date, row.status, residual, float(disputed))
        return found, rows
