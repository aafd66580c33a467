"""The fields of a request for estimates."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from galsearch.analysis.estimation import Estimation
from galsearch.core.errors import QueryError
from galsearch.core.target_id import TargetId
from galsearch.http.state.service_settings import Limits
from galsearch.http.uploads.uploaded_file import EmbeddedFile
from galsearch.http.words.query_request import FormatWord, InputFields, ModalityWord, word
from galsearch.http.words.upload_request import FileFields
from galsearch.query import SearchEngine

_MOST_PROPERTIES = 20


class PropertyFields(BaseModel):
    """The properties that are wanted of a galaxy, and the galaxies whose labels are compared."""

    model_config = ConfigDict(extra="forbid")

    property: str = Field(
        description="Columns to estimate, separated by commas, such as z,log10_mass."
    )
    bank_where: str | None = Field(
        None, description='Condition on the labelled galaxies, such as "zwarn == 0".'
    )
    as_classes: str | None = Field(
        None, description="Properties in columns of whole numbers that are classes."
    )
    format: FormatWord | None = Field(None, description="Format of the answer.")

    def bank_words(self, limits: Limits) -> dict[str, Any]:
        """The arguments of `Estimation` that say what is estimated from which galaxies.

        Raises
        ------
        QueryError
            Where a field is beyond a limit of the service, or none that the library takes.
        """
        if self.bank_where is not None and len(self.bank_where) > limits.where_characters:
            raise QueryError(
                f"bank_where has {len(self.bank_where):,} characters; the service reads "
                f"{limits.where_characters:,}."
            )
        n_properties = self.property.count(",") + 1
        if n_properties > _MOST_PROPERTIES:
            raise QueryError(
                f"property names {n_properties} columns; the service estimates "
                f"{_MOST_PROPERTIES} at a time."
            )
        return {
            "property": self.property,
            "bank_where": self.bank_where,
            "as_classes": self.as_classes,
        }


class EstimateFields(PropertyFields, InputFields):
    """The galaxy in the words of a query, and the properties that are wanted of it.

    Words that choose neighbours are ignored: all labelled galaxies are compared.
    """

    position: str | None = Field(None, description="Position of the galaxy, as in a query.")

    def estimation(self, target_id: TargetId, engine: SearchEngine, limits: Limits) -> Estimation:
        """The request to the library, for a galaxy that was looked up.

        Raises
        ------
        QueryError
            Where a field is beyond a limit of the service, or none that the library takes.
        """
        words = {"using": self.using, "among": self.among, "k": _checked_k(self.k, limits)}
        return Estimation(target_id, index=engine, **words, **self.bank_words(limits))  # type: ignore[arg-type]


class EstimateUploadFields(PropertyFields, FileFields):
    """An image or a spectrum of the user's own, and the properties that are wanted of it."""

    index: str | None = Field(None, description="Name of an index; by default the first one.")
    among: ModalityWord = word("among", "image")
    k: int | None = word("k")

    def estimation(self, file: EmbeddedFile, engine: SearchEngine, limits: Limits) -> Estimation:
        """The request to the library, for a file that was embedded; see `EstimateFields`."""
        words = {"among": self.among, "k": _checked_k(self.k, limits), **file.query_words()}
        return Estimation(None, index=engine, **words, **self.bank_words(limits))


def _checked_k(k: int | None, limits: Limits) -> int | None:
    if k is not None and k > limits.examples:
        raise QueryError(f"k is {k:,}; the service estimates with {limits.examples:,}.")
    return k
