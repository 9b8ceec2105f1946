"""The customer says how satisfied it is. The question comes by e-mail; looking at it records nothing."""

from odoo.http import request
from werkzeug.exceptions import NotFound

from ..engine import forms
from .answer_form import CollectionsAnswerForm, Refused
from .portal_access import collections_route

SCORES = ("5", "3", "1")


class CollectionsAnswerRating(CollectionsAnswerForm):
    """A rating of our service: three faces and a few words."""

    def _collections_rating(self, viewer, rating_id):
        """Return a question that this viewer was asked, and the case that it is about."""
        if len(str(rating_id)) > 9:
            raise NotFound()
        rating = viewer.env["rating.rating"].search(
            [
                ("id", "=", rating_id),
                ("collection_company_id", "in", viewer.companies.ids),
                ("parent_res_model", "=", "collection.case"),
                ("parent_res_id", "in", viewer.cases.ids),
            ]
        )
        is_asked = viewer.link.rating_id == rating if viewer.link else rating.partner_id == viewer.contact
        if not rating or not is_asked:
            raise NotFound()
        return rating, viewer.cases.browse(rating.parent_res_id)

    @collections_route("/rate/<int:rating_id>")
    def collections_rate(self, viewer, rating_id, score=None, **_kw):
        """Ask; what was tapped in the message is chosen already."""
        rating, _case = self._collections_rating(viewer, rating_id)
        return self._collections_rating_form(viewer, rating, typed={"score": score})

    def _collections_rating_form(self, viewer, rating, **values):
        return self._collections_form(viewer, "rate", viewer.env._("How satisfied are you?"), rating=rating, **values)

    @collections_route("/rate/<int:rating_id>", methods=("POST",))
    def collections_say_rating(self, viewer, rating_id, score=None, text=None, wish=None, **_kw):
        """Record it, or that this person does not want to be asked."""
        rating, case = self._collections_rating(viewer, rating_id)

        def act():
            if wish == "decline":
                return case._portal_decline_ratings(rating)
            if score not in SCORES:
                raise Refused(viewer.env._("Choose one of the three."))
            return case._portal_rate(rating, int(score), forms.read_text(text))

        _done, problem = self._collections_try(act)
        if problem:
            return self._collections_rating_form(viewer, rating, problem=problem, typed={"text": text})
        return request.redirect(viewer.url(f"/rate/{rating.id}"), code=303)
