"""Addresses of people: one list for each use case."""

from patients.views import (
    attachments,
    consent,
    consultation,
    corrections,
    intake,
    intake_answers,
    link,
    merging,
    overrides,
    papers,
    photographs,
    plan,
    registration,
    search,
    sign_offs,
)

app_name = "patients"
urlpatterns = [
    *search.urls,
    *registration.urls,
    *merging.urls,
    *consultation.urls,
    *plan.urls,
    *sign_offs.urls,
    *consent.urls,
    *papers.urls,
    *photographs.urls,
    *attachments.urls,
    *overrides.urls,
    *corrections.urls,
    *intake.urls,
    *intake_answers.urls,
    *link.urls,
]
