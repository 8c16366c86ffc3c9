"""The shipped catalogue, loaded once a test."""

from mesoclinic import clock
from mesoclinic.actors import System
from protocols.models import Activation, CatalogueRelease
from protocols.services.catalogue import load_release
from tests.builders.facts import shipped


def release() -> CatalogueRelease:
    """The shipped release, active; its rows are drafts until a director approves them."""
    loaded = CatalogueRelease.objects.filter(version=shipped().release).first()
    if loaded is None:
        loaded = load_release(System("test"), catalogue=shipped())
        Activation.objects.create(release=loaded, by=None, at=clock.now())
    return loaded
