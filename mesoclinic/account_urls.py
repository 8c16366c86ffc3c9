"""The doors of allauth that a clinic opens: no self-registration, no address management by guests."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from allauth.account import views
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

View = Callable[..., HttpResponse]


def door(view: View) -> View:
    """The same view; a form that it refuses answers 422, as every form of the clinic does."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        form = (getattr(answer, "context_data", None) or {}).get("form")
        if answer.status_code == HTTPStatus.OK and form is not None and form.errors:
            answer.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
        return answer

    return answered


urlpatterns = [
    path("login/", door(views.login), name="account_login"),
    path("logout/", door(views.logout), name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("reauthenticate/", door(views.reauthenticate), name="account_reauthenticate"),
    path("password/change/", door(views.password_change), name="account_change_password"),
    path("password/reset/", door(views.password_reset), name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        # The key holds hyphens itself, so the number before it must not.
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        door(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]
