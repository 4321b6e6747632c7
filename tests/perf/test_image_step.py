"""Image networks: kernels from layers, and the seconds of a step from kernels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.errors import InputError
from planner.inputs.image_models import image_model_named, image_models, network_of
from planner.inputs.load import check_profile
from planner.inputs.training import machine, system_of
from planner.perf.image_step.constants import FITTED, Constants, constants_of
from planner.perf.image_step.kernels import Cores, Moves, Network, Products, stacked
from planner.perf.image_step.network import build
from planner.perf.image_step.step import (
    BUCKET,
    LAUNCH,
    Runs,
    StepTerms,
    convolution_share,
    product_seconds,
    residence,
    step_terms,
    step_time,
)
from planner.perf.training_step import constants as transformer
from planner.perf.training_step.collectives import all_reduce
from planner.perf.training_step.step import SCALE_LOSS, STEP_FIXED


def runs(number: int = 1, chip: str = "a100_80", **changes: Any) -> Runs:
    where = machine(chip)
    values: dict[str, Any] = dict(
        batch=64.0, accumulated=1.0, replicas=1.0, parts=1.0, width=2.0, matrix_rate=where.peak_16,
        vector_rate=where.peak_vector, parameters=25e6, tensors=161.0, batched=0.0, optimiser_bytes=28.0,
        gradient_bytes=2.0,
        sharded_optimiser=0.0, late=0.0, sharded=0.0, fused=1.0, flash=1.0, composed=0.0, transposing=0.0,
        vector=0.0, eight=0.0, host=0.0, loader=np.inf,
    )  # fmt: skip
    arrays = {
        k: np.broadcast_to(np.asarray(v, float), (number,))
        for k, v in {**values, **changes}.items()
    }
    return Runs(system=system_of([where] * number, 16, arrays["replicas"]), **arrays)


def terms(network: Network, of: Runs) -> StepTerms:
    number = len(of.batch)
    parts = [
        stacked(kind, [getattr(network, name)] * number)
        for kind, name in ((Products, "products"), (Cores, "cores"), (Moves, "moves"))
    ]
    return step_terms(of, *parts, ampere(of))  # type: ignore[arg-type]


def ampere(of: Runs) -> Constants:
    number = len(of.batch)
    return constants_of(FITTED, ["ampere"] * number, [16] * number, of.vector)


@pytest.mark.parametrize("name", sorted(image_models()))
def test_networks_have_their_published_weights_and_multiply_adds(name: str) -> None:
    model, network = image_models()[name], network_of(name)
    if model.parameters:
        assert network.parameters == pytest.approx(model.parameters.value, rel=0.03)
    if model.multiply_adds:
        assert network.forward_macs == pytest.approx(model.multiply_adds.value, rel=0.05)
    assert network.trained <= network.parameters


def test_the_published_figures_of_torchvision_are_met_to_a_percent() -> None:
    # https://docs.pytorch.org/vision/stable/models.html: million weights, 1e9 multiply-adds
    published = {
        "resnet50": (25.557, 4.09), "resnext50_32x4d": (25.029, 4.23), "efficientnet_b0": (5.289, 0.386),
        "efficientnet_b4": (19.342, 4.39), "mobilenet_v2": (3.505, 0.301), "vgg16": (138.358, 15.47),
        "vit_b_16": (86.568, 17.56), "vit_l_16": (304.327, 61.55), "convnext_base": (88.591, 15.36),
        "efficientnet_b7": (66.348, 37.75), "resnet152": (60.193, 11.51),
    }  # fmt: skip
    for name, (weights, macs) in published.items():
        network = network_of(name)
        assert network.parameters == pytest.approx(weights * 1e6, rel=0.002), name
        assert network.forward_macs == pytest.approx(macs * 1e9, rel=0.005), name


def test_a_convolution_is_an_implicit_product() -> None:
    network = build(
        [{"conv": 64, "kernel": 7, "stride": 2, "norm": "none", "act": False}], 3, (224, 224)
    )
    p = network.products
    assert [p.rows[0], p.columns[0], p.inner[0]] == [112 * 112, 64, 3 * 49]
    assert network.forward_macs == 112 * 112 * 64 * 147
    assert network.parameters == 64 * 147 + 64
    assert p.gradients[0] == 1.0  # the input of the first layer needs no gradient


def test_frozen_layers_have_no_backward_pass() -> None:
    layer = {"conv": 8, "kernel": 3}
    network = build([{"frozen": True}, layer, {"frozen": False}, layer, layer], 8, (16, 16))
    by_gradients = dict(zip(network.products.gradients, network.products.count, strict=True))
    assert by_gradients == {0.0: 1.0, 1.0: 1.0, 2.0: 1.0}
    assert network.trained == pytest.approx(network.parameters * 2 / 3)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ("[{convolution: 8}]", '"convolution" is no kind of layer; there are add'),
        ("[{save: a}, {load: b}]", '"b" was not saved before; there are a'),
        ("[{conv: 8, strides: 2}]", "strides"),
    ],
)
def test_layers_that_are_not_understood_are_refused(
    tmp_path: Path, layers: str, words: str
) -> None:
    file = tmp_path / "image_models" / "mine.yaml"
    file.parent.mkdir()
    head = (
        "title: mine\nnames: [mine]\ninput: {channels: 3, size: [32, 32]}\noptimiser: sgd\nlayers: "
    )
    file.write_text(head + layers)
    with pytest.raises(InputError, match=r"image_models/mine\.yaml") as found:
        check_profile(file, "image_models")
    assert words in str(found.value)


def test_heads_on_several_levels_share_their_weights() -> None:
    head = [{"conv": 8, "kernel": 3}]
    one = build([{"save": "a"}, {"each": ["a"], "layers": head}], 8, (16, 16))
    two = build(
        [{"save": "a"}, {"pool": 2}, {"save": "b"}, {"each": ["a", "b"], "layers": head}],
        8,
        (16, 16),
    )
    assert two.parameters == one.parameters
    assert two.forward_macs == 1.25 * one.forward_macs


def test_the_parts_of_a_step_sum_to_it() -> None:
    found = terms(network_of("resnet50"), runs(3, replicas=np.array([1.0, 8.0, 64.0])))
    assert step_time(found) == pytest.approx(sum(vars(found).values()))
    assert all((part >= 0.0).all() for part in vars(found).values())


def test_a_sample_costs_less_in_a_larger_batch() -> None:
    batch = np.array([1.0, 4.0, 16.0, 64.0, 256.0])
    for name in ("resnet50", "efficientnet_b0", "unet3d_kits19", "stable_diffusion_2"):
        each = step_time(terms(network_of(name), runs(len(batch), batch=batch))) / batch
        assert (np.diff(each) < 0.0).all(), name


def test_moving_memory_takes_its_passes_over_the_memory_rate() -> None:
    network = build([{"touch": 1_000_000_000}], 1, (1,))
    of = runs(batch=1.0, parameters=0.0)
    found = terms(network, of)
    traffic = 2.0 * 1e9 * 2.0 * residence(of, np.zeros(1, int), np.array([2e9]))  # forward alone
    assert found.memory == pytest.approx(traffic / (0.8 * of.system.memory_rate))
    eager = terms(network, replace(of, fused=np.zeros(1)))
    assert eager.memory / found.memory == pytest.approx(transformer.FITTED["elementwise_eager"])


def test_a_frozen_norm_of_separate_kernels_is_a_product_and_a_sum() -> None:
    """Two kernels that read and write, and one of the backward pass: six passes where an activation has five."""
    layer = {"conv": 64, "kernel": 3, "act": False}
    frozen, plain = (build([{"norm": n}, layer], 64, (64, 64)) for n in ("frozen", "none"))
    of = runs(fused=0.0)
    more = terms(frozen, of).memory - terms(plain, of).memory
    size = np.array([64.0 * 64**3 * 2.0])  # of a batch [byte]
    traffic = 6.0 * size * residence(of, np.zeros(1, int), size)
    eager = transformer.FITTED["elementwise_eager"]
    assert more == pytest.approx(eager * traffic / (0.8 * of.system.memory_rate))


def test_accumulation_reduces_gradients_and_updates_weights_once() -> None:
    network = network_of("resnet50")
    once = terms(network, runs(replicas=8.0))
    often = terms(network, runs(replicas=8.0, accumulated=4.0))
    assert often.products == pytest.approx(4.0 * once.products)
    assert often.optimiser == pytest.approx(once.optimiser)
    assert often.reduction == pytest.approx(once.reduction)


def test_a_sample_on_several_accelerators_takes_less_time_but_not_in_proportion() -> None:
    whole = terms(network_of("unet3d_kits19"), runs(2, batch=1.0, parts=np.array([1.0, 8.0])))
    times = step_time(whole)
    assert times[0] / 8.0 < times[1] < times[0]
    assert whole.exchanges[0] == 0.0 < whole.exchanges[1]


def test_the_loader_sets_the_pace_where_it_is_slower() -> None:
    found = terms(network_of("resnet18"), runs(2, loader=np.array([np.inf, 0.5])))
    assert found.loading[0] == 0.0
    assert step_time(found)[1] == pytest.approx(64.0 / (0.5 * FITTED["decode"]))


def test_replicas_over_domains_lose_a_little_for_each_doubling() -> None:
    found = terms(network_of("resnet50"), runs(3, replicas=np.array([8.0, 16.0, 32.0])))
    rest = step_time(found) - found.straggling
    expected = SCALE_LOSS * np.arange(3.0)
    assert found.straggling / rest == pytest.approx(expected)


def test_a_sharded_optimiser_updates_a_part_of_the_weights() -> None:
    found = terms(
        network_of("resnet50"), runs(2, replicas=8.0, sharded_optimiser=np.array([0.0, 1.0]))
    )
    assert found.optimiser[0] == pytest.approx(8.0 * found.optimiser[1])


def test_tensors_of_trained_weights_are_counted_as_pytorch_does() -> None:
    # len(list(model.parameters())) of torchvision
    published = {
        "resnet18": 62,
        "resnet50": 161,
        "vgg16": 32,
        "mobilenet_v2": 158,
        "efficientnet_b0": 213,
    }
    assert {name: network_of(name).tensors for name in published} == published


def test_an_eager_host_launches_for_every_tensor_once_a_step() -> None:
    network = network_of("resnet50")
    of = runs(2, host=1.0, replicas=np.array([1.0, 8.0]), batch=256.0)
    alone, shared = terms(network, of).host
    fixed = STEP_FIXED
    assert alone == pytest.approx(fixed + 6 * 161 * LAUNCH)
    assert shared == pytest.approx(fixed + 12 * 161 * LAUNCH)
    assert terms(network, replace(of, accumulated=4.0 * of.accumulated)).host[0] == alone
    batched = terms(network, replace(of, batched=np.ones(2))).host
    assert batched == pytest.approx([fixed, fixed + 6 * 161 * LAUNCH])
    assert terms(network, replace(of, host=np.zeros(2))).host[0] == 0.0


def test_the_last_bucket_and_the_gather_of_weights_do_not_hide() -> None:
    of = runs(4, replicas=8.0, parameters=np.array([1e6, 1e8, 1e8, 1e8]), batch=1e3)
    of = replace(of, sharded_optimiser=np.array([0.0, 0.0, 1.0, 0.0]), late=np.eye(4)[3])
    whole = all_reduce(2.0 * of.parameters, of.replicas, np.ones(4), of.system)
    found = terms(network_of("resnet50"), of).reduction / whole
    kept = BUCKET / 2e8
    assert found == pytest.approx([1.0, kept, 1.0 - 0.5 * (1.0 - kept), 1.0])


def test_a_depthwise_convolution_reads_its_window_again_and_again() -> None:
    # per sample 64 x 64 positions of 256 channels: rows of the window forward and for the input, elements for weights
    times = {}
    for kernel in (3, 5):
        layers = [{"conv": 256, "kernel": 1, "norm": "none", "act": False}]
        layers += [{"depthwise": kernel, "norm": "none", "act": False}]
        network = build(layers, 256, (64, 64))
        # arithmetic without limit: memory alone is left
        of = runs(vector_rate=1e18, batch=256.0)
        k = ampere(of)
        single = network.products.columns == 1.0
        forward, backward = product_seconds(of, network.products, k)
        times[kernel] = forward[single][0], backward[single][0]
    assert times[5][0] / times[3][0] == pytest.approx(5 / 3, rel=1e-3)
    assert times[5][1] / times[3][1] == pytest.approx((5 + 25) / (3 + 9), rel=1e-3)


def test_generations_that_no_run_fixes_keep_the_ratio_of_convolutions_to_linears() -> None:
    names = ["ampere", "hopper", "blackwell", "volta", "ada"]
    k = constants_of(FITTED, names, [16] * 5, np.zeros(5))
    shares = [transformer.share(transformer.FITTED, name, "16") for name in names]
    ratio = FITTED["ampere.matrix"] / transformer.FITTED["ampere.16"]
    assert k.product[:3] == pytest.approx(ratio * np.array(shares[:3]))
    assert k.product[3:].tolist() == [FITTED["volta.matrix"], FITTED["ada.matrix"]]
    assert k.linear.tolist() == [*shares[:4], FITTED["ada.matrix"]]


def test_slower_matrix_units_wait_for_less_of_the_time() -> None:
    # share s at the reference: arithmetic takes s of a tile's time; at half the rate 2 s of 1 + s
    reference = runs()
    share = FITTED["ampere.matrix"]
    assert convolution_share(reference, ampere(reference)) == pytest.approx(share)
    slower = replace(reference, matrix_rate=reference.matrix_rate / 2.0)
    expected = 2.0 * share / (1.0 + share)
    assert convolution_share(slower, ampere(slower)) == pytest.approx(expected)
    # the same headroom as power is not counted twice
    power = np.array([1.1])
    known = replace(slower, system=replace(slower.system, power=power))
    assert convolution_share(known, ampere(known)) == pytest.approx(expected)
    # operands of 32 bit take twice as long to load: TensorFloat-32 at half the rate has the share of 16 bit
    single = replace(slower, width=np.array([4.0]))
    assert convolution_share(single, ampere(single)) == pytest.approx(share)


def test_weights_in_shards_are_gathered_twice() -> None:
    of = runs(2, replicas=8.0, parameters=1e9, sharded=np.array([0.0, 1.0]))
    found = terms(network_of("resnet50"), replace(of, batch=np.array([1.0, 1.0])))
    assert found.reduction[1] > found.reduction[0] > 0.0


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("ResNet-50 v1.5 (MXNet)", "resnet50"),
        ("resnet50", "resnet50"),
        ("RN50", "resnet50"),
        ("SE-ResNeXt101-32x4d", "se_resnext101_32x4d"),
        ("ResNeXt-101 32x4d", "resnext101_32x4d"),
        ("RetinaNet (ResNeXt50)", "retinanet_resnext50"),
        ("Mask R-CNN R50-FPN", "mask_rcnn_resnet50"),
        ("MaskRCNN", "mask_rcnn_resnet50"),
        ("SSD300 R50", "ssd300_resnet50"),
        ("3D U-Net KiTS19", "unet3d_kits19"),
        ("3D U-Net (TF)", "unet3d_medical"),
        ("nnU-Net 3D", "nnunet_3d"),
        ("U-Net Medical", "unet_medical"),
        ("EfficientNet-v2-S (TF2)", "efficientnet_v2_s"),
        ("efficientnet-widese-b0", "efficientnet_widese_b0"),
        ("Stable Diffusion v2", "stable_diffusion_2"),
        ("FLUX.1 schnell", "flux_1"),
        ("ViT-Base/16", "vit_b_16"),
        ("EfficientNet-v1-B3 (TF2)", "efficientnet_b3"),
        ("SSD320 (TF)", "ssd320_resnet50_fpn"),
        ("ConvNeXt-Tiny", "convnext_tiny"),
        ("bert-base-uncased", "bert_base"),
        ("BERT-large", "bert_large"),
        ("PETR-vov-p4-800x320", None),
        ("ResNet-200", None),
    ],
)
def test_networks_are_known_by_their_usual_names(words: str, name: str | None) -> None:
    assert image_model_named(words) == name


@pytest.mark.parametrize(
    "name",
    [
        "Mask R-CNN X101-FPN", "RetinaNet Swin-T", "Faster R-CNN ResNet-50 C4", "DETR DC5 ResNet-50",
        "resnet50d", "Stable Diffusion XL", "Stable Diffusion 3", "RoBERTa-large", "EfficientDet-D4",
    ],
)  # fmt: skip
def test_relatives_of_a_network_are_not_taken_for_it(name: str) -> None:
    assert image_model_named(name) is None
