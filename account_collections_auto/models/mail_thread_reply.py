from odoo import api, models

from ..engine.attempt import attempt


class MailThread(models.AbstractModel):
    """What arrives by mail on a case is sorted right after Odoo has posted it; a mail is never lost because of that."""

    _inherit = "mail.thread"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        result = super()._message_route_process(message, message_dict, routes)
        case_ids = [thread_id for model, thread_id, *_others in routes or () if model == "collection.case" and thread_id]
        if case_ids:
            headers = {name.lower(): str(value) for name, value in message.items()}
            answers = self.env["collection.reply"]
            attempt(answers, answers._receive, message_dict["message_id"], case_ids, headers)
        return result
