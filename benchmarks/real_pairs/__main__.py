"""Retrieval, repeats and redshifts of real galaxies, which the encoders were not trained on.

    python -m benchmarks.real_pairs ../shared/real --embeddings EMBEDDINGS --encoder NAME

The first argument is the folder of the real files, which are read in place. The embeddings are of
a simulated survey: its galaxies are further candidates, the neighbours whose redshift is taken,
and the twins (galaxies of the same redshift and magnitude) that show what realism would give.

Figures go to `benchmarks/results/real_pairs.json`; the tables are computed from that file.
"""

import argparse
import datetime
import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.real_pairs.digitised_pairs import Pairs, digitised, read_digitised_pairs
from benchmarks.real_pairs.fibre_fluxes import distribution, real_fibre_ratios
from benchmarks.real_pairs.pair_photometry import link_of, photometric_scores, spectrum_photometry
from benchmarks.real_pairs.pair_scores import both_directions, repeat_ranks
from benchmarks.real_pairs.real_pairs_report import table
from benchmarks.real_pairs.real_redshifts import (
    neighbour_redshift,
    read_sdss_spectra,
    redshift_rows,
)
from benchmarks.real_pairs.sdss_pairs import read_sdss_pairs
from benchmarks.retrieval.paired_embeddings import PairedEmbeddings, dataset_of, read_all
from galsearch.core.arrays import Float32Array
from galsearch.core.errors import GalsearchError
from galsearch.core.fingerprint import require_same_encoder
from galsearch.core.modality import Modality
from galsearch.dataset import open_dataset
from galsearch.encoders import EncoderPair, load
from galsearch.files.atomic import write_json

N_LINK = 400
"""Number of simulated galaxies from which the photometric link is measured and twins are taken."""
IMAGE_FACTOR, SDSS_FACTOR = 1.31, 2.5
"""Factors of two diagnostic rows: the mean ratio of image to spectrum in the simulation over that
in real pairs, and the flux within the 3 arcsec fibres of SDSS over that within DESI's."""


