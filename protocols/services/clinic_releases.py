"""A clinic's own release: begun from the current one, changed row by row, finished as a release that never changes."""

import re
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from mesoclinic import audit, clock
from mesoclinic.access import Can, require
from mesoclinic.accounts import User
from mesoclinic.edits import unique
from mesoclinic.errors import ClinicError, Conflict, StaleRecord
from mesoclinic.transactions import atomic
from protocols.models import CatalogueRelease, DraftRow, ReleaseDraft, RowAuthor
from protocols.queries import drafts as queries
from protocols.queries.catalogue import current_or_none, shipped_versions
from protocols.queries.drafts import Edited
from protocols.rules.carry import CarriedRow
from protocols.rules.catalogue import Catalogue, CatalogueError, Entry, Problem, build
from protocols.rules.editing import body_of
from protocols.rules.rows import KINDS
from protocols.services.catalogue import Unusable, load_release

# They are words of our own addresses.
RESERVED = frozenset({"load", "drafts"})
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?")


class Refused(ClinicError):
    """A row that the catalogue cannot hold; `problems` names everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_("The row cannot be as you typed it. Nothing was saved."))


def start_draft(actor: User, *, name: str) -> ReleaseDraft:
    """Begin a release of the clinic on top of the current one."""
    require(actor, Can.WRITE_CLINIC_RELEASE)
    with atomic():
        parent = current_or_none()
        if parent is None:
            raise ClinicError(_("Make a release current first: the clinic's own release begins from it."))
        draft = _draft(actor, name, parent)
        audit.record(actor, "draft.started", draft)
    return draft


def carry_over(actor: User, *, shipped: str, name: str) -> ReleaseDraft:
    """Begin a release on top of a newer shipped one with the clinic's changes where they fit; clashes wait in it."""
    require(actor, Can.WRITE_CLINIC_RELEASE)
    with atomic():
        upgrade = queries.upgrade_to(shipped)
        carried = upgrade.carried
        lost = [list(key) for key in carried.lost]
        draft = _draft(actor, name, upgrade.newer, carried_from=upgrade.clinic, lost=lost)
        for row in carried.rows:
            _keep_carried(actor, draft, row, upgrade.clinic)
        audit.record(actor, "draft.carried_over", draft, reason=f"{len(carried.rows)} rows, {len(lost)} left out")
    return draft


def change_row(
    actor: User,
    *,
    draft_id: int,
    kind: str,
    code: str,
    version: int,
    texts: Mapping[str, str],
    because: str,
    source: str,
) -> DraftRow:
    """Give a row of a draft other values, with the reason and its source.

    Raises Refused with everything that the catalogue says against it, StaleRecord when somebody changed the row since.
    """
    require(actor, Can.WRITE_CLINIC_RELEASE)
    with atomic():
        draft = _open(draft_id)
        edited = queries.edited_for(draft, kind, code)
        if edited.version != version:
            raise StaleRecord(_("Somebody else changed this row while you were typing. Nothing was saved."))
        if not because.strip():
            raise ClinicError(_("Say why the row is changed."), "because")
        if not source.strip():
            raise ClinicError(_("Name the source of the change."), "source")
        body = _changed_body(edited, texts)
        body |= {"changed_because": because.strip(), "changed_source": source.strip()}
        if problems := queries.problems_with(draft, (kind, code), body):
            raise Refused(problems)
        row, _made = DraftRow.objects.update_or_create(
            draft=draft,
            kind=kind,
            code=code,
            defaults={"body": body, "clashes": [], "changed_by": actor, "changed_at": clock.now()},
        )
        row.authors.add(actor)
        audit.record(
            actor, "draft.row_changed", draft, reason=f"{kind} {code}: {because}", changed=_names(edited, body)
        )
    return row


def take_back(actor: User, *, draft_id: int, kind: str, code: str, version: int) -> ReleaseDraft:
    """Let a row be as the parent has it; what the draft made of it is gone."""
    require(actor, Can.WRITE_CLINIC_RELEASE)
    with atomic():
        draft = _open(draft_id)
        row = queries.change_of(draft, kind, code)
        if row is None or queries.row_version(row) != version:
            raise StaleRecord(_("Somebody else changed this row since you opened the page. Look at it again."))
        row.delete()
        audit.record(actor, "draft.change_taken_back", draft, reason=f"{kind} {code}")
    return draft


