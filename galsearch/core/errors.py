"""Every error that galsearch raises on purpose.

The message of an error states what was asked for and what was found. What to do about it depends
on the face through which galsearch is used. The remedy in terms of Python is the attribute
`remedy` of each class; it is attached to the error as a note, which a traceback shows below the
message. The command line has a table of its own by `code`: `galsearch.cli.remedies`.

Each class also inherits from the built-in exception that a Python user would catch.
"""

from typing import Any, ClassVar


class GalsearchError(Exception):
    """Base class of all errors that galsearch raises on purpose.

    Parameters
    ----------
    message
        What was asked for and what was found, in full sentences.
    **facts
        The values that the message mentions, for programs; see the attribute of this name.

    Examples
    --------
    >>> error = UnknownTargetError("TARGETID 5 is not in index 'demo'.", target_id=5)
    >>> str(error), error.code, error.facts
    ("TARGETID 5 is not in index 'demo'.", 'unknown-target', {'target_id': 5})
    >>> error.__notes__
    ["Use a TARGETID of this index, or pass from_embeddings=... with the galaxy's embeddings."]
    """

    code: ClassVar[str] = "error"
    """Stable name of the kind of error: the key of the remedies of each face."""
    remedy: ClassVar[str] = ""
    """What a Python user can do about it."""

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts
        """The values that the message mentions, by name."""
        if self.remedy:
            self.add_note(self.remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        """Restore the facts and the note in another process."""
        return _restored, (type(self), str(self), self.facts)


def _restored(kind: type[GalsearchError], message: str, facts: dict[str, Any]) -> GalsearchError:
    return kind(message, **facts)


class InvalidTargetIdError(GalsearchError, ValueError):
    """Text, a number or a column that is not a TARGETID of a galaxy."""

    code = "invalid-target-id"
    remedy = "Pass a TARGETID as an int or as a string of decimal digits."


class InvalidFingerprintError(GalsearchError, ValueError):
    """Text that is not the fingerprint of an encoder."""

    code = "invalid-fingerprint"
    remedy = "Take the fingerprint of an encoder, or of an embedding store."


class InvalidCutoutError(GalsearchError, ValueError):
    """An image whose shape, bands, scale or position contradict each other."""

    code = "invalid-cutout"
    remedy = "Check the arrays and numbers that the image is made from."


class InvalidSpectrumError(GalsearchError, ValueError):
    """A spectrum whose lengths, wavelengths or inverse variances contradict each other."""

    code = "invalid-spectrum"
    remedy = "Check the arrays that the spectrum is made from."


class SourceError(GalsearchError, ValueError):
    """A survey file that is missing, truncated or of another kind than expected."""

    code = "bad-source"
    remedy = "Check the path or URL, and fetch the file again if it is damaged."


class ConfigError(GalsearchError, ValueError):
    """A TOML file or a parameter with unknown keys or wrong values; lists every problem at once."""

    code = "bad-config"
    remedy = "Correct the values that the message names."


class NoGpuError(ConfigError):
    """A GPU that is required and missing, or that cannot hold the index."""

    code = "no-gpu"
    remedy = (
        "Use device='auto' or 'cpu', or install 'galsearch[gpu]' on a machine with an NVIDIA GPU."
    )


class SimulationError(GalsearchError, ValueError):
    """A simulated survey that cannot be made, or be continued, with these settings."""

    code = "bad-simulation"
    remedy = "Name a new output directory, or repeat the call with its settings."


class SimulationSettingError(SimulationError):
    """A number or a hemisphere with which no survey can be simulated."""

    code = "bad-simulation-setting"
    remedy = "Correct the argument that the message names."


class WorkerDiedError(SimulationError):
    """A process that simulated galaxies and ended before its work was done."""

    code = "worker-died"
    remedy = "Repeat the call: it continues where it stopped. Fewer workers need less memory."


class OutputExistsError(GalsearchError, FileExistsError):
    """An output file or directory that exists and must not be overwritten."""

    code = "output-exists"
    remedy = "Name another output directory, or remove this one."


class LockedError(GalsearchError, BlockingIOError):
    """A directory that another process is changing."""

    code = "locked"
    remedy = "Wait until the other process has finished, then try again."


class DatasetError(GalsearchError, ValueError):
    """A dataset directory that is empty, incomplete or contradicts itself."""

    code = "bad-dataset"
    remedy = "Write the dataset again with galsearch.ingest(recipe, out)."


class IngestError(DatasetError):
    """An ingest that cannot be completed: no galaxy is left, or tables contradict each other."""

    code = "bad-ingest"
    remedy = "Correct the recipe or the survey files that the message names."


class NoDatasetError(DatasetError):
    """The dataset whose images and spectra are to be shown is not known or not there."""

    code = "no-dataset"
    remedy = "Pass dataset=... with the directory that galsearch.ingest wrote."


class CheckpointError(GalsearchError, ValueError):
    """Weights that are unsafe, incomplete or of another architecture."""

    code = "bad-checkpoint"
    remedy = "Use weights that galsearch trained or converted."


class NotConvertedError(CheckpointError):
    """A file that is not in the safetensors format, such as a published checkpoint."""

    code = "not-converted"
    remedy = "Convert published weights with galsearch.encoders.convert_checkpoint(path, out)."


class ShardError(GalsearchError, ValueError):
    """Embeddings on disk that are incomplete or contradict themselves."""

    code = "bad-embeddings"
    remedy = "Repeat galsearch.embed_dataset(dataset, out); it continues where it stopped."


class NoEmbeddingsError(ShardError):
    """A directory without embeddings."""

    code = "no-embeddings"
    remedy = "Make embeddings with galsearch.embed_dataset(dataset, out)."


class StoreMismatchError(ShardError):
    """A directory with embeddings of another dataset or precision than those to be written."""

    code = "store-mismatch"
    remedy = "Embed into another directory, or remove this one."


class ManifestError(GalsearchError, ValueError):
    """An index directory whose files, counts or digests disagree with its manifest."""

    code = "bad-index"
    remedy = (
        "Restore the file, or build the index again with galsearch.build_index; "
        "galsearch.verify(index) reads every byte."
    )


class NoIndexError(ManifestError):
    """A directory that holds no index."""

    code = "no-index"
    remedy = (
        "Build an index with galsearch.build_index, or pass the directory of one to "
        "galsearch.open_index."
    )


class SeveralIndexesError(ManifestError):
    """Several indexes where one is expected."""

    code = "several-indexes"
    remedy = "Pass the directory of one of them."


class IndexExistsError(ManifestError, FileExistsError):
    """The output directory of an index holds an index already."""

    code = "index-exists"
    remedy = "Pass overwrite=True to replace it, or name another output directory."


class NotCompactError(ManifestError):
    """An index with later additions or removals where one without them is needed."""

    code = "not-compact"
    remedy = "Run galsearch.compact(index) on it first."


class DifferentQuantisersError(ManifestError):
    """Indexes to be merged that were trained apart."""

    code = "different-quantisers"
    remedy = (
        "Build the parts with galsearch.build_index(..., quantisers=FIRST), where FIRST "
        "is the index that lends its trained quantisers."
    )


class EncoderMismatchError(GalsearchError, ValueError):
    """Embeddings of different encoders used together: their similarity has no meaning."""

    code = "encoder-mismatch"
    remedy = "Embed with the encoder of the index, or build the index again from these embeddings."


class UnknownTargetError(GalsearchError, LookupError):
    """A TARGETID that the dataset, the embeddings or the index do not hold."""

    code = "unknown-target"
    remedy = (
        "Use a TARGETID of this index, or pass from_embeddings=... with the galaxy's embeddings."
    )


class MissingModalityError(GalsearchError, LookupError):
    """A galaxy, or an index, without the image or spectrum embedding that was asked for."""

    code = "missing-modality"
    remedy = "Choose the other modality with using=... or among=..."


class QueryError(GalsearchError, ValueError):
    """A query that cannot be answered, such as one with k = 0."""

    code = "bad-query"
    remedy = "Correct the argument that the message names."


class MissingExtraError(GalsearchError, ImportError):
    """An optional dependency that is not installed."""

    code = "missing-extra"
    remedy = "Install the package that the message names."
