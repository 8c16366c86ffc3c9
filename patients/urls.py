"""Addresses of people: one list for each use case."""

from patients.views import consent, consultation, papers, plan, registration, search

app_name = "patients"
urlpatterns = [*search.urls, *registration.urls, *consultation.urls, *plan.urls, *consent.urls, *papers.urls]
