from odoo import api, models
from odoo.tools import format_date


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
    def _describe_all(self, reasons):
        """Return the sentences of ``reasons``, a list of {"code": ..., "values"...}, joined by '; '."""
        return "; ".join(self._describe(reason["code"], reason) for reason in reasons or [])

    @api.model
    def _reason_sentences(self, values):
        """Return {code: sentence}. ``values`` may lack a key: the sentence must do without it."""
        _ = self.env._
        date = format_date(self.env, values["date"]) if values.get("date") else ""
        text = values.get("text") or ""
        return {
            # withheld, by the item
            "no_followup": _("No follow-up is set on the invoice"),
            "blocked": _("The invoice is blocked for payment"),
            "edi": _("The electronic invoice is not accepted yet"),
            "not_sent": _("The invoice was not sent to the customer"),
            "hold": _("On hold: %(text)s", text=text),
            "online_payment": _("An online payment is being processed"),
            "payment": _("A payment is registered but not booked yet"),
            "direct_debit": _("Paid by direct debit or automatic card"),
            "covered_by_credit": _("Covered by open credits"),
            # withheld, by the customer
            "own_company": _("The customer is one of our own companies"),
            "archived": _("The customer is archived"),
            "bank_line": _("A bank line of %(date)s from this customer is not matched yet", date=date),
            "gap": _("Contacted on %(date)s", date=date),
            "below_minimum": _("The overdue amount after credits is below the minimum"),
            "manual_level": _("This level is sent by hand"),
            "no_steps": _("This level has no steps"),
            "no_address": _("No e-mail address"),
            "invalid_address": _("The e-mail address is not valid: %(text)s", text=text),
            "blacklisted": _("The e-mail address is on the blacklist: %(text)s", text=text),
            "bounced": _("The e-mail address refused our message: %(text)s", text=text),
            "dropped": _("Dropped by %(text)s", text=text),
            "awaiting_review": _("A message of %(date)s waits for approval", date=date),
            # cancelled or failed actions
            "paid_meanwhile": _("Paid, credited or stopped before the message left"),
            "review_expired": _("Not approved in time"),
            "cancelled_by_user": _("Cancelled by %(text)s", text=text),
            "merged": _("The customers were merged"),
            "mail_failed": _("The e-mail could not be sent: %(text)s", text=text),
            "mail_bounced": _("The e-mail was refused: %(text)s", text=text),
            "mail_cancelled": _("The e-mail was cancelled in the outgoing queue"),
            # a cycle that stopped as a preview
            "bank_not_fresh": _(
                "The newest bank line is too old, so payments may be missing: %(text)s", text=text
            ),
            "brake": _("Unusually many customers would be contacted: %(text)s", text=text),
        }
