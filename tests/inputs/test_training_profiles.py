"""Machines, software eras and frameworks: what published runs call them, and the records they become."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from planner import resources
from planner.errors import PlannerError
from planner.inputs.load import check_profile
from planner.inputs.naming import (
    accelerator_named,
    accelerators,
    architecture_named,
    architectures,
    era_of,
    fabric_stated,
    framework_named,
    frameworks,
    system_named,
    systems,
)
from planner.inputs.profiles import SoftwareEra
from planner.inputs.profiles.vehicles import TrainedModel
from planner.inputs.training import architecture, machine, software, system_of
from planner.perf.training_step.configuration import Software

# Every value of the column `gpu` of the published runs.
PUBLISHED = {
    "A100": "a100_80",
    "A100-80GB": "a100_80",
    "A100-80GB (DGX)": "a100_80",
    "A100-PCIE-80GB": "a100_pcie_80",
    "A100-PCIe-80GB": "a100_pcie_80",
    "A100-SXM-40GB": "a100_40",
    "A100-SXM-80GB": "a100_80",
    "A100-SXM-80GB CTS": "a100_80",
    "A100-SXM4": "a100_80",
    "A100-SXM4-40GB": "a100_40",
    "A100-SXM4-80GB": "a100_80",
    "A30": "a30",
    "AMD Instinct MI325X 256GB HBM3E": "mi325x",
    "AMD Instinct MI325X 256GB HBM3E DLC": "mi325x",
    "B200": "b200",
    "B200-SXM-180GB": "b200",
    "B300": "b300",
    "B300-SXM-270GB": "b300",
    "GB200": "gb200",
    "GB300": "gb300",
    "GeForce RTX 4090": "rtx_4090",
    "H100-PCIe-80GB": "h100_pcie",
    "H100-SXM-80GB": "h100_sxm",
    "H100-SXM-96GB-HBM2e (500W)": "h100_96_500w",
    "H100-SXM5-80GB": "h100_sxm",
    "H100-SXM5-80GB (GCP A3)": "h100_sxm",
    "H200-SXM5-141GB": "h200",
    "H800": "h800",
    "Habana Gaudi2": "gaudi2",
    "Intel Gaudi2": "gaudi2",
    "L4": "l4",
    "L40": "l40",
    "L40S": "l40s",
    "RTX 2080 Ti": "rtx_2080_ti",
    "RTX A5000": "rtx_a5000",
    "TPU-v4": "tpu_v4",
    "TPU-v5e": "tpu_v5e",
    "TPU-v5p": "tpu_v5p",
    "TPU-v6e": "tpu_v6e",
    "V100-16GB (DGX)": "v100_16",
    "V100-32GB (DGX)": "v100_32",
    "V100-SXM2-16GB": "v100_16",
    "V100-SXM2-32GB": "v100_32",
}
OTHERS = {
    "NVIDIA H100 80GB HBM3": "h100_sxm",
    "NVIDIA A100-SXM4-80GB": "a100_80",
    "H100 SXM5": "h100_sxm",
    "8xH100": "h100_sxm",
    "DGX H100": "h100_sxm",
    "HGX-H200": "h200",
    "nvidia h100 pcie": "h100_pcie",
    "H100 NVL 94GB": "h100_nvl",
    "GB200 NVL72": "gb200",
    "GB300 NVL72 (Blackwell Ultra)": "gb300",
    "NVIDIA GH200 480GB": "gh200_96",  # the driver's name has the CPU's memory
    "GH200 144GB HBM3e": "gh200_144",
    "AWS p4d": "a100_40",
    "p5.48xlarge": "h100_sxm",
    "DGX A100 640GB": "a100_80",
    "DGX A100 320GB": "a100_40",
    "Tesla V100-SXM2-16GB": "v100_16",
    "Tesla P100": "p100",
    "MI250": "mi250x",
    "AMD MI300X": "mi300x",
    "TPU v5 lite": "tpu_v5e",
    "Hopper": "h100_sxm",
    "Selene": "a100_80",
    "NVIDIA A40": "a40",
    "MI355X": "mi355x",
    "RTX 6000 Ada Generation": "rtx_6000_ada",
}


@pytest.mark.parametrize(("text", "name"), [*PUBLISHED.items(), *OTHERS.items()])
def test_an_accelerator_is_known_by_every_spelling(text: str, name: str) -> None:
    assert accelerator_named(text).name == name
    assert accelerator_named(text.lower()).name == name


def test_what_a_spelling_leaves_open_is_said() -> None:
    assert accelerator_named("A100-SXM4-40GB").assumed == ""
    assert "memory not stated" in accelerator_named("A100-SXM4").assumed
    assert "nearest in spelling" in accelerator_named("B100").assumed
    with pytest.raises(PlannerError, match="names no accelerator"):
        accelerator_named("??")


def test_of_a_chips_variants_one_is_the_usual() -> None:
    chips = Counter(each.chip for each in accelerators().values())
    usual = Counter(each.chip for each in accelerators().values() if each.usual)
    for chip, variants in chips.items():
        if variants > 1:
            assert usual[chip] == 1, chip


def test_every_accelerator_has_what_a_prediction_needs() -> None:
    for name in accelerators():
        found = machine(name)
        assert found.peak_16 > 0 and found.memory_rate > 0 and found.domain >= 1, name
        assert found.processors > 0 and (found.cache > 0 or found.generation == "dojo"), name


def test_a_system_says_more_of_a_machine_than_the_node_of_its_name() -> None:
    both = {*resources.profiles("systems")} & {*resources.profiles("nodes")}
    assert {"gb200_nvl72", "hgx_mi300x"} <= both
    rack = machine("gb200", "gb200_nvl72")
    assert (rack.server, rack.domain) == (4.0, 72.0)  # the node is sold as a rack of 72


def test_every_system_and_era_that_is_named_exists() -> None:
    for each in systems().values():
        assert each.accelerator in accelerators()
    eras = resources.profiles("software")
    for framework in frameworks().values():
        for named in (framework.eras, framework.sharded_eras, framework.era_on):
            assert set(named.values()) <= set(eras)
    assert sum(not framework.words for framework in frameworks().values()) == 1


def test_no_property_of_an_era_is_adjusted_on_the_shipped_runs() -> None:
    # what is adjusted on them is a fitted constant and counts as one (planner.validation.training.priors)
    of_runs = [
        path.name
        for path in resources.profiles("software").values()
        if "published training runs" in path.read_text()
    ]
    assert not of_runs


def test_a_machine_is_what_the_run_names_else_the_usual_one() -> None:
    assert system_named("bigscience-workshop/bigscience", "v100_32").name == "v100_sxm_4"
    assert system_named("bigscience-workshop/bigscience", "a100_80").name == "jean_zay_a100"
    assert system_named("16xXE8545x4A100-SXM-40GB", "a100_40").name == "a100_4"
    assert system_named("fms-fsdp README", "h100_sxm").name == "vela_h100"
    assert system_named("V100-32GB (DGX) DGX-2 (16x V100 32GB)", "v100_32").name == "dgx2_v100"
    assert system_named("some source", "a100_80", 4).name == "a100_4"
    assert system_named("some source", "v100_32", 16).name == "dgx2_v100"
    assert system_named("some source", "h100_sxm", 4).name == "h100_4"
    assert system_named("some source", "h100_sxm", 8).name == "dgx_h100"
    assert system_named("some source", "a100_80", 3).name == "dgx_a100"
    assert system_named("some source", "gb200", 4).name == "gb200_nvl72"
    usual = system_named("some source", "h100_sxm")
    assert usual.name == "dgx_h100" and "usual" in usual.assumed


@pytest.mark.parametrize(
    ("text", "gigabits"),
    [
        ("net: 8x ConnectX-7 IB NDR 400Gb/s", 400),
        ("net: 2x ConnectX-6 IB HDR 200Gb/Sec", 50),
        ("net: 1x Ethernet 80Gb/Sec, 8x NVIDIA NDR (400Gb/s)", 400),
        ("net: Storage: 2x CX 400Gb/s, Compute: 8x BF3 CX-7 400Gb/s, Management: 100Gb/s", 400),
        ("Selene 8xHDR200 IB per node", 200),
        ("400Gbps/node inter-node", 50),
        ("8x200Gb/s per node", 200),
        ("8xA100 with 400Gbps per node", 50),
        ("A100 80GB with 1600 Gbps node-node interconnect (RoCE)", 200),
        ("500W limit, 400Gb/s per GPU", 400),
        ("NVLink Gen4 900GB/s; Data bandwidth for GPU-PCIe: 504 GB/s", None),
        ("8x 4th Gen NVLink, 900GB/s", None),
    ],
)
def test_a_stated_fabric_is_read(text: str, gigabits: float | None) -> None:
    found = fabric_stated(text, 8)
    assert found == (None if gigabits is None else pytest.approx(gigabits * 1e9 / 8))


@pytest.mark.parametrize(
    ("source", "notes", "year", "generation", "era"),
    [
        ("Megatron-LM SC21 Table 1", "", 2021, "ampere", "megatron_2021"),
        (
            "Reducing Activation Recomputation",
            "Megatron-LM, Selene",
            2022,
            "ampere",
            "megatron_2022",
        ),
        ("NVIDIA-NeMo/Megatron-Bridge docs", "", 2026, "blackwell", "nvidia_2024"),
        ("NVIDIA-NeMo/Automodel docs", "", 2025, "hopper", "pytorch_native_2025"),
        ("mosaicml/llm-foundry README", "", 2023, "ampere", "fsdp_2023"),
        ("pytorch/torchtitan benchmarks/llama3", "FSDP", 2024, "hopper", "fsdp_2024"),
        (
            "VIA-Research/vTrain (measured with Megatron-DeepSpeed)",
            "",
            2024,
            "ampere",
            "traced_2024",
        ),
        ("mlcommons/training_results_v5.0 x", "", 2025, "blackwell", "nvidia_2024"),
        ("mlcommons/training_results_v5.1 x", "", 2025, "blackwell", "nvidia_2024"),
        ("mlcommons/training_results_v5.0 x", "", 2025, "hopper", "nvidia_2024"),
        ("a blog", "Megatron+DeepSpeed 3D", 2021, "volta", "deepspeed_pipeline"),
        ("a blog", "", 2021, "ampere", "megatron_2021"),
        ("a blog", "", 2025, "hopper", "nvidia_2024"),
        ("a blog", "Megatron", 2023, "ampere", "megatron_2023"),
        ("Megatron-LM SC21 Table 2 (PTD vs ZeRO-3)", "", 2021, "ampere", "megatron_2021"),
        ("huggingface/nanotron", "", 2024, "hopper", "fsdp_2024"),
        ("EleutherAI/gpt-neox", "ZeRO-1", 2024, "hopper", "deepspeed_2023"),
        ("bigscience train/tr11-176B-ml", "", 2022, "ampere", "deepspeed_pipeline"),
        ("ROCm docs", "Megatron-LM", 2025, "cdna3", "rocm_2024"),
        ("InternLM/InternEvo", "ZeRO-1", 2024, "ampere", "fsdp_2024"),
        ("a blog", "Megatron", 2023, "hopper", "nvidia_2024"),
    ],
)
def test_a_source_gets_its_era(
    source: str, notes: str, year: int, generation: str, era: str
) -> None:
    assert era_of(framework_named(source, notes).name, year, generation) == era


def test_sharded_weights_have_eras_of_their_own() -> None:
    unknown = framework_named("a blog").name
    assert era_of(unknown, 2024, sharded=True) == "fsdp_2024"
    assert era_of(unknown, 2023, "hopper", sharded=True) == "fsdp_2023"
    assert era_of(unknown, 1999, sharded=True) == "megatron_2021"
    megatron = framework_named("Megatron-LM SC21 Table 2").name
    assert era_of(megatron, 2021, sharded=True) == "megatron_2021"
    assert era_of(framework_named("mosaicml/llm-foundry").name, 2023, sharded=True) == "fsdp_2023"


def test_an_era_says_everything_that_a_step_reads() -> None:
    assert {field.name for field in fields(Software)} <= set(SoftwareEra.model_fields)


def test_blackwell_trains_at_the_peaks_of_a_b200() -> None:
    machines = [machine(name) for name in ("b200", "gb200", "b300", "gb300")]
    found = system_of(machines, [16, 8, 4, 4], 72)
    assert found.peak_linear == pytest.approx([2.25e15, 4.5e15, 9e15, 9e15])
    assert found.power == pytest.approx([1.0, 1.0, 1.1, 1.4])
    assert list(found.domain) == [8, 72, 8, 72]


def test_a_precision_that_a_chip_lacks_runs_at_the_next_wider() -> None:
    found = system_of([machine("a100_80")] * 4, [4, 8, 16, 32], 8)
    assert found.peak_linear == pytest.approx([312e12, 312e12, 312e12, 156e12])
    assert system_of([machine("v100_32")], 32, 8).peak_linear == pytest.approx(15.7e12)


def test_a_node_that_can_be_bought_is_a_machine() -> None:
    rack = machine("gh200_144", "gh200_nvl32")
    assert (rack.domain, rack.nic, rack.link) == (32, 50e9, 450e9)
    assert (rack.host_memory, rack.host_rate) == (480e9, 450e9)
    assert machine("a100_80").nic == 25e9
    assert machine("h100_sxm", nic=12.5e9).nic == 12.5e9
    with pytest.raises(PlannerError, match="nearest: gh200_nvl32"):
        machine("gh200_144", "gh200_nvl33")
    with pytest.raises(PlannerError, match="nearest: a100_80"):
        machine("a100_8")


def test_profiles_of_the_user_go_before_the_shipped(tmp_path: Path) -> None:
    for folder, name, text in (
        (
            "accelerators",
            "h100_sxm",
            "bf16: {value: 500 TFLOP/s, source: ours, confidence: measured}",
        ),
        ("systems", "lab", "extends: hgx_b200.yaml\ntitle: Our lab\naccelerator: h100_sxm"),
        ("software", "ours", "extends: nvidia_2024.yaml\ntitle: Ours"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.yaml").write_text(text + "\n", encoding="utf-8")
    found = machine("h100_sxm", "lab", overlays=[tmp_path])
    assert (found.peak_16, found.peak_8, found.nic) == (500e12, 1979e12, 50e9)
    assert machine("h100_sxm").peak_16 == 989.4e12
    assert software(["ours"], overlays=[tmp_path]).host_share == 0.2


def test_a_chip_that_runs_at_another_limit_in_a_machine() -> None:
    assert machine("gh200_96", "gh200_4").power == pytest.approx(0.83)
    assert machine("gh200_96").power == 1.0
    assert machine("h100_pcie").power == pytest.approx(350 / 700 / (756 / 989.4), rel=0.01)


def test_eras_lie_side_by_side() -> None:
    found = software(["megatron_2021", "nvidia_2024", "fsdp_2023"])
    assert list(found.fused_attention) == [0, 1, 1]
    assert list(found.optimiser_bytes) == [33, 30, 30]
    assert np.all(found.micro_batch_host == 0.6)
    with pytest.raises(PlannerError, match="nearest: nvidia_2024"):
        software(["nvidia_2025"])


@pytest.mark.parametrize("name", sorted(architectures()))
def test_a_shape_comes_to_the_published_parameters(name: str) -> None:
    published, shape = architectures()[name], architecture(name)
    assert shape.parameters() == pytest.approx(published.parameters.value, rel=0.03)
    if published.active_parameters is not None:
        found = {shape.active_parameters(), shape.active_parameters() - shape.vocab * shape.hidden}
        off = [abs(each / published.active_parameters.value - 1) for each in found]
        assert min(off) < 0.03  # some cards leave the input embedding out


def test_our_own_models_have_shapes_of_their_size() -> None:
    for name in ("driving_10b", "gaia1_world_model"):
        model = check_profile(resources.profiles("models")[name], "models")
        assert isinstance(model, TrainedModel)
        assert architecture(name).parameters() == pytest.approx(model.parameters.value, rel=0.03)
    with pytest.raises(PlannerError, match="nearest: llama3_8b"):
        architecture("llama3_8")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Qwen3_30B_a3B", "qwen3_30b_a3b"),
        ("Qwen3 MoE 30B", "qwen3_30b_a3b"),
        ("DeepSeekV3 (w/o MTP)", "deepseek_v3"),
        ("DeepSeek-V3 671B (37B active) pre-training", "deepseek_v3"),
        ("GPT OSS 120B", "gpt_oss_120b"),
        ("Nemotron_3_Super", "nemotron3_super"),
        ("Nemotron V3 Nano 30B", "nemotron3_nano"),
        ("Kimi K2", "kimi_k2"),
        ("LLAMA3_70B LoRA", "llama3_70b"),
        ("Llama 3.1 405B", "llama3_405b"),
        ("Mixtral-8x22B", "mixtral_8x22b"),
        ("GPT 175B", "gpt3_175b"),
        ("Nemotron V3 Ultra 550B", "nemotron3_ultra"),
        ("GPT 5B", None),
    ],
)
def test_a_model_is_known_by_its_spellings(text: str, name: str | None) -> None:
    found = architecture_named(text)
    assert (found and found.name) == name


def test_parts_of_a_mixture_add_up_by_hand() -> None:
    """Mixtral 8x7B: 32 x (8 experts of 3 x 4,096 x 14,336 = 1.409e9) = 45.1e9 of 46.7e9; two of eight are active."""
    shape = architecture("mixtral_8x7b")
    experts = 32 * 8 * 3 * 4096 * 14336
    assert shape.parts()["routed experts"] == experts
    assert sum(shape.parts().values()) == shape.parameters()
    assert shape.parameters() - shape.active_parameters() == pytest.approx(0.75 * experts)


def test_sliding_windows_leave_scores_out() -> None:
    """GPT-OSS: half of the layers see 128 tokens, at 4,096 a band of 128 x (4,096 - 64) of 4,096^2 / 2 scores."""
    shape = architecture("gpt_oss_120b")
    band = 128 * (4096 - 64) / (4096**2 / 2)
    assert shape.attended(4096) == pytest.approx((1 + band) / 2)
    assert shape.attended(100) == architecture("llama3_8b").attended(8192) == 1.0
