"""Addresses of events: one list for each use case."""

from sessions.views import (
    adverse,
    adverse_recall,
    adverse_triage,
    bookings,
    calendar,
    feed,
    live,
    merging,
    messages,
    own_visit,
    patient,
    replanning,
    series,
    today,
    touched,
    treatment,
    vignettes,
    waitlist,
)

app_name = "sessions"
urlpatterns = [
    *today.urls,
    *calendar.urls,
    *feed.urls,
    *live.urls,
    *bookings.urls,
    *series.urls,
    *replanning.urls,
    *treatment.urls,
    *messages.urls,
    *own_visit.urls,
    *patient.urls,
    *merging.urls,
    *waitlist.urls,
    *vignettes.urls,
    *touched.urls,
    *adverse.urls,
    *adverse_recall.urls,
    *adverse_triage.urls,
]
