"""What became of every input row of an ingest."""

import dataclasses
import json
from dataclasses import dataclass

from galsearch.core.errors import DatasetError


@dataclass(frozen=True)
class IngestReport:
    """Counts of an ingest: every spectrum row and every image is in it once.

    `n_spectra` is `n_paired + n_spectrum_only` and what `dropped` says of spectra; `n_images` is
    `n_paired + n_image_only` and what it says of images.
    """

    name: str
    n_galaxies: int
    """Rows of the dataset."""
    n_spectra: int
    """Fibre map rows read."""
    n_images: int
    """Cutouts read and stamps cut."""
    n_paired: int
    """Galaxies with both."""
    n_image_only: int
    n_spectrum_only: int
    dropped: dict[str, int]
    """'spectrum: reason' or 'image: reason' -> how many are not in the dataset."""
    n_ambiguous: int
    """Pairs within reach that gave way to a nearer one."""
    separations: dict[str, float]
    """'median_arcsec' and 'largest_arcsec' between image and spectrum of pairs with a cutout;
    empty where there are none."""
    n_with_redshift: int
    n_labels: int
    """Label rows read."""
    n_labelled: int
    """Galaxies that one of them belongs to."""
    n_partitions: int

    def check(self) -> None:
        """Raise where rows are lost or invented.

        Raises
        ------
        DatasetError
            With the counts that disagree.
        """
        borders = {
            "spectrum": (self.n_spectra, self.n_paired + self.n_spectrum_only),
            "image": (self.n_images, self.n_paired + self.n_image_only),
        }
        for what, (n_in, n_out) in borders.items():
            n_dropped = sum(n for reason, n in self.dropped.items() if reason.startswith(what))
            if n_in != n_out + n_dropped:
                raise DatasetError(
                    f"{what} rows do not add up: {n_in} read, {n_out} written, {n_dropped} "
                    "dropped. Nothing was written."
                )
        n_parts = self.n_paired + self.n_image_only + self.n_spectrum_only
        if self.n_galaxies != n_parts:
            raise DatasetError(
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
