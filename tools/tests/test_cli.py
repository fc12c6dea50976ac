"""The command line: what is understood, what is refused, and what failures look like."""

import configparser
import os
import re
import socket
import subprocess
import sys
from collections import Counter

import pytest
from devenv import cli, testing
from devenv.addons import Addon
from devenv.base import SetupError, find_layout
from devenv.testing import Outcome

REPO = find_layout().repo


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_has_a_script_and_help(name, capsys):
    script = (REPO / "bin" / name).read_text()
    assert f'tools/start.py" {name} "$@"' in script
    assert os.access(REPO / "bin" / name, os.X_OK)
    try:
        assert cli.main(name, ["--help"]) == 0
    except SystemExit as end:
        assert end.code == 0
    assert f"bin/{name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "arguments"), [("run", ["--port", "0"]), ("run", ["--no"]), ("db", []), ("db", ["x"])]
)
def test_unknown_options_are_refused(name, arguments, capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(name, arguments)
    assert end.value.code == 2
    assert f"usage: bin/{name}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (SetupError("Do this."), 1, "\nbin/run: Do this.\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (BrokenPipeError(), 141, ""),
        (OSError(28, "No space left on device", "/x"), 1, "\nbin/run: No space left on device: /x\n"),
    ],
)
def test_failures_are_words(monkeypatch, capsys, error, code, words):
    def fail(_parser, _arguments):
        raise error

    monkeypatch.setitem(cli.COMMANDS, "run", fail)
    assert cli.main("run", []) == code
    assert capsys.readouterr().err == words


def test_taken_port():
    with socket.socket() as taken:
        taken.bind((cli.HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"Port {port} is taken.* --port {port + 1}"):
            cli.refuse_taken_port(port)


def test_everything_is_linted():
    ids = re.findall(r"- id: (\S+)", (REPO / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {"ruff", "pylint-odoo", "data-files", "documents", "scripts", "bare-sudo"} <= set(ids)


def test_an_old_python_gets_words(tmp_path):
    """tools/start.py runs on what it refuses."""
    script = "import sys; sys.version_info = (3, 6, 0); sys.argv = ['start.py', 'run']; import runpy\n"
    script += f"runpy.run_path({str(REPO / 'tools/start.py')!r}, run_name='__main__')"
    outcome = subprocess.run([sys.executable, "-B", "-c", script], env={"PATH": ""}, capture_output=True, text=True)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("bin/run: Odoo 19 runs on Python 3.10 to 3.13; this is Python 3.6")


@pytest.fixture
def repo(tmp_path):
    """A repository of two addons with one test of the demo data."""
    tests = tmp_path / "progress_billing" / "tests"
    tests.mkdir(parents=True)
    for name in ("test_a.py", "test_demo_b.py"):
        (tests / name).touch()
    return tmp_path


def _plan(repo, *named):
    found = [Addon(repo / name, (), True) for name in ("progress_billing", "glue")]
    return {name: paths for name, (_addons, _demo, paths) in testing.plan(found, repo, list(named)).items()}


def test_both_passes(repo):
    assert _plan(repo) == {
        "pb_test_core": ["progress_billing"],
        "pb_test_all": ["glue", "progress_billing/tests/test_demo_b.py"],
    }


def test_named_tests_go_to_their_pass(repo):
    name = "progress_billing/tests/test_a.py::TestA::test_x"
    assert _plan(repo, name) == {"pb_test_core": [name]}
    demo = "progress_billing/tests/test_demo_b.py"
    assert _plan(repo, demo) == {"pb_test_all": [demo]}


def test_odoos_own_suites():
    settings = configparser.ConfigParser()
    settings.read(REPO / testing.SUITES)
    files = settings["pytest"]["testpaths"].split()
    failing = re.findall(r"--deselect=(\S+)::", settings["pytest"]["addopts"])
    assert files
    assert failing
    assert {test.partition("::")[0] for test in failing} <= set(files)


def test_the_core_is_tested_alone_and_without_demo_data(repo):
    found = [Addon(repo / name, (), True) for name in ("progress_billing", "glue")]
    passes = testing.plan(found, repo, [])
    assert [(len(some), demo) for some, demo, _paths in passes.values()] == [(1, False), (2, True)]


@pytest.mark.parametrize(
    ("outcomes", "code", "words"),
    [
        ([("a", 0, 2, {"testcase": 4, "skipped": 1})], 0, "4 tests, 1 skipped in 9 s (a 2 s): OK"),
        ([("a", 1, 2, {"testcase": 4, "failure": 1})], 1, "4 tests, 1 failed in 9 s (a 2 s): FAILED in a"),
        ([("a", 0, 0, {"testcase": 1}), ("b", 5, 0, {})], 0, "1 tests in 9 s (a 0 s, b 0 s): OK"),
        ([("a", 5, 0, {})], 1, "no tests in 9 s (a 0 s): FAILED: no test ran"),
        ([("a", 0, 0, {"testcase": 1, "skipped": 1})], 1, "1 tests, 1 skipped in 9 s (a 0 s): FAILED: no test ran"),
        ([("a", 2, 0, {"testcase": 1, "error": 1})], 1, "1 tests, 1 errors in 9 s (a 0 s): FAILED in a"),
    ],
)
def test_verdict(capsys, outcomes, code, words):
    assert testing.verdict([Outcome(*how, Counter(counts)) for *how, counts in outcomes], 9) == code
    assert capsys.readouterr().out == f"Total: {words}\n"
