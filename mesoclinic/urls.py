"""Every address of the product; apps are named by string, so that the platform imports none."""

from django.conf import settings
from django.urls import include, path

from mesoclinic import health, views
from mesoclinic.settings_pages.views import people, places, things

platform = (
    [
        *places.urls,
        *things.urls,
        *people.urls,
        path("theme/", views.set_theme, name="set_theme"),
        path("csp-report/", views.csp_report, name="csp_report"),
        path("healthz", health.healthz, name="healthz"),
        path("readyz", health.readyz, name="readyz"),
    ],
    "mesoclinic",
)

urlpatterns = [
    path("", include(platform)),
    path("accounts/", include("mesoclinic.account_urls")),
    path("", include("sessions.urls")),
    path("", include("patients.urls")),
    path("", include("protocols.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/mail/", include("mesoclinic.demo.urls")))
