"""The questions before a visit, as the patient answers them: by link, without a sign-in, one topic a page."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mesoclinic.access import Can, disclose
from mesoclinic.errors import ClinicError, StaleRecord
from mesoclinic.forms import ClinicForm
from mesoclinic.languages import spoken
from mesoclinic.typed import number_in
from patients.forms.intake import BirthDateForm, Intake, TopicForm
from patients.forms.intake_questions import Topic
from patients.queries.consultations import today_at
from patients.queries.intake import PURPOSE, kept_answers
from patients.services import intake as services
from patients.services.links import Known, confirm_birth_date
from patients.views.link import LinkRequest, by_link, gone, is_known, just_used, remember
from protocols.queries.catalogue import current_catalogue

ANSWER = Can.ANSWER_INTAKE


class ReviewForm(ClinicForm):
    """Carries nothing but the refusal of what was sent."""


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, ANSWER, known=False)
def start(request: LinkRequest) -> HttpResponse:
    """Ask for the birth date, then go on where the patient was."""
    if request.method == "GET" and is_known(request, request.link):
        return _go_on(request)
    form = BirthDateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        outcome = confirm_birth_date(request.actor, born=form.cleaned_data["born"])
        if outcome is Known.YES:
            remember(request, request.link)
            return _go_on(request)
        if outcome is Known.CLOSED:
            return gone(request)
        form.refuse(ClinicError(_refusal(request, outcome), "born"))
    return render(request, "patients/intake_start.html", _frame(request) | {"form": form}, status=form.status)


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, ANSWER)
def topic(request: LinkRequest, topic: str) -> HttpResponse:
    """One page of questions: each answer is kept as it is given, right or wrong."""
    intake, version = _intake(request)
    shown = intake.topic(topic)
    if shown is None:
        return _go_on(request)
    disclose(request.actor, "intake", [request.link.patient_id])
    if request.method == "GET":
        return _topic_page(request, intake, shown, intake.form(shown), version)
    form = intake.form(shown, request.POST)
    try:
        kept = intake.keep(shown, form, leaves=request.POST.get("action") == "next")
        version = services.save_answers(request.actor, version=_seen(request), answers=kept)
    except ClinicError as error:
        form.refuse(error)
        return _topic_page(request, intake, shown, form, version, problem=error)
    if request.htmx:
        saved = _frame(request) | {"version": version, "kept": True}
        return render(request, "patients/intake_topic.html#saved", saved)
    if form.is_valid():
        return _next(request, shown)
    return _topic_page(request, intake, shown, form, version)


@require_http_methods(["GET", "POST"])
@by_link(PURPOSE, ANSWER)
def review(request: LinkRequest) -> HttpResponse:
    """Everything once more in the patient's words, and the button that sends it."""
    intake, version = _intake(request)
    disclose(request.actor, "intake", [request.link.patient_id])
    form = ReviewForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and intake.first_open() is not None:
        form.refuse(ClinicError(_("Some questions are still open. They are marked below.")))
    if form.is_valid():
        try:
            services.send_answers(request.actor, version=_seen(request), proposals=intake.proposals())
        except ClinicError as error:
            form.refuse(error)
        else:
            return redirect("patients:intake_sent")
    context = {"form": form, "read_back": intake.read_back(), "version": version, "topics": intake.topics}
    return render(request, "patients/intake_review.html", _frame(request) | context, status=form.status)


@login_not_required
@require_GET
def sent(request: HttpRequest) -> HttpResponse:
    """Thanks, on the device that has just sent the answers; they cannot be changed any more."""
    link = just_used(request, PURPOSE)
    if link is None:
        return gone(request)
    with translation.override(spoken(link.patient.language)), timezone.override(link.site.zone):
        return render(request, "patients/intake_sent.html", {"clinic": link.site})


def _intake(request: LinkRequest) -> tuple[Intake, int]:
    link = request.link
    answers, version = kept_answers(link)
    sex, today = link.patient.sex_at_birth, today_at(link.site)
    return Intake(answers, sex=sex, catalogue=current_catalogue(), today=today), version


def _go_on(request: LinkRequest) -> HttpResponse:
    intake, _version = _intake(request)
    found = intake.first_open()
    return redirect("patients:intake_topic", found.id) if found else redirect("patients:intake_review")


def _next(request: LinkRequest, shown: Topic) -> HttpResponse:
    """The page after, or the check when the patient came from there."""
    intake, _version = _intake(request)
    following = intake.after(shown)
    checking = request.POST.get("back") == "review" and intake.first_open() is None
    if checking or following is None:
        return redirect("patients:intake_review")
    return redirect("patients:intake_topic", following.id)


def _topic_page(
    request: LinkRequest,
    intake: Intake,
    shown: Topic,
    form: TopicForm,
    version: int,
    problem: ClinicError | None = None,
) -> HttpResponse:
    number, stale = intake.topics.index(shown) + 1, isinstance(problem, StaleRecord)
    context = {
        "form": form,
        "topic": shown,
        "topics": intake.topics,
        "number": number,
        "before": intake.before(shown),
        "back": "review" if "review" in (request.GET.get("back"), request.POST.get("back")) else "",
        # What saves by itself never overwrites another device: it stays behind until the page is opened again.
        "version": _seen(request) if stale and request.htmx else version,
        "stale": stale,
    }
    template = "patients/intake_topic.html#saved" if request.htmx else "patients/intake_topic.html"
    return render(request, template, _frame(request) | context, status=form.status)


def _frame(request: LinkRequest) -> dict[str, Any]:
    return {"clinic": request.link.site}


def _refusal(request: LinkRequest, outcome: Known) -> str:
    phone = request.link.site.phone
    if outcome is Known.ASLEEP:
        words = _("Too many wrong dates. This page sleeps for 15 minutes. You can call us: %(phone)s.")
        return words % {"phone": phone} if phone else _("Too many wrong dates. This page sleeps for 15 minutes.")
    return _("This is not the date of birth that we know. Check day, month and year.")


def _seen(request: LinkRequest) -> int:
    version = number_in(request.POST.get("version", ""), bits=31)
    # The first version is 0, so that what cannot be read must be none at all.
    return -1 if version is None else version


urls = [
    path("my/intake/", start, name="intake_start"),
    path("my/intake/check/", review, name="intake_review"),
    path("my/intake/sent/", sent, name="intake_sent"),
    path("my/intake/<slug:topic>/", topic, name="intake_topic"),
]
