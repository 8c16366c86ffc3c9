"""The shipped catalogue, loaded once a test."""

from mesoclinic import clock
from mesoclinic.actors import System
from protocols.models import Activation, CatalogueRelease
from protocols.queries.catalogue import read_shipped
from protocols.services.catalogue import load_release


def release(version: str = "2026.1") -> CatalogueRelease:
    """The shipped release, active; its rows are drafts until a director approves them."""
    loaded = CatalogueRelease.objects.filter(version=version).first()
    if loaded is None:
        loaded = load_release(System("test"), catalogue=read_shipped(version))
        Activation.objects.create(release=loaded, by=None, at=clock.now())
    return loaded
