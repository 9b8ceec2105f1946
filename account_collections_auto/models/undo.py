def offer_undo(message, records):
    """Return the action that says ``message``, reads the screen again, and offers to call `action_undo` of ``records``."""
    return {
        "type": "ir.actions.client",
        "tag": "collection_undo",
        "params": {
            "message": message,
            "model": records._name,
            "ids": records.ids,
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        },
    }
