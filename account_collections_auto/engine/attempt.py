"""One record at a time: what goes wrong with one of them holds up no other."""

import logging
from contextlib import contextmanager
from types import SimpleNamespace

from odoo.exceptions import ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)


@contextmanager
def trying(record, what):
    """Do what follows for ``record``; when it fails, nothing of it stays, and the ``error`` of what this yields is set.

    A conflict with another transaction is passed on: the whole transaction is done again. An error that is meant for people
    to read is no defect, so the log gets no traceback of it.
    """
    outcome = SimpleNamespace(error=None)
    savepoint = record.env.cr.savepoint()  # saves what others left pending: their error, if any
    try:
        with savepoint:
            yield outcome
    except (ConcurrencyError, *PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
        raise
    except UserError as error:
        _logger.info("%s: %s failed: %s", record, what, error)
        outcome.error = error
    except Exception as error:
        _logger.exception("%s: %s failed", record, what)
        outcome.error = error


def attempt(record, step, *args):
    """Call ``step(*args)`` for ``record`` as `trying` does it. Returns the error, or None."""
    with trying(record, step.__name__) as outcome:
        step(*args)
    return outcome.error


def attempt_each(records, step):
    """Call ``step(records)`` for all at once; where that fails, for each half, down to the records that make it fail.

    Returns {record: error} of these; nothing of them stays, all others are done.
    """
    error = attempt(records, step, records) if records else None
    if not error or len(records) == 1:
        return {records: error} if error else {}
    half = len(records) // 2
    return attempt_each(records[:half], step) | attempt_each(records[half:], step)
