"""The encoders that the downstream benchmark compares: aligned, before alignment, and untrained."""

from collections.abc import Sequence
from dataclasses import dataclass

from galsearch.core.arrays import Float32Array
from galsearch.core.errors import CheckpointError, MissingModalityError
from galsearch.core.modality import Modality
from galsearch.dataset import GalaxyBatch
from galsearch.encoders import EncoderPair, ImageEncoder, SpectrumEncoder, initialise, load
from galsearch.encoders.load import pair_from_model

ALIGNED, BEFORE, UNTRAINED = "aligned", "before alignment", "untrained"


@dataclass(frozen=True)
class ComparedEncoder:
    """An encoder of one modality, with its name in the comparison."""

    name: str
    """Name of the encoder in the tables, such as 'aligned'."""
    encoder: ImageEncoder | SpectrumEncoder

    @property
    def modality(self) -> Modality:
        """The modality that the encoder embeds."""
        return self.encoder.modality

    def embed(self, batch: GalaxyBatch) -> Float32Array:
        """(B, d) unit vectors of a batch of galaxies, all of which must have the encoder's
        modality.
        """
        if isinstance(self.encoder, ImageEncoder):
            return self.encoder.embed(batch.image_flux, batch.image_mask)
        return self.encoder.embed(batch.spectrum_flux, batch.spectrum_ivar, batch.spectrum_mask)


def open_encoders(
    encoder: str, before: Sequence[str], modalities: Sequence[Modality], seed: int
) -> list[ComparedEncoder]:
    """The aligned encoders, those before alignment, and untrained ones of the same architecture.

    Parameters
    ----------
    encoder
        Name or file of the aligned encoders.
    before
        Files of encoders before alignment; each may hold one modality or both.
    modalities
        Measured modalities.
    seed
        Seed of the weights of the untrained encoders.

    Raises
    ------
    CheckpointError
        Where a file cannot be read, or two files before alignment hold one modality.
    MissingModalityError
        Where the aligned encoders lack a modality that is measured.
    """
    aligned = load(encoder)
    encoders = [_encoder_of(ALIGNED, aligned, m) for m in modalities]
    holder: dict[Modality, str] = {}
    for path in before:
        pair = load(path)
        for modality in _modalities_of(pair):
            if modality in holder:
                raise CheckpointError(
                    f"{path} and {holder[modality]} both hold an encoder of the {modality} before "
                    "alignment; name one of them."
                )
            holder[modality] = path
            if modality in modalities:
                encoders.append(_encoder_of(BEFORE, pair, modality))
    untrained = pair_from_model(initialise(aligned.config, seed))
    return [*encoders, *(_encoder_of(UNTRAINED, untrained, m) for m in modalities)]


def _encoder_of(name: str, pair: EncoderPair, modality: Modality) -> ComparedEncoder:
    return ComparedEncoder(name, pair.image if modality is Modality.IMAGE else pair.spectrum)


def _modalities_of(pair: EncoderPair) -> list[Modality]:
    found = []
    for modality in Modality:
        try:
            _ = pair.image if modality is Modality.IMAGE else pair.spectrum
        except MissingModalityError:
            continue
        found.append(modality)
    return found
