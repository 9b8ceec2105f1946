from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

_SCOPE = "account_collections_portal.attempt"
# What an address may do in a quarter of an hour; a person does not get there. After too many wrong links none opens anything.
MOST = {"guess": 20, "act": 60, "renewal": 5}
_MINUTES = 15


class CollectionPortalAttempt(models.Model):
    """Somebody followed a link that opens nothing, sent a form, or asked for a new link. Shared by all server processes.

    The address is kept as a signature only, and for a day at most. Who only looks at pages or downloads files is not in
    here: looking changes nothing.
    """

    _name = "collection.portal.attempt"
    _description = "Attempt on a Customer's Page"
    _log_access = False

    kind = fields.Selection(
        [("guess", "A wrong link"), ("act", "A form that was sent"), ("renewal", "A new link that was asked for")],
        required=True,
        readonly=True,
    )
    address = fields.Char(required=True, readonly=True)
    tried_at = fields.Datetime(required=True, readonly=True)

    _recent = models.Index("(address, kind, tried_at)")

    @api.model
    def _sign(self, address):
        return hmac(self.env(su=True), _SCOPE, address or "")

    @api.model
    def _count_sql(self, kind, address):
        return SQL(
            """SELECT count(*) FROM collection_portal_attempt
                WHERE kind = %s AND address = %s
                  AND tried_at > now() AT TIME ZONE 'UTC' - %s * interval '1 minute'""",
            *(kind, self._sign(address), _MINUTES),
        )

    @api.model
    def _is_full(self, kind, address):
        """Return whether ``address`` had all its attempts of ``kind``. Writes nothing."""
        return self.env.execute_query(self._count_sql(kind, address))[0][0] >= MOST[kind]

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
        self.sudo().search([("tried_at", "<", fields.Datetime.now() - timedelta(days=1))], limit=10000).unlink()
