from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

_SCOPE = "account_collections_portal.guess"
# Links that do not exist, per address in a quarter of an hour; whoever asks more often gets the same answer to any link.
MOST_GUESSES = 20
_MINUTES = 15


class CollectionPortalGuess(models.Model):
    """Somebody followed a link that there never was, or that is not open any more. Shared by all server processes.

    The address is kept as a signature only, and for a day at most.
    """

    _name = "collection.portal.guess"
    _description = "Wrong Link to a Customer's Page"
    _log_access = False

    address = fields.Char(required=True, readonly=True)
    guessed_at = fields.Datetime(required=True, readonly=True)

    _recent = models.Index("(address, guessed_at)")

    @api.model
    def _sign(self, address):
        return hmac(self.env(su=True), _SCOPE, address or "")

    @api.model
    def _is_too_many(self, address):
        """Return whether ``address`` followed so many wrong links lately that no link opens anything for it."""
        query = SQL(
            """SELECT count(*) FROM collection_portal_guess
                WHERE address = %s AND guessed_at > now() AT TIME ZONE 'UTC' - %s * interval '1 minute'""",
            self._sign(address),
            _MINUTES,
        )
        return self.env.execute_query(query)[0][0] >= MOST_GUESSES

    @api.model
    def _count(self, address):
        """Note a wrong link, in a transaction of its own: it counts whatever becomes of the request."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "INSERT INTO collection_portal_guess (address, guessed_at) VALUES (%s, now() AT TIME ZONE 'UTC')",
                    self._sign(address),
                )
            )

    @api.autovacuum
    def _gc_guesses(self):
        self.sudo().search([("guessed_at", "<", fields.Datetime.now() - timedelta(days=1))], limit=10000).unlink()
