from odoo import api, fields, models
from odoo.exceptions import AccessError

RATED = ("collection.case", "collection.dispute")


class RatingRating(models.Model):
    """What a customer says about us after a dispute was settled or everything was paid.

    A rating with a company is one that we asked for: only these count. Odoo lets each employee write ratings; these are
    recorded by the system.
    """

    _inherit = "rating.rating"

    collection_company_id = fields.Many2one(
        "res.company", string="Company", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    collection_team_id = fields.Many2one(
        "collection.team",
        string="Team",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        groups="account_collections_auto.group_collection_auditor",
        help="The team that worked the case or the dispute when the customer was asked.",
    )
    collection_occasion = fields.Selection(
        [("dispute", "A dispute was settled"), ("case", "Everything was paid")], string="Asked After", readonly=True
    )
    collection_asked_on = fields.Date(string="Asked On", readonly=True)
    collection_declined = fields.Boolean(
        string="Asks Not to Be Asked", readonly=True, help="This person wants no more questions about our service."
    )

    @api.model_create_multi
    def create(self, vals_list):
        ratings = super().create(vals_list)
        ratings._check_not_of_collections()
        return ratings

    def write(self, vals):
        self._check_not_of_collections()
        result = super().write(vals)
        self._check_not_of_collections()
        return result

    def unlink(self):
        self._check_not_of_collections()
        return super().unlink()

    def _check_not_of_collections(self):
        if self.env.su:
            return
        # sudo: to tell what the ratings are about
        if any(rating.collection_company_id or rating.res_model in RATED for rating in self.sudo()):
            raise AccessError(self.env._("What customers say about collections cannot be changed by hand."))

    def _find_parent_data(self, values):
        """What we asked for counts in the figure of the case, be it about the case itself or about a dispute."""
        found = super()._find_parent_data(values)
        model = self.env["ir.model"].sudo().browse(values["res_model_id"]).model
        if model == "collection.case" and values.get("collection_company_id"):
            return found | {"parent_res_model_id": values["res_model_id"], "parent_res_id": values["res_id"]}
        if model in RATED and not values.get("collection_company_id"):
            return found | {"parent_res_model_id": False, "parent_res_id": False}
        return found
