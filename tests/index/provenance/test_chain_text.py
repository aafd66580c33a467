"""The text of a chain names every link and fits 100 columns."""

from galsearch.core.fingerprint import Fingerprint
from galsearch.core.modality import Modality
from galsearch.dataset.source_record import SourceRecord
from galsearch.dataset.source_summary import SourceSummary, count_sources
from galsearch.index.provenance.chain_links import Link, LinkState
from galsearch.index.provenance.chain_text import chain_lines, wrapped
from galsearch.index.storage.origin_manifest import OriginManifest

SOURCES = [
    SourceRecord("spectra", "/iron/a.fits", "iron", 1234, "ab" * 32),
    SourceRecord("cutouts", "https://a/b.fits", "", None, etag="1"),
]
ORIGIN = OriginManifest(
    embeddings="/data/embeddings",
    shards={Modality.IMAGE: "b" * 64, Modality.SPECTRUM: "c" * 64},
    encoder="galsearch-small",
    fingerprint=Fingerprint("a" * 64),
    precision="fp32",
    dataset="/data/dataset",
    dataset_digest="d" * 64,
    sources=SourceSummary("e" * 64, count_sources(SOURCES)),
    n_galaxies=1000,
)


def test_every_link_is_a_paragraph() -> None:
    links = [
        Link("embeddings", LinkState.MATCHES),
        Link("encoder", LinkState.ABSENT),
        Link("dataset", LinkState.DIFFERS, "/data/dataset: has another sha256."),
        Link("survey files", LinkState.MATCHES),
    ]
    assert chain_lines(ORIGIN, links, SOURCES) == [
        "origin of 1,000 galaxies",
        "  embeddings      /data/embeddings",
        "                  image shards sha256 bbbbbbbbbbbbbbbb, spectrum shards sha256 "
        "cccccccccccccccc",
        "                  as recorded",
        "  encoder         galsearch-small, fingerprint aaaaaaaaaaaaaaaa, fp32",
        "                  not at hand",
        "  dataset         /data/dataset",
        "                  sha256 dddddddddddddddd",
        "                  DIFFERS. /data/dataset: has another sha256.",
        "  survey files    2 files, 1,234 bytes, list of sha256 eeeeeeeeeeeeeeee",
        "                  1 spectra of release iron, 1,234 bytes",
        "                  1 cutouts of no known release, 0 bytes",
        "                  as recorded",
        "                  spectra /iron/a.fits",
        "                    1,234 bytes, sha256 abababababababab, release iron",
        "                  cutouts https://a/b.fits",
        "                    ETag 1",
    ]


def test_many_files_are_counted_and_long_paths_are_wrapped() -> None:
    sources = [SourceRecord("spectra", "/long" * 40 + str(n), "", 1) for n in range(100)]
    lines = chain_lines(None, [Link("survey files", LinkState.MATCHES)], sources)
    assert max(map(len, lines)) <= 100
    assert lines[-1] == " " * 18 + "... and 80 more; JSON lists all."
    assert "".join(wrapped("/long" * 40, "")) == "/long" * 40
