"""The engine: four verbs as set-based SQL (`project`, `select`, `withhold`, `schedule`), pure functions (`dates`, `simulate`).

The SQL verbs share temporary tables that live for one call inside one transaction:

- ``collection_tmp_item``: one row per open item in scope, with the level it would reach (`select`)
- ``collection_tmp_stop`` and ``collection_tmp_case_stop``: reasons to withhold, by item and by case (`withhold`)
- ``collection_tmp_claim``: what may be demanded, per case and currency (`withhold`)
- ``collection_tmp_case``: the cases that have an item at its next level, with tone and total (`withhold`)
- ``collection_tmp_taken``: the items whose level was reached before us (`takeover`)
- ``collection_tmp_recipient``: who would receive the message (`withhold`, filled by the channels)
- ``collection_tmp_set_aside``: reasons that a person sets aside, by case (`withhold`, for a `wish`)
"""

# What the temporary tables are called, in the order in which they are dropped.
TEMPORARY_TABLES = (
    "collection_tmp_item",
    "collection_tmp_stop",
    "collection_tmp_case_stop",
    "collection_tmp_claim",
    "collection_tmp_case",
    "collection_tmp_recipient",
    "collection_tmp_message",
    "collection_tmp_taken",
    "collection_tmp_set_aside",
)
