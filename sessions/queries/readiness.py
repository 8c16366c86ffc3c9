"""What keeps a session from starting, each point with what clears it (data-model.md 6.4)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from mesoclinic.rules.finding import Finding, Level
from mesoclinic.rules.tri import Tri
from mesoclinic.sites import Site
from patients.models import Acknowledgement, Consultation, FactSheet
from patients.queries.acknowledgements import cautions, stored
from patients.queries.consents import Standing, valid_consent_for
from patients.queries.overrides import Overridden, standing
from patients.queries.plans import mixture_of, technique_of
from patients.rules.candidacy import TREATABLE
from patients.rules.overrides import effective
from protocols.queries.catalogue import catalogue_of, may_finalise
from protocols.rules.catalogue import Catalogue
from protocols.rules.facts import Facts, from_sheet
from protocols.rules.formulation import FormulationResult, check_mixture
from sessions.models import LotUse, TreatmentRecord
from sessions.queries.stops import booking_stops
from sessions.queries.treatment import (
    Need,
    booking_of,
    components_of,
    lot_uses,
    lots_in,
    needs_beside,
    today_at,
    version_of,
    withheld,
)
from sessions.rules.day import FORMULATIONS, DayCheck, check_day

READ, VOID = "read", "void-"
STOPPING = frozenset({Level.CONTRAINDICATED, Level.REFER, Level.DEFER, Level.BLOCK, Level.MISSING})


@dataclass(frozen=True, slots=True)
class Readiness:
    """Today's check as it stands: the day's rules, the mixture with the chosen lots, and every stop."""

    day: DayCheck | None
    mixture: FormulationResult | None
    cautions: tuple[Finding, ...]
    unread: frozenset[str]
    stops: tuple[Finding, ...]
    overridden: Mapping[str, Overridden]


@dataclass(frozen=True, slots=True)
class Basis:
    """What several checks of one record go by, read once: the consent, what was drawn up, what the plan needs."""

    consent: Standing
    uses: Sequence[LotUse]
    needs: Sequence[Need]


def basis_of(record: TreatmentRecord) -> Basis:
    """The basis of a record as it stands now."""
    uses = lot_uses(record)
    return Basis(consent_of(record), uses, needs_beside(record, uses))


def readiness_of(record: TreatmentRecord, basis: Basis | None = None) -> Readiness:
    """Check everything anew; without a re-screen of today nothing is checked, and that is a stop."""
    basis = basis or basis_of(record)
    stops = [*_plan(record), *_visit(record), *rescreen_stops(record, record.site, _newest_sheet(record))]
    if record.fact_sheet is None or record.candidacy is None:
        waiting = (*stops, *consent_stops(basis.consent), *lot_stops(basis.needs))
        return Readiness(None, None, (), frozenset(), waiting, {})
    mixture = _mixture(record, basis)
    catalogue = catalogue_of(record.candidacy.release)
    day = check_day(_facts(record, basis, catalogue), mixture.result, catalogue)
    aside = _overridden(record, day)
    warned = tuple(found for found in (*day.candidacy.fired, *day.findings) if found.level is Level.CAUTION)
    unread = frozenset(found.rule for found in warned) - _read(record) - aside.keys()
    stops += [*_verdict(day, aside), *_unread(unread), *_formulation(mixture), *consent_stops(basis.consent)]
    stops += [found for found in (*day.findings, *booking_stops(version_of(record))) if found.level in STOPPING]
    stops += [*lot_stops(basis.needs), *withheld_stops(record, basis.uses), *_approved(record)]
    open_points = [point for point in day.open_points if point != _given(day) or not _allows(day, aside)]
    if not stops and open_points:
        stops.append(_stop("7.1", ", ".join(open_points), _("Ask the doctor.")))
    return Readiness(day, mixture, warned, unread, tuple(_once(stops)), aside)


def consent_of(record: TreatmentRecord) -> Standing:
    """How the consent for exactly this plan version stands today."""
    return valid_consent_for(version_of(record), today_at(record.site))


def caution_rules(record: TreatmentRecord) -> frozenset[str]:
    """Every caution of today, of the verdict and of the day, that the doctor has to acknowledge."""
    given = {finding["rule"] for finding in cautions(record.candidacy)} if record.candidacy else set()
    ready = readiness_of(record)
    return frozenset(given | {found.rule for found in ready.cautions}) - ready.overridden.keys()


def _facts(record: TreatmentRecord, basis: Basis, catalogue: Catalogue) -> Facts:
    consent = basis.consent.consent
    known = dict(record.fact_sheet.facts if record.fact_sheet else {})
    if record.rescreened_on:
        known["rescreen_on"] = {"value": record.rescreened_on.isoformat()}
    if consent and consent.signed_on:
        known["consent_on"] = {"value": consent.signed_on.isoformat()}
        known["consent_form_current"] = {"value": "yes"}
    return from_sheet(known, evaluated_on=today_at(record.site), catalogue=catalogue)


def _mixture(record: TreatmentRecord, basis: Basis) -> FormulationResult:
    version, on = version_of(record), today_at(record.site)
    catalogue = catalogue_of(version.release)
    facts = from_sheet(record.fact_sheet.facts if record.fact_sheet else {}, evaluated_on=on, catalogue=catalogue)
    # Until every product has a lot the lots are not judged here: that they are missing is a stop of its own.
    lots = lots_in(basis.uses) if not list(lot_stops(basis.needs)) else None
    plan = technique_of(version)
    return check_mixture(mixture_of(version, lots=lots), plan, facts=facts, evaluated_on=on, catalogue=catalogue)


def _plan(record: TreatmentRecord) -> Iterator[Finding]:
    if version_of(record).plan.consultation.state == Consultation.State.VOIDED:
        clears = _("The doctor makes a plan from another consultation.")
        yield _stop("PLAN", _("The consultation of this plan is void."), clears)


def _visit(record: TreatmentRecord) -> Iterator[Finding]:
    booking, today = booking_of(record.session), today_at(record.site)
    if booking is None:
        yield _stop("VISIT", _("This session has no visit."), _("Book the session for today."))
    elif booking.starts_at.astimezone(record.site.zone).date() != today:
        yield _stop("VISIT", _("The visit of this session is not today."), _("Move the visit to today."))


def _newest_sheet(record: TreatmentRecord) -> int | None:
    sheets = FactSheet.objects.filter(patient=record.patient_id).order_by("-number")
    return sheets.values_list("pk", flat=True).first()


def rescreen_stops(record: TreatmentRecord | None, site: Site, newest_sheet: int | None) -> Iterator[Finding]:
    """Today's questions must be answered, on the newest facts; before there is a record nothing was asked."""
    if record is None or record.rescreened_on != today_at(site):
        yield _stop("DY-01", _("Today's re-screen is not done."), _("Ask today's questions and save them."))
        return
    if newest_sheet is not None and newest_sheet != record.fact_sheet_id:
        yield _stop("DY-05", _("Facts changed after the re-screen."), _("Save the re-screen again."))


