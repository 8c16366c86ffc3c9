"""The app of knowledge: catalogue, products and lots; no patient, ever."""

from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    """Catalogue releases, decisions on their rows, products and stock."""

    name = "protocols"
    label = "protocols"

    def ready(self) -> None:
        from mesoclinic import guards

        insert_only = ("cataloguerelease", "cataloguerow", "rowdecision", "rowauthor", "activation", "vignetterun")
        for table in (*insert_only, "movement"):
            guards.insert_only(f"protocols_{table}")
        guards.frozen_when("protocols_releasedraft", "state", ("finished", "discarded"))
