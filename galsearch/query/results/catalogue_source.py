"""The index that a result comes from, for catalogue columns that are read only when wanted."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from galsearch.index.search.galaxy_index import GalaxyIndex

if TYPE_CHECKING:
    from galsearch.query.results.catalogue_columns import CatalogueColumns


class CatalogueSource:
    """The index of a result, which keeps its files open.

    A pickled one opens the index again when columns are wanted, and refuses another build or
    generation of it then.
    """

    def __init__(self, index: GalaxyIndex) -> None:
        self._open: Callable[[], GalaxyIndex] = lambda: index
        self._reduced: Callable[[], Any] = index.__reduce__

    def __reduce__(self) -> tuple[Any, ...]:
        """A function that opens the index of a path again, and its arguments."""
        return _opened_later, self._reduced()

    def __deepcopy__(self, memo: object) -> "CatalogueSource":
        """The object itself, which is read-only."""
        return self

    @cached_property
    def index(self) -> GalaxyIndex:
        """The index whose catalogue this is."""
        return self._open()

    @cached_property
    def columns(self) -> "CatalogueColumns":
        """Reads the columns of the catalogue."""
        # Imported here: a query needs no Arrow.
        from galsearch.query.results.catalogue_columns import CatalogueColumns

        return CatalogueColumns(self.index)


def _opened_later(open_again: Callable[..., GalaxyIndex], arguments: Any) -> CatalogueSource:
    source = CatalogueSource.__new__(CatalogueSource)
    source._open = lambda: open_again(*arguments)
    source._reduced = lambda: (open_again, arguments)
    return source
