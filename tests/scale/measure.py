"""What the benches measure with: statements, time, CPU, memory; and how they open Odoo."""

import os
import resource
import time
from contextlib import contextmanager

import odoo.sql_db
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


@contextmanager
def environment(database, data_dir):
    """Yield an Odoo environment of the superuser on ``database`` with real commits."""
    config.parse_config(["-c", os.environ["ODOO_RC"], "-d", database, "-D", str(data_dir), "--log-level=critical", "--no-http"])
    with Registry(database).cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {"lang": "en_US"})


def peak_memory():
    """Return the most memory this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def process_cpu():
    """Return the CPU seconds of this process."""
    return time.process_time()


def backend_cpu(pid):
    """Return the CPU seconds of a database backend, None when it runs on another machine or cannot be read."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def tidy_up(cr, *tables):
    """Clear away dead rows and bring statistics up to date (of ``tables``, or all), as PostgreSQL does within minutes."""
    cr.commit()
    cr._cnx.autocommit = True
    cr._obj.execute(f"VACUUM ANALYZE {', '.join(tables)}")
    cr._cnx.autocommit = False


class Phase:
    """Time, CPU and statements between two moments, summed over all entries; phases inside are counted in both."""

    def __init__(self):
        self.seconds = self.cpu = self.statements = self.calls = 0
        self.is_open = False

    def __enter__(self):
        self.is_open = True
        self._start = (time.perf_counter(), process_cpu(), odoo.sql_db.sql_counter)
        return self

    def __exit__(self, *_error):
        self.is_open = False
        self.seconds += time.perf_counter() - self._start[0]
        self.cpu += process_cpu() - self._start[1]
        self.statements += odoo.sql_db.sql_counter - self._start[2]
        self.calls += 1

    def values(self):
        return {
            "seconds": self.seconds,
            "cpu": self.cpu,
            "statements": self.statements,
            "calls": self.calls,
            "memory": peak_memory(),
        }
