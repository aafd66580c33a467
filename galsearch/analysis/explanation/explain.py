"""Explanations: which parts of an image or a spectrum carry the similarity of two galaxies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from galsearch.analysis.bank.index_input import IndexInput, opened_engine
from galsearch.analysis.estimation import one_modality
from galsearch.analysis.explanation.compared_galaxy import (
    ComparedGalaxy,
    GalaxyInput,
    own_data,
    stored_data,
    stored_id,
)
from galsearch.analysis.explanation.drawn_galaxy import drawn_galaxy
from galsearch.analysis.explanation.explained_galaxy import ExplainedGalaxy, explained_galaxy
from galsearch.analysis.explanation.explanation_words import notes, summary
from galsearch.analysis.template_odds import own_redshift
from galsearch.core.arrays import Vectors
from galsearch.core.errors import ConfigError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import Modality
from galsearch.core.progress import Progress, no_progress, stage_progress
from galsearch.dataset.reader import Dataset
from galsearch.embeddings.encoder_protocol import (
    EncoderPairProtocol,
    encoders_by_modality,
    load_encoder_pair,
)
from galsearch.files.atomic import write_bytes
from galsearch.formats.table_files import require_writable
from galsearch.query.inputs.own_data.own_embedding import (
    DEFAULT_ENCODER,
    EncoderInput,
    embed_image,
    embed_spectrum,
)
from galsearch.query.inputs.own_data.own_image import OwnImage
from galsearch.render.explained_pair.explanation_figure import explanation_png
from galsearch.render.gallery import open_pixels

LEAST_PROBABILITY = 0.5
"""Smallest probability of a redshift from templates at which lines are looked for."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """The contribution of each part of two galaxies to their similarity.

    A contribution is the fall of the cosine when a patch of the image, a stretch of the spectrum
    or a line is removed from one of the galaxies; it is negative where the cosine rises. What is
    removed is filled from its surroundings. Contributions do not add up to the cosine, because
    parts may tell the same.
    """

    similarity: float
    """Cosine of the embeddings of both galaxies."""
    galaxies: tuple[ExplainedGalaxy, ExplainedGalaxy]
    """A and B."""
    notes: tuple[str, ...]
    """Sentences on the test of the explanation, and on how own data were understood."""

    def to_arrow(self) -> pa.Table:
        """A table of all parts: A before B, patches and stretches before lines, largest first."""
        return pa.concat_tables([galaxy.to_arrow() for galaxy in self.galaxies])

    def summary(self, top: int = 6) -> str:
        """A table for people: the parts of the largest contributions, and a line for each galaxy.

        Parameters
        ----------
        top
            Number of parts of each kind.
        """
        return f"similarity {self.similarity:.4f}\n" + "".join(
            summary(galaxy, top) for galaxy in self.galaxies
        )

    def to_png(self) -> bytes:
        """The bytes of a picture of both galaxies with the contributions drawn on them.

        Raises
        ------
        MissingExtraError
            Where Matplotlib is not installed.
        """
        drawn = [drawn_galaxy(galaxy, self.similarity) for galaxy in self.galaxies]
        return explanation_png(drawn, _title(self))

    def write_png(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the picture to a file, and return its path.

        Parameters
        ----------
        path
            The file.
        overwrite
            Replace a file that is there.

        Raises
        ------
        OutputFileExistsError
            Where the file exists and may not be replaced.
        MissingExtraError
            Where Matplotlib is not installed.
        """
        require_writable(Path(path), overwrite=overwrite)
        write_bytes(Path(path), self.to_png())
        return Path(path)


def _title(explanation: Explanation) -> str:
    kinds = [galaxy.galaxy.modality for galaxy in explanation.galaxies]
    if kinds[0] == kinds[1]:
        compared = "two images" if kinds[0] is Modality.IMAGE else "two spectra"
    else:
        compared = "an image and a spectrum"
    return f"Similarity of {compared}: {explanation.similarity:.3f}"


