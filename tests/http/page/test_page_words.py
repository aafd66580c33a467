"""The parts of the page that compute: conditions, addresses and aligned spectra."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.timeout(600)  # a browser is slow where many processes share a processor

TYPES = {"z": "number", "n": "integer", "kind": "text", "bar": "boolean", "flux g": "number"}


@pytest.fixture
def compute(visit):
    """Calls a function of a module of the page."""
    first = visit()
    first.page.goto(f"{first.address}health")
    page = first.page

    def call(module: str, function: str, *arguments: object) -> object:
        script = "([module, name, given]) => import(module).then((found) => found[name](...given))"
        return page.evaluate(script, [f"/static/{module}.js", function, list(arguments)])

    return call


CONDITIONS = {
    "": ({}, {}, []),
    "0.1 <= z <= 0.3": ({"z": [0.1, 0.3]}, {}, []),
    "z >= -1e-3 and n <= 7": ({"z": [-0.001, None], "n": [None, 7]}, {}, []),
    "kind == 'it\\'s'": ({}, {"kind": ["it's"]}, []),
    "kind in ('a and b', 'c or d')": ({}, {"kind": ["a and b", "c or d"]}, []),
    "bar": ({}, {"bar": [True]}, []),
    "not bar": ({}, {"bar": [False]}, []),
    "column('flux g') >= 2": ({"flux g": [2, None]}, {}, []),
    "z < 0.1 or z > 2": ({}, {}, ["z < 0.1 or z > 2"]),
    "z >= 1 and z >= 2": ({"z": [1, None]}, {}, ["z >= 2"]),
    "kind >= 1": ({}, {}, ["kind >= 1"]),
    "z >": ({}, {}, ["z >"]),
    "(z < 1 or n > 2) and bar": ({}, {"bar": [True]}, ["(z < 1 or n > 2)"]),
    "kind == 'open": ({}, {}, ["kind == 'open"]),
}


def test_sliders_and_chips_are_read_from_a_condition_and_written_back(compute) -> None:
    for text, (ranges, classes, rest) in CONDITIONS.items():
        parsed = compute("condition", "parseCondition", text, TYPES)
        assert parsed == {"ranges": ranges, "classes": classes, "rest": rest}, text
        written = compute("condition", "conditionText", parsed)
        assert compute("condition", "parseCondition", written, TYPES) == parsed, written


def test_what_sliders_cannot_state_keeps_its_meaning_beside_them(compute) -> None:
    parsed = {"ranges": {"z": [0.1, None]}, "classes": {}, "rest": ["z < 0.1 or z > 2"]}
    assert compute("condition", "conditionText", parsed) == "z >= 0.1 and (z < 0.1 or z > 2)"
    parsed = {"ranges": {}, "classes": {"bar": [True, False]}, "rest": ["n == 1"]}
    assert compute("condition", "conditionText", parsed) == "bar is not None and n == 1"


def test_what_is_typed_is_a_targetid_a_position_or_a_name(compute) -> None:
    for text, words in {
        " 39627848784286003 ": {"target_id": "39627848784286003"},
        "150.1 2.2": {"position": "150.1 2.2"},
        "150.1, \u22122.2": {"position": "150.1, -2.2"},
        "10:00:24.0 +02:12:00": {"position": "10:00:24.0 +02:12:00"},
        "10h00m24s -02d12m00s": {"position": "10h00m24s -02d12m00s"},
        "NGC 5194": {"name": "NGC 5194"},
        "3C 273": {"name": "3C 273"},
        "": {},
    }.items():
        assert compute("search_words", "inputOfText", text) == words, text


def test_the_address_holds_all_words_of_a_search(compute) -> None:
    words = {
        "index": "demo", "like": ["39627848784286003", "5"], "unlike": ["7"], "using": "image",
        "among": "both", "k": "12", "within": "150.1,2.2,30", "where": "name == 'a & b'",
    }  # fmt: skip
    address = compute("search_words", "addressOfWords", words)
    assert compute("search_words", "wordsOfAddress", address) == words
    assert compute("search_words", "commandOf", words) == (
        "galsearch query --like 39627848784286003,5 --unlike 7 --using image --among both -k 12 "
        "--within 150.1 2.2 30 --where 'name == '\\''a & b'\\'''"
    )


def test_the_query_spectrum_is_aligned_at_rest_and_scaled(compute) -> None:
    spectrum = {
        "wavelength_angstrom": [4000, 5000, 6000, 7000, 8000],
        "flux": [2, 2, 4, None, 4],
        "error": [0.1] * 5,
    }
    rest = [2000, 2250, 2500, 3000, 3600, 4500]
    found = compute("spectral_lines", "overplotted", spectrum, 1.0, rest, [1] * 6)
    assert found == {"flux": [1, 1, 1, 2, None, None], "scale": 0.5}
