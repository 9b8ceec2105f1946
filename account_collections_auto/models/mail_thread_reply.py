from odoo import api, models


class MailThread(models.AbstractModel):
    """What arrives by mail on a case is sorted right after Odoo has posted it."""

    _inherit = "mail.thread"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        result = super()._message_route_process(message, message_dict, routes)
        case_ids = [thread_id for model, thread_id, *_others in routes or () if model == "collection.case" and thread_id]
        if case_ids:
            headers = {name.lower(): str(value) for name, value in message.items()}
            self.env["collection.reply"]._receive(message_dict["message_id"], case_ids, headers)
        return result
