"""The line over every page while the catalogue in force is not fully approved by a physician."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from mesoclinic.shell import BANNER
from protocols.queries.catalogue import Standing, standing


def catalogue_banner(request: HttpRequest) -> dict[str, str]:
    """Context for the shell: the binding banner of clinical.md, with what kind of approval there is."""
    now = standing()
    if now is Standing.APPROVED:
        return {"catalogue_banner": ""}
    words = str(BANNER)
    return {"catalogue_banner": f"{_('Demonstration approval.')} {words}" if now is Standing.DEMONSTRATION else words}
