"""One record at a time: what goes wrong with one of them holds up no other."""

import logging

from odoo.exceptions import ConcurrencyError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)


def attempt(record, step, *args):
    """Call ``step(*args)`` for ``record``; when it fails, nothing of it stays. Returns the error, or None.

    A conflict with another transaction is passed on: the whole transaction is done again.
    """
    savepoint = record.env.cr.savepoint()  # saves what others left pending: their error, if any
    try:
        with savepoint:
            step(*args)
    except (ConcurrencyError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
        raise
    except Exception as error:
        _logger.exception("%s: %s failed", record, step.__name__)
        return error
    return None
