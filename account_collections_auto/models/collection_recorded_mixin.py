from odoo import api, models
from odoo.exceptions import AccessError


class CollectionRecordedMixin(models.AbstractModel):
    """Fields that the system records, and that no client writes: not as a value, nor as a default.

    A model names its own in ``_recorded``, besides those of what it inherits. The system writes them with `sudo`.
    """

    _name = "collection.recorded.mixin"
    _description = "What Is Recorded by the System"
    _recorded = frozenset()

    @classmethod
    def _get_recorded(cls):
        """Return the names of all fields that are recorded."""
        return frozenset().union(*(vars(base).get("_recorded", ()) for base in cls.mro()))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_recorded(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_recorded(vals)
        return super().write(vals)

    def copy_data(self, default=None):
        """What was recorded of one is not true of its copy."""
        recorded = self._get_recorded() - (default or {}).keys()
        return [{name: vals[name] for name in vals if name not in recorded} for vals in super().copy_data(default)]

    def _check_not_recorded(self, vals):
        """Refuse what a client sends for fields that are recorded."""
        recorded = [name for name in vals if name in self._get_recorded()]
        if recorded and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s cannot be changed by hand.",
                    fields=", ".join(self._fields[name].string for name in recorded),
                )
            )

    @api.model
    def default_get(self, fields):
        """Of what is recorded only our own defaults count: the context and the defaults of a user come from the client."""
        recorded = self._get_recorded()
        values = super().default_get([name for name in fields if name not in recorded])
        for name in recorded.intersection(fields):
            field = self._fields[name]
            if field.default:
                value = field.convert_to_cache(field.default(self), self, validate=False)
                values[name] = field.convert_to_write(field.convert_to_record(value, self), self)
        return values
