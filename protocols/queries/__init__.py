"""Reads of the catalogue, of products and of stock."""

from protocols.queries.catalogue import catalogue_of, current_catalogue, current_release

__all__ = ["catalogue_of", "current_catalogue", "current_release"]
