"""Outputs of the published AstroCLIP code, stage by stage."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from galsearch.core.rgb import legacy_rgb
from galsearch.encoders import load
from galsearch.encoders.preprocess.prepare import prepare_images, prepare_spectra
from tests.reference.astroclip_arrays import encode
from tests.reference.parity import assert_agrees


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
    """The input of the first block, and the output of each block."""
    x = backbone.tokens(prepared)
    yield x
    for block in [b for b in backbone.modules() if type(b).__name__.endswith("Block")]:
        x = block(x)
        yield x


def test_the_image_stretch_is_the_recorded_one(recorded, inputs):
    pre = recorded("image_pre")
    assert_agrees(
        legacy_rgb(pre["torgb_in_chw"].numpy()).copy(), pre["torgb_out_hwc"].permute(2, 0, 1)
    )
    image = inputs["images"][0].permute(2, 1, 0).numpy()  # x, y, band to band, y, x
    assert_agrees(legacy_rgb(image).copy(), pre["torgb_image0_xyc"].permute(2, 1, 0))


def test_prepared_images_are_the_recorded_ones(recorded, inputs, astroclip):
    flux = inputs["images"].permute(0, 3, 2, 1).numpy()
    assert_agrees(prepare_images(flux, None, astroclip.config), recorded("image_pre")["collated"])


def test_image_stages_are_the_recorded_ones(recorded, image_out, astroclip):
    encoder, prepared = astroclip.image_encoder, recorded("image_pre")["collated"]
    for stage, found in zip(
        ("patch_embed", "after_chunk_0", "after_chunk_1"),
        after_blocks(encoder.backbone, prepared),
        strict=True,
    ):
        assert_agrees(found, image_out[stage])
    tokens = encoder.backbone(prepared)
    assert_agrees(tokens, image_out["backbone_tokens"])
    attended, attention = encoder.cross_attention.attend(tokens)
    assert_agrees(attended[:, None], image_out["pool_attn_out"])
    assert_agrees(attention[:, :, None], image_out["pool_attn_weights"])
    assert_agrees(encoder.cross_attention(tokens)[:, None], image_out["pool_after_layernorm"])
    assert_agrees(encoder.pool(tokens), image_out["embedding"])


def test_image_embeddings_are_the_recorded_ones(inputs, image_out, recorded, pair):
    vectors = encode(pair.image, inputs["images"])
    assert vectors.dtype == np.float32
    assert_agrees(vectors, image_out["embedding"])
    assert_agrees(vectors, recorded("float64_embeddings")["image_embedding_f64"])
    assert_agrees(
        encode(pair.image, inputs["images"], normalise=True), image_out["embedding_normalised"]
    )


def test_outputs_of_the_unaligned_image_model_are_the_recorded_ones(recorded, image_out, astrodino):
    backbone = astrodino.image_encoder.backbone
    prepared = recorded("image_pre")["collated"]
    tokens = backbone(prepared)
    assert_agrees(tokens[:, 0], image_out["dino_cls"])
    assert_agrees(tokens[:, 1:], image_out["dino_patchtokens"])
    *_, last = after_blocks(backbone, prepared)
    assert_agrees(last, image_out["dino_prenorm"])


def test_small_crops_and_masked_patches_give_the_recorded_tokens(recorded, image_out, astrodino):
    backbone = astrodino.image_encoder.backbone
    assert_agrees(backbone.positions(60, 60), image_out["local60_pos_embed"])
    tokens = backbone(image_out["local60_in"])
    assert_agrees(tokens[:, 0], image_out["local60_cls"])
    assert_agrees(tokens[:, 1:], image_out["local60_patchtokens"])
    tokens = backbone(recorded("image_pre")["collated"], image_out["ibot_mask"])
    assert_agrees(tokens[:, 0], image_out["ibot_masked_cls"])
    assert_agrees(tokens[:, 1:], image_out["ibot_masked_patchtokens"])


def test_the_embedding_of_astrodino_is_its_class_token(inputs, image_out, converted):
    assert_agrees(
        encode(load(converted("tiny_astrodino_teacher.pt")).image, inputs["images"]),
        image_out["dino_cls"],
    )


def test_spectrum_stages_are_the_recorded_ones(inputs, spectrum_out, astroclip):
    encoder = astroclip.spectrum_encoder
    slices = prepare_spectra(inputs["spectra"][..., 0].numpy(), None, None, astroclip.config)
    assert_agrees(slices, spectrum_out["tokens"])
    _, first, _ = after_blocks(encoder.backbone, slices)
    assert_agrees(first, spectrum_out["after_block_0"])
    tokens = encoder.backbone(slices)
    assert_agrees(tokens, spectrum_out["embedding_tokens"])
    assert_agrees(encoder.backbone.reconstruct(slices), spectrum_out["reconstructions"])
    attended, attention = encoder.cross_attention.attend(tokens)
    assert_agrees(attended[:, None], spectrum_out["pool_attn_out"])
    assert_agrees(attention[:, :, None], spectrum_out["pool_attn_weights"])
    assert_agrees(encoder.cross_attention(tokens)[:, None], spectrum_out["pool_after_layernorm"])
    assert_agrees(encoder.pool(tokens), spectrum_out["embedding"])


@pytest.mark.parametrize("shape", [(6, 7781), (6, 7781, 1)])
def test_spectrum_embeddings_are_the_recorded_ones(inputs, spectrum_out, recorded, pair, shape):
    spectra = inputs["spectra"].reshape(shape)
    vectors = encode(pair.spectrum, spectra)
    assert vectors.dtype == np.float32
    assert_agrees(vectors, spectrum_out["embedding"])
    assert_agrees(vectors, recorded("float64_embeddings")["spectrum_embedding_f64"])
    assert_agrees(
        encode(pair.spectrum, spectra, normalise=True), spectrum_out["embedding_normalised"]
    )


def test_the_embedding_of_specformer_is_the_mean_of_its_tokens(inputs, spectrum_out, converted):
    vectors = encode(load(converted("tiny_specformer_ckpt.pt")).spectrum, inputs["spectra"])
    assert_agrees(vectors, spectrum_out["embedding_mean"])


def test_reconstructions_of_masked_tokens(recorded, astroclip):
    record = recorded("masked_modelling")
    made = astroclip.spectrum_encoder.backbone.reconstruct(record["masked_tokens"])
    assert_agrees(made, record["reconstructions"])


def test_a_batch_of_one_gives_the_recorded_embedding(inputs, image_out, spectrum_out, pair):
    assert_agrees(encode(pair.image, inputs["images"][:1]), image_out["embedding"][:1])
    assert_agrees(encode(pair.spectrum, inputs["spectra"][:1]), spectrum_out["embedding"][:1])


def test_only_the_aligned_image_model_ignores_the_order_of_patches(recorded, astroclip, astrodino):
    prepared = recorded("image_pre")["collated"]
    patches = functional.unfold(prepared, 12, stride=12)  # (B, pixels, 144)
    order = torch.randperm(144, generator=torch.Generator().manual_seed(1))
    shuffled = functional.fold(patches[..., order], 144, 12, stride=12)
    assert_agrees(astroclip.image(shuffled), astroclip.image(prepared), 1e-5)
    assert (astrodino.image(shuffled) - astrodino.image(prepared)).abs().max() > 0.1
