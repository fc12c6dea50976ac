"""The languages of the addons: in step with their template, whole where people outside read them."""

import polib
import pytest
from devenv import translations

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


def test_in_order(repo):
    assert translations.findings(repo) == []


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
    assert [line for line in translations.findings(repo) if finding in line]


def test_no_language_at_all(repo):
    (repo / "addon/i18n/de.po").unlink()
    assert "it is in no language" in translations.findings(repo)[0]


def test_a_changed_text_is_translated_anew(repo):
    folder = repo / "addon/i18n"
    _write(folder / "addon.pot", ("Pay %(amount)s now", "", PAGE), ("A <b>bill</b>", "", PAGE))
    notes = translations.update(folder / "addon.pot")
    assert _german(repo) == {"A <b>bill</b>": "Eine <b>Rechnung</b>"}
    assert [note for note in notes if "Pay %(amount)s now" in note]
    assert translations.findings(repo) == ["addon/i18n/de.po: not translated: 'Pay %(amount)s now'"]
