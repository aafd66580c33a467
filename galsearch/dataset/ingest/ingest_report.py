"""Report of an ingest, in which every input row is counted once."""

import dataclasses
import json
from dataclasses import dataclass, field

from galsearch.core.errors import IngestError


@dataclass(frozen=True)
class IngestReport:
    """Counts of the input rows of an ingest, in which each spectrum and each image appears once.

    `n_spectra` is the sum of `n_paired`, `n_spectrum_only` and the dropped spectra; `n_images` is
    the sum of `n_paired`, `n_image_only` and the dropped images.
    """

    name: str
    n_galaxies: int
    """Number of galaxies in the dataset."""
    n_spectra: int
    """Number of rows in all fibre maps."""
    n_images: int
    """Number of images: cutouts, and stamps cut from bricks."""
    n_paired: int
    """Number of galaxies with an image and a spectrum."""
    n_image_only: int
    n_spectrum_only: int
    dropped: dict[str, int]
    """Number of dropped spectra and images by reason, 'spectrum: ...' or 'image: ...'."""
    n_ambiguous: int
    """Number of possible pairs not made because a nearer pair used the image or the spectrum."""
    separations: dict[str, float]
    """Median and largest distance between image and spectrum over all pairs with a cutout, as
    'median_arcsec' and 'largest_arcsec'; empty where there are no such pairs."""
    n_with_redshift: int
    n_labels: int
    """Number of rows in all label tables."""
    n_labelled: int
    """Number of galaxies that have labels."""
    n_partitions: int
    noted: dict[str, int] = field(default_factory=dict)
    """Number of spectra, images, redshifts, labels and files by note: sources that claimed the same
    thing and the rule that decided, releases side by side, and files that are not used."""
    bad_files: tuple[str, ...] = ()
    """Message of each file that cannot be read and was left out."""

    def check(self) -> None:
        """Check that no input row of the ingest is lost or counted twice.

        Raises
        ------
        IngestError
            Where the counts of the report disagree.
        """
        totals = {
            "spectrum": (self.n_spectra, self.n_paired + self.n_spectrum_only),
            "image": (self.n_images, self.n_paired + self.n_image_only),
        }
        for kind, (n_in, n_out) in totals.items():
            n_dropped = sum(n for reason, n in self.dropped.items() if reason.startswith(kind))
            if n_in != n_out + n_dropped:
                raise IngestError(
                    f"{kind} rows do not add up: {n_in} read, {n_out} written, {n_dropped} "
                    "dropped. Nothing was written."
                )
        n_parts = self.n_paired + self.n_image_only + self.n_spectrum_only
        if self.n_galaxies != n_parts:
            raise IngestError(
                f"galaxies do not add up: {self.n_galaxies} written, {n_parts} counted. "
                "Nothing was written."
            )

    def to_json(self) -> str:
        """The counts of the report as indented JSON text."""
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
        lines += [f"noted {n}, {note}" for note, n in sorted(self.noted.items())]
        if self.bad_files:
            lines.append(f"left out {len(self.bad_files)} files that cannot be read:")
            lines += self.bad_files
        return "\n".join(lines)
