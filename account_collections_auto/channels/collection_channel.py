from odoo import api, models


class CollectionChannel(models.AbstractModel):
    """The contract of a channel. A new channel is one file: ``_name = "collection.channel.<code>"`` inheriting this
    model, and the code added to the selection of `collection.step.channel`.
    """

    _name = "collection.channel"
    _description = "Channel"

    @api.model
    def _channels(self):
        """Return the channel models, by code."""
        codes = self.env["collection.step"]._fields["channel"].get_values(self.env)
        return [self.env[f"collection.channel.{code}"] for code in codes]

    @api.model
    def _recipients_sql(self, company):
        """Return a SELECT of (case_id, contact_id, channel, partner_id, address, lang, problem) for the customers in
        ``collection_tmp_case``. ``contact_id`` is 0 for one message per customer. A row with a problem code is an
        address that cannot be used; a customer without any row has no address. Where that table has an
        ``only_contact_id``, nobody else may be written to.
        """
        raise NotImplementedError

    @api.model
    def _send(self, actions):
        """Hand the messages of ``actions`` to Odoo's outgoing queue in this transaction; raising leaves nothing behind.

        Do not talk to a provider here. Return the actions that were handed over.
        """
        raise NotImplementedError

    @api.model
    def _show(self, actions):
        """Return {action: (subject, HTML document)}: each message as its customer sees it. Sends nothing, keeps nothing.

        What was sent is shown as it was sent, the rest as it would leave now.
        """
        raise NotImplementedError

    @api.model
    def _listen(self):
        """Look at what became of the messages that were handed over, and change the state of their actions."""