def _overridden(record: TreatmentRecord, day: DayCheck) -> Mapping[str, Overridden]:
    """What a doctor has set aside of the verdict of today's facts."""
    sheet = record.fact_sheet.number if record.fact_sheet else None
    return standing(record.patient, stored(day.candidacy.fired), sheet=sheet, on=today_at(record.site))


def _allows(day: DayCheck, aside: Mapping[str, Overridden]) -> bool:
    return effective(day.candidacy.verdict, stored(day.candidacy.fired), aside) in TREATABLE


def _given(day: DayCheck) -> str:
    """How the rules of the day name a verdict that does not allow treatment."""
    return f"verdict {day.candidacy.verdict}"


def _verdict(day: DayCheck, aside: Mapping[str, Overridden]) -> Iterator[Finding]:
    if not _allows(day, aside):
        reasons = (*day.candidacy.fired, *day.candidacy.gaps)
        yield from (found for found in reasons if found.level in STOPPING and found.rule not in aside)


def _unread(rules: Iterable[str]) -> Iterator[Finding]:
    for rule in sorted(rules):
        yield _stop(rule, _("A caution is not acknowledged."), _("The doctor reads it and ticks it below."), READ)


def _formulation(mixture: FormulationResult) -> Iterator[Finding]:
    if mixture.result not in FORMULATIONS:
        yield from (found for found in mixture.findings if found.level in STOPPING)


