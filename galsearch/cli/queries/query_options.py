"""Options of the command query; several of them are also those of other commands."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from galsearch.cli.output import Format


class ModalityChoice(StrEnum):
    """One modality, or both together."""

    IMAGE = "image"
    SPECTRUM = "spectrum"
    BOTH = "both"


Index = Annotated[
    Path | None,
    typer.Option("--index", help="Directory of an index; default: the one in index_builds/."),
]
QueriedIndex = Annotated[
    str | None,
    typer.Option(
        "--index",
        help="Directory of an index, or address of a vector database such as lance://DIRECTORY; "
        "default: the index in index_builds/.",
    ),
]
TargetId = Annotated[
    str | None,
    typer.Option(
        help="TARGETID of the query galaxy; beside --spectrum, of a galaxy in a DESI file."
    ),
]
Position = Annotated[
    str | None,
    typer.Option(
        help="Position of the query galaxy, in degrees or sexagesimal; beside --image, of the "
        "galaxy in the image.",
        metavar='"RA DEC"',
    ),
]
Radius = Annotated[
    float,
    typer.Option(help="Largest distance of the query galaxy from the position.", metavar="ARCSEC"),
]
Name = Annotated[
    str | None,
    typer.Option(help="Name of the query galaxy, such as 'NGC 5194' or 'DESI J150.1234+02.3456'."),
]
Names = Annotated[
    Path | None,
    typer.Option(help="Table of names and positions; default: the service Sesame.", metavar="FILE"),
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Image of your own: FITS cutout, brick (with --position), viewer JPEG, .npy.",
        metavar="FILE",
    ),
]
PixelScale = Annotated[
    float | None,
    typer.Option(help="Pixel scale of a JPEG or .npy; default: 0.262.", metavar="ARCSEC"),
]
Spectrum = Annotated[
    str | None,
    typer.Option(
        help="Spectrum of your own: DESI coadd, SDSS spec-*.fits, CSV, ECSV, .npy.",
        metavar="FILE",
    ),
]
Air = Annotated[bool, typer.Option("--air", help="The spectrum has wavelengths in air.")]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="Encoder of your image or spectrum, a name or file; default: galsearch-small."
    ),
]
Like = Annotated[
    list[str] | None,
    typer.Option(help="TARGETIDs of examples, separated by commas; may be repeated."),
]
Unlike = Annotated[
    list[str] | None,
    typer.Option(help="TARGETIDs of counter-examples, separated by commas; may be repeated."),
]
Vector = Annotated[Path | None, typer.Option(help="Embedding of your own (.npy).", metavar="FILE")]
Fingerprint = Annotated[
    str | None,
    typer.Option(
        help="Fingerprint of the encoder that made it, which galsearch inspect --format json shows."
    ),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        help="Table with a query in each row: target_id, ra_deg and dec_deg, name, or image and "
        "spectrum (paths). Results have the row as query_row.",
        metavar="FILE",
    ),
]
SkipBadRows = Annotated[
    bool,
    typer.Option(
        "--skip-bad-rows",
        help="Leave out rows of --queries that cannot be answered.",
    ),
]
LeftOut = Annotated[
    Path | None,
    typer.Option(
        help="Table of the rows that --skip-bad-rows leaves out, with the reason of each; default: "
        "NAME.left_out.csv beside --out NAME.",
        metavar="FILE",
    ),
]
Using = Annotated[
    ModalityChoice | None,
    typer.Option(
        help="Which embedding of the query galaxy is used; default: image, or what is given."
    ),
]
Among = Annotated[ModalityChoice, typer.Option(help="Which embeddings are searched.")]
Number = Annotated[
    int | None,
    typer.Option("-k", help="Number of neighbours; default: 10, or all with --min-similarity."),
]
Offset = Annotated[int, typer.Option(help="Number of neighbours to skip: earlier pages.")]
MinSimilarity = Annotated[
    float | None, typer.Option(help="Smallest similarity of a neighbour, -1 to 1.")
]
ExcludeWithin = Annotated[
    float | None,
    typer.Option(
        help="Leave out galaxies this close on the sky to the query galaxy or to a more "
        "similar neighbour.",
        metavar="ARCSEC",
    ),
]
OnePer = Annotated[
    str | None,
    typer.Option(help="Find one galaxy for each value of this column.", metavar="COLUMN"),
]
Diversity = Annotated[
    float | None,
    typer.Option(
        help="How much neighbours should differ, 0 to 1: each has the largest "
        "(1 - LAMBDA) similarity - LAMBDA (largest cosine with those before). For up to 1,000.",
        metavar="LAMBDA",
    ),
]
NProbe = Annotated[
    int | None, typer.Option(help="Inverted lists to probe; default: tuned by the build.")
]
Exact = Annotated[
    bool, typer.Option("--exact", help="Compare every stored vector: slow, and always right.")
]
FromEmbeddings = Annotated[
    Path | None,
    typer.Option(
        "--from-embeddings",
        "--from",
        help="Embeddings that hold the query galaxy, if the index does not.",
    ),
]
Where = Annotated[
    str | None,
    typer.Option(help='Condition on the neighbours, such as "z < 0.3 and mag_r < 19".'),
]
Within = Annotated[
    tuple[float, float, float] | None,
    typer.Option(help="Cone that neighbours must be in.", metavar="RA_DEG DEC_DEG RADIUS_ARCMIN"),
]
Ids = Annotated[
    str | None,
    typer.Option(
        help="File with the TARGETIDs that neighbours may have: text or a table.",
        metavar="FILE",
    ),
]
IdsColumn = Annotated[str | None, typer.Option(help="Column of that table; default: TARGETID.")]
Gallery = Annotated[
    Path | None,
    typer.Option(
        help="HTML page, or .png picture, with thumbnails and spectra to write.", metavar="FILE"
    ),
]
Dataset = Annotated[
    Path | None, typer.Option(help="Dataset with the images and spectra, if it has moved.")
]
OutputFormat = Annotated[
    Format | None,
    typer.Option("--format", help="Format; default: of the name of --out, or a table."),
]
Out = Annotated[
    Path | None, typer.Option(help="File to write instead of printing.", metavar="FILE")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace the file of --out or --gallery.")
]
Links = Annotated[
    bool, typer.Option("--links", help="Add links to image and spectrum of each galaxy.")
]
Facets = Annotated[
    bool,
    typer.Option("--facets", help="Count classes and redshifts instead of listing galaxies."),
]
Samp = Annotated[bool, typer.Option("--samp", help="Also send the galaxies to TOPCAT or Aladin.")]
