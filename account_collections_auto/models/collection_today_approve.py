from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import float_compare


class CollectionToday(models.AbstractModel):
    """Messages that wait for a person: approve all, or those of a level, or look at them first."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _collect_tiles(self):
        return [*super()._collect_tiles(), self._tile_approve()]

    @api.model
    def _tile_approve(self):
        rows = self._read_reviews()
        if not rows:
            return None
        lines = []
        if len(rows) > 1:
            lines = [self._approve_line(level, row) for level, *row in rows]
        changed = self.env["collection.action"].search_count([*self._review_domain(), ("has_changes", "=", True)])
        if changed:
            link = self._button("", "open_reviews", False, True)
            rows_changed = [(self.env.company, changed, 0)]
            lines.append(self._line(self.env._("Changed since they were prepared"), rows_changed, link=link, tone="warning"))
        figures = [tuple(row) for _level, *row in rows]
        return self._tile(
            "approve",
            20,
            "fa-check-square-o",
            self.env._("Approve"),
            self.env._("Messages wait for your approval, the largest first. What nobody approves does not leave."),
            figures,
            lines=lines,
            buttons=[
                self._approve_button(self.env._("Approve All"), False, figures),
                self._button(self.env._("Open the List"), "open_reviews"),
            ],
        )

    @api.model
    def _read_reviews(self, level_id=False):
        """Return (level, company, count, amount) of the messages that wait, the largest sums first."""
        rows = self.env["collection.action"]._read_group(
            self._review_domain(level_id), ["level_id", "company_id"], ["__count", "amount:sum"], order="amount:sum DESC"
        )
        return list(rows)

    @api.model
    def _review_domain(self, level_id=False):
        level = [("level_id", "=", level_id)] if level_id else []
        return [("state", "=", "review"), *level, *self._mine_domain("case_id.")]

    @api.model
    def _approve_line(self, level, row):
        company = row[0]
        label = f"{level.name} · {company.name}" if self._has_companies() else level.name
        approve = self._approve_button(self.env._("Approve"), level.id, [tuple(row)])
        return self._line(label, [row], link=self._button("", "open_reviews", level.id), buttons=[approve])

    @api.model
    def _approve_button(self, label, level_id, figures):
        count = sum(row[1] for row in figures)
        amounts = self._sum_up(figures)
        total = self._format_amounts(amounts)
        question = (
            self.env._("One message leaves within minutes. It claims %(amount)s.", amount=total)
            if count == 1
            else self.env._(
                "%(count)s messages leave within minutes. Together they claim %(amount)s.", count=count, amount=total
            )
        )
        notes = [row[0]._collection_test_note() for row in figures]
        question = " ".join([question, *dict.fromkeys(filter(None, notes))])
        return self._button(
            label,
            "approve",
            level_id,
            count,
            sum(amount["amount"] for amount in amounts),
            acts=True,
            confirm=(
                question,
                self.env._("Approve the Message") if count == 1 else self.env._("Approve %(count)s Messages", count=count),
            ),
        )

    @api.model
    def approve(self, level_id, count, amount):
        """Approve the messages that wait (of a level), if they still are the ``count`` that claim ``amount`` together.

        Returns what tells so and offers to take it back.
        """
        figures = [tuple(row) for _level, *row in self._read_reviews(level_id)]
        found = sum(row[1] for row in figures)
        if found != count or float_compare(sum(row[2] for row in figures), amount, precision_digits=2):
            raise UserError(
                self.env._(
                    "Meanwhile it is %(count)s messages that wait, claiming %(amount)s. Nothing was approved: look at the new "
                    "figures and approve again.",
                    count=found,
                    amount=self._format_amounts(self._sum_up(figures)),
                )
            )
        answer = self.env["collection.action"].search(self._review_domain(level_id)).action_approve()
        total = self._format_amounts(self._sum_up(figures))
        message = (
            self.env._("Message approved; it claims %(amount)s and leaves within minutes.", amount=total)
            if found == 1
            else self.env._(
                "%(count)s messages approved; they claim %(amount)s and leave within minutes.", count=found, amount=total
            )
        )
        here = {"type": "ir.actions.act_window_close"}  # the screen reads its figures again by itself
        return answer | {"params": answer["params"] | {"message": message, "next": here}}

    @api.model
    def open_reviews(self, level_id=False, changed=False):
        """Open the messages that wait, the largest first; of a level, or only what changed since it was prepared."""
        domain = self._review_domain(level_id)
        if changed:
            domain.append(("has_changes", "=", True))
        return self._open("collection_action_action_review", domain)
