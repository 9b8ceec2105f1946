"""The floor: bare INSERT ... SELECT of the rows that a cycle wrote, with the same foreign keys and indexes."""

from measure import Phase

TABLES = ("collection_action", "collection_action_line")


def bare_sql(env, rounds=3):
    """Copy the rows of the tables into empty twins, ``rounds`` times; return the fastest."""
    seconds = []
    for _round in range(rounds):
        for table in TABLES:
            _make_twin(env.cr, table)
        env.cr.commit()
        with Phase() as phase:
            for table in TABLES:
                env.cr.execute(f"INSERT INTO bench_{table} SELECT * FROM {table}")
            env.cr.commit()
        seconds.append(phase.seconds)
        for table in reversed(TABLES):
            env.cr.execute(f"DROP TABLE bench_{table}")
        env.cr.commit()
    counts = {}
    for table in TABLES:
        env.cr.execute(f"SELECT count(*) FROM {table}")
        counts[table] = env.cr.fetchone()[0]
    return {"seconds": min(seconds), "all_seconds": seconds, "rows": counts}


def _make_twin(cr, table):
    """An empty copy of ``table`` with its indexes, constraints and foreign keys."""
    cr.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING INDEXES INCLUDING CONSTRAINTS INCLUDING DEFAULTS)")
    cr.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table]
    )
    for name, definition in cr.fetchall():
        definition = definition.replace("REFERENCES collection_action(", "REFERENCES bench_collection_action(")
        cr.execute(f'ALTER TABLE bench_{table} ADD CONSTRAINT "bench_{name}" {definition}')
