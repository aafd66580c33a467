"""The command query: the galaxies most similar to one galaxy, or to each of a table."""

import typer

import galsearch
from galsearch.cli.output import Output, show_notes
from galsearch.cli.queries import query_options as option
from galsearch.cli.queries.different_files import require_different_files
from galsearch.cli.queries.left_out_file import LeftOutFile
from galsearch.core.errors import QueryError

QUERY_EXAMPLES = """\b
Examples:
  galsearch query --target-id 39627848784286003 --using image --among spectrum
  galsearch query --position "10:00:24.0 +02:12:00" --radius 2 -k 50
  galsearch query --image cutout.fits --where "z < 0.3"
  galsearch query --spectrum spec-0266-51602-0013.fits --among image
  galsearch query --like 39627848784286003,39627848784286010 --unlike 39627848784286011
  galsearch query --target-id 39627848784286003 --min-similarity 0.9 --exclude-within 5
  galsearch query --target-id 39627848784286003 -k 1000 --links --out like.vot
  galsearch query --target-id 39627848784286003 -k 1000 --facets
  galsearch query --target-id 39627848784286003 --gallery like.html
  galsearch query --target-id 39627848784286003 -k 20 --gallery like.png
  galsearch query --target-id 39627848784286003 --index lance://vectors
  galsearch query --queries targets.csv -k 20 --out neighbours.parquet
  galsearch query --queries own_files.csv --among spectrum --format jsonl
"""


def query(
    target_id: option.TargetId = None,
    position: option.Position = None,
    radius: option.Radius = 3.0,
    name: option.Name = None,
    names: option.Names = None,
    image: option.Image = None,
    pixel_scale: option.PixelScale = None,
    spectrum: option.Spectrum = None,
    air: option.Air = False,
    encoder: option.Encoder = None,
    like: option.Like = None,
    unlike: option.Unlike = None,
    vector: option.Vector = None,
    fingerprint: option.Fingerprint = None,
    queries: option.Queries = None,
    skip_bad_rows: option.SkipBadRows = False,
    left_out: option.LeftOut = None,
    using: option.Using = None,
    among: option.Among = option.ModalityChoice.IMAGE,
    k: option.Number = None,
    offset: option.Offset = 0,
    min_similarity: option.MinSimilarity = None,
    exclude_within: option.ExcludeWithin = None,
    one_per: option.OnePer = None,
    diversity: option.Diversity = None,
    n_probe: option.NProbe = None,
    exact: option.Exact = False,
    index: option.QueriedIndex = None,
    from_embeddings: option.FromEmbeddings = None,
    where: option.Where = None,
    within: option.Within = None,
    ids: option.Ids = None,
    ids_column: option.IdsColumn = None,
    gallery: option.Gallery = None,
    dataset: option.Dataset = None,
    output_format: option.OutputFormat = None,
    out: option.Out = None,
    overwrite: option.Overwrite = False,
    links: option.Links = False,
    facets: option.Facets = False,
    samp: option.Samp = False,
) -> None:
    """Find the galaxies most similar to a galaxy.

    The galaxy is named by its TARGETID, position or name, or given as an image, a spectrum, an
    embedding or by examples. Its image or spectrum is compared with those of the index. A table
    (--queries) has a query in each row; its results are written while they are found.
    """
    inputs = (target_id, position, name, image, spectrum, like, vector, queries)
    if all(given is None for given in inputs):
        raise typer.BadParameter(
            "There is nothing to search for. Give --target-id, --position, --name, --image, "
            "--spectrum, --like, --vector or --queries."
        )
    # Imported here: galsearch.query loads FAISS, which would delay every help text.
    from galsearch.query import read_ids
    from galsearch.query.inputs.own_data.array_file import load_array
    from galsearch.query.inputs.query_words import QueryWords

    allowed = None if ids is None else read_ids(ids, ids_column)
    output = Output(
        output_format, out, overwrite=overwrite, links=links, facets=facets, picture=gallery
    )
    if left_out is not None and not skip_bad_rows:
        raise QueryError("--left-out is given without --skip-bad-rows, whose rows it lists.")
    if skip_bad_rows and queries is None:
        raise QueryError("--skip-bad-rows is given without --queries, whose rows it concerns.")
    rejects = LeftOutFile.beside(out, left_out, overwrite=overwrite) if skip_bad_rows else None
    require_different_files(
        written={
            "--out": out,
            "--left-out": None if rejects is None else rejects.path,
            "--gallery": gallery,
        },
        read={
            "--queries": queries,
            "--ids": ids,
            "--names": names,
            "--vector": vector,
            "--image": image,
            "--spectrum": spectrum,
        },
    )
    engine = galsearch.open_index(index)
    words = QueryWords(
        position=position,
        radius=radius,
        name=name,
        names=names,
        image=image,
        pixel_scale=pixel_scale,
        spectrum=spectrum,
        air=air,
        encoder=encoder,
        like=_split(like),
        unlike=_split(unlike),
        vector=None if vector is None else load_array(vector),
        fingerprint=fingerprint,
        using=using,
        among=among,
        k=k,
        offset=offset,
        min_similarity=min_similarity,
        exclude_within=exclude_within,
        one_per=one_per,
        diversity=diversity,
        n_probe=n_probe,
        exact=exact,
        from_embeddings=from_embeddings,
        where=where,
        within=within,
        ids=allowed,
    )
    if queries is not None:
        single = {"--target-id": target_id, "--gallery": gallery, "--samp": samp or None}
        _require_table_of_queries([name for name, given in single.items() if given is not None])
        with output.progress() as progress:
            found = engine.query_table(
                queries, skip_bad_rows=skip_bad_rows, progress=progress, **words
            )
            output.show_all(found)
        show_notes(found.notes)
        if rejects is not None:
            rejects.write(found.left_out)
        return
    neighbours = engine.query(target_id, **words)
    show_notes(neighbours.notes)
    if gallery is not None:
        page = galsearch.write_gallery(
            gallery,
            [neighbours],
            engine=engine,
            dataset=dataset,
            from_embeddings=from_embeddings,
            overwrite=overwrite,
        )
        typer.echo(f"gallery: {page}", err=True)
    output.show(neighbours)
    if samp:
        typer.echo(f"sent to {', '.join(neighbours.send_samp(links=links))}", err=True)


def _require_table_of_queries(single: list[str]) -> None:
    """Check that no option is given that belongs to one query."""
    if single:
        raise QueryError(
            f"{' and '.join(single)} cannot stand beside --queries, which has a query in each row."
        )


def _split(ids: list[str] | None) -> list[str] | None:
    """TARGETIDs of an option that may be repeated, each time with several between commas."""
    return (
        None if ids is None else [part for text in ids for part in text.replace(",", " ").split()]
    )
