from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date, html2plaintext, plaintext2html


class CollectionCase(models.Model):
    """What a customer says on its own pages. Everything said twice (a double click, a page sent again) counts once.

    Called by the pages for a viewer whose right to each item was checked; ``author`` is the partner who says it.
    """

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    def _portal_begin(self):
        """Let two answers of one customer at the same moment come one after the other.

        An update that changes nothing: the later of two transactions starts again, and then sees what the first one wrote.
        """
        self.ensure_one()
        self.env.cr.execute(SQL("UPDATE collection_case SET refreshed_at = refreshed_at WHERE id = %s", self.id))
        self.env["collection.case"]._refresh_marked()

    def _portal_values(self, items):
        return {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "item_ids": [Command.set(items.ids)],
            "currency_id": items.currency_id.id,
            "date_from": self.company_id._collection_today(),
        }

    def _portal_find(self, model, items, **values):
        """Return the answer in force that says the same about these items."""
        domain = [("case_id", "=", self.id), ("item_ids", "in", items.ids)]
        found = self.env[model].search([*domain, *((name, "=", value) for name, value in values.items())])
        return found.filtered(lambda answer: not answer.ended_on and answer.item_ids == items)[:1]

    def _to_us(self):
        """Return this case in the language of who works it: so is noted for us what a customer says in any language."""
        return self.with_context(lang=self._get_todo_user().lang or self.company_id.partner_id.lang)

    def _portal_note(self, record, text, author, files=()):
        """Keep what happened and who did it, with the files that came along. Returns the files."""
        text = self._to_us().env._("On the customer's page: %(text)s", text=text)
        return self._portal_say(record, text, author, files).attachment_ids

    def _portal_say(self, record, text, author, files=()):
        """Keep what the customer wrote, in its own words, with the files that came along."""
        return record.message_post(
            body=plaintext2html(text, with_paragraph=False),
            author_id=author.id,
            attachment_ids=self._portal_attach(record, files).ids,
            subtype_xmlid="mail.mt_note",
        )

    def _portal_attach(self, record, files):
        """Return the files, (name, mimetype, content), as attachments of ``record``."""
        return self.env["ir.attachment"].create(
            [
                {"name": name, "mimetype": mimetype, "raw": content, "res_model": record._name, "res_id": record.id}
                for name, mimetype, content in files
            ]
        )

    # -- already paid, disputed, promised --------------------------------------------------------------------------------

    def _portal_paid(self, items, amount, day, reference, files, author):
        """The customer paid already. Returns the payment notice."""
        self._portal_begin()
        items = items.filtered("active")
        if not items:
            raise UserError(self.env._("These items are settled by now. Thank you!"))
        known = self._portal_find("collection.payment.notice", items, amount=amount, payment_date=day)
        if known:
            return known
        notice = self.env["collection.payment.notice"].create(
            {**self._portal_values(items), "amount": amount, "payment_date": day, "reference": reference or False}
        )
        notice.proof_ids = self._portal_note(notice, self._to_us().env._("paid already"), author, files)
        return notice

    def _portal_dispute(self, amounts, reason, text, files, author):
        """The customer disputes items, {item: how much of it}. Returns the dispute."""
        self._portal_begin()
        amounts = {item: min(amount, item.amount_residual_currency) for item, amount in amounts.items() if item.active}
        items = self.env["collection.item"].union(*amounts)
        if not items:
            raise UserError(self.env._("These items are settled by now. Thank you!"))
        open_disputes = self.env["collection.dispute"].search(
            [("case_id", "=", self.id), ("is_open", "=", True), ("item_ids", "in", items.ids)]
        )
        if known := open_disputes.item_ids & items:
            raise UserError(
                self.env._(
                    "%(numbers)s: we are looking into it already. You find it under “Your answers”.",
                    numbers=", ".join(known.mapped("display_name")),
                )
            )
        values = self._portal_values(items)
        del values["item_ids"], values["currency_id"]
        dispute = self._to_us().env["collection.dispute"].create(
            {
                **values,
                "reason_id": reason.id,
                "description": text,
                "raised_by": "customer",
                "line_ids": [Command.create({"item_id": item.id, "amount": amount}) for item, amount in amounts.items()],
            }
        )
        self._portal_say(dispute, text or dispute.reason_id.name, author, files)
        return dispute

    def _portal_promise(self, items, amount, day, author):
        """The customer pays on a day to come. Returns the promise."""
        self._portal_begin()
        items = items.filtered("active")
        if not items:
            raise UserError(self.env._("These items are settled by now. Thank you!"))
        known = self._portal_find("collection.promise", items, amount=amount, promise_date=day)
        if known:
            return known
        others = self.env["collection.promise"].search(
            [("case_id", "=", self.id), ("item_ids", "in", items.ids), ("state", "in", ("open", "to_approve"))], limit=1
        )
        if others:
            raise UserError(
                self.env._(
                    "You promised to pay by %(date)s already. Withdraw that under “Your answers” first.",
                    date=format_date(self.env, others.promise_date),
                )
            )
        promise = self._to_us().env["collection.promise"].create(
            {
                **self._portal_values(items),
                "amount": amount,
                "promise_date": day,
                "channel": "portal",
                "contact_id": author.id,
            }
        )
        self._portal_note(promise, self._to_us().env._("promised to pay"), author)
        return promise

    # -- instalments ---------------------------------------------------------------------------------------------------

    def _portal_plan(self, items, count, first_date, author):
        """The customer asks to pay in instalments. Within the limits of the company it is proposed at once."""
        self._portal_begin()
        items = items.filtered("active")
        if not items:
            raise UserError(self.env._("These items are settled by now. Thank you!"))
        waiting = self.env["collection.payment.plan"].search(
            [("case_id", "=", self.id), ("item_ids", "in", items.ids), ("state", "in", ("to_approve", "proposed", "running"))],
            limit=1,
        )
        if waiting:
            raise UserError(self.env._("There is a payment plan for these items already. You find it under “Your answers”."))
        start = self.env["collection.payment.plan.start"].create(
            {
                "case_id": self.id,
                "item_ids": [Command.set(items.ids)],
                "instalment_count": count,
                "rhythm": "monthly",
                "first_date": first_date,
            }
        )
        plan = start._make()
        to_us = plan.with_env(self._to_us().env)
        self._portal_note(plan, to_us.env._("asks to pay in %(count)s instalments", count=count), author)
        plan._check_terms()
        if reason := to_us._find_limit():
            to_us.write({"state": "to_approve", "approval_reason": reason})
            to_us._ask_manager(reason)
        else:
            plan._propose()
        return plan

    # -- talking to us -------------------------------------------------------------------------------------------------

    def _portal_todo(self, activity_type, summary, text, author):
        """Ask the collector, in its language, for something; the same again only when that is done."""
        self._portal_begin()
        note = plaintext2html(text)
        words = html2plaintext(note).split()
        asked = self.activity_ids.filtered(
            lambda todo: todo.summary == summary and html2plaintext(todo.note or "").split() == words
        )
        if asked:
            return asked[:1]
        self._portal_note(self, f"{summary}\n{text}" if text else summary, author)
        return self.with_context(mail_activity_quick_update=True).activity_schedule(
            activity_type,
            date_deadline=self.company_id._collection_today(),
            user_id=self._get_todo_user().id,
            summary=summary,
            note=note,
        )
