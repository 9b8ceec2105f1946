from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

from ..engine.throttle import who_asks

_SCOPE = "account_collections_portal.attempt"
# What an address may do in a quarter of an hour; a person does not get there. A link that is right opens all the same.
# Who leaves by the button of a mail program comes with many others from the few addresses of the provider.
MOST = {"guess": 20, "act": 60, "renewal": 5, "leave": 1000}
_MINUTES = 15
_GC_BATCH = 10000


class CollectionPortalAttempt(models.Model):
    """Somebody followed a link that never was one, sent a form, or asked for a new link. Shared by all server processes.

    The address is kept as a signature only, and for a day at most. Who only looks at pages or downloads files is not in
    here: looking changes nothing.
    """

    _name = "collection.portal.attempt"
    _description = "Attempt on a Customer's Page"
    _log_access = False

    kind = fields.Selection(
        [
            ("guess", "A wrong link"),
            ("act", "A form that was sent"),
            ("renewal", "A new link that was asked for"),
            ("leave", "One-click unsubscribing"),
        ],
        required=True,
        readonly=True,
    )
    address = fields.Char(required=True, readonly=True)
    tried_at = fields.Datetime(required=True, readonly=True)

    _recent = models.Index("(address, kind, tried_at)")

    @api.model
    def _sign(self, address):
        return hmac(self.env(su=True), _SCOPE, who_asks(address))

    @api.model
    def _count_sql(self, kind, address):
        return SQL(
            """SELECT count(*) FROM collection_portal_attempt
                WHERE kind = %s AND address = %s
                  AND tried_at > now() AT TIME ZONE 'UTC' - %s * interval '1 minute'""",
            *(kind, self._sign(address), _MINUTES),
        )

    @api.model
    def _count(self, kind, address):
        """Note an attempt if there is room for one, and return whether there was. One statement.

        In a transaction of its own: it sees what other processes counted until now, and counts whatever becomes of the request.
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    """INSERT INTO collection_portal_attempt (kind, address, tried_at)
                       SELECT %s, %s, now() AT TIME ZONE 'UTC' WHERE (%s) < %s
                    RETURNING id""",
                    *(kind, self._sign(address), self._count_sql(kind, address), MOST[kind]),
                )
            )
            return bool(cr.fetchall())

    @api.autovacuum
    def _gc_attempts(self):
        old = [("tried_at", "<", fields.Datetime.now() - timedelta(days=1))]
        found_sudo = self.sudo().search(old, limit=_GC_BATCH)
        done = len(found_sudo)
        found_sudo.unlink()
        return done, self.sudo().search_count(old) if done == _GC_BATCH else 0
