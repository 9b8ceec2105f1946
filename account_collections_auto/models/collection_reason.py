from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

# Of an error, what a sentence has room for.
ERROR_LENGTH = 300


class CollectionReason(models.AbstractModel):
    """Turns a stored reason (a code with values) into a sentence in the reader's language.

    To add a reason, extend `_reason_sentences` with one entry.
    """

    _name = "collection.reason"
    _description = "Reasons in Words"

    @api.model
    def _describe(self, code, values=None):
        """Return the sentence of ``code`` in the language of the context, '' for no code.

        ``values`` holds plain data (dates as ISO text); an unknown code is shown as it is.
        """
        if not code:
            return ""
        values = values or {}
        sentence = self._reason_sentences(values).get(code, code)
        until = values.get("until")
        if until:
            sentence = self.env._("%(reason)s (until %(date)s)", reason=sentence, date=format_date(self.env, until))
        return sentence

    @api.model
    def _selection_code(self):
        """Return the codes with short labels, to group and filter by."""
        labels = {code: sentence.strip(" :") for code, sentence in self._reason_sentences({}).items()}
        return list((labels | self._short_reasons()).items())

    @api.model
    def _short_reasons(self):
        """Return {code: label} for the reasons whose sentence does not read well without its values."""
        return {
            "bank_line": self.env._("Bank line not matched yet"),
            "returned_payment": self.env._("Looks like a payment that the bank took back"),
            "promise": self.env._("Promised to pay"),
            "payment_notice": self.env._("Paid already, as the customer says"),
            "settlement": self.env._("Settlement offered"),
            "invalid_address": self.env._("E-mail address not valid"),
            "blacklisted": self.env._("E-mail address on the blacklist"),
            "bounced": self.env._("E-mail address refused us"),
            "own_company": self.env._("One of our own companies"),
            "no_hold_contact": self.env._("Nobody may be written to"),
            "gap": self.env._("Contacted lately"),
            "dropped": self.env._("Dropped by a person"),
            "awaiting_review": self.env._("A message waits for approval"),
            "cancelled_by_user": self.env._("Cancelled by a person"),
            "undone": self.env._("Taken back by a person"),
            "not_reached": self.env._("No level is reached yet"),
            "dropped_from_request": self.env._("Left out by a person"),
        }

    @api.model
    def _describe_error(self, error):
        """Return one line for people on why something could not be done.

        An error that is meant for them says it itself; of any other one the details are in the log.
        """
        if isinstance(error, UserError) and not error.__cause__:
            return " ".join(str(error).split())[:ERROR_LENGTH]
        return self.env._("An error in the program; the log of the server says which. Please tell your administrator.")

    @api.model
    def _describe_all(self, reasons):
        """Return the sentences of ``reasons``, a list of {"code": ..., "values"...}, joined by '; '."""
        return "; ".join(self._describe(reason["code"], reason) for reason in reasons or [])

    @api.model
    def _reason_sentences(self, values):
        """Return {code: sentence}. ``values`` may lack a key: the sentence must do without it."""
        date = format_date(self.env, values["date"]) if values.get("date") else ""
        text = values.get("text") or ""
        return {
            # withheld, by the item
            "no_followup": self.env._("No follow-up is set on the invoice"),
            "blocked": self.env._("The invoice is blocked for payment"),
            "edi": self.env._("The electronic invoice is not accepted yet"),
            "not_sent": self.env._("The invoice was not sent to the customer"),
            "hold": self.env._("On hold: %(text)s", text=text),
            "hold_by_hand": self.env._("Written to by hand only: %(text)s", text=text),
            "dispute": self.env._("In dispute: %(text)s", text=text) if text else self.env._("In dispute"),
            "online_payment": self.env._("An online payment is being processed"),
            "payment": self.env._("A payment is registered but not booked yet"),
            "direct_debit": self.env._("Paid by direct debit or automatic card"),
            "returned_payment": self.env._("Looks like the return of %(text)s: match the two, then reminders go on", text=text),
            "covered_by_credit": self.env._("Covered by open credits"),
            "payment_notice": self.env._("The customer paid on %(date)s, as they say; the money may be on its way", date=date),
            "promise": self.env._("Promised for %(date)s", date=date),
            "payment_plan": self.env._("Paid in instalments"),
            "settlement": self.env._("Less is taken if paid by %(date)s", date=date),
            "credit_note_draft": self.env._("A credit note for it is not posted yet: %(text)s", text=text),
            "let_go": self.env._("What we let go of is not taken off in accounting yet"),
            "write_off": self.env._("A write-off waits for approval"),
            "resuming": self.env._("A stop has ended; the customer gets time before the next level"),
            # withheld, by the customer
            "own_company": self.env._("The customer is one of our own companies"),
            "archived": self.env._("The customer is archived"),
            "bank_line": self.env._("A bank line of %(date)s from this customer is not matched yet", date=date),
            "gap": self.env._("Contacted on %(date)s", date=date),
            "below_minimum": self.env._("The overdue amount after credits is below the minimum"),
            "no_hold_contact": self.env._(
                "The customer may not be written to, and the hold names no other contact: %(text)s", text=text
            ),
            "manual_level": self.env._("This level is sent by hand"),
            "no_steps": self.env._("This level has no steps"),
            "no_address": self.env._("No e-mail address"),
            "invalid_address": self.env._("The e-mail address is not valid: %(text)s", text=text),
            "blacklisted": self.env._("The e-mail address is on the blacklist: %(text)s", text=text),
            "bounced": self.env._("The e-mail address refused our message: %(text)s", text=text),
            "broken_promise": self.env._("The message about a promise that was not kept goes first"),
            "own_message": self.env._("The message about a payment plan or a settlement goes first"),
            "told_already": self.env._("The customer was told already, or there is nothing to tell any more"),
            "promise_told": self.env._("The customer was told of the promise already, or it is kept by now"),
            "dropped": self.env._("Dropped by %(text)s", text=text),
            "awaiting_review": self.env._("A message of %(date)s waits for approval", date=date),
            # left out of a sending by hand
            "deadline": self.env._("The time to answer the last message is not over"),
            "not_reached": self.env._("No level is reached yet; the next one is due on %(date)s", date=date),
            "no_further_level": self.env._("There is no further level"),
            "never_sent": self.env._("No level was sent yet that could be sent again"),
            "nothing_open": self.env._("Nothing is open"),
            "nothing_due": self.env._("Nothing is overdue"),
            "no_plan": self.env._("The customer follows no dunning plan"),
            "level_changed": self.env._("Another level is reached by now: have another look"),
            "dropped_from_request": self.env._("Left out by %(text)s", text=text),
            # cancelled or failed actions
            "paid_meanwhile": self.env._("Paid, credited or stopped before the message left"),
            "unposted": self.env._("The invoice was reset to draft or cancelled"),
            "moved": self.env._("What it claims belongs to another customer by now"),
            "overdue_meanwhile": self.env._("Something is overdue by now, so there is no courtesy message"),
            "review_expired": self.env._("Not approved in time"),
            "recipient_changed": self.env._("By now somebody else is to be written to: %(text)s", text=text),
            "cancelled_by_user": self.env._("Cancelled by %(text)s", text=text),
            "undone": self.env._("Taken back by %(text)s before it left", text=text),
            "merged": self.env._("The customers were merged"),
            "mail_failed": self.env._("The e-mail could not be sent: %(text)s", text=text),
            "mail_bounced": self.env._("The e-mail was refused: %(text)s", text=text),
            "mail_cancelled": self.env._("The e-mail was cancelled in the outgoing queue"),
            "neutralized": self.env._("This database is a copy, from which nothing may be sent"),
            "waited_too_long": self.env._("It waited too long in the outgoing queue; it is sent anew with a new deadline"),
            # left, but not as asked for
            "pdf_missing": self.env._("A PDF could not be made, so the message left without it"),
            "attachments_left_out": self.env._("Invoices were left out because the files would be too large"),
            "address_refused": self.env._("One of the addresses refused the message"),
            "copy_refused": self.env._("An address in copy refused the message"),
            # an instalment that is not charged to a stored card or account
            "charge_plan_over": self.env._("The payment plan is not running any more"),
            "charge_no_consent": self.env._("It is not recorded that the customer agreed to be charged"),
            "charge_card_gone": self.env._("The stored card or account, or its payment provider, is not in use any more"),
            "charge_card_strange": self.env._("The stored card or account belongs to another customer or another company"),
            "charge_not_booked": self.env._(
                "A payment through this provider would not be booked: choose an outstanding account for its payment method in "
                "the bank journal"
            ),
            "charge_refused": self.env._("The payment provider does not take the charge: %(text)s", text=text),
            "charge_changed": self.env._("Less is to be paid by now than was to be charged; the rest is tried anew"),
            # a statement of account that was not sent
            "zero_balance": self.env._("The balance is zero"),
            "switched_off": self.env._("Automatic sending is switched off in this company"),
            "test_mode_changed": self.env._("Test mode was switched on or off in the meantime"),
            "statement_not_made": self.env._("The document could not be made: %(text)s", text=text),
            # a cycle that stopped as a preview
            "bank_not_fresh": self.env._("The newest bank line is too old, so payments may be missing: %(text)s", text=text),
            "brake": self.env._("Unusually many customers would be contacted: %(text)s", text=text),
        }
