"""Writes of the settings pages."""