def explain(
    a: GalaxyInput,
    b: GalaxyInput,
    *,
    using: Modality | str = Modality.IMAGE,
    among: Modality | str = Modality.IMAGE,
    index: IndexInput = None,
    dataset: str | Path | None = None,
    encoder: EncoderInput = DEFAULT_ENCODER,
    progress: Progress | None = None,
) -> Explanation:
    """The parts of two images or spectra that carry their similarity.

    Each patch of an image and each stretch of a spectrum is removed in turn and filled from its
    surroundings; its contribution is the fall of the cosine with the other galaxy. For a spectrum
    of known redshift the same is done for each line.

    Parameters
    ----------
    a, b
        The galaxies: a TARGETID of a dataset, or an image or a spectrum of one's own, in any form
        that `Query` takes.
    using
        Modality of `a`, as in a query with `a`.
    among
        Modality of `b`.
    index
        An open index or its directory, which names the dataset and the encoder of its galaxies; by
        default the only one in `index_builds`. It is opened for TARGETIDs without a `dataset`.
    dataset
        Dataset with the images and spectra of galaxies that a TARGETID names; by default the one
        that the index was made from.
    encoder
        Encoder, which must be that of the index: a name, a file of weights or a pair of encoders.
    progress
        Called with stage, done and total.

    Raises
    ------
    UnknownTargetError, MissingModalityError
        Where the dataset lacks a galaxy, or its image or spectrum.
    NoDatasetError
        Where the dataset of the index is not where it was.
    EncoderMismatchError
        Where the encoder is not the one of the index.
    SourceError, InvalidCutoutError, InvalidSpectrumError, QueryError
        Where own data cannot be read or embedded, or an argument is malformed.

    Examples
    --------
    `explain(39627848784286003, "spec-0266-51602-0013.fits", among="spectrum").to_arrow()`
    """
    sides = ((a, one_modality(using, "using")), (b, one_modality(among, "among")))
    pair = load_encoder_pair(encoder) if isinstance(encoder, (str, Path)) else encoder
    stored = any(stored_id(given) is not None for given, _ in sides)
    source = _opened_dataset(index, dataset, pair, sides[0][1]) if stored else None
    galaxies = [_galaxy(given, modality, source) for given, modality in sides]
    progress = progress or no_progress
    vectors = [_embedded(galaxy, pair) for galaxy in galaxies]
    found = [
        explained_galaxy(
            label,
            galaxy,
            *_redshift(galaxy, pair),
            pair,
            (own, other),
            stage_progress(progress, f"removing parts of {label}"),
        )
        for label, galaxy, own, other in zip("AB", galaxies, vectors, vectors[::-1], strict=True)
    ]
    similarity = float(vectors[0].astype(np.float64) @ vectors[1].astype(np.float64))
    sentences = tuple(note for one in found for note in notes(one, similarity))
    return Explanation(similarity, (found[0], found[1]), sentences)


def _galaxy(given: GalaxyInput, modality: Modality, source: Dataset | None) -> ComparedGalaxy:
    target_id = stored_id(given)
    if target_id is None or source is None:
        return own_data(given, modality)
    return stored_data(source, target_id, modality)


def _opened_dataset(
    index: IndexInput, dataset: str | Path | None, pair: EncoderPairProtocol, using: Modality
) -> Dataset:
    """The dataset of stored galaxies; an index that is read must be of the encoder."""
    if index is None and dataset is not None:
        return open_pixels(dataset)
    manifest = opened_engine(index).manifest
    encoder = encoders_by_modality(pair)[using]
    require_same_encoder(
        {
            f"index '{manifest.recipe.name}'": manifest.fingerprint,
            f"encoder '{pair.name}'": encoder.fingerprint,
        }
    )
    return open_pixels(dataset or manifest.dataset)


def _embedded(galaxy: ComparedGalaxy, pair: EncoderPairProtocol) -> Vectors:
    """(d,) unit vector of a galaxy."""
    if isinstance(galaxy.own, OwnImage):
        return np.asarray(embed_image(pair, galaxy.own)[0])
    return np.asarray(embed_spectrum(pair, galaxy.own)[0])


def _redshift(galaxy: ComparedGalaxy, pair: EncoderPairProtocol) -> tuple[float, str]:
    """Redshift of a galaxy and where it comes from; NaN and an empty text where it is not known."""
    if np.isfinite(galaxy.z):
        return galaxy.z, "the catalogue"
    encoder: Any = None if isinstance(galaxy.own, OwnImage) else pair.spectrum
    if isinstance(galaxy.own, OwnImage) or not hasattr(encoder, "redshift_odds"):
        return float("nan"), ""
    try:
        found = own_redshift(encoder, galaxy.own)
    except ConfigError:
        return float("nan"), ""
    if found["z_probability"][0] < LEAST_PROBABILITY:
        return float("nan"), ""
    return float(found["z"][0]), "templates of the encoder"
