"""The app of knowledge: catalogue, products and lots; no patient, ever."""

from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    """Catalogue releases, decisions on their rows, products and stock."""

    name = "protocols"
    label = "protocols"

    def ready(self) -> None:
        from mesoclinic import guards

        for table in ("cataloguerelease", "cataloguerow", "rowdecision", "activation", "vignetterun", "movement"):
            guards.insert_only(f"protocols_{table}")
