"""Addresses of events: one list for each use case."""

from sessions.views import (
    adverse,
    adverse_recall,
    adverse_triage,
    bookings,
    calendar,
    live,
    merging,
    messages,
    patient,
    series,
    today,
    touched,
    treatment,
    vignettes,
)

app_name = "sessions"
urlpatterns = [
    *today.urls,
    *calendar.urls,
    *live.urls,
    *bookings.urls,
    *series.urls,
    *treatment.urls,
    *messages.urls,
    *patient.urls,
    *merging.urls,
    *vignettes.urls,
    *touched.urls,
    *adverse.urls,
    *adverse_recall.urls,
    *adverse_triage.urls,
]
