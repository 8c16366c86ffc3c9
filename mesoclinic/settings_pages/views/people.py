"""Pages of the people who work here."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mesoclinic.access import Can, StaffRequest, needs
from mesoclinic.accounts import User
from mesoclinic.edits import version_of
from mesoclinic.invitations import last_link
from mesoclinic.settings_pages import queries
from mesoclinic.settings_pages.forms.people import PersonForm
from mesoclinic.settings_pages.forms.places import AbsenceForm, WeekForm
from mesoclinic.settings_pages.services import people
from mesoclinic.settings_pages.views.saving import FORM_PAGE, facts, posted, save, save_edit


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def invite(request: StaffRequest) -> HttpResponse:
    """Give somebody an account; a mail lets them choose their password."""
    sites = request.actor.sites.all()
    form = PersonForm(posted(request), saved={"sites": [site.pk for site in sites[:1]]}, version=0, sites=sites)
    if save(form, lambda: people.invite(request.actor, **facts(form))):
        messages.success(request, _("Invitation on its way to %(email)s.") % {"email": form.cleaned_data["email"]})
        return redirect("mesoclinic:site_settings")
    lead = _("A mail with a link lets them choose their own password. The link works for three days.")
    context = {"form": form, "heading": _("Invite somebody"), "lead": lead, "button": _("Send invitation")}
    return render(request, FORM_PAGE, context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def person(request: StaffRequest, user_id: int) -> HttpResponse:
    """Who somebody is, what they do and where; beside it their hours, their absences and their account."""
    user = queries.person_for(request.actor, user_id)
    sites = request.actor.sites.all()
    saved = queries.person_facts(user, sites)
    fixed = _fixed(request.actor, user)
    form = PersonForm(posted(request), saved=saved, version=version_of(saved), sites=sites, fixed=fixed)
    zone = sites[0].zone
    saving = save_edit(
        form,
        lambda: people.update_person(request.actor, user_id=user_id, **form.cleaned_data),
        row=user,
        zone=zone,
        saved=lambda: queries.person_facts(queries.person_for(request.actor, user_id), sites),
    )
    if saving.done:
        messages.success(request, _("%(name)s saved.") % {"name": form.cleaned_data["name"]})
        return redirect("mesoclinic:site_settings")
    context = {
        "form": form,
        "person": user,
        "conflict": saving.conflict,
        "weeks": [(site, queries.working_week(user, site)) for site in queries.shared_sites(request.actor, user)],
        "absences": queries.coming_absences(user),
        "link": last_link(user),
        "zone": zone,
        "may_close": user.pk != request.actor.pk and queries.answers_for(request.actor, user),
    }
    return render(request, "mesoclinic/person.html", context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def working_hours(request: StaffRequest, user_id: int, site_id: int) -> HttpResponse:
    """When somebody works at a site."""
    user, site = queries.person_for(request.actor, user_id), queries.site_for(request.actor, site_id)
    form = WeekForm(posted(request), saved=queries.working_week(user, site))
    saving = save_edit(
        form,
        lambda: people.set_working_hours(
            request.actor, user_id=user_id, site_id=site_id, version=form.cleaned_data["version"], week=form.week
        ),
        row=user,
        zone=site.zone,
        saved=lambda: queries.working_week(user, site),
    )
    if saving.done:
        messages.success(request, _("Hours of %(name)s saved.") % {"name": user.name})
        return redirect("mesoclinic:person", user_id)
    lead = _("When %(name)s works here, for example 09:00–13:00, 15:00–19:00. An empty day is free.")
    context = {
        "form": form,
        "site": site,
        "heading": _("Hours of %(name)s") % {"name": user.name},
        "lead": lead % {"name": user.name},
        "button": _("Save hours"),
        "conflict": saving.conflict,
    }
    return render(request, FORM_PAGE, context, status=form.status)


@require_http_methods(["GET", "POST"])
@needs(Can.MANAGE_SITE)
def absence(request: StaffRequest, user_id: int) -> HttpResponse:
    """Say that somebody is away."""
    user = queries.person_for(request.actor, user_id)
    form = AbsenceForm(posted(request))
    if save(form, lambda: people.add_absence(request.actor, user_id=user_id, **form.cleaned_data)):
        messages.success(request, _("Absence added."))
        return redirect("mesoclinic:person", user_id)
    context = {"form": form, "heading": _("Absence of %(name)s") % {"name": user.name}, "button": _("Add absence")}
    return render(request, FORM_PAGE, context, status=form.status)


@require_POST
@needs(Can.MANAGE_SITE)
def remove_absence(request: StaffRequest, absence_id: int) -> HttpResponse:
    """Say that somebody is not away after all."""
    user = people.remove_absence(request.actor, absence_id=absence_id)
    messages.success(request, _("Absence removed."))
    return redirect("mesoclinic:person", user.pk)


@require_POST
@needs(Can.MANAGE_SITE)
def close_account(request: StaffRequest, user_id: int) -> HttpResponse:
    """Lock somebody out at once."""
    people.close_account(request.actor, user_id=user_id)
    messages.success(request, _("The account is closed, and every session has ended."))
    return redirect("mesoclinic:person", user_id)


@require_POST
@needs(Can.MANAGE_SITE)
def open_account(request: StaffRequest, user_id: int) -> HttpResponse:
    """Let somebody back in."""
    people.open_account(request.actor, user_id=user_id)
    messages.success(request, _("The account is open. A link to choose a password is on its way."))
    return redirect("mesoclinic:person", user_id)


@require_POST
@needs(Can.MANAGE_SITE)
def send_password_link(request: StaffRequest, user_id: int) -> HttpResponse:
    """Mail a link to choose a password, again."""
    people.send_password_link(request.actor, user_id=user_id)
    messages.success(request, _("A link to choose a password is on its way."))
    return redirect("mesoclinic:person", user_id)


def _fixed(actor: User, user: User) -> set[str]:
    """What the actor may not change of this person; the service refuses the same."""
    own = {"roles", "sites"} if user.pk == actor.pk else set()
    known = {"email"} if user.last_login is not None else set()
    return own | known | (set() if queries.answers_for(actor, user) else {"roles"})


urls = [
    path("settings/people/new/", invite, name="invite"),
    path("settings/people/<id:user_id>/", person, name="person"),
    path("settings/people/<id:user_id>/hours/<id:site_id>/", working_hours, name="working_hours"),
    path("settings/people/<id:user_id>/absence/", absence, name="absence"),
    path("settings/absences/<id:absence_id>/remove/", remove_absence, name="remove_absence"),
    path("settings/people/<id:user_id>/close/", close_account, name="close_account"),
    path("settings/people/<id:user_id>/open/", open_account, name="open_account"),
    path("settings/people/<id:user_id>/link/", send_password_link, name="send_password_link"),
]
