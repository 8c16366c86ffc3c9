"""Every address of the product; apps are named by string, so that the platform imports none."""

from django.conf import settings
from django.urls import include, path

from mesoclinic import health, views

platform = (
    [
        path("settings/", views.site_settings, name="site_settings"),
        path("settings/<int:site_id>/holidays/<int:year>/", views.add_holidays, name="add_holidays"),
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
