"""The fields of a request for estimates."""

from pydantic import Field

from galsearch.analysis.estimation import Estimation
from galsearch.core.errors import QueryError
from galsearch.core.target_id import TargetId
from galsearch.http.state.service_settings import Limits
from galsearch.http.words.query_request import FormatWord, InputFields
from galsearch.query import SearchEngine

_MOST_PROPERTIES = 20


class EstimateFields(InputFields):
    """The galaxy in the words of a query, and the properties that are wanted of it.

    Words that choose neighbours are ignored: all labelled galaxies are compared.
    """

    property: str = Field(
        description="Columns to estimate, separated by commas, such as z,log10_mass."
    )
    position: str | None = Field(None, description="Position of the galaxy, as in a query.")
    bank_where: str | None = Field(
        None, description='Condition on the labelled galaxies, such as "zwarn == 0".'
    )
    as_classes: str | None = Field(
        None, description="Properties in columns of whole numbers that are classes."
    )
    format: FormatWord | None = Field(None, description="Format of the answer.")

    def estimation(self, target_id: TargetId, engine: SearchEngine, limits: Limits) -> Estimation:
        """The request to the library, for a galaxy that was looked up.

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
        if self.k is not None and self.k > limits.examples:
            raise QueryError(f"k is {self.k:,}; the service estimates with {limits.examples:,}.")
        return Estimation(
            target_id,
            self.property,
            index=engine,
            using=self.using,
            among=self.among,
            k=self.k,
            bank_where=self.bank_where,
            as_classes=self.as_classes,
        )
