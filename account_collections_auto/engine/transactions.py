"""Work in transactions of its own, done again after a conflict with somebody else's."""

import random
import time

import psycopg2

CONFLICTS = (psycopg2.errors.SerializationFailure, psycopg2.errors.DeadlockDetected, psycopg2.errors.UniqueViolation)
# A cycle looks at all customers at once, so on a busy day many a payment gets in between; each attempt fails early.
_ATTEMPTS = 20


def retrying(env, step, done=lambda result: 0, attempts=_ATTEMPTS):
    """Run ``step``, commit, and return its result; after a conflict roll back and do it again.

    ``done(result)``: how many records a cron may report for it.
    """
    for attempt in range(1, attempts + 1):
        try:
            result = step()
            env.flush_all()
            break
        except CONFLICTS:
            if attempt == attempts:
                raise
            env.cr.rollback()
            env.invalidate_all(flush=False)
            time.sleep(random.uniform(0, 0.02 * attempt))
    env["ir.cron"]._commit_progress(done(result))
    return result
