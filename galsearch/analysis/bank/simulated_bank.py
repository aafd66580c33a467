"""The shipped bank: an index of simulated galaxies whose true properties are known.

The galaxies were drawn with a seed of their own, so that the shipped encoder was not trained on
them. `python -m training.data.make_simulated_bank` makes the bank.
"""

import dataclasses
import functools
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from galsearch.analysis.bank.property_labels import Labels, column_names, read_labels
from galsearch.core.errors import QueryError
from galsearch.core.fingerprint import short_digest
from galsearch.index.search.galaxy_index import GalaxyIndex
from galsearch.index.search.open_build import open_build
from galsearch.query.where.expression import unknown_column

SIMULATED = "simulated"
"""The word that names the shipped bank."""
SIMULATED_PLACE = "the shipped bank of simulated galaxies"
"""The bank in messages."""
PROVENANCE_NAME = "provenance.json"
"""File beside the index that says how the bank was made."""
INDEX_NAME = "index"
"""Directory of the index of the bank."""


@dataclasses.dataclass(frozen=True)
class SimulatedProperty:
    """A property that the shipped bank has under a common name."""

    column: str
    """Column of the catalogue of the bank."""
    unit: str
    """The quantity and its unit in words; empty where the name says all."""


PROPERTIES = MappingProxyType(
    {
        "z": SimulatedProperty("true_z", ""),
        "stellar_mass": SimulatedProperty("log10_mass", "log10 of the living stars' solar masses"),
        "age": SimulatedProperty("age_gyr", "mass-weighted age of the stars in Gyr"),
        "metallicity": SimulatedProperty("log10_z_zsun", "log10 of the stars' Z / Z_sun"),
        "ssfr": SimulatedProperty("log10_ssfr", "log10 of the specific star formation rate per yr"),
        "morphology": SimulatedProperty("morphology", ""),
    }
)
"""The properties of the shipped bank; other columns of its catalogue have their own names."""
PROPERTY_COLUMNS = MappingProxyType({name: each.column for name, each in PROPERTIES.items()})
"""Column of the catalogue of the shipped bank by the name of each property."""


def simulated_directory() -> Path:
    """The directory of the shipped bank: its index, and a file that says how it was made."""
    return Path(str(resources.files("galsearch.analysis.bank") / SIMULATED))


@functools.cache
def simulated_bank() -> GalaxyIndex:
    """The index of the shipped bank; it is opened once.

    Raises
    ------
    ManifestError
        Where the installation lacks files of the bank, or they were changed.
    """
    return open_build(simulated_directory() / INDEX_NAME)


def is_simulated(index: GalaxyIndex) -> bool:
    """True where an index is the shipped bank."""
    return index.directory.resolve() == (simulated_directory() / INDEX_NAME).resolve()


@functools.cache
def provenance() -> dict[str, Any]:
    """The simulator, seed, encoder and command that made the shipped bank."""
    text = (simulated_directory() / PROVENANCE_NAME).read_text("utf-8")
    record: dict[str, Any] = json.loads(text)
    return record


def simulated_labels(name: str, *, as_classes: bool = False) -> Labels:
    """The labels of the shipped bank for a property, or for a column of its catalogue.

    Raises
    ------
    QueryError
        Where the bank has no such property, or its column holds neither numbers nor classes.
    """
    bank = simulated_bank()
    column = PROPERTIES[name].column if name in PROPERTIES else name
    known = column_names(bank)
    if column not in known:
        problem = unknown_column(name, list(dict.fromkeys([*PROPERTIES, *known])))
        raise QueryError(f"property {name!r}, of {SIMULATED_PLACE}: {problem}")
    labels = read_labels(bank, column, as_classes=as_classes)
    return dataclasses.replace(labels, name=name)


def simulated_note(names: Sequence[str]) -> str:
    """The note of a result with properties that were estimated from the shipped bank.

    Parameters
    ----------
    names
        The properties.
    """
    made = provenance()
    units = {name: PROPERTIES[name].unit for name in names if name in PROPERTIES}
    meanings = "".join(f"; {name} is {unit}" for name, unit in units.items() if unit)
    return (
        f"{', '.join(names)}: from the labels of simulated galaxies, whose relations need not be "
        f"those of real ones: the shipped bank has {made['n_galaxies']:,} of them (simulator "
        f"version {made['simulator_version']}, seed {made['seed']}, encoder {made['encoder']} "
        f"{short_digest(made['fingerprint'])}){meanings}"
    )
