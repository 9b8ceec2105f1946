from odoo import api, fields, models
from odoo.addons.account_collections_auto.engine import statement
from odoo.tools import split_every

from ..engine import ratings

_BATCH = 100


class CollectionCase(models.Model):
    """Asks customers, once and not too often, how satisfied they are with us, and shows what they said."""

    _name = "collection.case"
    _inherit = ["collection.case", "rating.parent.mixin"]  # pylint: disable=consider-merging-classes-inherited

    # Of the case and of its disputes; each thread has a field of that name for itself.
    rating_ids = fields.One2many(
        "rating.rating",
        "parent_res_id",
        string="Ratings",
        bypass_search_access=True,
        groups="base.group_user",
        domain=[("parent_res_model", "=", "collection.case")],
    )

    def _rating_apply_get_default_subtype_id(self):
        """A note: it is for us, and is not mailed to who follows the case."""
        return self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note")

    def action_view_ratings(self):
        """Show what this customer said of us."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_portal.rating_rating_action")
        mine = [("parent_res_model", "=", self._name), ("parent_res_id", "=", self.id)]
        return action | {"domain": [*mine, ("consumed", "=", True)], "context": {}}

    # -- asking --------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_ask_ratings(self):
        """Ask customers whose dispute was settled, or who paid everything after we reminded them."""
        companies = self.env["res.company"].sudo().search(
            [
                ("parent_id", "=", False),
                ("collection_is_active", "=", True),
                ("collection_test_mode", "!=", True),
                ("collection_rating_ask", "=", True),
            ]
        )
        commit = self.env["ir.cron"]._commit_progress
        to_ask = {company: self._find_to_ask_ratings(company) for company in companies}
        remaining = sum(len(found) for found in to_ask.values())
        commit(remaining=remaining)
        for company, found in to_ask.items():
            for some in split_every(_BATCH, found):
                self.sudo().with_company(company)._ask_ratings(company, some)
                remaining -= len(some)
                if not commit(len(some), remaining=remaining):
                    return

    @api.model
    def _find_to_ask_ratings(self, company):
        """Return (case id, id of the dispute that was settled, or None) of whom to ask, one for each customer."""
        self._refresh_marked()
        query = ratings.to_ask_sql(company, company._collection_today(), company.collection_rating_days)
        return self.env.execute_query(query)

    @api.model
    def _ask_ratings(self, company, found):
        """Mail the question to one person of each customer whom a reminder would reach; who does not wish it is not asked."""
        asked = dict(found)
        reached = statement.recipients(self.env, company, list(asked))
        people = {case_id: [one for one in recipients if not one[3]] for case_id, recipients in reached.items()}
        declined = self.env["rating.rating"].search(
            [
                ("collection_declined", "=", True),
                ("partner_id", "in", [one[0] for recipients in people.values() for one in recipients]),
            ]
        ).partner_id
        for case in self.browse(asked):
            usable = [one for one in people[case.id] if one[0] not in declined.ids]
            if usable:
                partner_id, address, lang, _problem = usable[0]
                dispute = self.env["collection.dispute"].browse(asked[case.id])
                case._ask_rating(dispute, self.env["res.partner"].browse(partner_id), address, lang)

    def _ask_rating(self, dispute, partner, address, lang):
        self.ensure_one()
        rating = self.env["rating.rating"].create(self._prepare_rating_vals(dispute, partner))
        links = self.env["collection.portal.link"]
        link = links._make([links._prepare_vals(self, partner, address, lang or partner.lang) | {"rating_id": rating.id}])
        reply_to = self.company_id.collection_reply_to or self._notify_get_reply_to()[self.id]
        template = self.env.ref("account_collections_portal.mail_template_rating")
        template.send_mail(link.id, email_values={"reply_to": reply_to} if reply_to else None)

    def _prepare_rating_vals(self, dispute, partner):
        """Values of the question. It has no token of Odoo's: only our links open it. Extend with yours; writes nothing."""
        record = dispute or self
        rated = dispute.user_id or self._get_collector()
        return {
            "res_model_id": self.env["ir.model"]._get_id(record._name),
            "res_id": record.id,
            "partner_id": partner.id,
            "rated_partner_id": rated.partner_id.id,
            "access_token": False,
            "is_internal": False,
            "collection_company_id": self.company_id.id,
            "collection_asked_on": self.company_id._collection_today(),
            "collection_team_id": (dispute and dispute._get_team() or self.team_id).id,
            "collection_occasion": "dispute" if dispute else "case",
        }

    # -- the answer ----------------------------------------------------------------------------------------------------

    def _portal_rate(self, rating, score, text):
        """The customer says how satisfied it is. The first answer counts."""
        self._portal_begin()
        rating.invalidate_recordset(["consumed"])
        if not rating.consumed:
            self.env[rating.res_model].browse(rating.res_id).rating_apply(score, rating=rating, feedback=text)

    def _portal_decline_ratings(self, rating):
        """This person is not asked again."""
        self._portal_begin()
        rating.collection_declined = True
