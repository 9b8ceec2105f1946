"""What a customer answered, what became of it, and taking it back."""

from odoo.http import request
from werkzeug.exceptions import NotFound

from .answer_form import CollectionsAnswerForm
from .portal_access import collections_route
from .statement import Words

# What an answer is called in an address, and in which states its customer may take it back.
KINDS = {
    "notice": "collection.payment.notice",
    "dispute": "collection.dispute",
    "promise": "collection.promise",
    "plan": "collection.payment.plan",
}
WITHDRAWABLE = {
    "notice": ("open", "to_check"),
    "dispute": ("new", "in_progress", "waiting"),
    "promise": ("open", "to_approve"),
    "plan": ("to_approve", "proposed"),
}


class CollectionsAnswers(CollectionsAnswerForm):
    """The list of answers."""

    @collections_route("/answers")
    def collections_answers(self, viewer, said=None, **_kw):
        """Show what was answered and what became of it."""
        return self._collections_form(
            *(viewer, "answers", viewer.env._("Your answers")), answers=self._collections_said(viewer), is_said=bool(said)
        )

    def _collections_answer_count(self, viewer):
        models = (viewer.env[model].with_context(active_test=False) for model in KINDS.values())
        said = [("case_id", "in", viewer.cases.ids), ("state", "!=", "draft")]
        return sum(model.search_count(said, limit=99) for model in models) if viewer.is_whole else 0

    def _collections_said(self, viewer):
        """Return what this viewer answered, the newest first, as text."""
        words = Words(viewer.env)
        found = []
        for kind, model in KINDS.items():
            records = viewer.env[model].with_context(active_test=False).search(
                [("case_id", "in", viewer.cases.ids), ("state", "!=", "draft")], order="id desc", limit=30
            )
            for record in viewer.only_seen(records):
                found.append((record.create_date, self._collections_describe(viewer, kind, record, words)))
        return [answer for _date, answer in sorted(found, key=lambda entry: entry[0], reverse=True)]

    def _collections_describe(self, viewer, kind, record, words):
        """Return one answer as text: what, about which items, what became of it, what can be done."""
        return {
            "title": getattr(self, f"_collections_title_{kind}")(viewer, record, words),
            "items": self._collections_numbers(record.with_context(active_test=False).item_ids),
            "company": record.company_id.name if len(viewer.companies) > 1 else "",
            "state": _states(viewer.env)[kind].get(record.state, ""),
            "note": self._collections_note(viewer, kind, record, words),
            "is_over": bool(record.ended_on) or record.state in ("done", "kept", "broken", "partly"),
            "withdraw_url": viewer.url(f"/withdraw/{kind}/{record.id}") if record.state in WITHDRAWABLE[kind] else None,
            "url": viewer.url(f"/dispute/{record.id}") if kind == "dispute" else None,
            "accept_url": viewer.url(f"/plan/{record.id}") if kind == "plan" and record.state == "proposed" else None,
        }

    def _collections_title_notice(self, viewer, notice, words):
        return viewer.env._(
            "Paid %(amount)s on %(date)s",
            amount=words.amount(notice.amount, notice.currency_id),
            date=words.date(notice.payment_date),
        )

    def _collections_title_dispute(self, viewer, dispute, words):
        amounts = {}
        for line in dispute.line_ids:
            amounts[line.currency_id.id] = amounts.get(line.currency_id.id, 0.0) + line.amount
        return viewer.env._(
            "Disputed %(amount)s: %(reason)s", amount=words.amounts(amounts), reason=dispute.reason_id.name
        )

    def _collections_title_promise(self, viewer, promise, words):
        return viewer.env._(
            "Promised %(amount)s by %(date)s",
            amount=words.amount(promise.amount, promise.currency_id),
            date=words.date(promise.promise_date),
        )

    def _collections_title_plan(self, viewer, plan, words):
        return viewer.env._(
            "%(amount)s in %(count)s instalments",
            amount=words.amount(plan.amount, plan.currency_id),
            count=len(plan.line_ids),
        )

    def _collections_note(self, viewer, kind, record, words):
        """Return what the customer should know about it now."""
        if kind == "dispute":
            return record.resolution or ""
        if kind == "notice" and record.state == "open" and record.date_until:
            return viewer.env._(
                "Thank you, it is on its way. No reminders until %(date)s.", date=words.date(record.date_until)
            )
        if kind == "promise" and record.state == "open":
            return viewer.env._("No reminders until %(date)s.", date=words.date(record.date_until))
        return ""

    @collections_route("/withdraw/<string:kind>/<int:number>", methods=("POST",))
    def collections_withdraw(self, viewer, kind, number, **_kw):
        """Take an answer back: the items go on where they stood."""
        record = viewer.find_answer(KINDS[kind], number) if kind in KINDS else None
        if not record:
            raise NotFound()
        if record.state in WITHDRAWABLE[kind]:
            record.case_id._portal_begin()
            record.invalidate_recordset(["state"])
            if record.state in WITHDRAWABLE[kind]:
                record.case_id._portal_note(record, viewer.env._("withdrawn"), viewer.author())
                record.action_withdraw() if kind == "dispute" else record.action_cancel()
        return request.redirect(viewer.url("/answers"), code=303)


def _states(env):
    """Return {kind: {state: how the customer would say it}}."""
    looking = env._("We are looking into it")
    return {
        "notice": {
            "to_check": looking,
            "open": env._("We are looking for it"),
            "found": env._("Arrived, thank you"),
            "not_found": env._("Not found: please send us a proof"),
            "cancelled": env._("Withdrawn"),
        },
        "dispute": {
            "new": looking,
            "in_progress": looking,
            "waiting": env._("We wait for your answer"),
            "accepted": env._("You are right"),
            "partly_accepted": env._("Partly accepted"),
            "rejected": env._("Not accepted"),
            "withdrawn": env._("Withdrawn"),
        },
        "promise": {
            "to_approve": looking,
            "open": env._("Agreed"),
            "kept": env._("Paid, thank you"),
            "partly": env._("Partly paid"),
            "broken": env._("Not paid"),
            "cancelled": env._("Withdrawn"),
        },
        "plan": {
            "to_approve": looking,
            "proposed": env._("Waits for your yes"),
            "running": env._("Agreed"),
            "done": env._("Paid, thank you"),
            "ended": env._("Ended"),
            "cancelled": env._("Withdrawn"),
        },
    }
