"""The indexes that hold the galaxies and the labels of a request for estimates.

Where an index has no labels of a property, those of the shipped bank of simulated galaxies are
used, unless the request names a bank or a condition on it.
"""

from collections.abc import Collection
from dataclasses import dataclass

from galsearch.analysis.bank.index_input import IndexInput, opened_engine
from galsearch.analysis.bank.property_labels import Labels, column_names, read_labels
from galsearch.analysis.bank.simulated_bank import (
    PROPERTIES,
    PROPERTY_COLUMNS,
    SIMULATED,
    SIMULATED_PLACE,
    is_simulated,
    simulated_bank,
    simulated_labels,
)
from galsearch.core.errors import EncoderMismatchError, NoIndexError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.query.filters import matching


def galaxies_and_bank(
    index: IndexInput, bank: IndexInput, properties: Collection[str], *, needs_index: bool
) -> tuple[GalaxyIndex, GalaxyIndex]:
    """The index of the galaxies, and the one of the labels, which may be the same.

    Parameters
    ----------
    index
        Index that holds the galaxies.
    bank
        Index that holds the labels, or the word `simulated`; None for `index`.
    properties
        The properties that are wanted.
    needs_index
        Whether the galaxies are those of `index`. The user's own data and embeddings need no index
        beside the shipped bank, which then stands for both.

    Raises
    ------
    NoIndexError, ManifestError
        Where an index is not there, or damaged.
    EncoderMismatchError
        Where the two indexes are of different encoders.
    """
    is_named = bank == SIMULATED
    if is_named and index is None and not needs_index:
        return simulated_bank(), simulated_bank()
    try:
        galaxies = opened_engine(index).index
    except NoIndexError:
        named = index is not None or bank is not None
        if needs_index or named or not set(properties) <= PROPERTIES.keys():
            raise
        return simulated_bank(), simulated_bank()
    if is_named:
        labelled = simulated_bank()
    else:
        labelled = galaxies if bank is None else opened_engine(bank).index
    _require_same_encoder(galaxies, labelled)
    return galaxies, labelled


@dataclass(frozen=True)
class LabelSource:
    """The labels of a bank, in whose place those of the shipped bank may stand."""

    bank: GalaxyIndex
    where: str | None
    """Condition on the catalogue of the bank that labelled galaxies fulfil. In that of the shipped
    bank, the names of its properties mean what they mean as properties."""
    is_named: bool
    """True where the user named the bank; the shipped bank then never stands in its place."""

    def labels(self, name: str, *, as_classes: bool) -> tuple[GalaxyIndex, Labels]:
        """The labels of a property, and the index that holds the labelled galaxies.

        Raises
        ------
        QueryError
            Where the property is no column of numbers or classes, or the condition is malformed.
        EncoderMismatchError
            Where only the shipped bank has the property, and is of another encoder than the bank.
        """
        if is_simulated(self.bank):
            return self.bank, self._chosen(simulated_labels(name, as_classes=as_classes))
        is_replaceable = not self.is_named and self.where is None and name in PROPERTIES
        if is_replaceable and self._lacks(name):
            try:
                _require_same_encoder(self.bank, simulated_bank())
            except EncoderMismatchError as error:
                raise EncoderMismatchError(
                    f"property {name!r}: the catalogue of the index has no labels of it, and the "
                    f"shipped bank, which has, does not fit: {error}"
                ) from None
            return simulated_bank(), simulated_labels(name, as_classes=as_classes)
        return self.bank, self._chosen(read_labels(self.bank, name, as_classes=as_classes))

    def _chosen(self, labels: Labels) -> Labels:
        """The labels of the galaxies that fulfil the condition."""
        if self.where is None:
            return labels
        meanings = PROPERTY_COLUMNS if is_simulated(self.bank) else {}
        with self.bank.catalogue_files.open() as files:
            return labels.among(matching(files, where=self.where, meanings=meanings))

    def _lacks(self, name: str) -> bool:
        """True where the bank has no labels of a property: no such column, or no value in it."""
        return name not in column_names(self.bank) or not len(read_labels(self.bank, name))


def _require_same_encoder(*indexes: GalaxyIndex) -> None:
    require_same_encoder({_place(index): index.manifest.fingerprint for index in indexes})


def _place(index: GalaxyIndex) -> str:
    if is_simulated(index):
        return SIMULATED_PLACE
    return f"index '{index.manifest.recipe.name}' in {index.directory}"
