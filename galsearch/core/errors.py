"""Every error that galsearch raises on purpose.

The message of an error states what was asked for and what was found. The remedy depends on whether
galsearch is used from Python or from the command line. The remedy for Python users is the attribute
`remedy` of each class; it is attached to the error as a note, which a traceback shows below the
message. The command line looks up its remedy by the `code` of the error, in
`galsearch.cli.remedies`.

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
        The values that the message mentions, for programs; they become the attribute `facts`.

    Examples
    --------
    >>> error = UnknownTargetError("TARGETID 5 is not in index 'demo'.", target_id=5)
    >>> str(error), error.code, error.facts
    ("TARGETID 5 is not in index 'demo'.", 'unknown-target', {'target_id': 5})
    >>> error.__notes__
    ["Use a TARGETID of this index, or pass from_embeddings=... with the galaxy's embeddings."]
    """

    code: ClassVar[str] = "error"
    """Stable name of the kind of error; the command line looks up its remedies by this name."""
    remedy: ClassVar[str] = ""
    """Advice to a Python user on how to mend the cause of the error; empty if there is none."""

    def __init__(self, message: str = "", **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts
        """Values that the message of the error mentions, by name."""
        if self.remedy:
            self.add_note(self.remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        """Arguments with which pickle restores the error, its facts and its note."""
        return _restored, (type(self), str(self), self.facts)


def _restored(kind: type[GalsearchError], message: str, facts: dict[str, Any]) -> GalsearchError:
    return kind(message, **facts)


class InvalidTargetIdError(GalsearchError, ValueError):
    """Error for text, a number or a column that is not a TARGETID of a galaxy."""

    code = "invalid-target-id"
    remedy = "Pass a TARGETID as an int or as a string of decimal digits."


class InvalidFingerprintError(GalsearchError, ValueError):
    """Error for text that is not the fingerprint of an encoder."""

    code = "invalid-fingerprint"
    remedy = "Take the fingerprint of an encoder, or of an embedding store."


class InvalidCutoutError(GalsearchError, ValueError):
    """Error for an image whose shape, bands, scale or position contradict each other."""

    code = "invalid-cutout"
    remedy = "Check the arrays and numbers that the image is made from."


class InvalidSpectrumError(GalsearchError, ValueError):
    """Error for a spectrum whose lengths, wavelengths or inverse variances are inconsistent."""

    code = "invalid-spectrum"
    remedy = "Check the arrays that the spectrum is made from."


class SourceError(GalsearchError, ValueError):
    """Error for a survey file that is missing, truncated or of another kind than expected."""

    code = "bad-source"
    remedy = "Check the path or URL, and fetch the file again if it is damaged."


class StoreError(SourceError):
    """Error for a store or web server that refuses a file or cannot be reached."""

    code = "no-access"
    remedy = "Check the address of the store, the network and your credentials."


class BadFilesError(SourceError):
    """Error for survey files of an ingest that cannot be read; the message lists all of them."""

    code = "bad-files"
    remedy = (
        "Fetch the files again, or pass skip_bad_files=True to leave them out; the report lists "
        "them."
    )


class EmbeddingTableError(SourceError):
    """Error for a table of embeddings made elsewhere with a row or a column that cannot be used."""

    code = "bad-embedding-table"
    remedy = (
        "Name the columns with id_column=..., image_column=... or spectrum_column=..., correct the "
        "table, or pass skip_bad_rows=True to leave out rows that cannot be used."
    )


class QueryTableError(SourceError):
    """Error for a row of a table of queries that says no query; the message names its column."""

    code = "bad-query-table"
    remedy = "Correct the table, or pass skip_bad_rows=True to leave out such rows."


class ConfigError(GalsearchError, ValueError):
    """Error for a TOML file or a parameter with unknown keys or wrong values.

    The message lists every problem at once.
    """

    code = "bad-config"
    remedy = "Correct the values that the message names."


class NoGpuError(ConfigError):
    """Error for a GPU that is required and missing, or that cannot hold the index."""

    code = "no-gpu"
    remedy = (
        "Use device='auto' or 'cpu', or install 'galsearch[gpu]' on a machine with an NVIDIA GPU."
    )


class DeviceFailedError(GalsearchError, RuntimeError):
    """Error for a device that failed, or whose memory is too small, while it computed."""

    code = "device-failed"
    remedy = "Repeat the call, which continues where it stopped; device='cpu' needs no GPU."


class SimulationError(GalsearchError, ValueError):
    """Error for a simulated survey that cannot be made or continued with the given settings."""

    code = "bad-simulation"
    remedy = "Name a new output directory, or repeat the call with its settings."


class SimulationSettingError(SimulationError):
    """Error for a number or a hemisphere with which no survey can be simulated."""

    code = "bad-simulation-setting"
    remedy = "Correct the argument that the message names."


class WorkerDiedError(SimulationError):
    """Error for a process that simulated galaxies and ended before its work was done."""

    code = "worker-died"
    remedy = "Repeat the call: it continues where it stopped. Fewer workers need less memory."


class OutputExistsError(GalsearchError, FileExistsError):
    """Error for an output file or directory that exists and must not be overwritten."""

    code = "output-exists"
    remedy = "Name another output directory, or remove this one."


class UnusableOutputError(GalsearchError, ValueError):
    """Error for an output path at which no directory can be made or exchanged."""

    code = "unusable-output"
    remedy = "Name another output directory."


class OutputFileExistsError(OutputExistsError):
    """Error for an output file that exists and must not be overwritten."""

    code = "output-file-exists"
    remedy = "Name another file, or pass overwrite=True to replace this one."


class TableFormatError(GalsearchError, ValueError):
    """Error for a table that a format cannot hold, or whose format is not known."""

    code = "bad-table-format"
    remedy = "Choose another format: jsonl, csv, parquet, fits, ecsv or votable."


class BinaryOutputError(TableFormatError):
    """Error for a binary format on a terminal."""

    code = "binary-on-terminal"
    remedy = "Write to a file, or send standard output to a file or to another program."


class SampError(GalsearchError, RuntimeError):
    """Error for a table that no program receives over SAMP."""

    code = "no-samp"
    remedy = "Start TOPCAT or Aladin, which bring a SAMP hub, on this machine."


class ChangedMeanwhileError(GalsearchError, RuntimeError):
    """Error for a directory that something else changed or replaced while it was being changed."""

    code = "changed-meanwhile"
    remedy = "Look at what is in the directory now, then repeat the call if it is still wanted."


class WriteError(GalsearchError, OSError):
    """Error for a file that cannot be written: a full disk, a quota, or no permission."""

    code = "cannot-write"
    remedy = "Free some space or correct the permissions, or name another output directory."


class LockedError(GalsearchError, BlockingIOError):
    """Error for a directory that another process is changing."""

    code = "locked"
    remedy = "Wait until the other process has finished, then try again."


class DatasetError(GalsearchError, ValueError):
    """Error for a dataset directory that is empty, incomplete or contradicts itself."""

    code = "bad-dataset"
    remedy = "Write the dataset again with galsearch.ingest(recipe, out)."


class IngestError(DatasetError):
    """Error for survey files that give no dataset: no galaxy is left, or tables disagree."""

    code = "bad-ingest"
    remedy = "Correct the recipe or the survey files that the message names."


class NoDatasetError(DatasetError):
    """Error for images and spectra that cannot be shown, because their dataset is not found."""

    code = "no-dataset"
    remedy = "Pass dataset=... with the directory that galsearch.ingest wrote."


class CheckpointError(GalsearchError, ValueError):
    """Error for weights that are unsafe, incomplete or of another architecture."""

    code = "bad-checkpoint"
    remedy = "Use weights that galsearch trained or converted."


class NotConvertedError(CheckpointError):
    """Error for weights in another format than safetensors, such as a published checkpoint."""

    code = "not-converted"
    remedy = "Convert published weights with galsearch.encoders.convert_checkpoint(path, out)."


class ShardedCheckpointError(CheckpointError):
    """Error for a part of a checkpoint that was written as several files."""

    code = "sharded-checkpoint"
    remedy = (
        "Join the parts into one file first, with the program that wrote them: zero_to_fp32.py for "
        "DeepSpeed, dcp_to_torch_save of torch.distributed.checkpoint.format_utils for FSDP, or "
        "save_pretrained with a large max_shard_size for Hugging Face."
    )


class ShardError(GalsearchError, ValueError):
    """Error for embeddings on disk that are incomplete or contradict themselves."""

    code = "bad-embeddings"
    remedy = "Repeat galsearch.embed_dataset(dataset, out); it continues where it stopped."


class NoEmbeddingsError(ShardError):
    """Error for a directory without embeddings."""

    code = "no-embeddings"
    remedy = "Make embeddings with galsearch.embed_dataset(dataset, out)."


class StoreMismatchError(ShardError):
    """Error for an output directory that holds embeddings of another dataset or precision."""

    code = "store-mismatch"
    remedy = "Embed into another directory, or remove this one."


class ManifestError(GalsearchError, ValueError):
    """Error for an index directory whose files, counts or digests disagree with its manifest."""

    code = "bad-index"
    remedy = (
        "Restore the file, or build the index again with galsearch.build_index; "
        "galsearch.verify(index) reads every byte."
    )


class NoIndexError(ManifestError):
    """Error for a directory that holds no index."""

    code = "no-index"
    remedy = (
        "Build an index with galsearch.build_index, or pass the directory of one to "
        "galsearch.open_index."
    )


class SeveralIndexesError(ManifestError):
    """Error for several indexes where one is expected."""

    code = "several-indexes"
    remedy = "Pass the directory of one of them."


class IndexExistsError(ManifestError, FileExistsError):
    """Error for an output directory that holds an index already."""

    code = "index-exists"
    remedy = "Pass overwrite=True to replace it, or name another output directory."


class NotCompactError(ManifestError):
    """Error for an index with later additions or removals where one without them is needed."""

    code = "not-compact"
    remedy = "Run galsearch.compact(index) on it first."


class DifferentQuantisersError(ManifestError):
    """Error for indexes that cannot be merged, because their quantisers were trained separately."""

    code = "different-quantisers"
    remedy = (
        "Build the parts with galsearch.build_index(..., quantisers=FIRST), where FIRST "
        "is the index that lends its trained quantisers."
    )


class IndexChangedError(ManifestError):
    """Error for an index that was changed or replaced while a step needed it unchanged."""

    code = "index-changed"
    remedy = "Open the index again with galsearch.open_index."


class ProvenanceError(GalsearchError, ValueError):
    """Error for files whose recorded origin has changed since they were made from it."""

    code = "changed-origin"
    remedy = (
        "Make what the message names again from what is there now (ingest, embed_dataset, "
        "build_index), or put the recorded files back."
    )


class TooManyFilesError(GalsearchError, OSError):
    """Error for a process that has as many open files as it may have."""

    code = "too-many-files"
    remedy = (
        "Close what is open (an engine is closed when nothing refers to it any more), or raise "
        "the limit: ulimit -n."
    )


class ForkedProcessError(GalsearchError, RuntimeError):
    """Error for a step that a forked process cannot do, because its parent had begun it."""

    code = "forked-process"
    remedy = (
        "Start processes with multiprocessing.get_context('spawn') or 'forkserver'; an engine can "
        "be sent to them."
    )


class EncoderMismatchError(GalsearchError, ValueError):
    """Error for embeddings of different encoders used together: their similarity has no meaning."""

    code = "encoder-mismatch"
    remedy = "Embed with the encoder of the index, or build the index again from these embeddings."


class UnknownTargetError(GalsearchError, LookupError):
    """Error for a TARGETID that the dataset, the embeddings or the index do not hold."""

    code = "unknown-target"
    remedy = (
        "Use a TARGETID of this index, or pass from_embeddings=... with the galaxy's embeddings."
    )


class NoMatchError(GalsearchError, LookupError):
    """Error for a position near which the index holds no galaxy."""

    code = "no-match"
    remedy = "Pass a larger radius=..., in arcseconds, or another position."


class UnknownNameError(GalsearchError, LookupError):
    """Error for the name of an object whose position cannot be found."""

    code = "unknown-name"
    remedy = "Pass position=..., or names=... with a table of names and positions."


class MissingModalityError(GalsearchError, LookupError):
    """Error for a galaxy or an index that lacks the requested image or spectrum embedding."""

    code = "missing-modality"
    remedy = "Choose the other modality with using=... or among=..."


class NoMapError(GalsearchError, LookupError):
    """Error for an index without the map of a modality."""

    code = "no-map"
    remedy = "Make the map with galsearch.embedding_map(index, using=...)."


class QueryError(GalsearchError, ValueError):
    """Error for a query that cannot be answered, such as one with k = 0."""

    code = "bad-query"
    remedy = "Correct the argument that the message names."


class RoundedVectorsError(QueryError):
    """Error for exact search in an index that keeps only rounded vectors."""

    code = "rounded-vectors"
    remedy = "Query without exact=True, or build the index with keep_originals = true."


class DatabaseError(GalsearchError, RuntimeError):
    """Error for a vector database that fails, or does not hold what galsearch exports."""

    code = "bad-database"
    remedy = "Check the path or URL, or export the embeddings again with galsearch.export_database."


class MissingExtraError(GalsearchError, ImportError):
    """Error for an optional dependency that is not installed."""

    code = "missing-extra"
    remedy = "Install the package that the message names."
