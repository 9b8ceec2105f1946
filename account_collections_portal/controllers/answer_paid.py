"""The customer says: I have already paid."""

from datetime import timedelta
from functools import partial

from ..engine import forms
from .answer_form import CollectionsAnswerForm, Refused
from .portal_access import collections_route


class CollectionsAnswerPaid(CollectionsAnswerForm):
    """Paid already: date, amount, a proof if there is one."""

    @collections_route("/paid")
    def collections_paid(self, viewer, document=None, **_kw):
        """Ask what was paid when; everything overdue and today stand there already."""
        return self._collections_paid_form(viewer, self._collections_about(viewer, document))

    def _collections_paid_form(self, viewer, groups, **values):
        today = viewer.companies[:1]._collection_today()
        return self._collections_form(
            viewer, "paid", viewer.env._("Already paid"), groups=groups, today=today, **values
        )

    @collections_route("/paid", methods=("POST",))
    def collections_say_paid(self, viewer, section=None, amount=None, day=None, reference=None, document=None, **_kw):
        """Note that it was paid: the items rest while we look for the money."""
        groups = self._collections_about(viewer, document)

        def act():
            group, case, items = self._collections_group(viewer, groups, section)
            today = group.company._collection_today()
            paid = forms.read_amount(amount, group.currency.decimal_places)
            on = forms.read_day(day, today - timedelta(days=365), today)
            if not paid:
                raise Refused(viewer.env._("Say how much you paid: more than zero."))
            if not on:
                raise Refused(viewer.env._("Say on which day you paid: today or in the last twelve months."))
            files = self._collections_files(viewer)
            return case._portal_paid(items, paid, on, forms.read_text(reference, 140), files, viewer.author())

        form = partial(self._collections_paid_form, viewer, groups)
        return self._collections_answer(
            *(viewer, act, form), amount=amount, day=day, reference=reference, section=section
        )
