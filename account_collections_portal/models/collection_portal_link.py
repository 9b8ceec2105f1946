import hashlib
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL, hmac

_SCOPE = "account_collections_portal.link"
# What an hour may bring of new links for one case: whoever finds an old link cannot flood a mailbox.
NEW_LINKS_PER_HOUR = 3


class CollectionPortalLink(models.Model):
    """The way into the pages of one customer without a login: sent with a message, for a while, until it is revoked.

    Its token is a signature made with the secret of the database; only the hash of the token is stored. It opens what the
    message was about: the customer's account in that company; of a message for one contact, the documents of that contact.
    """

    _name = "collection.portal.link"
    _description = "Link to the Customer's Page"
    _inherit = ["collection.recorded.mixin"]
    _order = "id desc"
    _rec_name = "recipient"
    _recorded = frozenset(
        {"action_id", "case_id", "only_contact_id", "contact_id", "recipient", "expires_on", "revoked_on", "revoked_by_id"}
        | {"salt", "token_hash", "lang", "statement_id", "rating_id", "is_renewal"}
    )

    action_id = fields.Many2one(
        "collection.action", string="Message", readonly=True, ondelete="set null", index="btree_not_null"
    )
    statement_id = fields.Many2one(
        "collection.statement.sent", string="Statement", readonly=True, ondelete="set null", index="btree_not_null"
    )
    rating_id = fields.Many2one(
        "rating.rating",
        string="Question About Our Service",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups=fields.NO_ACCESS,
    )
    is_renewal = fields.Boolean(readonly=True, help="Somebody asked for it on the page of a link that had expired.")
    case_id = fields.Many2one("collection.case", required=True, readonly=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    contact_id = fields.Many2one(
        "res.partner",
        string="Sent To",
        readonly=True,
        ondelete="cascade",
        index="btree_not_null",
        help="The person, where the message went to one only.",
    )
    only_contact_id = fields.Many2one(
        "res.partner",
        string="Only Documents Of",
        readonly=True,
        ondelete="cascade",
        help="The message was for this contact alone, so the page shows nothing else.",
    )
    recipient = fields.Char(readonly=True, help="The addresses it was sent to: a new link goes nowhere else.")
    lang = fields.Char(readonly=True)
    expires_on = fields.Date(readonly=True, required=True, help="The last day on which it opens the page.")
    revoked_on = fields.Datetime(readonly=True)
    revoked_by_id = fields.Many2one("res.users", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("expired", "Expired"), ("revoked", "Revoked")], compute="_compute_state", string="Status"
    )
    page_url = fields.Char(compute="_compute_page_url", groups=fields.NO_ACCESS)
    rating_url = fields.Char(compute="_compute_page_url", groups=fields.NO_ACCESS)
    salt = fields.Char(readonly=True, required=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS)

    _token_once = models.UniqueIndex("(token_hash)", "This link exists already.")

    @api.depends("expires_on", "revoked_on")
    def _compute_state(self):
        for link in self:
            expired = link.expires_on and link.expires_on < link.company_id._collection_today()
            link.state = "revoked" if link.revoked_on else "expired" if expired else "open"

    def _compute_page_url(self):
        """For the message that brings it."""
        for link in self:
            link.page_url = link._get_url()
            link.rating_url = link.rating_id and f"{link.page_url}/rate/{link.rating_id.id}"

    # -- making one ----------------------------------------------------------------------------------------------------

    @api.model
    def _create_for(self, actions):
        """Make a link for each of these messages that has none; a test message gets none, it went to ourselves."""
        actions = actions.filtered(lambda action: not action.is_test)
        known = self.sudo().search([("action_id", "in", actions.ids)]).action_id
        return self._make([self._prepare_link_vals(action) for action in actions - known])

    @api.model
    def _create_for_statements(self, statements):
        """Make a link for each of these statements of account; a test gets none."""
        return self._make(
            [
                {
                    **self._prepare_vals(sent.case_id, sent.recipient_ids, sent.recipient, sent.lang),
                    "statement_id": sent.id,
                }
                for sent in statements
                if not sent.is_test
            ]
        )

    @api.model
    def _prepare_link_vals(self, action):
        """Values of the link of a message. Extend with yours; writes nothing. That to an offer opens as long as the offer."""
        values = self._prepare_vals(action.case_id, action.recipient_ids, action.recipient, action.lang)
        return {
            **values,
            "expires_on": max([values["expires_on"], *action._get_portal_offers().mapped("pay_by")]),
            "action_id": action.id,
            "only_contact_id": action.contact_id.id,
        }

    @api.model
    def _prepare_vals(self, case, contacts, recipient, lang):
        """Values of a link that goes to ``contacts``, whose addresses are ``recipient``. Extend with yours; writes nothing."""
        return {
            "case_id": case.id,
            "contact_id": contacts.id if len(contacts) == 1 else False,
            "recipient": recipient,
            "lang": lang,
            "expires_on": self._get_last_day(case.company_id),
        }

    @api.model
    def _get_last_day(self, company):
        return company._collection_today() + timedelta(days=company.root_id.collection_portal_link_days)

    @api.model
    def _make(self, vals_list):
        # sudo: made by the system when a message leaves, or for who asks for a new one
        links = self.sudo().create([{**vals, "salt": secrets.token_urlsafe(16)} for vals in vals_list])
        for link in links:
            link.token_hash = _hash(link._get_token())
        return links

    def _get_token(self):
        self.ensure_one()
        link = self.sudo()  # its salt is for nobody's eyes
        return f"{link.id:x}-{hmac(link.env, _SCOPE, (link.id, link.salt))}"

    def _get_url(self):
        """Return the address of the page that this link opens."""
        self.ensure_one()
        return f"{self.case_id.get_base_url()}/my/collections/l/{self._get_token()}"

    # -- following one -------------------------------------------------------------------------------------------------

    @api.model
    def _find(self, token):
        """Return the link of ``token`` whatever became of it, empty when there never was one."""
        if not token or len(token) > 200 or not token.isascii():
            return self.browse()
        found = self.sudo().search([("token_hash", "=", _hash(token))])
        return found if found and secrets.compare_digest(found._get_token(), token) else found.browse()

    @api.model
    def _check(self, token):
        """Return the link of ``token`` if it opens a page today, else nothing."""
        link = self._find(token)
        return link if link and link.state == "open" and link._is_for_somebody() else link.browse()

    def _is_for_somebody(self):
        """Who left the customer's company has no business there any more."""
        people = self.contact_id | self.only_contact_id
        payer = self.partner_id.collection_payer_id.commercial_partner_id
        return self.partner_id.active and all(
            person.active and person.commercial_partner_id in (self.partner_id | payer) for person in people
        )

    def _visible_domain(self):
        """Return the domain on items of what this link shows of its case."""
        if self.only_contact_id:
            return Domain("move_id.partner_id", "=", self.only_contact_id.id)
        return Domain.TRUE

    def _renew(self):
        """Mail a new link to the address of this one, not more often than a person would ask."""
        for link in self.sudo():
            recent = SQL("now() AT TIME ZONE 'UTC' - interval '1 hour'")
            made = self.env.execute_query(
                SQL(
                    """SELECT count(*) FROM collection_portal_link
                        WHERE case_id = %s AND is_renewal AND create_date > %s""",
                    link.case_id.id,
                    recent,
                )
            )[0][0]
            if link.revoked_on or not link.recipient or not link._is_for_somebody() or made >= NEW_LINKS_PER_HOUR:
                continue
            fresh = link._make([link._prepare_renewal_vals()])
            template = self.env.ref("account_collections_portal.mail_template_new_link").sudo()
            template.with_context(lang=fresh.lang).send_mail(fresh.id)

    def _prepare_renewal_vals(self):
        self.ensure_one()
        return {
            **self._prepare_vals(self.case_id, self.contact_id, self.recipient, self.lang),
            "only_contact_id": self.only_contact_id.id,
            "is_renewal": True,
        }

    # -- ending it -----------------------------------------------------------------------------------------------------

    def action_revoke(self):
        """From now on these links open nothing, and nobody gets a new one for them."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can revoke links to a customer's page."))
        # sudo: recorded, so that nobody writes it by hand
        self.sudo().filtered(lambda link: not link.revoked_on).write(
            {"revoked_on": fields.Datetime.now(), "revoked_by_id": self.env.uid}
        )

    @api.autovacuum
    def _gc_links(self):
        """Forget what expired long ago; until then an old link still finds the address for a new one."""
        long_ago = fields.Date.today() - timedelta(days=365)
        self.sudo().search([("expires_on", "<", long_ago)], limit=10000).unlink()


def _hash(token):
    return hashlib.sha256(token.encode()).hexdigest()
