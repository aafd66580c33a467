"""The process that reads and embeds uploaded files.

It has bounds of memory, gives way to searches, and works in a directory of its own, in which it
writes each file under a name that depends on the content alone.
"""

import os
import resource
import signal
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path

from galsearch.core.errors import GalsearchError, SourceError
from galsearch.core.modality import Modality
from galsearch.embeddings.encoder_protocol import (
    EncoderPairProtocol,
    ImageEncoderProtocol,
    SpectrumEncoderProtocol,
    load_encoder_pair,
)
from galsearch.files.atomic import write_bytes
from galsearch.http.uploads.parent_watch import end_with_parent
from galsearch.http.uploads.uploaded_file import EmbeddedFile, UploadedFile, require_words
from galsearch.query.inputs.own_data.array_file import load_array
from galsearch.query.inputs.own_data.own_embedding import (
    DEFAULT_ENCODER,
    embed_image,
    embed_spectrum,
)
from galsearch.query.inputs.own_data.own_image import read_own_image
from galsearch.query.inputs.own_data.own_spectrum import read_own_spectrum
from galsearch.query.inputs.sky.sky_position import parse_positions
from galsearch.sources.spectrum_kind import spectrum_kind

_NICENESS = 10


def answer_uploads(
    connection: Connection, folder: str, encoder: str | None, memory_bytes: int
) -> None:
    """Read and embed files until the other end of the connection is closed.

    Each `UploadedFile` is answered with an `EmbeddedFile`, or with the error of the library that
    it caused.

    Parameters
    ----------
    connection
        Where files come from and answers go to.
    folder
        An empty directory for the files.
    encoder
        Name or file of the encoder, which is loaded for the first file that can be read.
    memory_bytes
        Largest memory of the process.
    """
    end_with_parent(at_once=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = memory_bytes if hard == resource.RLIM_INFINITY else min(memory_bytes, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    os.chdir(folder)
    pair = _PairWhenNeeded(encoder)
    while True:
        try:
            file: UploadedFile = connection.recv()
        except EOFError:
            return
        connection.send(_answer(file, pair))


class _PairWhenNeeded:
    """A pair of encoders that is loaded when the first of them is needed."""

    def __init__(self, encoder: str | None) -> None:
        self._encoder = encoder

    @cached_property
    def _pair(self) -> EncoderPairProtocol:
        return load_encoder_pair(self._encoder or DEFAULT_ENCODER)

    @property
    def name(self) -> str:
        return self._pair.name

    @property
    def image(self) -> ImageEncoderProtocol:
        return self._pair.image

    @property
    def spectrum(self) -> SpectrumEncoderProtocol:
        return self._pair.spectrum


def _answer(file: UploadedFile, pair: EncoderPairProtocol) -> EmbeddedFile | GalsearchError:
    try:
        return read_and_embed(file, pair)
    except GalsearchError as error:
        return error
    except MemoryError:
        return SourceError("the uploaded file needs more memory than the service has for one.")
    except Exception as error:
        return SourceError(f"the uploaded file cannot be read ({type(error).__name__}).")


def read_and_embed(file: UploadedFile, pair: EncoderPairProtocol) -> EmbeddedFile:
    """The image or the spectrum of a file, which its content tells apart, with its vector.

    The file is written into the working directory, and removed from it.

    Raises
    ------
    SourceError
        Where the file is damaged or of another kind.
    QueryError, InvalidCutoutError, InvalidSpectrumError
        Where a word does not suit the file, or nothing in it can be embedded.
    """
    path = Path(file.name)
    try:
        write_bytes(path, file.content)
        modality = _modality(path)
        require_words(file, modality)
        if modality is Modality.IMAGE:
            position = None if file.position is None else parse_positions(file.position)
            image = read_own_image(path, position=position, pixel_scale=file.pixel_scale)
            return EmbeddedFile(image, embed_image(pair, image), str(pair.image.fingerprint))
        spectrum = read_own_spectrum(path, target_id=file.target_id, air=file.air)
        vector = embed_spectrum(pair, spectrum)
        return EmbeddedFile(spectrum, vector, str(pair.spectrum.fingerprint))
    finally:
        path.unlink(missing_ok=True)


def _modality(path: Path) -> Modality:
    """The kind of a file, judged by its content."""
    if path.suffix in (".jpg", ".png"):
        return Modality.IMAGE
    if path.suffix == ".npy":
        return Modality.IMAGE if load_array(path).ndim == 3 else Modality.SPECTRUM
    if path.suffix == ".csv":
        return Modality.SPECTRUM
    return Modality.IMAGE if spectrum_kind(str(path)) is None else Modality.SPECTRUM