def finish_draft(actor: User, *, draft_id: int, name: str, version: int) -> CatalogueRelease:
    """Make the draft a release that never changes; its changed rows are drafts until somebody else approves them.

    Raises Unusable with every problem, StaleRecord when somebody changed the draft since it was read.
    """
    require(actor, Can.WRITE_CLINIC_RELEASE)
    with atomic():
        draft = _open(draft_id)
        rows = list(draft.rows.all())
        if queries.draft_version(rows) != version:
            raise StaleRecord(_("Somebody else changed this draft since you opened the page. Read it again."))
        if not rows:
            raise ClinicError(_("Nothing is changed yet. Change a row first."))
        _refuse_clashes(rows)
        catalogue = _catalogue(_free(name, but=draft), draft)
        release = load_release(actor, catalogue=catalogue, origin=CatalogueRelease.Origin.CLINIC, parent=draft.parent)
        _keep_authors(rows)
        draft.name, draft.state = catalogue.release, ReleaseDraft.State.FINISHED
        draft.save(update_fields=["name", "state"])
        audit.record(actor, "draft.finished", draft, reason=f"{len(rows)} rows")
    return release


def discard_draft(actor: User, *, draft_id: int) -> ReleaseDraft:
    """Give a draft up; its changes stay to be read, and its name is free again."""
    require(actor, Can.WRITE_CLINIC_RELEASE)
    with atomic():
        draft = _open(draft_id)
        draft.state = ReleaseDraft.State.DISCARDED
        draft.save(update_fields=["state"])
        audit.record(actor, "draft.discarded", draft)
    return draft


def _open(draft_id: int) -> ReleaseDraft:
    """The draft, locked; raises OutOfScope, and Conflict when it is finished or discarded."""
    ReleaseDraft.objects.select_for_update().filter(pk=draft_id).first()
    draft = queries.draft_for(draft_id)
    if draft.state == ReleaseDraft.State.FINISHED:
        raise Conflict(_("This draft is finished: it is a release now and never changes. Begin another draft."))
    if draft.state == ReleaseDraft.State.DISCARDED:
        raise Conflict(_("This draft was discarded. Begin another one."))
    return draft


def _draft(actor: User, name: str, parent: CatalogueRelease, **more: object) -> ReleaseDraft:
    with unique(_("There is a draft of this name already."), "name"):
        return ReleaseDraft.objects.create(
            name=_free(name), parent=parent, started_by=actor, started_at=clock.now(), **more
        )


def _free(name: str, but: ReleaseDraft | None = None) -> str:
    """The name, when it is one that files, addresses and no other release have; raises ClinicError."""
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise ClinicError(
            _("Use up to 40 letters, digits, points and hyphens; begin and end with a letter or digit."), "name"
        )
    taken = {each.casefold() for each in (*queries.taken_names(but), *shipped_versions(), *RESERVED)}
    if name.casefold() in taken:
        raise ClinicError(_("There is a release or a draft of this name already."), "name")
    return name


def _changed_body(edited: Edited, texts: Mapping[str, str]) -> dict[str, object]:
    """The row with these texts, one version above the parent's; raises ClinicError when it differs in nothing."""
    body = body_of(KINDS[edited.kind], edited.now, texts)
    if edited.before is None:
        return body
    own = {"version", "changed_because", "changed_source"}
    if _without(body, own) == _without(edited.before, own):
        raise ClinicError(_("Nothing differs from the release that this draft rests on. Change a value."))
    return body | {"version": int(str(edited.before["version"])) + 1}


def _without(body: Mapping[str, object], names: set[str]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name not in names}


def _names(edited: Edited, body: Mapping[str, object]) -> list[str]:
    before = edited.before or {}
    return [
        name for name in (*before, *(each for each in body if each not in before)) if before.get(name) != body.get(name)
    ]


def _refuse_clashes(rows: Iterable[DraftRow]) -> None:
    waiting = ", ".join(f"{row.kind.replace('_', ' ')} {row.code}" for row in rows if row.clashes)
    if waiting:
        raise ClinicError(_("Decide on the conflicts first: %(rows)s.") % {"rows": waiting})


def _catalogue(name: str, draft: ReleaseDraft) -> Catalogue:
    try:
        return build(name, queries.entries_of(queries.rows_now(draft)))
    except CatalogueError as error:
        raise Unusable(error.problems) from error


def _keep_carried(actor: User, draft: ReleaseDraft, row: CarriedRow, clinic: CatalogueRelease) -> None:
    """Who wrote a row in the clinic's release stays its author; whoever carries it over has decided nothing of it."""
    clashes = [
        {"name": each.name, "before": each.before, "clinic": each.clinic, "shipped": each.shipped}
        for each in row.clashes
    ]
    kept = DraftRow.objects.create(
        draft=draft,
        kind=row.kind,
        code=row.code,
        body=dict(row.body),
        clashes=clashes,
        changed_by=actor,
        changed_at=clock.now(),
    )
    before = clinic.rows.get(kind=row.kind, code=row.code)
    kept.authors.set(RowAuthor.objects.filter(row_sha256=before.sha256).values_list("by", flat=True))


def _keep_authors(rows: Iterable[DraftRow]) -> None:
    RowAuthor.objects.bulk_create(
        [
            RowAuthor(row_sha256=Entry(row.kind, row.body).sha256, by=author, at=clock.now())
            for row in rows
            for author in row.authors.all()
        ],
        ignore_conflicts=True,
    )
