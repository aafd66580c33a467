"""Report of an ingest, in which every input row is counted once."""

import dataclasses
import json
from dataclasses import dataclass

from galsearch.core.errors import IngestError


@dataclass(frozen=True)
class IngestReport:
    """Counts of an ingest. Every spectrum row and every image is counted once.

    `n_spectra` is the sum of `n_paired`, `n_spectrum_only` and the dropped spectra; `n_images` is
    the sum of `n_paired`, `n_image_only` and the dropped images.
    """

    name: str
    n_galaxies: int
    """Galaxies in the dataset."""
    n_spectra: int
    """Rows of all fibre maps."""
    n_images: int
    """Cutouts, and stamps cut from bricks."""
    n_paired: int
    """Galaxies with an image and a spectrum."""
    n_image_only: int
    n_spectrum_only: int
    dropped: dict[str, int]
    """Number of dropped rows by reason, 'spectrum: ...' or 'image: ...'."""
    n_ambiguous: int
    """Possible pairs that were not made because a nearer pair used one of the two."""
    separations: dict[str, float]
    """Distances between image and spectrum of pairs with a cutout, 'median_arcsec' and
    'largest_arcsec'; empty where there are no such pairs."""
    n_with_redshift: int
    n_labels: int
    """Rows of all label tables."""
    n_labelled: int
    """Galaxies that have labels."""
    n_partitions: int

    def check(self) -> None:
        """Check that no row is lost or counted twice.

        Raises
        ------
        IngestError
            Where counts disagree.
        """
        totals = {
            "spectrum": (self.n_spectra, self.n_paired + self.n_spectrum_only),
            "image": (self.n_images, self.n_paired + self.n_image_only),
        }
        for what, (n_in, n_out) in totals.items():
            n_dropped = sum(n for reason, n in self.dropped.items() if reason.startswith(what))
            if n_in != n_out + n_dropped:
                raise IngestError(
                    f"{what} rows do not add up: {n_in} read, {n_out} written, {n_dropped} "
                    "dropped. Nothing was written."
                )
        n_parts = self.n_paired + self.n_image_only + self.n_spectrum_only
        if self.n_galaxies != n_parts:
            raise IngestError(
                f"galaxies do not add up: {self.n_galaxies} written, {n_parts} counted. "
                "Nothing was written."
            )

    def to_json(self) -> str:
        """The counts as JSON, indented."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    def __str__(self) -> str:
        lines = [
            f"{self.n_galaxies} galaxies in {self.n_partitions} partitions: {self.n_paired} "
            f"paired, {self.n_image_only} with an image alone, {self.n_spectrum_only} with a "
            "spectrum alone",
            f"read {self.n_spectra} spectrum rows and {self.n_images} images; "
            f"{self.n_with_redshift} galaxies have a redshift, {self.n_labelled} have labels",
        ]
        if self.separations:
            lines.append(
                f"separation of pairs: median {self.separations['median_arcsec']:.3f} arcsec, "
                f"largest {self.separations['largest_arcsec']:.3f}; {self.n_ambiguous} ambiguous "
                "pairs gave way to nearer ones"
            )
        lines += [f"dropped {n}, {reason}" for reason, n in sorted(self.dropped.items())]
        return "\n".join(lines)
