"""An uploaded file with the words that say how it is read, and what comes of it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from galsearch.core.arrays import Vectors
from galsearch.core.errors import QueryError
from galsearch.core.modality import Modality
from galsearch.core.target_id import TargetId
from galsearch.query.inputs.own_data.own_image import OwnImage
from galsearch.query.inputs.own_data.own_spectrum import OwnSpectrum

_ENDINGS = (
    (b"\xff\xd8\xff", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\x93NUMPY", ".npy"),
    (b"SIMPLE  =", ".fits"),
    (b"\x1f\x8b", ".fits.gz"),
)

_A = {Modality.IMAGE: "an image", Modality.SPECTRUM: "a spectrum"}


class UploadedFile(NamedTuple):
    """The content of a file, and how it is read; its name on the user's machine is not used."""

    content: bytes
    position: str | None = None
    """Position of the galaxy, for an image with coordinates."""
    pixel_scale: float | None = None
    """Side of a pixel in arcseconds, of a picture or an array."""
    target_id: TargetId | None = None
    """The galaxy of a file with several spectra."""
    air: bool = False
    """True where the wavelengths are those in air."""

    @property
    def name(self) -> str:
        """Name under which the file is read: `upload`, with an ending by its content.

        Examples
        --------
        >>> UploadedFile(b"SIMPLE  =   T").name, UploadedFile(b"wavelength,flux").name
        ('upload.fits', 'upload.csv')
        """
        endings = (ending for magic, ending in _ENDINGS if self.content.startswith(magic))
        return "upload" + next(endings, ".csv")


@dataclass(frozen=True, eq=False)
class EmbeddedFile:
    """An image or a spectrum of a user with its vector, and the encoder that made it."""

    own: OwnImage | OwnSpectrum
    vector: Vectors
    """(1, d) unit vector."""
    fingerprint: str

    @property
    def modality(self) -> Modality:
        """The modality of the content of the file."""
        return Modality.IMAGE if isinstance(self.own, OwnImage) else Modality.SPECTRUM

    def query_words(self) -> dict[str, Any]:
        """The arguments of a query with this image or spectrum, which is not embedded again."""
        return {self.modality.value: self.own, "encoder": _EmbeddedAlready(self)}


class _EmbeddedAlready:
    """A pair of encoders that has the vector of one file."""

    name = "of the service"

    def __init__(self, file: EmbeddedFile) -> None:
        self.fingerprint = file.fingerprint
        self._vector = file.vector
        self.image = self.spectrum = self

    def embed(self, *_: Any, **__: Any) -> Vectors:
        """The vector of the file."""
        return self._vector


def require_words(file: UploadedFile, modality: Modality) -> None:
    """Check that a file is read with words of its modality alone.

    Raises
    ------
    QueryError
        Where a word is given that has no meaning for it.
    """
    words: dict[str, Any] = {"position": file.position, "pixel_scale": file.pixel_scale}
    if modality is Modality.IMAGE:
        words = {"target_id": file.target_id, "air": file.air or None}
    for name, value in words.items():
        if value is not None:
            raise QueryError(f"{name} has no meaning here: the file holds {_A[modality]}.")
