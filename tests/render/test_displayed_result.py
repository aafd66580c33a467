"""Results and engines are what pages and notebooks can show."""

import pytest

from galsearch.query import Neighbours, NeighboursBatch, SearchEngine
from galsearch.render.displayed_result import DisplayedBatch, DisplayedIndex, DisplayedResult


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        (DisplayedResult, Neighbours),
        (DisplayedBatch, NeighboursBatch),
        (DisplayedIndex, SearchEngine),
    ],
)
def test_a_protocol_names_what_its_type_has(protocol: type, kind: type) -> None:
    wanted = {name for name in vars(protocol) if not name.startswith("_")}
    assert wanted
    assert wanted <= {*dir(kind), *getattr(kind, "__dataclass_fields__", ())}
