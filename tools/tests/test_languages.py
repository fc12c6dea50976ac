"""The languages of the addons are whole where people outside the office read; ``bin/lint`` runs this as well."""

import re
from pathlib import Path

import polib
import pytest
from devenv import cli
from devenv.base import find_layout

#: where a text is read by people outside the office: their pages, e-mails and documents, and what a page answers
OUTWARD = re.compile(
    r"""
    model_terms:ir\.ui\.view,arch_db:\w+\.(portal_|report_|progress_plan_table)
    | model(_terms)?:mail\.template,(subject|body_html)
    | code:addons/\w+/(controllers|report)/(?!wip_xlsx)
    | code:addons/\w+/static/src/portal/
    | code:addons/progress_billing/models/portal/(?!progress_approval|progress_contact|progress_notice)
    | code:addons/progress_billing/models/(base/progress_guard_mixin|(deposit|review|retainage)/progress_bill)
    | code:addons/progress_billing_compliance/models/progress_compliance_waiver
    | code:addons/progress_billing_subcontract/models/progress_(bill_claim|contract|vendor)
    | model:ir\.model\.fields\.selection,name:\w+\.selection__progress_(bill__(state|kind|claim_status)|answer__kind)
    | model:ir\.model\.fields,field_description:progress_billing\.field_progress_bill__
      ((original|change|revised|completed_stored)_amount|retainage_total|earned_less_retainage
      |less_previous_certificates|current_payment_due|balance_to_finish)$
    | model:ir\.actions\.report,name:
    """,
    re.VERBOSE,
)
#: what stands for a value: Python's, a template's, and tags
PLACES = re.compile(r"%\(\w+\)s|%s|%%|\{\{.*?\}\}|\{\w+\}|<[^<>]+>")




def missing(template: polib.POFile, catalog: polib.POFile) -> list[str]:
    """The outward texts of a template that a language has not."""
    known = {entry.msgid for entry in catalog if entry.translated()}
    return [entry.msgid for entry in template if is_outward(entry) and entry.msgid not in known]


def is_outward(entry: polib.POEntry) -> bool:
    """Whether people outside the office read a text."""
    return any(OUTWARD.match(place) for place, _line in entry.occurrences)


def findings(repo: Path) -> list[str]:
    """What is wrong with the languages of all addons: a line each."""
    found = []
    for template in sorted(repo.glob("*/i18n/*.pot")):
        current = polib.pofile(str(template))
        known = {entry.msgid for entry in current}
        languages = sorted(template.parent.glob("*.po"))
        if not languages and any(map(is_outward, current)):
            found.append(f"{template.relative_to(repo)}: people outside the office read it, and it is in no language")
        for path in languages:
            name = path.relative_to(repo)
            catalog = polib.pofile(str(path))
            found += [f"{name}: not translated: {msgid!r}" for msgid in missing(current, catalog)]
            for entry in catalog:
                if entry.msgid not in known:
                    found.append(f"{name}: not in the template: {entry.msgid!r}")
                elif sorted(PLACES.findall(entry.msgid)) != sorted(PLACES.findall(entry.msgstr)):
                    found.append(f"{name}: other placeholders or tags than in {entry.msgid!r}")
    return found


PAGE = ("model_terms:ir.ui.view,arch_db:addon.portal_page", "0")
OFFICE = ("model:ir.model.fields,field_description:addon.field_x", "0")


@pytest.fixture
def repo(tmp_path):
    """A repository with one addon, of three texts in its template and a German file."""
    folder = tmp_path / "addon" / "i18n"
    folder.mkdir(parents=True)
    pay, bill = ("Pay %(amount)s", "%(amount)s zahlen", PAGE), ("A <b>bill</b>", "Eine <b>Rechnung</b>", PAGE)
    _write(folder / "addon.pot", (pay[0], "", PAGE), (bill[0], "", PAGE), ("Sequence", "", OFFICE))
    _write(folder / "de.po", pay, bill)
    return tmp_path


def _write(path, *entries):
    catalog = polib.POFile()
    catalog.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Language": "de"}
    for msgid, msgstr, place in entries:
        catalog.append(polib.POEntry(msgid=msgid, msgstr=msgstr, occurrences=[place]))
    catalog.save(str(path))


def _german(repo):
    return {entry.msgid: entry.msgstr for entry in polib.pofile(str(repo / "addon/i18n/de.po"))}


def test_ours():
    assert findings(find_layout().repo) == []


def test_in_order(repo):
    assert findings(repo) == []


@pytest.mark.parametrize(
    ("msgid", "msgstr", "finding"),
    [
        ("Pay %(amount)s", "Zahlen", "other placeholders"),
        ("Pay %(amount)s", "%(sum)s zahlen", "other placeholders"),
        ("A <b>bill</b>", "Eine Rechnung", "other placeholders or tags"),
        ("Gone", "Weg", "not in the template"),
        ("A <b>bill</b>", "", "not translated"),
    ],
)
def test_findings(repo, msgid, msgstr, finding):
    texts = {**_german(repo), msgid: msgstr}
    _write(repo / "addon/i18n/de.po", *((text, german, PAGE) for text, german in texts.items()))
    assert [line for line in findings(repo) if finding in line]


def test_no_language_at_all(repo):
    (repo / "addon/i18n/de.po").unlink()
    assert "it is in no language" in findings(repo)[0]


def test_a_changed_text_is_translated_anew(repo):
    folder = repo / "addon/i18n"
    _write(folder / "addon.pot", ("Pay %(amount)s now", "", PAGE), ("A <b>bill</b>", "", PAGE))
    cli.follow(folder / "addon.pot")
    assert _german(repo) == {"A <b>bill</b>": "Eine <b>Rechnung</b>"}
    assert findings(repo) == ["addon/i18n/de.po: not translated: 'Pay %(amount)s now'"]
