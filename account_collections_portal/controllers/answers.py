"""What a customer answers: paid already, something is wrong, later, in instalments, call me. Each act is a form sent."""

from datetime import timedelta
from typing import NamedTuple

from odoo import models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.http import request
from werkzeug.exceptions import NotFound

from ..engine import forms, statement, uploads
from .portal_access import collections_route
from .statement import DISPUTABLE, CollectionsStatement, Words

CHOICES_SHOWN = 100
LAST_PROMISE_DAYS = 365
MAX_INSTALMENTS = 24
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


class Group(NamedTuple):
    """Items of one company and currency, which one answer is about."""

    key: str
    company: models.Model
    currency: models.Model
    rows: list

    @property
    def amount(self):
        """What is open of them and not disputed."""
        return sum(float(row.open) - float(row.disputed) for row in self.rows)


class Refused(Exception):
    """What was typed cannot be used; the text says why."""


class CollectionsAnswers(CollectionsStatement):
    """The forms."""

    # -- what they share -------------------------------------------------------------------------------------------------

    def _collections_groups(self, viewer, *statuses, document=None):
        """Return the items to answer for, by company and currency: those chosen, else those of the first status found.

        Items of others, or that do not exist: not found.
        """
        chosen = request.httprequest.values.getlist("item")
        domain = viewer.domain()
        if chosen:
            domain &= Domain("id", "in", viewer.find_items(chosen[:1000]).ids)
        elif document:
            domain &= Domain("move_id", "=", int(document) if str(document).isdigit() and len(str(document)) < 10 else 0)
        rows = [row for row in statement.rows(viewer.env, viewer.companies, domain) if row.open > 0]
        if (chosen or document) and not rows:
            raise NotFound()
        if not chosen and not document:
            rows = next(filter(None, ([row for row in rows if row.status in some] for some in statuses)), [])
        by_section = {}
        for row in rows:
            by_section.setdefault((row.company_id, row.currency_id), []).append(row)
        companies, currencies = viewer.env["res.company"], viewer.env["res.currency"]
        return [
            Group(f"{company_id}-{currency_id}", companies.browse(company_id), currencies.browse(currency_id), found)
            for (company_id, currency_id), found in by_section.items()
        ]

    def _collections_group(self, viewer, groups, section):
        """Return the group that a form was about, and its case."""
        group = next((group for group in groups if group.key == section or len(groups) == 1), None)
        if not group:
            raise Refused(viewer.env._("Choose what your answer is about."))
        case = viewer.cases.filtered(lambda case: case.company_id == group.company)
        return group, case, viewer.env["collection.item"].browse([row.item_id for row in group.rows])

    def _collections_files(self, viewer):
        """Return the files that came along as (name, mimetype, content); anything but a few PDFs and pictures is refused."""
        files = [upload for upload in request.httprequest.files.getlist("files") if upload.filename]
        if len(files) > uploads.MAX_FILES:
            raise Refused(viewer.env._("At most %(count)s files, please.", count=uploads.MAX_FILES))
        found = []
        for upload in files:
            content = upload.read(uploads.MAX_BYTES + 1)
            if len(content) > uploads.MAX_BYTES:
                raise Refused(viewer.env._("A file can have %(size)s MB at most.", size=uploads.MAX_BYTES // 1024 // 1024))
            kind = uploads.sniff(content)
            if not kind:
                raise Refused(viewer.env._("Only PDF files and pictures, please."))
            found.append((uploads.safe_name(upload.filename, kind[1]), kind[0], content))
        return found

    def _collections_form(self, viewer, template, title, **values):
        """Show a form; what was typed before stands in it again."""
        common = {
            **self._prepare_portal_layout_values(),
            "page_name": "collections",
            "page_title": title,
            "no_breadcrumbs": bool(viewer.link),
            "viewer": viewer,
            "words": Words(viewer.env),
            "typed": {},
            "problem": None,
            "max_files": uploads.MAX_FILES,
            "max_megabytes": uploads.MAX_BYTES // 1024 // 1024,
        }
        return request.render(f"account_collections_portal.{template}", common | values)

    def _collections_try(self, act):
        """Do what a form asks for, all of it or nothing. Return (what came of it, why not)."""
        try:
            with request.env.cr.savepoint():
                return act(), None
        except Refused as refused:
            return None, str(refused)
        except (UserError, ValidationError) as error:
            return None, str(error)

    def _collections_thanks(self, viewer):
        return request.redirect(viewer.url("/answers?said=1"), code=303)

    # -- paid already ------------------------------------------------------------------------------------------------------

    @collections_route("/paid")
    def collections_paid(self, viewer, document=None, **_kw):
        """Ask what was paid when; everything overdue and today stand there already."""
        groups = self._collections_groups(viewer, ("overdue",), ("not_due",), document=document)
        return self._collections_paid_form(viewer, groups)

    def _collections_paid_form(self, viewer, groups, **values):
        today = viewer.companies[:1]._collection_today()
        return self._collections_form(
            viewer, "paid", viewer.env._("Already paid"), groups=groups, today=today, **values
        )

    @collections_route("/paid", methods=("POST",))
    def collections_say_paid(self, viewer, section=None, amount=None, day=None, reference=None, document=None, **_kw):
        """Note that it was paid: the items rest while we look for the money."""
        groups = self._collections_groups(viewer, ("overdue",), ("not_due",), document=document)

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

        _notice, problem = self._collections_try(act)
        if problem:
            typed = {"amount": amount, "day": day, "reference": reference, "section": section}
            return self._collections_paid_form(viewer, groups, problem=problem, typed=typed)
        return self._collections_thanks(viewer)

    # -- something is wrong ------------------------------------------------------------------------------------------------

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

        _dispute, problem = self._collections_try(act)
        if problem:
            typed = {"reason": reason, "extent": extent, "amount": amount, "text": text}
            return self._collections_dispute_form(viewer, shown, problem=problem, typed=typed)
        return self._collections_thanks(viewer)

    # -- later, in instalments -----------------------------------------------------------------------------------------

    @collections_route("/promise")
    def collections_promise(self, viewer, document=None, **_kw):
        """Ask on which day it is paid."""
        groups = self._collections_groups(viewer, ("overdue",), ("not_due",), document=document)
        return self._collections_promise_form(viewer, groups)

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
        groups = self._collections_groups(viewer, ("overdue",), ("not_due",), document=document)

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

        _promise, problem = self._collections_try(act)
        if problem:
            typed = {"amount": amount, "day": day, "section": section}
            return self._collections_promise_form(viewer, groups, problem=problem, typed=typed)
        return self._collections_thanks(viewer)

    @collections_route("/plan")
    def collections_plan(self, viewer, **_kw):
        """Ask in how many instalments."""
        return self._collections_plan_form(viewer, self._collections_groups(viewer, ("overdue",), ("not_due",)))

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
        groups = self._collections_groups(viewer, ("overdue",), ("not_due",))

        def act():
            group, case, items = self._collections_group(viewer, groups, section)
            today = group.company._collection_today()
            number = int(count) if (count or "").isdigit() and len(count) < 4 else 0
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
        """Show what was proposed, to accept it."""
        plan = viewer.find_answer("collection.payment.plan", plan_id)
        if plan.state not in ("proposed", "running", "done"):
            raise NotFound()
        return self._collections_accept_form(viewer, plan)

    def _collections_accept_form(self, viewer, plan, **values):
        cards = self._collections_cards(plan) if plan.state == "proposed" else []
        return self._collections_form(viewer, "plan_accept", viewer.env._("Payment plan"), plan=plan, cards=cards, **values)

    def _collections_cards(self, plan):
        """Return the stored cards that may be charged for a plan: those of who is logged in, also if a link was followed.

        A link alone does not open them: a mail may be forwarded to anybody.
        """
        person = request.env.user.partner_id
        own = [("partner_id", "=", person.id), ("provider_id.company_id", "=", plan.company_id.id)]
        tokens = plan.env["payment.token"]
        if request.env.user._is_public() or person.commercial_partner_id != plan.partner_id.commercial_partner_id:
            return tokens
        return tokens.search([*own, ("provider_id.state", "!=", "disabled")])

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
            return plan

        _plan, problem = self._collections_try(act)
        if problem:
            return self._collections_accept_form(viewer, plan, problem=problem, typed={"name": name, "card": card})
        return self._collections_thanks(viewer)

    # -- talk to us ----------------------------------------------------------------------------------------------------

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
            text = f"{number}\n{time}".strip()
            return viewer.cases[:1]._portal_todo(
                "mail.mail_activity_data_call", viewer.env._("The customer asks for a call"), text, viewer.author()
            )

        _todo, problem = self._collections_try(act)
        if problem:
            return self._collections_contact_form(viewer, problem=problem, typed={"phone": phone, "when": when})
        return self._collections_thanks(viewer)

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
            summary = (
                viewer.env._("The customer says: I am the wrong person")
                if wrong
                else viewer.env._("The customer corrects the contact data")
            )
            return viewer.cases[:1]._portal_todo("mail.mail_activity_data_todo", summary, text, viewer.author())

        _todo, problem = self._collections_try(act)
        if problem:
            return self._collections_contact_form(viewer, problem=problem, typed={"name": name, "email": email})
        return self._collections_thanks(viewer)

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

    # -- what was answered ---------------------------------------------------------------------------------------------

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
        numbers = record.with_context(active_test=False).item_ids.mapped("display_name")
        shown = ", ".join(numbers[:5]) + (" …" if len(numbers) > 5 else "")
        return {
            "title": getattr(self, f"_collections_title_{kind}")(viewer, record, words),
            "items": shown,
            "company": record.company_id.name if len(viewer.companies) > 1 else "",
            "state": _states(viewer.env)[kind].get(record.state, ""),
            "note": self._collections_note(viewer, kind, record, words),
            "is_over": bool(record.ended_on) or record.state in ("done", "kept", "broken", "partly"),
            "withdraw_url": viewer.url(f"/withdraw/{kind}/{record.id}") if record.state in WITHDRAWABLE[kind] else None,
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