def main(texts: list[str] | None = None) -> int:
    """Measure an encoder on real pairs and print the tables; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.real_pairs", description="Retrieval among real pairs."
    )
    add = parser.add_argument
    add("real", type=Path, help="folder of the real files")
    add("--embeddings", type=Path, required=True, help="embeddings of a simulated survey")
    add("--encoder", default="galsearch-small", help="the encoder of the embeddings")
    default = Path(__file__).parents[1] / "results" / "real_pairs.json"
    add("--out", type=Path, default=default)
    arguments = parser.parse_args(texts)
    try:
        results = measure(arguments.real, arguments.embeddings, arguments.encoder)
    except GalsearchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    write_json(arguments.out, results, indent=None)
    print(table(results))
    return 0


def measure(real: Path, embeddings: Path, encoder: str) -> dict[str, Any]:
    """All figures of the benchmark, by part."""
    pair, bank = load(encoder), read_all(embeddings)
    require_same_encoder({str(embeddings): bank.fingerprint, encoder: pair.fingerprint})
    return {
        "measured": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "encoder": Path(encoder).name,
        "fingerprint": bank.fingerprint,
        "n_simulated": len(bank),
        "pairs": _retrieval(real, embeddings, pair, bank),
        "repeats and redshifts": _spectra(real, pair, bank),
        "fibre fluxes": distribution(real_fibre_ratios(real / "desi-fibre-flux")),
    }


def _retrieval(
    real: Path, embeddings: Path, pair: EncoderPair, bank: PairedEmbeddings
) -> dict[str, Any]:
    """Ranks of partners and redshifts, by sample of pairs."""
    desi = read_digitised_pairs(real / "pairs-desi-ls")
    sdss = read_sdss_pairs(real / "pairs-sdss-ls")
    simulated = _simulated(embeddings, bank)
    link = link_of(simulated)
    twins = _twins(desi, simulated)
    samples = {
        "DESI x Legacy": desi,
        "DESI x Legacy, images x 1.31 (diagnostic)": _scaled(desi, image=IMAGE_FACTOR),
        "simulated twins, digitised": digitised(twins),
        "simulated twins": twins,
        "SDSS x Legacy": sdss,
        "SDSS x Legacy, spectra / 2.5 (diagnostic)": _scaled(sdss, spectrum=1 / SDSS_FACTOR),
    }
    found: dict[str, Any] = {}
    for name, pairs in samples.items():
        found[name] = _embedded(pair, pairs, bank)
        if "diagnostic" not in name:
            scores = both_directions(photometric_scores(pairs, link))
            found[f"{name}, photometry alone"] = {"ranks": scores}
    return found


def _embedded(pair: EncoderPair, pairs: Pairs, bank: PairedEmbeddings) -> dict[str, Any]:
    """Ranks and redshifts of some pairs, which are not among the further candidates themselves."""
    image = pair.image.embed(pairs.flux, pairs.mask)
    spectrum = pair.spectrum.embed(pairs.spectrum_flux, pairs.spectrum_ivar)
    others_rows = np.flatnonzero(~np.isin(bank.target_ids.astype(str), pairs.names))
    others = {
        Modality.IMAGE: image @ bank.vectors[Modality.SPECTRUM][others_rows].T,
        Modality.SPECTRUM: spectrum @ bank.vectors[Modality.IMAGE][others_rows].T,
    }
    known = np.isfinite(pairs.z)
    redshifts = {}
    for name, vectors, among in (
        ("image among images", image, Modality.IMAGE),
        ("image among spectra", image, Modality.SPECTRUM),
        ("spectrum among spectra", spectrum, Modality.SPECTRUM),
    ):
        candidates = bank.vectors[among][others_rows]
        nearest = neighbour_redshift(vectors[known], candidates, bank.z[others_rows])
        redshifts[name] = redshift_rows(nearest, pairs.z[known])
    cosine = image @ spectrum.T
    return {
        "ranks": both_directions(cosine, others),
        "median cosine of a pair": round(float(np.median(cosine.diagonal())), 4),
        "redshifts": redshifts,
    }


def _simulated(embeddings: Path, bank: PairedEmbeddings) -> Pairs:
    """Images and spectra of the first simulated galaxies."""
    ids = bank.target_ids[:: max(1, len(bank) // N_LINK)][:N_LINK]
    batch = open_dataset(dataset_of(embeddings)).read(ids)
    names = [str(target_id) for target_id in ids]
    images = batch.image_flux, batch.image_mask
    return Pairs(names, *images, batch.spectrum_flux, batch.spectrum_ivar, batch.z)


def _twins(pairs: Pairs, simulated: Pairs) -> Pairs:
    """For each pair another simulated galaxy, the nearest in redshift and magnitude r."""
    wanted = spectrum_photometry(pairs.spectrum_flux, pairs.spectrum_ivar)[:, 0]
    given = spectrum_photometry(simulated.spectrum_flux, simulated.spectrum_ivar)[:, 0]
    distance = ((wanted[:, None] - given) / 0.2) ** 2
    known = np.where(np.isfinite(pairs.z), pairs.z, 0)
    step = (known[:, None] - simulated.z) / 0.02
    distance += np.where(np.isfinite(pairs.z)[:, None], step**2, 0)
    rows: list[int] = []
    for line in distance:
        line[rows] = np.inf
        rows.append(int(np.argmin(line)))
    taken = {name: getattr(simulated, name)[rows] for name in _ARRAYS}
    return Pairs([simulated.names[row] for row in rows], **taken)


_ARRAYS = ("flux", "mask", "spectrum_flux", "spectrum_ivar", "z")


def _scaled(pairs: Pairs, *, image: float = 1.0, spectrum: float = 1.0) -> Pairs:
    flux: Float32Array = (pairs.flux * image).astype(np.float32)
    spectra = (pairs.spectrum_flux * spectrum).astype(np.float32)
    ivar = (pairs.spectrum_ivar / spectrum**2).astype(np.float32)
    return Pairs(pairs.names, flux, pairs.mask, spectra, ivar, pairs.z)


def _spectra(real: Path, pair: EncoderPair, bank: PairedEmbeddings) -> dict[str, Any]:
    """Repeat visits among SDSS spectra, and redshifts of these spectra by class and redshift."""
    spectra, z, classes, galaxy = read_sdss_spectra(real / "sdss-spectra")
    flux, ivar = (np.stack([getattr(one, kind) for one in spectra]) for kind in ("flux", "ivar"))
    vectors = pair.spectrum.embed(flux, ivar)
    nearest = neighbour_redshift(vectors, bank.vectors[Modality.SPECTRUM], bank.z)
    first = np.unique(galaxy, return_index=True)[1]
    return {
        "n": len(spectra),
        "repeats": repeat_ranks(vectors, galaxy),
        "redshifts": redshift_rows(nearest[first], z[first], [classes[row] for row in first]),
    }


if __name__ == "__main__":
    sys.exit(main())
