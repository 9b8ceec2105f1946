"""The customer asks to pay in instalments, and signs the plan."""

from datetime import timedelta
from functools import partial

from odoo.http import request
from werkzeug.exceptions import NotFound

from ..engine import forms
from .answer_form import CollectionsAnswerForm, Refused
from .portal_access import collections_route

MAX_INSTALMENTS = 24


class CollectionsAnswerPlan(CollectionsAnswerForm):
    """A payment plan: asked for, looked at, signed."""

    @collections_route("/plan")
    def collections_plan(self, viewer, **_kw):
        """Ask in how many instalments."""
        return self._collections_plan_form(viewer, self._collections_about(viewer))

    def _collections_plan_form(self, viewer, groups, **values):
        today = viewer.companies[:1]._collection_today()
        return self._collections_form(
            *(viewer, "plan", viewer.env._("Pay in instalments")),
            groups=groups,
            today=today,
            last=today + timedelta(days=31),
            max_instalments=MAX_INSTALMENTS,
            **values,
        )

    @collections_route("/plan", methods=("POST",))
    def collections_ask_plan(self, viewer, section=None, count=None, day=None, **_kw):
        """Ask for a payment plan: within the limits of the company it can be accepted at once."""
        groups = self._collections_about(viewer)

        def act():
            group, case, items = self._collections_group(viewer, groups, section)
            today = group.company._collection_today()
            number = forms.read_number(count)
            first = forms.read_day(day, today, today + timedelta(days=31))
            if not 2 <= number <= MAX_INSTALMENTS:
                raise Refused(viewer.env._("Choose from 2 to %(count)s instalments.", count=MAX_INSTALMENTS))
            if not first:
                raise Refused(viewer.env._("The first instalment is paid within a month from today."))
            return case._portal_plan(items, number, first, viewer.author())

        plan, problem = self._collections_try(act)
        if problem:
            typed = {"count": count, "day": day, "section": section}
            return self._collections_plan_form(viewer, groups, problem=problem, typed=typed)
        if plan.state == "proposed":
            return request.redirect(viewer.url(f"/plan/{plan.id}"), code=303)
        return self._collections_thanks(viewer)

    @collections_route("/plan/<int:plan_id>")
    def collections_plan_proposed(self, viewer, plan_id, **_kw):
        """Show what was proposed, to accept it, and later what was agreed."""
        plan = viewer.find_answer("collection.payment.plan", plan_id)
        if plan.state not in ("proposed", "running", "done", "ended"):
            raise NotFound()
        return self._collections_accept_form(viewer, plan)

    def _collections_accept_form(self, viewer, plan, **values):
        cards = self._collections_cards(plan) if plan.state == "proposed" else []
        values |= {"plan": plan, "cards": cards, "rest": self._collections_rest_of(plan)}
        return self._collections_form(viewer, "plan_accept", viewer.env._("Payment plan"), **values)

    def _collections_rest_of(self, plan):
        """Return what became of the plan's debts: "paid", "due" once it has ended; nothing where a plan is still about them."""
        if plan.state == "done":
            return "paid"
        if plan.state != "ended":
            return None
        items = plan.item_ids.filtered("active")
        if not items:
            return "paid"
        running = [("state", "in", ("proposed", "running")), ("item_ids", "in", items.ids)]
        return None if plan.search_count(running, limit=1) else "due"

    def _collections_cards(self, plan):
        """Return the stored cards that may be charged for a plan: those of who is logged in, also if a link was followed.

        A link alone does not open them: a mail may be forwarded to anybody.
        """
        person = request.env.user.partner_id
        own = [("partner_id", "=", person.id), ("provider_id.company_id", "=", plan.company_id.id)]
        tokens = plan.env["payment.token"]
        if request.env.user._is_public() or person.commercial_partner_id != plan.partner_id.commercial_partner_id:
            return tokens
        # The plan is looked up whatever became of it; a card that was removed is not.
        return tokens.search([*own, ("active", "=", True), ("provider_id.state", "!=", "disabled")])

    @collections_route("/plan/<int:plan_id>", methods=("POST",))
    def collections_accept_plan(self, viewer, plan_id, name=None, agreed=None, card=None, **_kw):
        """Accept a plan with the name typed under it, and perhaps let us charge a stored card on each day."""
        plan = viewer.find_answer("collection.payment.plan", plan_id)
        if plan.state not in ("proposed", "running"):
            raise NotFound()

        def act():
            signed = forms.read_text(name, 80)
            if len(signed) < 3 or not agreed:
                raise Refused(viewer.env._("Type your name and tick that you agree."))
            token = self._collections_cards(plan).filtered(lambda token: str(token.id) == card)
            if card and not token:
                raise Refused(viewer.env._("This card cannot be charged. Choose how you pay once more."))
            plan._portal_accept(signed, request.httprequest.remote_addr, viewer.author(), token)

        return self._collections_answer(viewer, act, partial(self._collections_accept_form, viewer, plan), name=name, card=card)
