"""Input of the settings pages."""
