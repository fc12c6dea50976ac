"""The cache folder, locks and stamps."""

import subprocess
import sys
import time
from functools import partial

import pytest
from devenv import base, process
from devenv.base import Layout, SetupError


@pytest.mark.parametrize(
    ("variables", "cache"),
    [
        ({"PROGRESS_BILLING_CACHE": "/mine", "XDG_CACHE_HOME": "/xdg", "HOME": "/me"}, "/mine"),
        ({"XDG_CACHE_HOME": "/xdg", "HOME": "/me"}, "/xdg/progress_billing"),
        ({"HOME": "/me"}, "/me/.cache/progress_billing"),
        ({"PROGRESS_BILLING_CACHE": "~/x", "HOME": "/me"}, "/me/x"),
    ],
)
def test_cache_folder(monkeypatch, variables, cache):
    for name in ("PROGRESS_BILLING_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(base.find_layout().cache) == cache
    assert (base.find_layout().repo / "bin" / "run").exists()


def test_cache_inside_the_repository_is_refused(tmp_path):
    with pytest.raises(SetupError, match="inside the repository"):
        Layout(tmp_path, tmp_path / "cache").claim()


@pytest.mark.parametrize("name", ["a,b", "a:b"])
def test_cache_that_odoo_cannot_name_is_refused(tmp_path, name):
    with pytest.raises(SetupError, match="comma or a colon"):
        Layout(tmp_path / "repo", tmp_path / name).claim()


def test_full_disk_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(base.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": 10**9}))
    with pytest.raises(SetupError, match=r"needs about 3.2 GB and its disk has 1.0 GB free"):
        Layout(tmp_path / "repo", tmp_path / "cache").claim()


def test_cache_is_made(tmp_path):
    Layout(tmp_path / "repo", tmp_path / "a" / "cache").claim()
    assert (tmp_path / "a" / "cache" / "log").is_dir()


def test_stamp_holds_for_one_recipe(tmp_path):
    assert not base.is_stamped(tmp_path, "recipe", "1")
    base.write_atomically(tmp_path / ".recipe", "1")
    assert base.is_stamped(tmp_path, "recipe", "1")
    assert not base.is_stamped(tmp_path, "recipe", "2")
    assert [path.name for path in tmp_path.iterdir()] == [".recipe"]


def test_recipes_differ_by_their_parts():
    assert base.fingerprint("ab", "c") != base.fingerprint("a", "bc")


def test_set_up_sweeps_what_a_killed_one_left(tmp_path):
    (tmp_path / ".work-old").mkdir()
    with base.setup_lock(Layout(tmp_path / "repo", tmp_path)):
        assert not (tmp_path / ".work-old").exists()


def test_second_holder_of_a_lock_waits(tmp_path, capfd):
    script = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; from devenv.base import locked\n"
    script += "with locked(Path(sys.argv[2]), 'the first'): print('in')"
    with base.locked(tmp_path / "lock", "nobody"):
        tools = str(base.find_layout().repo / "tools")
        command = [sys.executable, "-B", "-c", script, tools, str(tmp_path / "lock")]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stderr.readline() == "Waiting for the first to finish…\n"
        assert child.poll() is None
    assert child.communicate(timeout=30)[0] == "in\n"


def test_failed_program_tells_its_last_words(tmp_path):
    log = tmp_path / "log"
    with pytest.raises(process.CommandFailed) as caught:
        process.run_logged(["sh", "-c", "echo E: No space left on device; echo bye; exit 3"], log)
    assert caught.value.tail == "E: No space left on device\nbye"
    assert caught.value.explain().startswith("The disk is full. It said: E: No space left on device (all of it in ")


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("E: Failed to fetch … Temporary failure resolving", "Is the network"),
        ("ERROR: Could not find a version (from versions: none)", "Is the network"),
        ("E: Unable to locate package odoo-19", "See the log."),
        ("", "See the log."),
    ],
)
def test_hint(tmp_path, said, hint):
    (tmp_path / "log").write_text(said)
    assert process.CommandFailed(tmp_path / "log").explain().startswith(hint)


def test_what_is_running_ends_with_the_block():
    with process.running(["sh", "-c", "sleep 60 & sleep 60"]) as child:
        assert child.poll() is None
    assert child.returncode is not None


@pytest.mark.parametrize(("failures", "mark"), [([], "ok"), (["x"], "!!")])
def test_a_step_is_one_line(capsys, failures, mark):
    with process.step("Label") as found:
        found += failures
    assert capsys.readouterr().err.startswith(f"{mark}  Label (0.")


def test_a_step_that_breaks_says_so(capsys):
    with pytest.raises(ValueError, match="x"), process.step("Label"):
        raise ValueError("x")
    assert capsys.readouterr().err.startswith("!!  Label")


def test_jobs_run_at_the_same_time(tmp_path):
    def job(mine, other):
        process.run_logged(
            ["sh", "-c", f"touch {mine}; while ! test -e {other}; do sleep 0.05; done"], tmp_path / "log"
        )

    one, two = tmp_path / "one", tmp_path / "two"
    process.side_by_side([lambda: job(one, two), lambda: job(two, one)])


def test_a_failed_job_ends_the_other(tmp_path):
    started = time.monotonic()
    commands = {"bad": "sleep 0.5; exit 1", "long": "sleep 60"}
    jobs = [partial(process.run_logged, ["sh", "-c", text], tmp_path / name) for name, text in commands.items()]
    with pytest.raises(process.CommandFailed):
        process.side_by_side(jobs)
    assert time.monotonic() - started < 30