def consent_stops(consent: Standing) -> Iterator[Finding]:
    """The consent for exactly this plan version must hold today."""
    if consent.holds is not Tri.YES:
        clears = _("The patient signs the consent for this plan version.")
        yield _stop("SD-08", consent.reason, clears, "consent")


def lot_stops(needs: Sequence[Need]) -> Iterator[Finding]:
    """Every product of the plan must be drawn up."""
    if not needs:
        yield _stop("FX-00", _("The plan names no product."), _("The doctor signs a plan version with its products."))
    for need in needs:
        if need.short:
            yield short_stop(need)
        elif need.left_ml != Decimal(0):
            words = {"product": need.component.product.name, "left": f"{need.left_ml.normalize():f}"}
            clears = _("Draw up %(left)s mL more of %(product)s.") % words
            yield _stop("LOT", _("%(product)s is not drawn up.") % words, clears, str(need.component.pk))


def short_stop(need: Need) -> Finding:
    """That the clinic has less of a product than the plan needs."""
    amounts = {"left": f"{need.left_ml.normalize():f}", "have": f"{need.at_hand_ml.normalize():f}"}
    words = {"product": need.component.product.name} | amounts
    reason = _("%(product)s is short: %(left)s mL needed, %(have)s mL may be used.") % words
    return _stop("LOT", reason, _("Receive a lot of %(product)s.") % words, str(need.component.pk))


def withheld_stops(record: TreatmentRecord, uses: Iterable[LotUse]) -> Iterator[Finding]:
    """Each lot in a syringe, the earlier ones of a product too: the check of the mixture sees the last."""
    for use in uses:
        reason = withheld(record, use.lot)
        if reason:
            words = _("Lot %(number)s is drawn up. %(reason)s") % {"number": use.lot.number, "reason": reason}
            clears = _("The doctor voids this record; prepare again with another lot.")
            yield _stop("LOT", words, clears, f"{VOID}{use.lot_id}")


def _approved(record: TreatmentRecord) -> Iterator[Finding]:
    version = version_of(record)
    used = [("protocol", version.protocol), ("technique", version.technique)]
    used += [("ingredient", part.ingredient) for part in components_of(version)]
    if not may_finalise(record.site, version.release, used):
        clears = _("The medical director approves the rows.")
        yield _stop("CATALOGUE", _("The plan uses catalogue rows that are not approved."), clears)


def _read(record: TreatmentRecord) -> set[str]:
    return set(Acknowledgement.objects.filter(candidacy=record.candidacy_id).values_list("rule", flat=True))


def _stop(rule: str, reason: str, action: str, about: str = "") -> Finding:
    return Finding(rule=rule, version=1, level=Level.BLOCK, about=about, reason=reason, action=action)


def _once(findings: Iterable[Finding]) -> Iterable[Finding]:
    """The first finding of a rule about one thing; our plain words come before the catalogue's."""
    seen: dict[tuple[str, str], Finding] = {}
    blocked = set()
    for found in findings:
        if found.rule in blocked and found.rule in {"DY-01", "SD-08"}:
            continue
        blocked.add(found.rule)
        seen.setdefault((found.rule, found.about), found)
    return seen.values()
