"""Image networks in a plan: passes and scales of a job, layers of a bird's-eye-view network, draws side by side."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from planner.axes import Array
from planner.inputs.image_job import ImageJob, image_jobs, sample_flops, stack_of
from planner.inputs.image_models import image_models, network_of
from planner.inputs.training import machine, software
from planner.perf.image_step.jobs import TERMS, ImageJobs, passes
from planner.perf.image_step.network import build
from planner.perf.image_step.step import StepTerms, step_terms, step_time
from planner.perf.training_jobs import TERMS as ALL_TERMS
from planner.perf.training_jobs import TrainingJobs

SCALES = (8.0, 64.0, 512.0)
NUMBERS = ("peak_16", "peak_linear", "memory_rate", "cache", "nvlink", "nic", "processors")


def jobs(samples: float = 128.0, name: str = "resnet50", chip: str = "h100_sxm") -> ImageJobs:
    node, stack = machine(chip), stack_of(software(["nvidia_2024"]))
    job = ImageJob(1, 0, image_models()[name], network_of(name), node, stack, 16, samples)
    return image_jobs([job], SCALES, [1.0])


def numbers(chip: str = "h100_sxm", **changes: Array) -> dict[str, Array]:
    system = jobs(chip=chip).wiring
    usual = {name: getattr(system, name)[None, :1] for name in (*NUMBERS, "power", "domain")}
    return {"vector_rate": np.array([[machine(chip).peak_vector]]), **usual, **changes}


@pytest.mark.parametrize(
    ("samples", "gpus", "fitting", "expected"),
    [
        (1024, 8, 2.7, (8, 64, 2)),  # 128 each, two at a time
        (100, 16, 3.0, (16, 3, 3)),  # seven on the fullest: in three passes
        (64, 64, 50.0, (64, 1, 1)),
        (4, 8, 50.0, (4, 1, 1)),  # four have nothing to do
        (8, 8, 0.5, (8, 1, 1)),  # one sample is taken to fit
    ],
)
def test_samples_are_shared_out_and_taken_in_passes(
    samples: float, gpus: float, fitting: float, expected: tuple[float, float, float]
) -> None:
    assert passes(samples, gpus, fitting) == expected


def test_a_deformable_block_has_its_offsets_and_its_window_laid_out() -> None:
    block = {"residual": 64, "middle": 16, "stride": 2, "early": True, "deformed": True}
    network = build([block], 32, (8, 8))
    # 16 positions: 1 x 1, offsets and weights of nine elements, 3 x 3, 1 x 1, projection
    inner = [32 * 16, 16 * 9 * 27, 16 * 9 * 16, 16 * 64, 32 * 64]
    assert network.forward_macs == 16 * sum(inner)
    # weights, 27 biases, and a scale and shift behind the four convolutions
    assert network.parameters == sum(inner) + 27 + 2 * (16 + 16 + 64 + 64)
    assert 9 * 16 * 16 in network.moves.elements.tolist()


def test_bevformer_has_its_published_size() -> None:
    # Li et al., arXiv 2203.17270: 68.7 million parameters, 1,303.5 GFLOPs (multiply-adds) a frame of six cameras
    network = network_of("bevformer_base")
    assert network.parameters == pytest.approx(68.7e6, rel=0.02)
    # its counter does not know the 26 deformable convolutions of 256 channels on 58 x 100, or as much on a quarter
    deformable = 6 * 26 * 58 * 100 * 9 * 256**2
    assert network.forward_macs - deformable == pytest.approx(1303.5e9, rel=0.05)


def test_parts_of_a_step_add_up_to_that_of_the_run_alone() -> None:
    kind = jobs()
    found = TrainingJobs([kind], (2, 1, len(SCALES))).by_term(**numbers())
    assert found.shape == (1, 2, 1, len(SCALES), len(ALL_TERMS))
    assert not found[:, 0].any()
    alone = step_terms(kind.runs, kind.products, kind.cores, kind.moves, kind.constants)
    assert found[0, 1, 0].sum(axis=-1) == pytest.approx(step_time(alone), rel=1e-12)
    # 512 accelerators share 128 samples: as fast as 128
    assert kind.runs.replicas.tolist() == [8, 64, 128]


def test_causes_that_no_job_of_a_plan_has_are_the_only_ones_left_out() -> None:
    assert {f.name for f in fields(StepTerms)} - set(TERMS) == {"exchanges", "loading"}
    kind = jobs()
    alone = step_terms(kind.runs, kind.products, kind.cores, kind.moves, kind.constants)
    assert not alone.exchanges.any()
    assert not alone.loading.any()


def test_draws_do_not_depend_on_each_other() -> None:
    work = TrainingJobs([jobs()], (2, 1, len(SCALES)))
    rates = np.array([[2e12], [3.35e12], [5e12]])
    together = work.by_term(**numbers(memory_rate=rates))
    for draw, rate in enumerate(rates):
        assert np.array_equal(together[draw], work.by_term(**numbers(memory_rate=rate[None]))[0])
    seconds = together.sum(axis=-1)[:, 1, 0]
    assert (np.diff(seconds, axis=0) < 0).all()


def test_samples_of_a_step_may_be_drawn() -> None:
    """Each draw is the job that is made for so many samples."""
    made = TrainingJobs([jobs(128.0)], (2, 1, len(SCALES)))
    several = np.array([[1.0, 32.0], [1.0, 128.0], [1.0, 1024.0]])
    together = made.by_term(samples=several, **numbers())
    for row, samples in enumerate(several[:, 1]):
        alone = TrainingJobs([jobs(samples)], (2, 1, len(SCALES))).by_term(**numbers())
        assert np.array_equal(together[row], alone[0])
    assert np.array_equal(together[1], made.by_term(**numbers())[0])


def test_useful_work_is_three_forward_passes_of_every_sample() -> None:
    # 4.09e9 multiply-adds forward
    assert sample_flops(network_of("resnet50")) == pytest.approx(3 * 2 * 4.09e9, rel=0.005)


def test_the_era_of_software_says_what_is_fused_and_launched() -> None:
    new, old = (stack_of(software([name])) for name in ("nvidia_2024", "megatron_2020"))
    assert new.fused
    assert new.flash
    assert new.channels_last
    assert not old.flash
    assert new.host < old.host
