"""The languages of the addons: i18n/<language>.po beside the template, kept in step with it.

What people outside the office read must be there in every language; the rest may wait.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import polib

#: where a text is read by people outside the office: their pages, e-mails and documents, and what a page answers
OUTWARD = re.compile(
    "|".join(
        (
            r"model_terms:ir\.ui\.view,arch_db:\w+\.(portal_|report_|progress_plan_table)",
            r"model(_terms)?:mail\.template,(subject|body_html)",
            r"code:addons/\w+/(controllers|report)/(?!wip_xlsx)",
            r"code:addons/\w+/static/src/portal/",
            r"code:addons/progress_billing/models/portal/(?!progress_approval|progress_contact|progress_notice)",
            r"code:addons/progress_billing/models/(base/progress_guard_mixin|deposit/progress_bill|review/progress_bill)",
            r"code:addons/progress_billing/models/retainage/progress_bill",
            r"code:addons/progress_billing_compliance/models/progress_compliance_waiver",
            r"code:addons/progress_billing_subcontract/models/progress_(bill_claim|contract|vendor)",
            r"model:ir\.model\.fields\.selection,name:\w+\.selection__progress_(bill__(state|kind|claim_status)|answer__kind)",
            r"model:ir\.model\.fields,field_description:progress_billing\.field_progress_bill__"
            r"((original|change|revised|completed_stored)_amount|retainage_total|earned_less_retainage|"
            r"less_previous_certificates|current_payment_due|balance_to_finish)$",
            r"model:ir\.actions\.report,name:",
        )
    )
)
#: what stands for a value: Python's, a template's, and tags
PLACES = re.compile(r"%\(\w+\)s|%s|%%|\{\{.*?\}\}|\{\w+\}|<[^<>]+>")


def update(template: Path) -> list[str]:
    """Bring the languages beside a template in step with it; returns what is to be translated anew.

    A changed text loses its translation rather than keep one that says something else.
    """
    notes, current = [], polib.pofile(str(template))
    for path in sorted(template.parent.glob("*.po")):
        catalog = polib.pofile(str(path), wrapwidth=78)
        catalog.merge(current)
        catalog[:] = [entry for entry in catalog if entry.translated()]
        catalog.save()
        notes += [f"{path}: to be translated: {msgid!r}" for msgid in missing(current, catalog)]
    return notes


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


if __name__ == "__main__":
    FOUND = findings(Path(sys.argv[1]))
    print("".join(f"{line}\n" for line in FOUND), end="")
    sys.exit(bool(FOUND))
