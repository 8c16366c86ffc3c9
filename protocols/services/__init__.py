"""Writes to the catalogue, to products and to stock."""
