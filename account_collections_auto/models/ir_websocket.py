import re

from odoo import models


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Let the page of a cycle hear how far it is: whoever may read a cycle may listen to it."""
        asked = [re.fullmatch(r"collection\.cycle_(\d+)", channel) for channel in channels if isinstance(channel, str)]
        ids = [int(match[1]) for match in asked if match]
        cycles = self.env["collection.cycle"]
        if ids and self.env.uid and cycles.has_access("read"):
            channels = [*channels, *cycles.search([("id", "in", ids)])]
        return super()._build_bus_channel_list(channels)
