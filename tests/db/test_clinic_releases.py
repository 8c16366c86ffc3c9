"""A clinic's own release: begun from the current one, changed, finished, approved by another, carried over."""

import io
from dataclasses import replace

import pytest
from django.core.management import call_command

from mesoclinic.accounts import Role
from mesoclinic.actors import System
from mesoclinic.audit import AuditEvent
from mesoclinic.errors import ClinicError, Conflict, NotAllowed, StaleRecord
from protocols.models import CatalogueRelease, DraftRow, ReleaseDraft, RowDecision
from protocols.queries import drafts as queries
from protocols.queries.catalogue import status_of
from protocols.release_files import read_release
from protocols.rules.catalogue import Entry, build
from protocols.rules.changes import changes
from protocols.services.catalogue import Unusable, activate_release, decide_rows, load_release
from protocols.services.clinic_releases import (
    Refused,
    carry_over,
    change_row,
    discard_draft,
    finish_draft,
    start_draft,
    take_back,
)
from tests.builders import clinic

ENVELOPE = {"version": 1, "strength": "P", "sources": []}


def zone(code, **over):
    return Entry("zone", {"id": code, **ENVELOPE, "name": code.title(), "area_cm2": "40"} | over)


def interval(**over):
    body = {"id": "weekly", **ENVELOPE, "name": "weekly", "min_days": 6, "target_days": 7, "max_days": 10}
    return Entry("interval", body | over)


@pytest.fixture
def author():
    return clinic.staff(Role.DIRECTOR, at=clinic.site())


@pytest.fixture
def shipped():
    return ship("2030.1", zone("vertex"), zone("frontal"), interval())


@pytest.fixture
def draft(author, shipped):
    activate_release(System("test"), release=shipped)
    return start_draft(author, name="clinic-1")


def ship(version, *entries):
    return load_release(System("test"), catalogue=build(version, entries))


def change(
    actor, draft, kind="zone", code="vertex", version=None, because="Measured.", source="Minutes, May.", **texts
):
    seen = queries.edited_for(draft, kind, code).version if version is None else version
    return change_row(
        actor,
        draft_id=draft.pk,
        kind=kind,
        code=code,
        version=seen,
        texts=texts,
        because=because,
        source=source,
    )


def finish(actor, draft, name=""):
    version = queries.draft_version(draft.rows.all())
    return finish_draft(actor, draft_id=draft.pk, name=name or draft.name, version=version)


def bodies(release):
    return {(row.kind, row.code): row.body for row in release.rows.all()}


def decide(actor, release):
    return decide_rows(actor, rows=release.rows.all(), decision="approved", reason="Read.")


def authored():
    return {
        row.code: RowDecision.objects.filter(row_sha256=row.sha256).last().by_author
        for row in CatalogueRelease.objects.get(version="clinic-1").rows.all()
    }


def test_a_finished_draft_is_a_release_that_differs_in_exactly_what_was_changed(author, shipped, draft):
    decide_rows(clinic.staff(Role.DIRECTOR), rows=shipped.rows.all(), decision="approved", reason="Read.")
    change(author, draft, area_cm2="41,5")
    made = finish(author, draft)
    assert (made.version, made.origin, made.parent, made.loaded_by) == ("clinic-1", "clinic", shipped, author)
    (row,) = changes(bodies(shipped), bodies(made))
    assert {each.name: (each.old, each.new) for each in row.fields} == {
        "version": (1, 2),
        "area_cm2": ("40", "41.5"),
        "changed_because": (None, "Measured."),
        "changed_source": (None, "Minutes, May."),
    }
    status = status_of(made.rows.all())
    assert {row.code: status[row.sha256] for row in made.rows.all()} == {
        "frontal": "approved",
        "weekly": "approved",
        "vertex": "draft",
    }
    assert [row.code for row in made.rows.order_by("pk")] == ["vertex", "frontal", "weekly"]
    told = list(AuditEvent.objects.filter(action__startswith="draft.").values_list("action", "actor_id"))
    assert told == [(f"draft.{what}", author.pk) for what in ("started", "row_changed", "finished")]


def test_what_is_exported_is_checked_loaded_and_compared_as_the_same(author, draft, tmp_path):
    change(author, draft, area_cm2="41")
    made = finish(author, draft)
    call_command("catalogue", "export", "--release", "clinic-1", "--to", str(tmp_path), stdout=io.StringIO())
    assert read_release("clinic-1", tmp_path).sha256 == made.sha256
    told = io.StringIO()
    call_command("catalogue", "check", "--release", "clinic-1", "--from", str(tmp_path), stdout=told)
    call_command("catalogue", "load", "--release", "clinic-1", "--from", str(tmp_path), stdout=told)
    assert made.sha256 in told.getvalue()
    told = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("catalogue", "diff", "--release", "clinic-1", stdout=told)
    assert told.getvalue() == "zone vertex\n"


