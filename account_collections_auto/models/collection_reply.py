from datetime import timedelta

from markupsafe import Markup, escape
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..engine import replies, reply_text
from ..engine.attempt import attempt
from .collection_reply_rule import ANSWER_TYPES

TODO = "account_collections_auto.mail_activity_type_reply"
# The date of a mail is what its sender wrote: further away than this it is not believed.
_BELIEVED = timedelta(days=10)
_SUBJECT_LENGTH = 250


class CollectionReply(models.Model):
    """A mail that came back on a case: what it seems to say, by which words, and what a person made of it.

    It stops nothing and changes nothing by itself. All of it was written by a stranger: it is shown as text only.
    """

    _name = "collection.reply"
    _description = "Answer by E-mail"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "received_at desc, id desc"
    _rec_name = "subject"

    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="cascade")
    partner_id = fields.Many2one(related="case_id.partner_id", store=True, index=True, string="Customer")
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    collector_id = fields.Many2one(related="case_id.user_id", string="Collector")
    mail_message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null", index="btree_not_null")
    attachment_ids = fields.Many2many(related="mail_message_id.attachment_ids", string="Attachments")
    author_id = fields.Many2one("res.partner", string="Contact", readonly=True, ondelete="set null")
    email_from = fields.Char(string="From", readonly=True)
    is_stranger = fields.Boolean(
        string="Unknown Sender", readonly=True, help="The address is none of the customer's: ask before you rely on it."
    )
    subject = fields.Char(readonly=True)
    received_at = fields.Datetime(string="Received On", readonly=True, required=True, default=fields.Datetime.now)
    text = fields.Text(string="New Text", readonly=True, help="Without quoted messages and signatures.")
    lang = fields.Char(string="Language", readonly=True, help="As far as the words tell; else that of the customer.")
    answer_type = fields.Selection(ANSWER_TYPES, string="Suggestion", required=True, readonly=True, default="other")
    seen = fields.Json(readonly=True)
    found_date = fields.Date(string="Date Found", readonly=True)
    amount = fields.Float(string="Amount Found", readonly=True, digits="Account", aggregator=None)
    currency_id = fields.Many2one("res.currency", string="Currency Found", readonly=True)
    return_date = fields.Date(string="Back On", readonly=True)
    is_automatic = fields.Boolean(readonly=True, help="Sent by a program, by what its headers or its subject say.")
    dispute_reason_id = fields.Many2one("collection.dispute.reason", readonly=True, ondelete="set null")
    item_ids = fields.Many2many("collection.item", string="Invoices Named", readonly=True, context={"active_test": False})
    state = fields.Selection(
        [("new", "To Read"), ("done", "Done"), ("ignored", "Ignored")], required=True, readonly=True, default="new", index=True
    )
    done_as = fields.Selection(
        [
            ("notice", "Payment announced"),
            ("promise", "Promise recorded"),
            ("dispute", "Dispute recorded"),
            ("hold", "On hold"),
            ("contact", "Contact corrected"),
            ("copies", "Invoices sent"),
        ],
        string="What Was Done",
        readonly=True,
    )
    done_by_id = fields.Many2one("res.users", string="Done By", readonly=True)
    done_at = fields.Datetime(string="Done On", readonly=True)
    suggestion = fields.Char(compute="_compute_suggestion", string="In a Sentence")
    highlighted = fields.Html(compute="_compute_highlighted", sanitize=False, string="What They Wrote")

    _message_once = models.UniqueIndex(
        "(mail_message_id) WHERE mail_message_id IS NOT NULL", "This message has been sorted already."
    )

    def write(self, vals):
        """What was received and what became of it is recorded; people only plan to-dos on an answer."""
        planning = self.env["mail.activity.mixin"]._fields.keys() | self.env["mail.thread"]._fields.keys()
        if not self.env.su and vals.keys() - planning:
            raise AccessError(self.env._("Answers of customers are kept as they came; they cannot be changed by hand."))
        return super().write(vals)

    # -- what arrives --------------------------------------------------------------------------------------------------

    @api.model
    def _receive(self, message_id, case_ids, headers):
        """Sort the mail ``message_id`` (its Message-ID) that Odoo has just posted on these cases; returns the replies.

        ``headers``: {lower-case name: value}. What people of our own write on a case is no answer.
        """
        # sudo: the gateway works for whoever fetches the mail; what it records is written by the system
        replies_sudo = self.sudo()
        posted = replies_sudo.env["mail.message"].search(
            [("message_id", "=", message_id), ("model", "=", "collection.case"), ("res_id", "in", case_ids)]
        )
        known = replies_sudo.search([("mail_message_id", "in", posted.ids)]).mail_message_id
        for message in posted - known:
            if not message.author_id.user_ids.filtered(lambda user: not user.share):
                case = replies_sudo.env["collection.case"].browse(message.res_id)
                replies_sudo |= replies_sudo.create(replies_sudo._prepare_vals(case, message, headers))._begin()
        return replies_sudo

    def _begin(self):
        """One to-do for whoever answers for the case; none for an automatic absence, which is noted on the case."""
        for reply in self:
            if reply._is_mere_absence():
                reply.state = "ignored"
                reply.case_id._message_log(body=reply._describe_absence())
            else:
                reply._schedule()
        return self

    def _is_mere_absence(self):
        """Nobody has to read it: a program wrote it, or it names the day of return; and it says nothing else."""
        others = {kind for kind, _start, _end in self.seen or []} - {"absent"}
        return self.answer_type == "absent" and not others and bool(self.is_automatic or self.return_date)

    def _schedule(self):
        collector = self.case_id._get_collector()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            TODO,
            date_deadline=self.company_id._collection_today(),
            user_id=collector.id,
            summary=self.with_context(lang=collector.lang or self.env.lang).suggestion[:_SUBJECT_LENGTH],
        )

    @api.model
    def _prepare_vals(self, case, message, headers):
        """Values of the reply for a message on a case. Extend with yours; writes nothing."""
        vals = {
            "case_id": case.id,
            "mail_message_id": message.id,
            "author_id": message.author_id.id,
            "email_from": (message.email_from or "")[:_SUBJECT_LENGTH],
            "is_stranger": message.author_id.commercial_partner_id not in case.contact_ids.commercial_partner_id,
            "subject": (message.subject or case.display_name or "")[:_SUBJECT_LENGTH],
            "received_at": fields.Datetime.now(),
        }
        # Whatever a stranger wrote: the mail is on the case, and a person reads it.
        attempt(message, lambda: vals.update(self._sort(case, message, headers)))
        return vals

    @api.model
    def _sort(self, case, message, headers):
        """Return what the words of ``message`` suggest. It only reads."""
        ours = message.parent_id
        text = reply_text.new_text(reply_text.to_text(message.body), ours=reply_text.to_text(ours.body))
        subject = reply_text.own_subject(message.subject)
        if not text and subject != reply_text.own_subject(ours.subject):
            text = subject
        customer = message.author_id if message.author_id.lang else case.partner_id
        today = self._get_mail_date(case, message)
        answer = replies.sort(
            text,
            self.env["collection.reply.rule"]._get_rules(),
            today,
            subject=subject,
            lang=(customer.lang or "")[:2],
            automatic=replies.is_automatic(headers),
            month_first=customer.lang == "en_US" or case.partner_id.country_id.code == "US",
        )
        currency = self.env["res.currency"].search([("name", "=", answer.currency)], limit=1) if answer.currency else None
        is_absent = answer.type == "absent"
        return {
            "text": text,
            "lang": answer.lang,
            "answer_type": answer.type,
            "seen": [[each.type, each.start, each.end] for each in answer.seen],
            "found_date": False if is_absent else answer.day,
            "return_date": answer.day if is_absent else False,
            "amount": answer.amount or 0.0,
            "currency_id": currency.id if currency else False,
            "is_automatic": answer.automatic,
            "dispute_reason_id": self._guess_reason(answer).id,
            "item_ids": [Command.set(self._find_items(case, text).ids)],
        }

    @api.model
    def _get_mail_date(self, case, message):
        """Return the day from which "tomorrow" counts."""
        today = case.company_id._collection_today()
        written = message.date and fields.Datetime.context_timestamp(
            self.with_context(tz=case.company_id.collection_tz or "UTC"), message.date
        )
        return written.date() if written and abs(written.date() - today) <= _BELIEVED else today

    @api.model
    def _guess_reason(self, answer):
        """Return the reason of the dispute rule that saw most."""
        points = {}
        for each in answer.seen:
            if each.type == "dispute":
                reason = self.env["collection.reply.rule"].browse(each.rule).dispute_reason_id
                points[reason] = points.get(reason, 0) + each.points
        points.pop(self.env["collection.dispute.reason"], None)
        return max(points, key=points.get, default=self.env["collection.dispute.reason"])

    @api.model
    def _find_items(self, case, text):
        """Return the items of the case whose document the text names."""
        items = self.env["collection.item"].search([("case_id", "=", case.id), ("amount_residual_currency", ">", 0)])
        numbers = {item.id: [item.move_id.name, item.move_id.ref, item.move_id.payment_reference] for item in items}
        return items.browse(replies.named(text, numbers))

    # -- in words --------------------------------------------------------------------------------------------------------

    def _describe_absence(self):
        sender = self.email_from or self.partner_id.display_name
        if self.return_date:
            return self.env._(
                "%(sender)s is out of the office until %(date)s.",
                sender=sender,
                date=format_date(self.env, self.return_date),
            )
        return self.env._("%(sender)s answered automatically.", sender=sender)

    def _get_sentences(self, date):
        """Return {type: sentence}; ``date`` is '' when none was found."""
        if date:
            return {
                "paid": self.env._("Says that it was paid on %(date)s.", date=date),
                "promise": self.env._("Says that it will be paid on %(date)s.", date=date),
                "run": self.env._("Says that it is approved and in their payment run of %(date)s.", date=date),
                "absent": self.env._("Is out of the office until %(date)s.", date=date),
            }
        return {
            "paid": self.env._("Says that it was paid already."),
            "promise": self.env._("Says that it will be paid, without a day."),
            "run": self.env._("Says that it is approved for their next payment run."),
            "dispute": self.env._("Says that something is wrong with it."),
            "missing": self.env._("Says that they do not have the invoice."),
            "copies": self.env._("Asks for copies of invoices."),
            "contact": self.env._("Says that somebody else has to be written to."),
            "absent": self.env._("Is out of the office, or a program answered."),
            "other": self.env._("Nothing was recognised: please read it."),
        }

    @api.depends("answer_type", "seen", "found_date", "return_date", "amount", "item_ids")
    @api.depends_context("lang")
    def _compute_suggestion(self):
        for reply in self:
            day = reply.found_date or reply.return_date
            sentences = reply._get_sentences("") | (reply._get_sentences(format_date(self.env, day)) if day else {})
            parts = [sentences[reply.answer_type or "other"]]
            if reply.dispute_reason_id and reply.answer_type == "dispute":
                parts.append(reply.env._("Reason, perhaps: %(reason)s.", reason=reply.dispute_reason_id.name))
            if reply.item_ids:
                parts.append(reply.env._("Names %(numbers)s.", numbers=", ".join(reply.item_ids.mapped("display_name"))))
            if reply.amount:
                parts.append(reply.env._("Amount: %(amount)s.", amount=reply._format_amount()))
            words = reply._get_seen_words(reply.answer_type)
            if words:
                parts.append(reply.env._("Seen: %(words)s.", words=", ".join(f"“{word}”" for word in words)))
            labels = dict(self._fields["answer_type"]._description_selection(self.env))
            others = dict.fromkeys(kind for kind, _start, _end in reply.seen or [] if kind != reply.answer_type)
            if others:
                parts.append(reply.env._("Also, perhaps: %(types)s.", types=", ".join(labels[kind] for kind in others)))
            reply.suggestion = " ".join(parts)

    def _format_amount(self):
        currency = self.currency_id or self.company_id.currency_id
        return currency.format(self.amount)

    def _get_seen_words(self, kind):
        text = self.text or ""
        words = (" ".join(text[start:end].split()) for seen, start, end in self.seen or [] if seen == kind)
        return list(dict.fromkeys(words))[:5]

    @api.depends("text", "seen")
    def _compute_highlighted(self):
        """The text with the words that the rules saw marked; escaped, so that nothing in it is more than text."""
        for reply in self:
            text, position, parts = reply.text or "", 0, []
            for kind, start, end in sorted(reply.seen or [], key=lambda each: each[1]):
                start = max(start, position)
                if start < end:
                    mark = "" if kind == reply.answer_type else " class='bg-transparent border-bottom'"
                    parts += [escape(text[position:start]), Markup(f"<mark{mark}>"), escape(text[start:end]), Markup("</mark>")]
                    position = end
            parts.append(escape(text[position:]))
            reply.highlighted = Markup("").join(parts).replace("\n", Markup("<br/>"))

    # -- what people do --------------------------------------------------------------------------------------------------

    def _check_collector(self):
        self.check_access("read")
        self.case_id.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can deal with the answers of customers."))

    def _close(self, state, done_as=False):
        """Remember who dealt with it, and end the to-do."""
        self._check_collector()
        # sudo: what became of an answer is recorded, and written by hand by nobody
        replies_sudo = self.sudo()
        replies_sudo.write({"state": state, "done_as": done_as, "done_by_id": self.env.uid, "done_at": fields.Datetime.now()})
        replies_sudo.activity_unlink([TODO])

    def action_ignore(self):
        """Nothing is to be done about it; can be taken back."""
        waiting = self.filtered(lambda reply: reply.state == "new")
        self._check_collector()
        waiting._close("ignored")
        return {
            "type": "ir.actions.client",
            "tag": "collection_undo",
            "params": {
                "message": self.env._("Ignored."),
                "model": self._name,
                "ids": waiting.ids,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_undo(self):
        """Put the answers back among those to read. What was recorded because of them stays."""
        self._check_collector()
        for reply in self.sudo().filtered(lambda reply: reply.state != "new"):
            reply.write({"state": "new", "done_as": False, "done_by_id": False, "done_at": False})
            reply._schedule()

    def action_reopen(self):
        """Read it once more; from a button on the form."""
        self.action_undo()

    def action_open_case(self):
        """Open the case that the answer is about."""
        self.ensure_one()
        return self.case_id.get_formview_action()

    def action_write(self):
        """Write to the customer from the case."""
        self.ensure_one()
        return self.case_id.action_write()

    def action_payment_notice(self):
        """Record that the customer says it is paid, with the day, the amount and the invoices of the answer."""
        return self._record(
            "action_payment_notice", default_payment_date=self._get_day_before(self.found_date), **self._prepare_money()
        )

    def action_promise(self):
        """Record a promise with the day, the amount and the invoices of the answer."""
        return self._record(
            "action_promise",
            default_promise_date=self.found_date,
            default_channel="email",
            default_contact_id=self._get_known_contact().id,
            **self._prepare_money(),
        )

    def action_dispute(self):
        """Record a dispute about the invoices that the answer names, or leave it to the person which ones."""
        lines = [Command.create({"item_id": item.id}) for item in self._get_open_items()]
        return self._record(
            "action_dispute",
            default_reason_id=self.dispute_reason_id.id,
            default_description=(self.text or "")[:500],
            default_line_ids=lines,
        )

    def action_payment_run(self):
        """Let the invoices rest until the customer's payment run is over and its money has had time to arrive."""
        self.ensure_one()
        self._check_waiting()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_reply_hold_action")
        return action | {"context": self._prepare_run_context()}

    def _prepare_run_context(self):
        """Return what the hold until the customer's payment run is proposed with."""
        day = self.found_date
        until = day and day + timedelta(days=self.case_id.plan_id.in_transit_days)
        reason = (
            self.env._("Customer's payment run on %(date)s", date=format_date(self.env, day))
            if day
            else self.env._("Customer's next payment run")
        )
        return {
            "default_reply_id": self.id,
            "default_date_from": self.company_id._collection_today(),
            "default_partner_id": self.partner_id.id,
            "default_company_id": self.company_id.id,
            "default_item_ids": [Command.set(self._get_open_items().ids)],
            "default_reason_id": self._get_run_reason(self.company_id).id,
            "default_payment_run_date": day,
            "default_reason": reason,
            "default_date_until": until,
        }

    @api.model
    def _get_run_reason(self, company):
        """Return the hold reason of a customer's payment run; empty when the company does without it."""
        reasons = self.env["collection.hold.reason"]
        return reasons.search([("code", "=", "payment_run"), ("company_id", "in", (company.id, False))], limit=1)

    def action_contact(self):
        """Correct whom reminders go to."""
        return self._ask("collection.reply.contact", self.env._("Correct the Contact"))

    def action_copies(self):
        """Send the invoices named, or all that are overdue, once a person has seen which and to whom."""
        return self._ask("collection.reply.copies", self.env._("Send Copies of Invoices"))

    def action_resend(self):
        """Send again the invoices that the customer does not have."""
        return self._ask("collection.reply.copies", self.env._("Send the Invoices Again"), is_resent=True)

    def _ask(self, model, name, **vals):
        self.ensure_one()
        self._check_waiting()
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "res_id": self.env[model].create({"reply_id": self.id, **vals}).id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _record(self, method, **context):
        """Open the form of the case's ``method``, filled in; saving it closes this answer."""
        self.ensure_one()
        self._check_waiting()
        action = getattr(self.case_id, method)()
        filled = {name: value for name, value in context.items() if value}
        filled |= {"default_reply_id": self.id, "default_date_from": self.company_id._collection_today()}
        return action | {"context": {**action["context"], **filled}}

    def _check_waiting(self):
        self._check_collector()
        if self.state != "new":
            raise UserError(self.env._("Somebody has dealt with this answer already. Reopen it to do something else."))

    def _get_open_items(self):
        return self.item_ids.filtered(lambda item: item.active and item.amount_residual_currency > 0)

    def _prepare_money(self):
        """Return what a promise or payment notice is proposed with: items of one currency, and the amount of it."""
        items = self._get_open_items()
        currency = items.currency_id if len(items.currency_id) == 1 else self.currency_id or self.company_id.currency_id
        items = items.filtered(lambda item: item.currency_id == currency)
        in_words = self.amount if self.currency_id in (currency, self.env["res.currency"]) else 0.0
        return {
            "default_item_ids": [Command.set(items.ids)] if items else False,
            "default_currency_id": currency.id,
            "default_amount": in_words or sum(items.mapped("amount_residual_currency")),
        }

    def _get_day_before(self, day):
        """A payment announced is not later than today."""
        return day and min(day, self.company_id._collection_today())

    def _get_contact_to_answer(self):
        """Return who wrote, when it is a contact of the customer with an address; else who gets the reminders.

        Where a hold says who alone may be written to, that one or nobody.
        """
        self.ensure_one()
        contacts = self.case_id._get_contacts_to_write()
        if self.case_id.is_contact_restricted:
            return contacts
        return self._get_known_contact().filtered("email") or contacts.filtered("email")[:1] or contacts[:1]

    def _get_known_contact(self):
        """Return the contact who wrote, when it is one of the customer's."""
        return self.author_id.filtered(lambda author: author.commercial_partner_id == self.partner_id.commercial_partner_id)
