"""The customer wants to be called, names the right person, chooses how we write."""

from functools import partial

from odoo.http import request

from ..engine import forms
from .answer_form import CollectionsAnswerForm, Refused
from .portal_access import collections_route


class CollectionsAnswerContact(CollectionsAnswerForm):
    """Calls, corrections, languages, and the way out."""

    @collections_route("/contact")
    def collections_contact(self, viewer, **_kw):
        """Offer a call, a correction, a way out."""
        return self._collections_contact_form(viewer)

    def _collections_contact_form(self, viewer, **values):
        is_person = self._collections_is_one_person(viewer)
        languages = request.env["res.lang"].get_installed() if is_person else []
        return self._collections_form(
            *(viewer, "contact", viewer.env._("Talk to us")),
            contacts=[self._collections_contact_details(case) for case in viewer.cases],
            languages=languages if len(languages) > 1 else [],
            can_opt_out=bool(is_person and viewer.contact.email_normalized),
            is_opted_out=self._collections_is_opted_out(viewer),
            **values,
        )

    @collections_route("/call", methods=("POST",))
    def collections_request_call(self, viewer, phone=None, when=None, **_kw):
        """Ask for a call."""

        def act():
            number, time = forms.read_text(phone, 40), forms.read_text(when, 200)
            if sum(sign.isdigit() for sign in number) < 5:
                raise Refused(viewer.env._("Type the number that we can call."))
            summary = viewer.cases[:1]._to_us().env._("The customer asks for a call")
            self._collections_ask(viewer, "mail.mail_activity_data_call", summary, f"{number}\n{time}".strip())

        return self._collections_answer(viewer, act, partial(self._collections_contact_form, viewer), phone=phone, when=when)

    @collections_route("/correct", methods=("POST",))
    def collections_correct(self, viewer, wrong=None, name=None, email=None, phone=None, **_kw):
        """Tell us who is to be written to. A person looks at it first: a link must not move somebody else's mail."""

        def act():
            address = forms.read_email(email)
            if email and not address:
                raise Refused(viewer.env._("This is no e-mail address. Type one, like name@example.com."))
            lines = [forms.read_text(name, 80), address, forms.read_text(phone, 40)]
            text = "\n".join(line for line in lines if line)
            if not wrong and not text:
                raise Refused(viewer.env._("Say what is to be changed."))
            to_us = viewer.cases[:1]._to_us().env
            summary = (
                to_us._("The customer says: I am the wrong person")
                if wrong
                else to_us._("The customer corrects the contact data")
            )
            self._collections_ask(viewer, "mail.mail_activity_data_todo", summary, text)

        form = partial(self._collections_contact_form, viewer)
        return self._collections_answer(viewer, act, form, wrong=wrong, name=name, email=email, other_phone=phone)

    def _collections_ask(self, viewer, activity_type, summary, text):
        """Make a to-do for whoever works this customer."""
        if not viewer.cases:
            raise Refused(viewer.env._("You have no account with us yet, so nobody would see it. Please write to us."))
        viewer.cases[:1]._portal_todo(activity_type, summary, text, viewer.author())

    @collections_route("/preferences", methods=("POST",))
    def collections_preferences(self, viewer, lang=None, channel=None, wish=None, **_kw):
        """Keep the language of messages, and whether they come by e-mail."""
        is_person = self._collections_is_one_person(viewer)
        if is_person and lang in dict(request.env["res.lang"].get_installed()):
            viewer.contact.lang = lang
        if is_person and channel == "email" and viewer.contact.email_normalized:
            blacklist = viewer.env["mail.blacklist"]
            if wish == "stop":
                blacklist._add(viewer.contact.email_normalized)
            elif wish == "again":
                blacklist._remove(viewer.contact.email_normalized)
        return self._collections_thanks(viewer)

    def _collections_is_one_person(self, viewer):
        """Return whether we know who looks: not where a message went to several people."""
        return bool(not viewer.link or viewer.link.contact_id)

    def _collections_is_opted_out(self, viewer):
        listed = [("email", "=", viewer.contact.email_normalized), ("active", "=", True)]
        return bool(viewer.contact.email_normalized and viewer.env["mail.blacklist"].search_count(listed))
