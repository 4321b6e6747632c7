"""Rows of vision networks, detectors and diffusion models: what is read from them, and how far predictions are off."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from planner.perf.image_step import constants as image_constants
from planner.perf.image_step.constants import FITTED
from planner.perf.training_step import constants as transformer
from planner.validation.accuracy import standing
from planner.validation.cases import Case, read
from planner.validation.training import image
from planner.validation.training import priors as transformer_priors
from planner.validation.training.image_priors import PRIORS
from planner.validation.validate import shipped

FAMILIES = ("vision", "detector", "diffusion")


def case(**fields: Any) -> Case:
    base = dict(
        source="mlcommons/training_results_v3.0 NVIDIA/results/dgxh100/resnet", year=2023,
        model="ResNet-50 v1.5", family="vision", gpu="H100-SXM5-80GB", gpus=8, nodes=1,
        global_batch_size=3200, metric="samples_per_s", value=56000, notes="GA=1",
    )  # fmt: skip
    return Case("runs.csv", 2, {name: str(value) for name, value in {**base, **fields}.items()})


def test_published_runs_are_predicted_within_an_eighth_on_average() -> None:
    cases = [c for c in read(shipped()[:1]) if c.family in FAMILIES]
    found = image.predict(cases)
    errors = [
        abs(o.predicted / c.value - 1.0)
        for c, o in zip(cases, found, strict=True)
        if o.predicted is not None and c.value
    ]
    assert len(errors) > 330
    assert np.mean(errors) < 0.115
    assert np.median(errors) < 0.075


def test_every_row_is_predicted_or_says_why_not() -> None:
    cases = [c for c in read(shipped()[:1]) if c.family in (*FAMILIES, "other")]
    for one, found in zip(cases, image.predict(cases), strict=True):
        assert (found.predicted is None) == bool(found.reason), one.label
        if found.predicted is not None and found.seconds is not None:
            assert sum(found.terms.values()) == pytest.approx(found.seconds)


def test_nothing_depends_on_the_id() -> None:
    one, other = image.predict([case(id="mlperf-resnet-001"), case(id="")])
    assert one == other


def test_time_to_quality_is_no_rate() -> None:
    (found,) = image.predict([case(metric="train_minutes", value=13.4)])
    assert found.predicted is None
    assert "train_minutes" in found.reason


def test_a_step_time_is_the_batch_over_the_rate() -> None:
    rate, time = image.predict([case(), case(metric="step_time_s", value=0.06)])
    assert rate.predicted is not None and time.predicted is not None
    assert rate.predicted * time.predicted == pytest.approx(3200)


def test_unknown_networks_and_chips_have_a_reason() -> None:
    for fields, word in (
        (dict(model="PETR-vov-p4"), "no network"),
        (dict(gpu="Habana Gaudi2"), "matrix units"),
        (dict(model="BERT-large", source="a page", notes=""), "seq_len"),
    ):
        (found,) = image.predict([case(**fields)])
        assert word in found.reason


def test_accelerators_beyond_the_batch_share_samples_or_evaluate() -> None:
    # MLPerf v3.0, 54 x 8 H100: batch 84 on 4 x 84 accelerators, the other 96 evaluate
    run = image.run_of(case(model="3D U-Net KiTS19", gpus=432, nodes=54, global_batch_size=84))
    assert (run.replicas, run.parts, run.batch) == (336.0, 4.0, 1.0)
    other = image.run_of(case(model="Mask R-CNN", gpus=384, nodes=48, global_batch_size=256))
    assert (other.replicas, other.parts, other.batch) == (256.0, 1.0, 1.0)


def test_a_blank_batch_is_the_recipes_or_what_fits() -> None:
    table = dict(
        source="NVIDIA/DeepLearningExamples PyTorch/Classification/ConvNets/resnet50/README.md",
        global_batch_size="", notes="", precision="fp16",
    )  # fmt: skip
    recipe = image.run_of(case(**table, gpu="V100-32GB (DGX)"))
    assert recipe.batch == 256.0
    single = image.run_of(case(**{**table, "precision": "fp32"}, gpu="V100-32GB (DGX)"))
    assert (single.batch, single.vector) == (112.0, True)
    fits = image.run_of(case(**{**table, "source": "a page", "model": "ViT-L/16"}, gpu="T4"))
    assert 1.0 <= fits.batch <= 64.0
    assert any("fits" in words for words in fits.assumed)


def test_single_precision_takes_tensor_float_where_the_chip_has_it() -> None:
    page = dict(source="a page", notes="", precision="fp32")
    assert not image.run_of(case(**page, gpu="A100-SXM4-80GB")).vector
    assert image.run_of(case(**page, gpu="A100-SXM4-80GB", year=2019)).vector
    assert image.run_of(case(**page, gpu="V100-SXM2-32GB")).vector


def test_a_rate_beyond_the_peak_is_a_contradiction() -> None:
    (found,) = image.predict([case(value=100 * 56000)])
    assert found.reason.startswith("contradiction")


def test_older_rounds_of_the_detector_mean_another_network() -> None:
    early = case(model="SSD", year=2020, gpu="A100-SXM4-40GB")
    late = case(model="SSD", year=2023, value=2000)
    assert image.run_of(early).name == "ssd300_resnet34"
    assert image.run_of(late).name == "retinanet_resnext50"


def test_the_constants_are_those_that_are_fitted_and_within_their_range() -> None:
    assert set(FITTED) == set(PRIORS)
    for name, prior in PRIORS.items():
        assert prior.low <= FITTED[name] <= prior.high, name


def test_both_models_have_three_constants_a_generation_and_twelve_global_ones_at_most() -> None:
    names = [*transformer_priors.PRIORS, *PRIORS]
    # no value that the steps take as fitted is left out of the count
    assert {*names} == {*transformer.FITTED, *FITTED}
    assert {name for name in names if "." not in name} == {
        *transformer.GLOBAL,
        *image_constants.GLOBAL,
    }
    assert len(set(names)) == len(names)
    of_generation = Counter(name.split(".")[0] for name in names if "." in name)
    assert max(of_generation.values()) <= 3, of_generation
    assert sum("." not in name for name in names) <= 12


def test_frameworks_that_fuse_in_16_bit_alone_do_not_in_32() -> None:
    source = "NVIDIA/DeepLearningExamples PyTorch/Classification/ConvNets/resnet50v1.5/README.md"
    table = dict(source=source, gpu="A100-80GB (DGX)", gpus=1, global_batch_size=256, notes="")
    runs = image.batch_of([image.run_of(case(**table, precision=p)) for p in ("fp16", "tf32")]).runs
    assert runs.transposing.tolist() == [0.0, 1.0]
    paddle = dict(table, source="NVIDIA/DeepLearningExamples PaddlePaddle/Classification/README.md")
    runs = image.batch_of(
        [image.run_of(case(**paddle, precision=p)) for p in ("fp16", "tf32")]
    ).runs
    assert runs.fused.tolist() == [1.0, 0.0]
    assert runs.transposing.tolist() == [0.0, 1.0]


def test_sequences_without_padding_are_half_as_long_and_uneven() -> None:
    fields = dict(model="BERT-large", family="other", seq_len=512, global_batch_size=768)
    packed, padded = (image.run_of(case(**fields, year=year)) for year in (2023, 2020))
    assert (packed.tokens, padded.tokens) == (256, 512)
    assert packed.network.cores.keys == pytest.approx(256 * 4 / 3)
    assert packed.network.cores.queries == pytest.approx(256)
    assert packed.late and not padded.late


def test_newer_generations_are_predicted_from_older_ones() -> None:
    # their convolutions have no constant of their own, so that leaving all their runs out costs nothing
    cases = [c for c in read(shipped()[:1]) if c.family in FAMILIES]
    outcomes = image.predict(cases)
    kept = [cases[i] for i in sorted(standing(cases, outcomes, [""] * len(cases)))]
    newer = [image.run_of(c).place.generation in ("hopper", "blackwell") for c in kept]
    others = [c for c, new in zip(kept, newer, strict=True) if not new]
    left = [c for c, new in zip(kept, newer, strict=True) if new]
    found = image.predict(left, image.fit(others))
    errors = [
        abs((o.predicted or np.nan) / (c.value or np.nan) - 1)
        for c, o in zip(left, found, strict=True)
    ]
    assert len(errors) > 60
    assert np.mean(errors) < 0.09


@pytest.mark.parametrize(
    ("gpu", "precision", "runs_as", "words"),
    [
        ("A100-SXM4-80GB", "fp8", "fp16", "16 bit, a100_80 has no 8-bit units"),
        ("B200", "nvfp4", "fp8", "8 bit, for 4 bit is not modelled"),
    ],
)
def test_a_precision_that_is_not_there_is_the_next_wider_and_said(
    gpu: str, precision: str, runs_as: str, words: str
) -> None:
    fields = dict(model="BERT-large", family="other", seq_len=128, gpu=gpu, value=100, notes="")
    found, plain = image.predict([case(**fields, precision=p) for p in (precision, runs_as)])
    assert found.predicted is not None and found.predicted == plain.predicted
    assert any(words in text for text in found.assumed)


def test_a_precision_that_is_not_known_is_no_16_bit() -> None:
    (found,) = image.predict([case(precision="int4")])
    assert found.predicted is None and found.reason == "precision int4 is not known"
