"""Options of the command query; several of them are also those of other commands."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from galsearch.cli.output import Format
from galsearch.cli.queries.grouped_help import NEIGHBOURS, QUERY_BY, QUERY_TABLE, RESULTS, SEARCH


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
        rich_help_panel=SEARCH,
    ),
]
TargetId = Annotated[
    str | None,
    typer.Option(
        help="TARGETID of the query galaxy; beside --spectrum, of a galaxy in a DESI file.",
        rich_help_panel=QUERY_BY,
    ),
]
Position = Annotated[
    str | None,
    typer.Option(
        help="Position of the query galaxy, in degrees or sexagesimal; beside --image, of the "
        "galaxy in the image.",
        metavar='"RA DEC"',
        rich_help_panel=QUERY_BY,
    ),
]
Radius = Annotated[
    float,
    typer.Option(
        help="Largest distance of the query galaxy from the position.",
        metavar="ARCSEC",
        rich_help_panel=QUERY_BY,
    ),
]
Name = Annotated[
    str | None,
    typer.Option(
        help="Name of the query galaxy, such as 'NGC 5194' or 'DESI J150.1234+02.3456'.",
        rich_help_panel=QUERY_BY,
    ),
]
Names = Annotated[
    Path | None,
    typer.Option(
        help="Table of names and positions; default: the service Sesame.",
        metavar="FILE",
        rich_help_panel=QUERY_BY,
    ),
]
Image = Annotated[
    str | None,
    typer.Option(
        help="Image of your own: FITS cutout, brick (with --position), viewer JPEG, .npy.",
        metavar="FILE",
        rich_help_panel=QUERY_BY,
    ),
]
PixelScale = Annotated[
    float | None,
    typer.Option(
        help="Pixel scale of a JPEG or .npy; default: 0.262.",
        metavar="ARCSEC",
        rich_help_panel=QUERY_BY,
    ),
]
Spectrum = Annotated[
    str | None,
    typer.Option(
        help="Spectrum of your own: DESI coadd, SDSS spec-*.fits, CSV, ECSV, .npy.",
        metavar="FILE",
        rich_help_panel=QUERY_BY,
    ),
]
Air = Annotated[
    bool,
    typer.Option("--air", help="The spectrum has wavelengths in air.", rich_help_panel=QUERY_BY),
]
Encoder = Annotated[
    str | None,
    typer.Option(
        help="Encoder of your image or spectrum, a name or file; default: galsearch-small.",
        rich_help_panel=QUERY_BY,
    ),
]
Like = Annotated[
    list[str] | None,
    typer.Option(
        help="TARGETIDs of examples, separated by commas; may be repeated.",
        rich_help_panel=QUERY_BY,
    ),
]
Unlike = Annotated[
    list[str] | None,
    typer.Option(
        help="TARGETIDs of counter-examples, separated by commas; may be repeated.",
        rich_help_panel=QUERY_BY,
    ),
]
Vector = Annotated[
    Path | None,
    typer.Option(help="Embedding of your own (.npy).", metavar="FILE", rich_help_panel=QUERY_BY),
]
Fingerprint = Annotated[
    str | None,
    typer.Option(
        help="Fingerprint of the encoder that made it; galsearch inspect --format json shows it.",
        rich_help_panel=QUERY_BY,
    ),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        help="Table with a query in each row: target_id, ra_deg and dec_deg, name, or image and "
        "spectrum (paths). Results have the row as query_row.",
        metavar="FILE",
        rich_help_panel=QUERY_TABLE,
    ),
]
SkipBadRows = Annotated[
    bool,
    typer.Option(
        "--skip-bad-rows",
        help="Leave out rows of --queries that cannot be answered.",
        rich_help_panel=QUERY_TABLE,
    ),
]
LeftOut = Annotated[
    Path | None,
    typer.Option(
        help="Table of the rows that --skip-bad-rows leaves out, with the reason of each; default: "
        "NAME.left_out.csv beside --out NAME.",
        metavar="FILE",
        rich_help_panel=QUERY_TABLE,
    ),
]
Using = Annotated[
    ModalityChoice | None,
    typer.Option(
        help="Which embedding of the query galaxy is used; default: image, or what is given.",
        rich_help_panel=QUERY_BY,
    ),
]
Among = Annotated[
    ModalityChoice, typer.Option(help="Which embeddings are searched.", rich_help_panel=NEIGHBOURS)
]
Number = Annotated[
    int | None,
    typer.Option(
        "-k",
        help="Number of neighbours; default: 10, or all with --min-similarity.",
        rich_help_panel=NEIGHBOURS,
    ),
]
Offset = Annotated[
    int,
    typer.Option(help="Number of neighbours to skip: earlier pages.", rich_help_panel=NEIGHBOURS),
]
MinSimilarity = Annotated[
    float | None,
    typer.Option(help="Smallest similarity of a neighbour, -1 to 1.", rich_help_panel=NEIGHBOURS),
]
ExcludeWithin = Annotated[
    float | None,
    typer.Option(
        help="Leave out galaxies this close on the sky to the query galaxy or to a more "
        "similar neighbour.",
        metavar="ARCSEC",
        rich_help_panel=NEIGHBOURS,
    ),
]
OnePer = Annotated[
    str | None,
    typer.Option(
        help="Find one galaxy for each value of this column.",
        metavar="COLUMN",
        rich_help_panel=NEIGHBOURS,
    ),
]
Diversity = Annotated[
    float | None,
    typer.Option(
        help="How much neighbours should differ, 0 to 1: each has the largest "
        "(1 - LAMBDA) similarity - LAMBDA (largest cosine with those before). For up to 1,000.",
        metavar="LAMBDA",
        rich_help_panel=NEIGHBOURS,
    ),
]
NProbe = Annotated[
    int | None,
    typer.Option(
        help="Inverted lists to probe; default: tuned by the build.", rich_help_panel=SEARCH
    ),
]
Exact = Annotated[
    bool,
    typer.Option(
        "--exact",
        help="Compare every stored vector: slow, and always right.",
        rich_help_panel=SEARCH,
    ),
]
FromEmbeddings = Annotated[
    Path | None,
    typer.Option(
        "--from-embeddings",
        "--from",
        help="Embeddings that hold the query galaxy, if the index does not.",
        rich_help_panel=QUERY_BY,
    ),
]
Where = Annotated[
    str | None,
    typer.Option(
        help='Condition on the neighbours, such as "z < 0.3 and mag_r < 19".',
        rich_help_panel=NEIGHBOURS,
    ),
]
Within = Annotated[
    tuple[float, float, float] | None,
    typer.Option(
        help="Cone that neighbours must be in.",
        metavar="RA_DEG DEC_DEG RADIUS_ARCMIN",
        rich_help_panel=NEIGHBOURS,
    ),
]
Ids = Annotated[
    str | None,
    typer.Option(
        help="File with the TARGETIDs that neighbours may have: text or a table.",
        metavar="FILE",
        rich_help_panel=NEIGHBOURS,
    ),
]
IdsColumn = Annotated[
    str | None,
    typer.Option(help="Column of that table; default: TARGETID.", rich_help_panel=NEIGHBOURS),
]
Gallery = Annotated[
    Path | None,
    typer.Option(
        help="HTML page, or .png picture, with thumbnails and spectra to write.",
        metavar="FILE",
        rich_help_panel=RESULTS,
    ),
]
Dataset = Annotated[
    Path | None,
    typer.Option(
        help="Dataset with the images and spectra, if it has moved.", rich_help_panel=RESULTS
    ),
]
OutputFormat = Annotated[
    Format | None,
    typer.Option(
        "--format",
        help="Format; default: of the name of --out, or a table.",
        rich_help_panel=RESULTS,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="File to write instead of printing.", metavar="FILE", rich_help_panel=RESULTS
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", help="Replace the file of --out or --gallery.", rich_help_panel=RESULTS
    ),
]
Links = Annotated[
    bool,
    typer.Option(
        "--links", help="Add links to image and spectrum of each galaxy.", rich_help_panel=RESULTS
    ),
]
Facets = Annotated[
    bool,
    typer.Option(
        "--facets",
        help="Count classes and redshifts instead of listing galaxies.",
        rich_help_panel=RESULTS,
    ),
]
Samp = Annotated[
    bool,
    typer.Option(
        "--samp", help="Also send the galaxies to TOPCAT or Aladin.", rich_help_panel=RESULTS
    ),
]
