"""The customer says: I will pay later."""

from datetime import timedelta
from functools import partial

from ..engine import forms
from .answer_form import CollectionsAnswerForm, Refused
from .portal_access import collections_route

LAST_PROMISE_DAYS = 365


class CollectionsAnswerPromise(CollectionsAnswerForm):
    """A promise of a day and an amount."""

    @collections_route("/promise")
    def collections_promise(self, viewer, document=None, **_kw):
        """Ask on which day it is paid."""
        return self._collections_promise_form(viewer, self._collections_about(viewer, document))

    def _collections_promise_form(self, viewer, groups, **values):
        today = viewer.companies[:1]._collection_today()
        return self._collections_form(
            *(viewer, "promise", viewer.env._("Pay later")),
            groups=groups,
            today=today,
            last=today + timedelta(days=LAST_PROMISE_DAYS),
            **values,
        )

    @collections_route("/promise", methods=("POST",))
    def collections_make_promise(self, viewer, section=None, amount=None, day=None, document=None, **_kw):
        """Note a promise: the items rest until that day."""
        groups = self._collections_about(viewer, document)

        def act():
            group, case, items = self._collections_group(viewer, groups, section)
            today = group.company._collection_today()
            promised = forms.read_amount(amount, group.currency.decimal_places)
            on = forms.read_day(day, today, today + timedelta(days=LAST_PROMISE_DAYS))
            if not promised or group.currency.compare_amounts(promised, group.amount) > 0:
                raise Refused(viewer.env._("Say how much you will pay: up to what is open."))
            if not on:
                raise Refused(viewer.env._("Say on which day you will pay: from today on."))
            return case._portal_promise(items, promised, on, viewer.author())

        form = partial(self._collections_promise_form, viewer, groups)
        return self._collections_answer(viewer, act, form, amount=amount, day=day, section=section)
