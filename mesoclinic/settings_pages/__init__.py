"""The pages on which a director sets the clinic up: sites, hours, rooms, visit types, people."""

from mesoclinic.settings_pages.queries import holiday_years
from mesoclinic.settings_pages.services.places import add_public_holidays

__all__ = ["add_public_holidays", "holiday_years"]
