"""How staff get in: an invitation by mail, a link to choose a password, and no other way."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import base36_to_int
from django.utils.translation import gettext as _
from django.utils.translation import override

from mesoclinic import audit, clock, outbox
from mesoclinic.accounts import User
from mesoclinic.actors import Actor, System
from mesoclinic.languages import spoken
from mesoclinic.outbox import Message, Skip, State, composer
from mesoclinic.transactions import atomic
from mesoclinic.transport import Mail

KIND = "password_link"
RESET_SECONDS = 60 * 60


class PasswordLink(PasswordResetTokenGenerator):
    """A link works once: for an hour, or for the whole PASSWORD_RESET_TIMEOUT while there is no password yet."""

    def check_token(self, user: Any, token: str | None) -> bool:
        if not user or not token or not super().check_token(user, token):
            return False
        age = self._num_seconds(self._now()) - base36_to_int(token.partition("-")[0])
        return age <= RESET_SECONDS or not user.has_usable_password()


class ClosedDoor(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Staff are invited by the director; nobody registers themselves. Mail leaves by the outbox, as all mail does."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        send_link(System("password reset"), user)


def send_link(actor: Actor, user: User) -> Message:
    """Promise somebody a mail with a link to choose a password; while one waits there is no second."""
    with atomic():
        gone = _messages_to(user).exclude(state=State.WAITING).count()
        key, subject = f"{KIND}:{user.pk}:{gone + 1}", _subject(user)
        message = outbox.put(KIND, key=key, subject=subject, due=clock.now())
        audit.record(actor, "user.link_promised", user)
    return message


def last_link(user: User) -> Message | None:
    """The last mail with a link to this person, with what became of it."""
    return _messages_to(user).order_by("pk").last()


@composer(KIND, repeatable=True)
def compose(subject: str) -> Mail | Skip:
    """An invitation to somebody who never had a password, else a letter to choose a new one."""
    user = User.objects.get(pk=int(subject.partition(":")[2]))
    if not user.is_active:
        return Skip("The account is closed.")
    key = f"{user_pk_to_url_str(user)}-{PasswordLink().make_token(user)}"
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"}).replace("UID-KEY", key)
    with override(spoken(user.language)):
        first = not user.has_usable_password()
        hours = (settings.PASSWORD_RESET_TIMEOUT if first else RESET_SECONDS) // RESET_SECONDS
        words = {"user": user, "first": first, "hours": hours, "address": f"{settings.PUBLIC_URL}{path}"}
        subject_line = _("Your account at the clinic") if first else _("Choose a new password")
        text = render_to_string("mail/password_link.txt", words)
    return Mail(to=user.email, subject=subject_line, text=text, language=spoken(user.language))


def _messages_to(user: User) -> QuerySet[Message]:
    return Message.objects.filter(kind=KIND, subject_key=_subject(user))


def _subject(user: User) -> str:
    return f"user:{user.pk}"
