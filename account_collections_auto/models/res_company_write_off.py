from odoo import fields, models


class ResCompany(models.Model):
    """Where write-offs are booked, and who approves how much."""

    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    collection_write_off_account_id = fields.Many2one(
        "account.account",
        string="Account for Write-offs",
        domain="[('account_type', 'not in', ('asset_receivable', 'liability_payable', 'off_balance'))]",
        ondelete="restrict",
        help="Where written-off amounts are booked, tax included: usually an expense account for bad debts.",
    )
    collection_write_off_journal_id = fields.Many2one(
        "account.journal",
        string="Journal for Write-offs",
        domain="[('type', '=', 'general')]",
        ondelete="restrict",
        help="Empty: the first journal for miscellaneous entries.",
    )
    collection_write_off_collector_limit = fields.Float(
        string="Collectors Approve Up To",
        help="In company currency, what somebody else proposed: of each customer all that is proposed and was written off "
        "within a year, together. 0: collectors approve nothing.",
    )
    collection_write_off_manager_limit = fields.Float(
        string="Managers Approve Up To",
        help="In company currency, counted as for collectors. Above it, the manager must also be an accounting administrator "
        "in Odoo. 0: any amount.",
    )
