"""Every number of the reference AstroCLIP, stage by stage."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from galsearch.core.errors import InvalidSpectrumError
from galsearch.core.rgb import legacy_rgb
from galsearch.encoders import load
from galsearch.encoders.network.losses import clip_logits, clip_loss
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra
from tests.encoders.conftest import agrees


@pytest.fixture(scope="module", autouse=True)
def _no_gradients():
    with torch.inference_mode():
        yield


@pytest.fixture
def image_out(recorded):
    return recorded("image_out")


@pytest.fixture
def spectrum_out(recorded):
    return recorded("spectrum_out")


def after_blocks(backbone, prepared):
    """What enters the first block and leaves each block."""
    x = backbone.tokens(prepared)
    yield x
    for block in [b for b in backbone.modules() if type(b).__name__.endswith("Block")]:
        x = block(x)
        yield x


# --- images ----------------------------------------------------------------------------------


def test_the_stretch_is_the_references(recorded, inputs):
    pre = recorded("image_pre")
    agrees(legacy_rgb(pre["torgb_in_chw"].numpy()).copy(), pre["torgb_out_hwc"].permute(2, 0, 1))
    image = inputs["images"][0].permute(2, 1, 0).numpy()  # x, y, band to band, y, x
    agrees(legacy_rgb(image).copy(), pre["torgb_image0_xyc"].permute(2, 1, 0))


def test_prepared_images_are_the_references(recorded, inputs, astroclip):
    flux = inputs["images"].permute(0, 3, 2, 1).numpy()
    agrees(prepare_images(flux, None, astroclip.config), recorded("image_pre")["collated"])


def test_image_stages_are_the_references(recorded, image_out, astroclip):
    encoder, prepared = astroclip.image_encoder, recorded("image_pre")["collated"]
    for stage, found in zip(
        ("patch_embed", "after_chunk_0", "after_chunk_1"),
        after_blocks(encoder.backbone, prepared),
        strict=True,
    ):
        agrees(found, image_out[stage])
    tokens = encoder.backbone(prepared)
    agrees(tokens, image_out["backbone_tokens"])
    attended, attention = encoder.cross_attention.attend(tokens)
    agrees(attended[:, None], image_out["pool_attn_out"])
    agrees(attention[:, :, None], image_out["pool_attn_weights"])
    agrees(encoder.cross_attention(tokens)[:, None], image_out["pool_after_layernorm"])
    agrees(encoder.pool(tokens), image_out["embedding"])


def test_image_embeddings_are_the_references(inputs, image_out, recorded, pair):
    vectors = pair.image.encode(inputs["images"])
    assert vectors.dtype == np.float32
    agrees(vectors, image_out["embedding"])
    agrees(vectors, recorded("float64_embeddings")["image_embedding_f64"])
    agrees(pair.image.encode(inputs["images"], normalise=True), image_out["embedding_normalised"])


def test_the_unaligned_image_model_is_the_references(recorded, image_out, astrodino):
    backbone = astrodino.image_encoder.backbone
    prepared = recorded("image_pre")["collated"]
    tokens = backbone(prepared)
    agrees(tokens[:, 0], image_out["dino_cls"])
    agrees(tokens[:, 1:], image_out["dino_patchtokens"])
    *_, last = after_blocks(backbone, prepared)
    agrees(last, image_out["dino_prenorm"])


def test_small_crops_and_masked_patches_are_the_references(recorded, image_out, astrodino):
    backbone = astrodino.image_encoder.backbone
    agrees(backbone.positions(60, 60), image_out["local60_pos_embed"])
    tokens = backbone(image_out["local60_in"])
    agrees(tokens[:, 0], image_out["local60_cls"])
    agrees(tokens[:, 1:], image_out["local60_patchtokens"])
    tokens = backbone(recorded("image_pre")["collated"], image_out["ibot_mask"])
    agrees(tokens[:, 0], image_out["ibot_masked_cls"])
    agrees(tokens[:, 1:], image_out["ibot_masked_patchtokens"])


def test_the_embedding_of_astrodino_is_its_class_token(inputs, image_out, converted):
    agrees(
        load(converted("tiny_astrodino_teacher.pt")).image.encode(inputs["images"]),
        image_out["dino_cls"],
    )


# --- spectra ---------------------------------------------------------------------------------


def test_spectrum_stages_are_the_references(inputs, spectrum_out, astroclip):
    encoder = astroclip.spectrum_encoder
    slices = prepare_spectra(inputs["spectra"][..., 0].numpy(), None, None, astroclip.config)
    agrees(slices, spectrum_out["tokens"])
    _, first, _ = after_blocks(encoder.backbone, slices)
    agrees(first, spectrum_out["after_block_0"])
    tokens = encoder.backbone(slices)
    agrees(tokens, spectrum_out["embedding_tokens"])
    agrees(encoder.backbone.reconstruct(slices), spectrum_out["reconstructions"])
    attended, attention = encoder.cross_attention.attend(tokens)
    agrees(attended[:, None], spectrum_out["pool_attn_out"])
    agrees(attention[:, :, None], spectrum_out["pool_attn_weights"])
    agrees(encoder.cross_attention(tokens)[:, None], spectrum_out["pool_after_layernorm"])
    agrees(encoder.pool(tokens), spectrum_out["embedding"])


@pytest.mark.parametrize("shape", [(6, 7781), (6, 7781, 1)])
def test_spectrum_embeddings_are_the_references(inputs, spectrum_out, recorded, pair, shape):
    spectra = inputs["spectra"].reshape(shape)
    vectors = pair.spectrum.encode(spectra)
    assert vectors.dtype == np.float32
    agrees(vectors, spectrum_out["embedding"])
    agrees(vectors, recorded("float64_embeddings")["spectrum_embedding_f64"])
    agrees(pair.spectrum.encode(spectra, normalise=True), spectrum_out["embedding_normalised"])


def test_the_embedding_of_specformer_is_the_mean_of_its_tokens(inputs, spectrum_out, converted):
    vectors = load(converted("tiny_specformer_ckpt.pt")).spectrum.encode(inputs["spectra"])
    agrees(vectors, spectrum_out["embedding_mean"])


# --- the loss of both ------------------------------------------------------------------------


def test_the_contrastive_loss_is_the_references(recorded, image_out, spectrum_out):
    clip = recorded("clip")
    image, spectrum = image_out["embedding"], spectrum_out["embedding"][:4]
    for scale, name in ((15.5, "15p5"), (1.0, "1"), (np.log(15.5), "logit")):
        agrees(clip_loss(image, spectrum, scale), clip[f"tiny_loss_scale_{name}"])
    agrees(clip_logits(image, spectrum, 15.5), clip["tiny_logits_per_image_15p5"])


def test_the_contrastive_loss_bears_rows_of_zeros(recorded):
    clip = recorded("clip")
    image, spectrum = clip["rand_image"], clip["rand_spectrum"]
    agrees(functional.normalize(image, dim=-1, eps=1e-3), clip["rand_image_normalised"])
    agrees(clip_logits(image, spectrum, 15.5), clip["rand_logits_15p5"])
    agrees(clip_loss(image, spectrum, 15.5), clip["rand_loss_15p5"])
    agrees(clip_loss(image, spectrum, 1.0), clip["rand_loss_1"])


# --- how it behaves --------------------------------------------------------------------------


def test_token_counts_follow_the_published_slicing(facts, astroclip):
    checks = facts("behaviour_checks")
    for length in (7781, 7780, 7790, 7800, 30, 21):
        slices = prepare_spectra(np.ones((2, length)), None, None, astroclip.config)
        assert list(slices.shape) == checks[f"n_tokens_for_length_{length}"]


def test_a_spectrum_without_a_slice_is_refused(astroclip):
    with pytest.raises(InvalidSpectrumError) as error:
        prepare_spectra(np.ones((2, 20)), None, None, astroclip.config)
    assert str(error.value) == (
        "a spectrum of 20 pixels gives 0 slices of 20 pixels; expected 1 to 799."
    )


def test_a_batch_of_one_is_a_batch(inputs, image_out, spectrum_out, pair):
    agrees(pair.image.encode(inputs["images"][:1]), image_out["embedding"][:1])
    agrees(pair.spectrum.encode(inputs["spectra"][:1]), spectrum_out["embedding"][:1])


def test_only_the_aligned_image_model_ignores_where_patches_are(recorded, astroclip, astrodino):
    prepared = recorded("image_pre")["collated"]
    patches = functional.unfold(prepared, 12, stride=12)  # (B, pixels, 144)
    order = torch.randperm(144, generator=torch.Generator().manual_seed(1))
    shuffled = functional.fold(patches[..., order], 144, 12, stride=12)
    agrees(astroclip.image(shuffled), astroclip.image(prepared), 1e-5)
    assert (astrodino.image(shuffled) - astrodino.image(prepared)).abs().max() > 0.1
