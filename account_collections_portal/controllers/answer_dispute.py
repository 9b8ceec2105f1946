"""The customer says: something is wrong."""

from functools import partial

from odoo.http import request

from ..engine import forms
from .answer_form import CollectionsAnswerForm, Refused
from .portal_access import collections_route
from .statement import DISPUTABLE

CHOICES_SHOWN = 100


class CollectionsAnswerDispute(CollectionsAnswerForm):
    """A dispute of items, or of a part of one."""

    @collections_route("/dispute")
    def collections_dispute(self, viewer, document=None, **_kw):
        """Ask what is wrong with which items."""
        return self._collections_dispute_form(viewer, self._collections_disputable(viewer, document))

    def _collections_disputable(self, viewer, document):
        groups = self._collections_groups(viewer, DISPUTABLE, document=document)
        return [group._replace(rows=group.rows[:CHOICES_SHOWN]) for group in groups]

    def _collections_dispute_form(self, viewer, groups, **values):
        return self._collections_form(
            *(viewer, "dispute", viewer.env._("Something is wrong")),
            groups=groups,
            reasons=self._collections_reasons(viewer),
            is_chosen=bool(sum(len(group.rows) for group in groups) == 1 or request.httprequest.values.getlist("item")),
            **values,
        )

    def _collections_reasons(self, viewer):
        return viewer.env["collection.dispute.reason"].search(
            [("parent_id", "=", False), ("company_id", "in", (*viewer.companies.ids, False))]
        )

    @collections_route("/dispute", methods=("POST",))
    def collections_raise_dispute(self, viewer, reason=None, extent=None, amount=None, text=None, **_kw):
        """Note a dispute: nobody is reminded of the disputed items until it is settled."""
        shown = self._collections_disputable(viewer, None)

        def act():
            if not request.httprequest.form.getlist("item"):
                raise Refused(viewer.env._("Choose at least one item."))
            if len({group.company for group in shown}) != 1:
                raise Refused(viewer.env._("Choose items of one company; the others come in a second answer."))
            cause = self._collections_reasons(viewer).filtered(lambda found: str(found.id) == reason)
            if not cause or cause.company_id - shown[0].company:
                raise Refused(viewer.env._("Choose what is wrong."))
            rows = [row for group in shown for row in group.rows]
            amounts = {viewer.env["collection.item"].browse(row.item_id): float(row.open) for row in rows}
            if extent == "part":
                (item, *others) = amounts
                part = forms.read_amount(amount, item.currency_id.decimal_places)
                if others or not part or item.currency_id.compare_amounts(part, amounts[item]) > 0:
                    raise Refused(viewer.env._("For a part choose one item, and say how much of it is wrong."))
                amounts = {item: part}
            case = viewer.cases.filtered(lambda case: case.company_id == shown[0].company)
            files = self._collections_files(viewer)
            return case._portal_dispute(amounts, cause, forms.read_text(text), files, viewer.author())

        form = partial(self._collections_dispute_form, viewer, shown)
        return self._collections_answer(viewer, act, form, reason=reason, extent=extent, amount=amount, text=text)
