"""``setup/run [--no-serve] [--fresh]``: one dunning cycle on demonstration data.

Creates the database once, starts Odoo and a mail server that keeps mails as files,
runs today's cycle, and prints what it did. Without ``--no-serve`` Odoo then stays
up until Ctrl-C. ``--fresh`` starts over with a new database.
"""

import contextlib
import json
import socket
import subprocess
import time
import urllib.request

from . import databases, postgres
from .children import end
from .databases import Database
from .environment import prepared_environment
from .paths import CLONE, clone_key, content_key, run_folder
from .prepared import locked, remove
from .say import Problem, doing

DATABASE = "collections"
PORT = 8069


def main(arguments):
    unknown = [argument for argument in arguments if argument not in ("--no-serve", "--fresh")]
    if unknown:
        raise Problem(f"setup/run knows --no-serve and --fresh, not {' '.join(unknown)}")
    serve = "--no-serve" not in arguments
    with prepared_environment() as environment, locked(run_folder("locks") / "demo"):
        database = Database(environment, DATABASE, run_folder("odoo-data"))
        _check_ours(database)
        mails = run_folder("mails")
        if "--fresh" in arguments:
            database.drop()
            remove(mails)
        _bring_up_to_date(database)
        port = _free_port(serve)
        with _mail_server(environment, mails) as smtp_port:
            smtp = ["--smtp", "127.0.0.1", "--smtp-port", smtp_port]
            with _odoo_server(environment, port, smtp, crons=int(serve)) as server:
                result = _run_cycle(environment, mails, smtp)
                _print_table(result, mails, port)
                if serve:
                    _serve(server)
    return 0 if _worked(result) else 1


def _check_ours(database):
    """Refuse a database that this clone did not make: a server that others use may have one of the same name."""
    if postgres.named_by_user() and database.exists() and database.comment() != _mark():
        raise Problem(
            f"the server named by the PG* variables has a database {database.name} that this clone did not make: "
            "rename or drop it, or name another server"
        )


def _mark():
    return f"demonstration data of the account collections clone {clone_key()}"


def _bring_up_to_date(database):
    """Create the demonstration database, or update the suite in it when its files changed."""
    modules = databases.suite_modules()
    if not modules:
        raise Problem("this clone holds no module to run")
    state = run_folder() / "demo.json"
    files = content_key(*[part for path in databases.suite_files() for part in (path.relative_to(CLONE), path.read_bytes())])
    installed = json.loads(state.read_text()) if state.exists() and database.exists() else None
    if installed == files:
        return
    state.unlink(missing_ok=True)
    if installed or database.exists():
        with doing("updating the suite in the demonstration database"):
            # A module that is new in this clone is installed, the others are updated.
            both = ["--with-demo", "--init", ",".join(modules)]
            try:
                database.odoo("--update", modules, run_folder("logs") / "update-demo.log", *both)
            except Problem as problem:
                raise Problem(f"{problem}; setup/run --fresh starts over with a new database") from problem
    else:
        with doing("creating the demonstration database (once, a minute or two)"):
            new = Database(database.environment, databases.own_name("demo_new"), database.data)
            new.drop()
            new.create(comment=_mark())
            new.odoo("--init", modules, run_folder("logs") / "install-demo.log", "--with-demo")
            # The demonstration data's own notices to its users are not what the cycle sends.
            databases.sql(database.environment, "DELETE FROM mail_mail WHERE state = 'outgoing'", database=new.name)
            new.rename(DATABASE)
    state.write_text(json.dumps(files))


def _free_port(serve):
    """Odoo's usual port; a run that serves nobody takes another if it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
            return PORT
        except OSError:
            if serve:
                raise Problem(f"port {PORT} is in use: stop what listens there, or use --no-serve") from None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def _background(environment, command, log):
    """A process of ours in the background; it is stopped at the end, whatever happens."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=environment.variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us, and we stop it in order
        )
    try:
        yield process
    finally:
        end(process)