def test_only_a_director_writes_and_nothing_is_left_behind(shipped, draft):
    doctor = clinic.staff(Role.DERMATOLOGIST)
    calls = (
        lambda: start_draft(doctor, name="mine"),
        lambda: change(doctor, draft, area_cm2="41"),
        lambda: finish(doctor, draft),
        lambda: discard_draft(doctor, draft_id=draft.pk),
        lambda: take_back(doctor, draft_id=draft.pk, kind="zone", code="vertex", version=0),
        lambda: carry_over(doctor, shipped="2030.1", name="mine"),
    )
    for call in calls:
        with pytest.raises(NotAllowed):
            call()
    assert (ReleaseDraft.objects.count(), DraftRow.objects.count(), CatalogueRelease.objects.count()) == (1, 0, 1)


def test_everything_that_the_catalogue_says_against_a_row_is_said_at_once(author, draft):
    with pytest.raises(Refused) as refused:
        change(author, draft, area_cm2="wide", sources="S9", parts="nowhere\nfrontal", strength="Z")
    told = {(each.code, each.field) for each in refused.value.problems}
    assert told == {("wrong-type", "area_cm2"), ("unknown-source", "sources[0]"), ("unknown-reference", "parts[0]")}
    assert not DraftRow.objects.exists()


@pytest.mark.parametrize(
    ("over", "field"),
    [({"because": " "}, "because"), ({"source": " "}, "source"), ({"area_cm2": "40 "}, "")],
    ids=["no reason", "no source", "no difference"],
)
def test_a_change_has_a_reason_and_a_source_and_changes_something(author, draft, over, field):
    with pytest.raises(ClinicError) as refused:
        change(author, draft, **({"area_cm2": "41"} | over))
    assert refused.value.field == field
    assert not DraftRow.objects.exists()


def test_whoever_changes_a_row_second_is_told_and_changes_nothing(author, draft):
    other = clinic.staff(Role.DIRECTOR)
    seen = queries.edited_for(draft, "zone", "vertex").version
    change(author, draft, version=seen, area_cm2="41")
    with pytest.raises(StaleRecord):
        change(other, draft, version=seen, area_cm2="42")
    assert draft.rows.get().body["area_cm2"] == "41"
    change(other, draft, code="frontal", area_cm2="61")
    seen = queries.draft_version(draft.rows.all())
    change(author, draft, area_cm2="43")
    with pytest.raises(StaleRecord):
        finish_draft(other, draft_id=draft.pk, name="clinic-1", version=seen)
    assert CatalogueRelease.objects.count() == 1


def test_a_change_that_is_taken_back_leaves_the_row_as_it_was(author, shipped, draft):
    for code in ("vertex", "frontal"):
        change(author, draft, code=code, area_cm2="41")
    row = draft.rows.get(code="vertex")
    take_back(author, draft_id=draft.pk, kind="zone", code="vertex", version=queries.row_version(row))
    assert {row.code for row in changes(bodies(shipped), bodies(finish(author, draft)))} == {"frontal"}
    other = start_draft(author, name="clinic-2")
    with pytest.raises(StaleRecord):
        take_back(author, draft_id=other.pk, kind="zone", code="vertex", version=0)


def test_a_draft_that_has_ended_takes_no_more(author, draft):
    change(author, draft, area_cm2="41")
    finish(author, draft)
    with pytest.raises(Conflict, match="is finished"):
        change(author, draft, area_cm2="42")
    other = start_draft(author, name="clinic-2")
    discard_draft(author, draft_id=other.pk)
    with pytest.raises(Conflict, match="was discarded"):
        finish(author, other)
    assert start_draft(author, name="clinic-2").pk != other.pk


@pytest.mark.parametrize(
    "name", ["", "a b", ".hidden", "ends.", "../up", "load", "DRAFTS", "2030.1", "CLINIC-1", "é", "x" * 41]
)
def test_a_name_is_one_that_addresses_files_and_no_other_release_have(author, draft, name):
    with pytest.raises(ClinicError) as refused:
        start_draft(author, name=name)
    assert refused.value.field == "name"


def test_a_draft_without_a_change_is_not_finished(author, draft):
    with pytest.raises(ClinicError, match="Nothing is changed yet"):
        finish(author, draft)


def test_its_author_does_not_approve_a_row_in_whatever_release_it_stands(author, shipped, draft):
    other = clinic.staff(Role.DIRECTOR)
    decide(other, shipped)
    change(author, draft, area_cm2="41")
    made = finish(other, draft)
    with pytest.raises(ClinicError, match="zone vertex") as refused:
        decide(author, made)
    assert refused.value.field == "decision"
    copied = ship("2030.9", *(Entry(row.kind, row.body) for row in made.rows.all()))
    with pytest.raises(ClinicError, match="Another director"):
        decide(author, copied)
    assert decide(other, made) == 1
    assert authored() == {"vertex": False, "frontal": False, "weekly": False}


