"""The works that an index rests on: which of them, and by what in its manifest this is known."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from galsearch.dataset.source_record import SIMULATED
from galsearch.dataset.source_summary import SourceGroup
from galsearch.index.storage.manifest import IndexManifest

_DESI_PAPERS = {
    "edr": "DESI2024",
    "fuji": "DESI2024",
    "dr1": "DESI2026",
    "guadalupe": "DESI2026",
    "iron": "DESI2026",
}
"""Data release paper by the release or reduction that the paths of spectra name."""
_KINDS = {
    "spectra": "spectra of DESI",
    "redshifts": "redshifts of DESI",
    "cutouts": "images of the Legacy Surveys",
    "bricks": "images of the Legacy Surveys",
}
_MODELS = {"aion": "Parker2025", "astropt": "Smith2024"}
"""Papers of models whose embeddings are imported, by the beginning of the encoder's name."""


@dataclass(frozen=True)
class SurveyFiles:
    """The survey files of an index, as far as they are known."""

    groups: tuple[SourceGroup, ...] = ()
    """Number of files by kind and release."""
    unknown_datasets: tuple[str, ...] = ()
    """Datasets of whose survey files nothing is known."""


@dataclass
class Works:
    """Keys of works with the reason for each, names of acknowledgements, and notes."""

    reasons: dict[str, str] = field(default_factory=dict)
    acknowledgements: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, key: str, reason: str) -> None:
        """Add a work, or another reason for one that is there."""
        before = self.reasons.get(key)
        self.reasons[key] = f"{before}; {reason}" if before else reason

    def acknowledge(self, name: str) -> None:
        """Add an acknowledgement, once."""
        if name not in self.acknowledgements:
            self.acknowledgements.append(name)


def works_of(manifest: IndexManifest, survey_files: SurveyFiles, encoders: Sequence[str]) -> Works:
    """The works that an index rests on, each with the reason.

    Parameters
    ----------
    manifest
        Manifest of the index.
    survey_files
        Survey files of its datasets.
    encoders
        Names of its encoder; empty where none is known.
    """
    works = Works()
    _add_model(works, manifest, encoders)
    devices = {entry.device for entry in manifest.modalities.values()}
    works.add("Douze2024", "the inverted lists of the index are those of FAISS")
    if "gpu" in devices:
        works.add("Johnson2019", "the index was trained on a GPU")
    if manifest.maps:
        works.add("McInnes2018", "the index holds a map")
    if any(origin.dataset for origin in manifest.known_origins):
        works.add("Caplar2025", "the dataset, and exports to HATS, are HATS catalogues")
        works.add("Astropy2022", "survey files, positions and tables are read with Astropy")
    _add_surveys(works, survey_files)
    return works


def _add_model(works: Works, manifest: IndexManifest, encoders: Sequence[str]) -> None:
    known = [key for name in encoders for key in _keys_of_model(name)]
    for key, name in known:
        works.add(key, f"the embeddings are those of {name}")
    if known:
        return
    works.add("Parker2024", "galsearch implements AstroCLIP")
    if not manifest.dataset:
        shown = " and ".join(map(repr, encoders)) or f"of fingerprint {manifest.fingerprint.short}"
        works.notes.append(
            f"The embeddings were made elsewhere, by the model {shown}: cite it too, and the "
            "surveys that it was applied to."
        )


def _keys_of_model(name: str) -> Iterator[tuple[str, str]]:
    for beginning, key in _MODELS.items():
        if name.lower().startswith(beginning):
            yield key, name


def _add_surveys(works: Works, survey_files: SurveyFiles) -> None:
    works.notes += [
        f"The survey files of the dataset {path} are not known: cite the surveys that it was made "
        "from."
        for path in survey_files.unknown_datasets
    ]
    counts: Counter[tuple[str, str]] = Counter()
    for group in survey_files.groups:
        counts[group.kind, group.release] += group.n_files
    n_simulated = sum(n for (_, release), n in counts.items() if release == SIMULATED)
    if n_simulated:
        works.add("Carnall2018", "spectra of the simulated galaxies")
        works.add("Rowe2015", "images of the simulated galaxies")
        works.notes.append(
            f"{n_simulated:,} of {counts.total():,} survey files are SIMULATED by galsearch: say "
            "so wherever results of this index are shown."
        )
    for (kind, release), n in counts.items():
        if release != SIMULATED and kind in _KINDS:
            _add_survey(works, kind, release, n)


def _add_survey(works: Works, kind: str, release: str, n: int) -> None:
    stated = f"of release {release}" if release else "of an unknown release"
    reason = f"{_KINDS[kind]}: {n:,} {'file' if n == 1 else 'files'} ({kind}) {stated}"
    if kind in {"cutouts", "bricks"}:
        works.add("Dey2019", reason)
        works.acknowledge("legacy_surveys")
        return
    works.acknowledge("desi")
    works.add(_DESI_PAPERS.get(release, "DESI2022"), reason)
    if release not in _DESI_PAPERS:
        works.notes.append(
            f"{reason}. Cite the paper of their data release: "
            "https://data.desi.lbl.gov/doc/acknowledgments/."
        )
