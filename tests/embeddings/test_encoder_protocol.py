"""An encoder pair may lack one of the two encoders."""

from galsearch.core.errors import MissingModalityError
from galsearch.core.modality import Modality
from galsearch.embeddings.encoder_protocol import encoders_by_modality


def test_the_encoders_of_a_pair_are_found_by_modality(pair):
    assert encoders_by_modality(pair) == {
        Modality.IMAGE: pair.image,
        Modality.SPECTRUM: pair.spectrum,
    }


def test_a_missing_encoder_is_left_out(pair):
    class SpectraOnly:
        name = "spectra-only"
        spectrum = pair.spectrum

        @property
        def image(self):
            raise MissingModalityError("this encoder embeds spectra only.")

    assert encoders_by_modality(SpectraOnly()) == {Modality.SPECTRUM: pair.spectrum}
