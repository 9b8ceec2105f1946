from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

_UNDECIDED = ("open", "to_approve")


class CollectionPromise(models.Model):
    """A customer promises again what an open promise covers already: both stay, or the later one replaces the earlier one.

    Money counts once, for the older promise first. So of two promises over the same money one is not kept, even though the
    customer paid what was owed; mostly the day was only moved.
    """

    _inherit = "collection.promise"  # pylint: disable=consider-merging-classes-inherited

    _recorded = frozenset({"replaced_by_id"})

    earlier_ids = fields.Many2many(
        "collection.promise", compute="_compute_earlier", string="Promised Already", help="Open promises over the same money."
    )
    earlier_text = fields.Char(compute="_compute_earlier", help="What they are about.")
    replaces_earlier = fields.Boolean(
        string="Replace the Earlier Promise",
        copy=False,
        help="The open promises over the same money are withdrawn when this one is recorded, or when a manager approved it.",
    )
    replaced_by_id = fields.Many2one(
        "collection.promise", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    replaced_ids = fields.One2many("collection.promise", "replaced_by_id", string="Replaces", readonly=True)

    # -- what is promised twice ----------------------------------------------------------------------------------------

    @api.depends("partner_id", "company_id", "item_ids", "amount", "currency_id", "state")
    def _compute_earlier(self):
        domain = [("case_id", "in", self.case_id.ids), ("state", "in", _UNDECIDED)]
        by_case = self.search(domain, order="id").grouped("case_id") if self.case_id else {}
        for promise in self:
            others = by_case.get(promise.case_id, self.browse()) - promise._origin
            promise.earlier_ids = promise._find_same_money(others) if promise.state in _UNDECIDED else False
            promise.earlier_text = ", ".join(earlier._describe_promised() for earlier in promise.earlier_ids)

    def _find_same_money(self, others):
        """Return which of ``others``, promises of the same case, promised before this one what it is about.

        Two that share items and together promise no more than is open of these are about two parts of the money.
        """
        self.ensure_one()
        items = self.item_ids._origin
        before = others.filtered(lambda other: not self._origin or other.id < self._origin.id)
        earlier = before.filtered(lambda other: not items or not other.item_ids or other.item_ids & items)
        if not earlier:
            return earlier
        is_all = any(not promise.item_ids for promise in earlier | self)
        promises = self | (before if is_all else earlier)
        open_items = (self.case_id.item_ids if is_all else promises.item_ids._origin).filtered("active")
        currency = self.case_id.currency_id
        if promises.currency_id | open_items.currency_id == self.currency_id:
            currency, left = self.currency_id, sum(open_items.mapped("amount_residual_currency"))
        else:
            left = sum(open_items.mapped("amount_residual"))
        promised = sum(
            promise.currency_id._convert(promise._get_rest(), currency, promise.company_id, promise.date_from)
            for promise in promises
        )
        return earlier if currency.compare_amounts(promised, left) > 0 else earlier.browse()

    def _get_rest(self):
        return max(self.amount - self.amount_received - self.amount_credited, 0.0)

    def _describe_promised(self):
        return self.env._(
            "%(amount)s on %(date)s for %(items)s",
            amount=self.currency_id.format(self.amount),
            date=format_date(self.env, self.promise_date),
            items=", ".join(self.item_ids.mapped("display_name")) or self.env._("all that is owed"),
        )

    # -- replacing -----------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        promises = super().create(vals_list)
        for promise in promises:
            if promise.replaces_earlier and promise.state == "open":
                promise._replace_earlier()
            elif promise.earlier_ids:
                promise._message_log(body=promise.env._("Promised already: %(earlier)s", earlier=promise.earlier_text))
        return promises

    def action_approve(self):
        """As ever; what it was recorded to replace is withdrawn only now."""
        result = super().action_approve()
        self.filtered("replaces_earlier")._replace_earlier()
        return result

    def action_replace(self):
        """Withdraw the earlier promises over the same money; where this one waits for a manager, with the approval."""
        self._check_state(*_UNDECIDED)
        for promise in self:
            if not promise.earlier_ids:
                raise UserError(promise.env._("No other open promise is about the same money."))
        self.replaces_earlier = True
        self.filtered(lambda promise: promise.state == "open")._replace_earlier()

    def _replace_earlier(self):
        for promise in self:
            promise.invalidate_recordset(["earlier_ids", "earlier_text"])
            earlier, text = promise.earlier_ids, promise.earlier_text
            if not earlier:
                continue
            earlier.sudo().replaced_by_id = promise
            earlier.action_cancel()
            new = promise._describe_promised()
            earlier._message_log_batch(
                bodies={one.id: promise.env._("Replaced by a later promise: %(new)s", new=new) for one in earlier}
            )
            promise._message_log(body=promise.env._("It replaces: %(earlier)s", earlier=text))
