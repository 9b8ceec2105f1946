from odoo import models

from ..engine import stand_ins


class ResUsers(models.Model):
    """Who stands in for whom on a day."""

    _inherit = "res.users"

    def _collection_stand_ins(self, date):
        """Return {user: who answers for that user on ``date``}, with the same few statements for any number of users.

        The one place that decides it: for to-dos, for disputes, and for whose cases are mine. Who has left the company
        counts as away.
        """
        # sudo: absences and leaves of others are nobody's business, who stands in is everybody's
        absent = self.env["collection.absence"].sudo()._get_absent(date)
        absent |= {user.id: absent.get(user.id) for user in self.sudo() if not user.active}
        if absent.keys().isdisjoint(self.ids):
            return {user: user for user in self}
        leaders = self.env["collection.team"].sudo()._get_leaders()
        return {user: self.browse(stand_ins.stand_in(user.id, absent, leaders)) for user in self}

    def _collection_stand_in(self, date):
        """Return who answers for this user on ``date``; nobody for nobody."""
        return self._collection_stand_ins(date).get(self, self)

    def _collection_answers_for(self, date):
        """Return the users whose work is this user's on ``date``: the user, and who is away."""
        self.ensure_one()
        away = self.browse(self.env["collection.absence"].sudo()._get_absent(date))
        return self | self.browse([user.id for user, who in away._collection_stand_ins(date).items() if who == self])
