"""Remedies of tool errors: those of the service, in the words of a server on one's own machine."""

from collections.abc import Mapping
from types import MappingProxyType

from galsearch.core.errors import GalsearchError
from galsearch.http.refusals import request_remedies

_LOCAL: Mapping[str, str] = {
    "no-dataset": "The user can name the dataset where the server is configured.",
    "no-map": "Choose the other modality with using.",
    "invalid-cutout": "Check the image file.",
    "invalid-spectrum": "Check the spectrum file.",
    "bad-source": (
        "Give the path, on the machine of the server, of an image (FITS, JPEG, PNG, npy) or of a "
        "spectrum (FITS, CSV, ECSV, npy)."
    ),
    "bad-files": "Check the files that the message names.",
}
"""Remedies by the code of the error that differ from those of a service to which files are sent."""
REMEDIES: Mapping[str, str] = MappingProxyType({**request_remedies.REMEDIES, **_LOCAL})
"""Remedy for each code of an error that a call causes."""


def remedy_of(error: GalsearchError) -> str:
    """The remedy of an error; that of the library where it is no fault of the call."""
    return REMEDIES.get(error.code, error.remedy)
