"""``setup/odoo ARGS``: Odoo's own command line. ``setup/psql ARGS``: PostgreSQL's."""

from . import postgres
from .environment import prepared_environment


def main(arguments):
    with prepared_environment() as environment:
        return environment.run(environment.odoo_command(*arguments))


def psql(arguments):
    with prepared_environment() as environment:
        return environment.run([postgres.programs() / "psql", *arguments])
