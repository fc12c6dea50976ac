"""Odoo's own suites: the list, and what a run says."""

from devenv import odoo_suites
from devenv.base import find_layout

REPORT = """\
<testsuites><testsuite>
  <testcase classname="odoo.addons.sale.tests.test_a.TestA" name="test_good"/>
  <testcase classname="odoo.addons.sale.tests.test_a.TestA" name="test_skipped"><skipped/></testcase>
  <testcase classname="odoo.addons.sale.tests.test_a.TestA" name="test_bad"><failure message="x"/></testcase>
  <testcase classname="odoo.addons.sale.tests.test_a.TestA" name="test_broken"><error message="x"/></testcase>
  <testcase classname="odoo.addons.sale.tests.test_a" name="test_helper"><error message="x"/></testcase>
</testsuite></testsuites>
"""


def test_list():
    text = "# why\n\nsale/tests/test_a.py\n- sale/tests/test_a.py::TestA::test_b  # reason\n"
    assert odoo_suites.read_list(text) == (["sale/tests/test_a.py"], {"sale/tests/test_a.py::TestA::test_b"})


def test_report():
    assert odoo_suites.failures_of(REPORT) == {
        "sale/tests/test_a.py::TestA::test_bad",
        "sale/tests/test_a.py::TestA::test_broken",
        "sale/tests/test_a.py::test_helper",
    }


def test_the_list_of_the_repository_is_consistent():
    files, known = odoo_suites.read_list((find_layout().repo / odoo_suites.LIST).read_text(encoding="utf-8"))
    assert files
    assert {name.partition("::")[0] for name in known} <= set(files)
