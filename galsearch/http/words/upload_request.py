"""The fields of a query with an uploaded file."""

from typing import Any

from fastapi import UploadFile
from pydantic import BaseModel, Field

from galsearch.core.target_id import TargetId
from galsearch.http.state.service_settings import Limits
from galsearch.http.uploads.uploaded_file import UploadedFile
from galsearch.http.words.query_request import (
    ChoiceFields,
    FormatWord,
    ModalityWord,
    TargetIdWord,
    cone,
    word,
)


class FileFields(BaseModel):
    """An uploaded file, and how it is read."""

    file: UploadFile = Field(
        description="A FITS cutout, JPEG, PNG or npy image, or a FITS, CSV, ECSV or npy spectrum."
    )
    position: str | None = Field(None, description="Where the galaxy is in the image.")
    pixel_scale: float | None = word("pixel_scale")
    target_id: TargetIdWord | None = Field(
        None, description="The galaxy of a file with the spectra of several."
    )
    air: bool = word("air", False)

    def uploaded(self, content: bytes) -> UploadedFile:
        """The file with the words that say how it is read.

        Raises
        ------
        InvalidTargetIdError
            Where the TARGETID is none.
        """
        target_id = None if self.target_id is None else TargetId(self.target_id)
        return UploadedFile(content, self.position, self.pixel_scale, target_id, self.air)


class UploadFields(FileFields, ChoiceFields):
    """A query with an image or a spectrum of the user's own, as fields of a form."""

    using: ModalityWord | None = word("using")
    within: str | None = word("within", more="RA_DEG,DEC_DEG,RADIUS_ARCMIN.")
    format: FormatWord | None = Field(None, description="Format of the answer.")

    def words(self, limits: Limits) -> dict[str, Any]:
        """The arguments of `SearchEngine.query`, without the file."""
        return {**self.choice(limits), "using": self.using, "within": cone(self.within)}
