"""Every error that galsearch raises on purpose: what was asked, what was found, what to do.

Each class also inherits the builtin that a Python user would catch, and carries a stable
`code` that the faces use (exit reason, HTTP body).
"""


class GalsearchError(Exception):
    """Root of the tree; `str(error)` is one message for people."""

    code = "error"


class InvalidTargetIdError(GalsearchError, ValueError):
    """Text, number or column that is not a TARGETID of a galaxy."""

    code = "invalid-target-id"


class InvalidCutoutError(GalsearchError, ValueError):
    """An image that cannot be one: shapes, bands or scale contradict each other."""

    code = "invalid-cutout"


class InvalidSpectrumError(GalsearchError, ValueError):
    """A spectrum that cannot be one: lengths, grid or inverse variance contradict each other."""

    code = "invalid-spectrum"


class SourceError(GalsearchError, ValueError):
    """A survey file that is missing, truncated or something else than it was taken for."""

    code = "bad-source"


class ConfigError(GalsearchError, ValueError):
    """A TOML file or table that does not say what it should; lists every problem at once."""

    code = "bad-config"


class SimulationError(GalsearchError, ValueError):
    """A simulated survey that cannot be made, or be continued, as asked."""

    code = "bad-simulation"


class DatasetError(GalsearchError, ValueError):
    """A dataset directory that is empty, incomplete or contradicts itself."""

    code = "bad-dataset"


class CheckpointError(GalsearchError, ValueError):
    """Weights that are unsafe, incomplete or of another architecture."""

    code = "bad-checkpoint"


class ShardError(GalsearchError, ValueError):
    """An embedding shard or store that breaks its promises."""

    code = "bad-shard"


class ManifestError(GalsearchError, ValueError):
    """An index directory whose files, counts or digests disagree with its manifest."""

    code = "bad-index"


class EncoderMismatchError(GalsearchError, ValueError):
    """Vectors of different encoders in one question: their similarity has no meaning."""

    code = "encoder-mismatch"


class UnknownTargetError(GalsearchError, LookupError):
    """A TARGETID that the dataset or index has never seen."""

    code = "unknown-target"


class MissingModalityError(GalsearchError, LookupError):
    """A known galaxy without the image or spectrum that was asked for."""

    code = "missing-modality"


class QuestionError(GalsearchError, ValueError):
    """A question that cannot be answered as put, such as k = 0."""

    code = "bad-question"


class MissingExtraError(GalsearchError, ImportError):
    """An optional dependency that is not installed; says the command that installs it."""

    code = "missing-extra"
