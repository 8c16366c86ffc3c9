"""Addresses of the demo's mailbox."""

from django.urls import path, re_path

from mesoclinic.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    re_path(r"^(?P<name>\d{20}-[0-9a-f]{32})/$", views.mail, name="mail"),
    re_path(r"^(?P<name>\d{20}-[0-9a-f]{32})/(?P<number>\d{1,3})/$", views.paper, name="paper"),
]
