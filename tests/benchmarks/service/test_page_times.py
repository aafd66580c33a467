"""The synthetic map that the page is measured with."""

import json

from benchmarks.service.page_times import synthetic_map


def test_the_synthetic_map_has_the_wanted_galaxies() -> None:
    content = synthetic_map(1000)
    head = json.loads(content[8 : 8 + int.from_bytes(content[4:8], "little")])
    assert (head["galaxies"], head["shown"]) == (1000, 1000)
    assert synthetic_map(1000) == content