@contextlib.contextmanager
def _mail_server(environment, mails):
    """The mail sink; yields its port."""
    port_file = run_folder() / "smtp-port"
    port_file.unlink(missing_ok=True)
    inside = environment.with_variables(PYTHONPATH=CLONE / "setup")
    log = run_folder("logs") / "smtp.log"
    with _background(inside, [environment.python, "-m", "lib.smtp_sink", mails, port_file], log) as process:
        _wait_until(port_file.exists, process, "the mail server did not start", log)
        yield port_file.read_text()


@contextlib.contextmanager
def _odoo_server(environment, port, smtp, crons):
    """Odoo on loopback, answering."""
    log = run_folder("logs") / "odoo.log"
    command = environment.odoo_command(
        *("--database", DATABASE, "--db-filter", f"^{DATABASE}$", "--no-database-list"),
        *("--http-interface", "127.0.0.1", "--http-port", port),
        *("--max-cron-threads", crons, *smtp, "--logfile", log),
    )
    with _background(environment, command, log) as process:
        _wait_until(lambda: _answers(port), process, "Odoo did not start", log)
        yield process


def _serve(server):
    """Keep Odoo up until Ctrl-C."""
    print("Odoo is running; Ctrl-C stops it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.wait()
        raise Problem(f"Odoo ended by itself, its log is {run_folder('logs') / 'odoo.log'}")


def _wait_until(ready, process, failure, log, patience=180):
    deadline = time.monotonic() + patience
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Problem(f"{failure}, its log is {log}")
        time.sleep(0.1)


def _answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _run_cycle(environment, mails, smtp):
    """Run the cycle and the mail queue inside ``odoo shell`` and return what they report."""
    answer = run_folder() / "cycle.json"
    answer.unlink(missing_ok=True)
    log = run_folder("logs") / "cycle.log"
    inside = environment.with_variables(COLLECTIONS_RESULT=answer, COLLECTIONS_MAILS=mails)
    command = environment.odoo_command("shell", "--database", DATABASE, "--no-http", "--log-level", "warn", *smtp)
    with doing("running today's dunning cycle"), log.open("wb") as output:
        script = (CLONE / "setup/lib/demo_cycle.py").open()
        with script:
            subprocess.run(command, stdin=script, stdout=output, stderr=output, env=inside.variables, check=False)
    if not answer.exists():
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise Problem(f"the dunning cycle failed, its log is {log}:\n{tail}")
    return json.loads(answer.read_text())


def _worked(result):
    """Whether every cycle came to its end and every queued mail arrived."""
    return (
        bool(result["cycles"])
        and all(state == "done" for *_, state in result["cycles"])
        and result["customers_due"] > 0
        and not result["mail_failures"]
        and result["mails_arrived"] >= result["mails_queued"]
    )


def _print_table(result, mails, port):
    """The short table that the reader came for."""
    rows = [("cycle", f"{company}, {date}: {state}") for company, date, state in result["cycles"]]
    rows += [("customers due", result["customers_due"])]
    rows += [("messages", f"{count:4}  {level}, by {channel}: {state}") for level, channel, state, count in result["sent"]]
    rows += [("withheld", f"{count:4}  {reason}") for reason, count in result["withheld"]]
    rows += [("mails", f"{result['mails_queued']:4}  queued now, {result['mails_arrived']} arrived")]
    rows += [("", f"{len(list(mails.glob('*.eml'))):4}  in all in {mails}")]
    rows += [("not sent", failure) for failure in result["mail_failures"]]
    rows += [("address", f"http://127.0.0.1:{port}/odoo")]
    rows += [("login", f"{login}, password {login}") for login in result["logins"] if _can_log_in(port, login)]
    print()
    last = None
    for name, value in rows:
        print(f"{name if name != last else '':15} {value}")
        last = name
    print(flush=True)


def _can_log_in(port, login):
    """Whether ``login`` is its own password, as usual in demonstration data."""
    question = {"jsonrpc": "2.0", "params": {"db": DATABASE, "login": login, "password": login}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/web/session/authenticate",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bool(json.load(answer).get("result", {}).get("uid"))
    except (OSError, ValueError):
        return False
