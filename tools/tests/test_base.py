"""The cache folder, locks and stamps."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from devenv import base
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


def test_a_recipe_is_followed_once(tmp_path):
    made = []
    for recipe in ("1", "1", "2"):
        base.once(tmp_path, "recipe", recipe, lambda recipe=recipe: made.append(recipe))
    assert made == ["1", "2"]
    with pytest.raises(ZeroDivisionError):
        base.once(tmp_path, "recipe", "3", lambda: 1 / 0)
    base.once(tmp_path, "recipe", "3", lambda: made.append("3"))
    assert made == ["1", "2", "3"]


def test_recipes_differ_by_their_parts():
    assert base.fingerprint("ab", "c") != base.fingerprint("a", "bc")


def test_set_up_sweeps_what_a_killed_one_left(tmp_path):
    layout = Layout(tmp_path / "repo", tmp_path)
    (layout.scratch / "apt").mkdir(parents=True)
    with base.setup_lock(layout):
        assert not layout.scratch.exists()


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


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo E: No space left on device; echo bye; exit 3", "E: No space left on device\nbye"),
        ("echo one; echo two >&2; exit 1", "one\ntwo"),
        ("exit 1", "nothing"),
    ],
)
def test_failed_program_tells_its_last_words(tmp_path, script, said):
    log = tmp_path / "log"
    with pytest.raises(SetupError) as caught:
        base.run_logged(["sh", "-c", script], log, "Do this.")
    assert str(caught.value) == f"sh failed. It said, in {log}:\n{said}\nDo this."


def test_what_is_running_ends_with_us(tmp_path):
    script = "import sys; sys.path.insert(0, sys.argv[1]); from devenv.base import running\n"
    script += "with running(['sleep', '60']) as child: print(child.pid, flush=True); child.wait()"
    command = [sys.executable, "-B", "-c", script, str(base.find_layout().repo / "tools")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    child = Path("/proc", parent.stdout.readline().strip())
    time.sleep(0.2)
    parent.kill()
    parent.wait()
    ended = time.monotonic() + 10
    while child.exists() and "State:\tZ" not in (child / "status").read_text() and time.monotonic() < ended:
        time.sleep(0.05)
    assert time.monotonic() < ended


def test_what_is_running_ends_with_the_block():
    with base.running(["sh", "-c", "sleep 60 & sleep 60"]) as child:
        assert child.poll() is None
    assert child.returncode is not None


def test_a_step_is_one_line(capsys):
    with base.step("Label"):
        pass
    assert capsys.readouterr().err.startswith("ok  Label (0.")


def test_a_step_that_breaks_says_so(capsys):
    with pytest.raises(ValueError, match="x"), base.step("Label"):
        raise ValueError("x")
    assert capsys.readouterr().err.startswith("!!  Label")
