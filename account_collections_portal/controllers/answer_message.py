"""The page of one dispute: what was written about it, and room for more as long as it is open."""

from odoo.http import request
from werkzeug.exceptions import NotFound

from ..engine import forms
from .answer_form import Refused
from .answers import CollectionsAnswers
from .portal_access import collections_route
from .statement import Words


class CollectionsAnswerMessage(CollectionsAnswers):
    """The customer adds to a dispute."""

    @collections_route("/dispute/<int:dispute_id>")
    def collections_dispute_said(self, viewer, dispute_id, said=None, **_kw):
        """Show one dispute and what was written about it."""
        dispute = self._collections_find_dispute(viewer, dispute_id)
        return self._collections_message_form(viewer, dispute, is_said=bool(said))

    @collections_route("/dispute/<int:dispute_id>", methods=("POST",))
    def collections_add_to_dispute(self, viewer, dispute_id, text=None, **_kw):
        """Add words and files to a dispute that is open."""
        dispute = self._collections_find_dispute(viewer, dispute_id)

        def act():
            words, files = forms.read_text(text), self._collections_files(viewer)
            if not words and not files:
                raise Refused(viewer.env._("Write something, or choose a file."))
            dispute._portal_add(words, files, viewer.author())

        _done, problem = self._collections_try(act)
        if problem:
            return self._collections_message_form(viewer, dispute, problem=problem, typed={"text": text})
        return request.redirect(viewer.url(f"/dispute/{dispute.id}?said=1"), code=303)

    def _collections_find_dispute(self, viewer, dispute_id):
        dispute = viewer.find_answer("collection.dispute", dispute_id)
        if not dispute:
            raise NotFound()
        return dispute

    def _collections_message_form(self, viewer, dispute, **values):
        words = Words(viewer.env)
        return self._collections_form(
            *(viewer, "dispute_page", viewer.env._("Your objection")),
            dispute=dispute,
            answer=self._collections_describe(viewer, "dispute", dispute, words),
            messages=dispute._read_portal_messages(),
            **{"is_said": False, **values},
        )