def test_the_only_director_approves_and_only_the_written_rows_say_so(author, draft):
    change(author, draft, area_cm2="41")
    decide(author, finish(author, draft))
    assert authored() == {"vertex": True, "frontal": False, "weekly": False}
    assert AuditEvent.objects.get(action="catalogue.approved_by_author").reason == "1 rows"


def test_two_who_wrote_a_row_both_are_its_authors(author, draft):
    other, third = clinic.staff(Role.DIRECTOR), clinic.staff(Role.DIRECTOR)
    change(author, draft, area_cm2="41")
    change(other, draft, area_cm2="42")
    made = finish(author, draft)
    for each in (author, other):
        with pytest.raises(ClinicError, match="zone vertex"):
            decide(each, made)
    third.is_active = False
    third.save()
    decide(author, made)
    assert authored()["vertex"] is True


@pytest.fixture
def clinics_own(author, draft):
    """The clinic's release in force: another vertex, another frontal, another interval."""
    change(author, draft, area_cm2="41")
    change(author, draft, code="frontal", name="Forehead", area_cm2="61")
    change(author, draft, kind="interval", code="weekly", min_days="5")
    made = finish(author, draft)
    activate_release(author, release=made)
    return made


def test_a_newer_shipped_release_gets_the_changes_that_fit_and_names_those_that_do_not(author, shipped, clinics_own):
    assert queries.upgrade() is None
    newer = ship("2030.2", zone("vertex"), zone("frontal", area_cm2="65", note="Read again.", version=2), zone("crown"))
    found = queries.upgrade()
    assert (found.root, found.newer, len(found.comparison.rows)) == (shipped, newer, 3)
    draft = carry_over(author, shipped="2030.2", name="clinic-2")
    assert (draft.parent, draft.carried_from, draft.lost) == (newer, clinics_own, [["interval", "weekly"]])
    vertex, frontal = draft.rows.get(code="vertex"), draft.rows.get(code="frontal")
    assert vertex.body == clinics_own.rows.get(code="vertex").body
    assert [frontal.body[name] for name in ("name", "area_cm2", "note", "version")] == [
        "Forehead",
        "65",
        "Read again.",
        3,
    ]
    assert frontal.clashes == [{"name": "area_cm2", "before": "40", "clinic": "61", "shipped": "65"}]
    with pytest.raises(ClinicError, match="zone frontal"):
        finish(author, draft)
    change(author, draft, code="frontal", area_cm2="63")
    made = finish(author, draft)
    assert {row.code for row in changes(bodies(newer), bodies(made))} == {"vertex", "frontal"}
    activate_release(author, release=made)
    assert queries.upgrade() is None


def test_who_carries_a_row_over_has_not_written_it(author, clinics_own):
    other = clinic.staff(Role.DIRECTOR)
    ship("2030.2", zone("vertex"), zone("frontal"), interval(note="Read again."))
    draft = carry_over(other, shipped="2030.2", name="clinic-2")
    made = finish(other, draft)
    vertex, weekly = made.rows.get(code="vertex"), made.rows.get(code="weekly")
    assert decide_rows(other, rows=[vertex], decision="approved", reason="Read.") == 1
    with pytest.raises(ClinicError, match="interval weekly"):
        decide_rows(author, rows=[weekly], decision="approved", reason="Read.")


def test_what_carrying_over_breaks_elsewhere_is_named_before_the_end(author, draft):
    change(author, draft, parts="frontal", area_cm2="")
    activate_release(author, release=finish(author, draft))
    ship("2030.2", zone("vertex"), interval())
    carried = carry_over(author, shipped="2030.2", name="clinic-2")
    assert [each.code for each in queries.problems_of(queries.rows_now(carried))] == ["unknown-reference"]
    with pytest.raises(Unusable):
        finish(author, carried)


def test_nothing_is_carried_over_where_the_current_release_is_no_clinics_or_rests_on_the_newest(author, shipped):
    activate_release(author, release=shipped)
    ship("2030.2", zone("vertex"))
    with pytest.raises(Conflict):
        carry_over(author, shipped="2030.2", name="clinic-2")


def test_a_clinic_whose_catalogue_is_not_current_begins_nothing(author):
    with pytest.raises(ClinicError, match="Make a release current first"):
        start_draft(author, name="clinic-1")


def test_the_parent_is_the_current_release_whoever_made_it(author, clinics_own):
    second = start_draft(author, name="clinic-2")
    assert second.parent == clinics_own
    change(author, second, area_cm2="42")
    made = finish(author, second)
    assert (made.parent, made.rows.get(code="vertex").row_version) == (clinics_own, 3)
    assert replace(build("x", [Entry(row.kind, row.body) for row in made.rows.all()])).sha256 == made.sha256
