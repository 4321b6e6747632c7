"""What `planner profiles check` finds: the traps of public hardware figures, one after the other, and wrong links.

The numbers of the traps are those of the errors that occur in public data (hardware facts, section 0): each is put
into a profile as it was seen, in a folder laid over the shipped ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from planner import resources
from planner.inputs.load import read_profile
from planner.inputs.numbers import Cell, month_index
from planner.inputs.plausibility import check_profiles
from planner.inputs.profiles import Accelerator, Ecu, NetworkPart, Node, TrainedModel
from planner.inputs.training import joined, machine
from planner.perf import export
from planner.project import load
from tests.command import Planner

Found = Callable[[str, str], list[str]]
FOR_PLANS = (
    *("h100_sxm", "h100_pcie", "h200", "h800", "h20", "gh200_96", "gh200_144", "gh200_96_680w"),
    *("a100_40", "a100_80", "a800", "b200", "b300", "gb200", "gb300", "mi300x", "l4", "l40s"),
)
RATES = ("bf16", "tf32", "fp8", "fp4", "int8")


@pytest.fixture
def found(tmp_path: Path) -> Found:
    """What is found in a profile with a few lines laid over it: the path and the text of each finding."""

    def check(what: str, text: str) -> list[str]:
        kind, _, name = what.partition("/")
        file = tmp_path / kind / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return [
            f"{each.path}  {each.message}" for each in check_profiles([(kind, name)], [tmp_path])
        ]

    return check


def number(text: str) -> str:
    return f"{{value: {text}, source: a data sheet read wrongly, confidence: assumed}}"


def chip(name: str) -> Accelerator:
    profile = read_profile("accelerators", name)
    assert isinstance(profile, Accelerator)
    return profile


def node(name: str) -> Node:
    profile = read_profile("nodes", name)
    assert isinstance(profile, Node)
    return profile


def of(cell: Cell | None) -> float:
    assert cell is not None
    return cell.value


def keys(findings: list[str]) -> set[str]:
    return {each.partition("  ")[0] for each in findings}


def test_every_shipped_profile_passes(planner: Planner) -> None:
    done = planner("profiles", "check")
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("profiles: ok\n")


@pytest.mark.parametrize("name", FOR_PLANS)
def test_1_a_sparse_headline_in_the_place_of_every_dense_rate(found: Found, name: str) -> None:
    sparse = "".join(
        f"{rate}: {number(f'{2 * cell.value / 1e12:g} TFLOP/s')}\n"
        for rate in RATES
        if (cell := getattr(chip(name), rate)) is not None
    )
    assert "bf16" in keys(found(f"accelerators/{name}", sparse))


@pytest.mark.parametrize(("name", "fp8"), [("h200", "3.94 PFLOP/s"), ("b200", "9000 TFLOP/s")])
def test_1_a_sparse_8_bit_rate_among_dense_ones(found: Found, name: str, fp8: str) -> None:
    (finding,) = found(f"accelerators/{name}", f"fp8: {number(fp8)}\n")
    assert finding.startswith("fp8  found ") and "dense" in finding


def test_1_a_sparsity_factor_where_the_generation_has_none(found: Found) -> None:
    assert keys(found("accelerators/v100_32", f"sparsity_factor: {number('2')}\n")) == {
        "sparsity_factor"
    }


def test_2_and_3_headlines_of_pods_and_servers_are_twice_the_dense_rates() -> None:
    assert 256 * of(chip("gh200_96").fp8) == pytest.approx(0.507e18, rel=2e-3)  # "1 exaFLOP"
    for name, rate, headline in (
        ("dgx_h100", "fp8", 32e15),
        ("dgx_b200", "fp8", 72e15),
        ("gb200_nvl72", "fp4", 1440e15),
    ):
        each = chip(node(name).accelerator)
        dense = node(name).accelerators.value * of(getattr(each, rate))
        assert dense * each.sparsity_factor.value == pytest.approx(headline, rel=0.02)


@pytest.mark.parametrize(("name", "sparse"), [("drive_orin", "254"), ("jetson_agx_orin", "275")])
def test_4_tops_of_an_orin_are_sparse_and_of_gpu_and_engines(
    found: Found, name: str, sparse: str
) -> None:
    assert keys(found(f"ecus/{name}", f"int8: {number(f'{sparse} TOPS')}\n")) == {"int8"}
    assert keys(found(f"ecus/{name}", "gpu_share: null\n")) == {"int8"}
    orin = read_profile("ecus", "jetson_agx_orin")
    assert isinstance(orin, Ecu)
    assert orin.int8.value * of(orin.gpu_share) == pytest.approx(85e12, rel=0.01)


@pytest.mark.parametrize(
    ("name", "rate", "figure"),
    [
        ("jetson_t5000", "fp8", "1035 TFLOP/s"),
        ("jetson_t5000", "fp4", "2070 TFLOP/s"),
        ("drive_thor", "fp8", "1000 TFLOP/s"),
        ("drive_thor", "int8", "1000 TOPS"),
        ("drive_thor", "fp4", "2000 TFLOP/s"),
    ],
)
def test_5_figures_of_a_thor_are_sparse(found: Found, name: str, rate: str, figure: str) -> None:
    assert keys(found(f"ecus/{name}", f"{rate}: {number(figure)}\n")) == {rate}


@pytest.mark.parametrize(("name", "fp8"), [("b300", "4500"), ("gb300", "5000")])
def test_6_blackwell_ultra_gave_its_8_bit_integers_away(found: Found, name: str, fp8: str) -> None:
    assert keys(found(f"accelerators/{name}", f"int8: {number(f'{fp8} TFLOP/s')}\n")) == {"int8"}


@pytest.mark.parametrize(("name", "memory"), [("gh200_96", 96), ("gb200", 186), ("gb300", 279)])
def test_7_and_8_a_superchip_is_not_one_gpu_of_twice_the_size(
    found: Found, name: str, memory: int
) -> None:
    doubled = (
        f"bf16: {number('5000 TFLOP/s')}\nprocessors: {number('296')}\n"
        f"memory: {number(f'{2 * memory} GB')}\n"
    )
    assert {"bf16", "processors", "memory"} <= keys(found(f"accelerators/{name}", doubled))


def test_8_nodes_of_gb200_have_two_gpus_a_superchip(found: Found) -> None:
    lines = f"accelerators: {number('71')}\nscale_up_domain: {number('71')}\nrepair_group: null\n"
    assert "accelerators" in keys(found("nodes/gb200_nvl72", lines))


@pytest.mark.parametrize(
    ("name", "rate", "figure"),
    [
        ("a100_80", "fp8", "624 TFLOP/s"),
        ("v100_32", "tf32", "62 TFLOP/s"),
        ("v100_32", "int8", "250 TFLOP/s"),
        ("v100_32", "fp8", "250 TFLOP/s"),
        ("h100_sxm", "fp4", "3958 TFLOP/s"),
    ],
)
def test_9_and_10_formats_that_a_generation_has_not(
    found: Found, name: str, rate: str, figure: str
) -> None:
    (finding,) = found(f"accelerators/{name}", f"{rate}: {number(figure)}\n")
    assert finding.startswith(f"{rate}  found ") and "null" in finding


@pytest.mark.parametrize(
    ("name", "both"),
    [
        *(("v100_32", 300), ("a100_80", 600), ("h100_sxm", 900), ("gh200_96", 900), ("b200", 1800)),
        *(("a800", 400), ("h800", 400), ("h800", 450), ("mi300x", 896)),
    ],
)
def test_11_links_count_one_direction(found: Found, name: str, both: int) -> None:
    (finding,) = found(f"accelerators/{name}", f"link_bandwidth: {number(f'{both} GB/s')}\n")
    assert finding.startswith(f"link_bandwidth  found {both} GB/s; expected ")


def test_12_links_of_an_mi300x_are_a_sum_over_peers(found: Found) -> None:
    assert keys(found("accelerators/mi300x", f"link_bandwidth: {number('64 GB/s')}\n")) == {
        "link_bandwidth"
    }
    assert found("nodes/hgx_mi300x", "scale_up: switch\n")
    wired = machine("mi300x", "hgx_mi300x")
    assert wired.link / wired.peers == pytest.approx(64e9)
    assert not wired.in_network_reduction


def test_12_a_node_says_that_it_is_a_mesh_as_its_system_does() -> None:
    card = read_profile("network", "connectx7")
    assert isinstance(card, NetworkPart)
    wired = joined(chip("mi300x"), node("hgx_mi300x"), card)
    assert (wired.scale_up, wired.peers, wired.in_network_reduction) == ("mesh", 7.0, False)


@pytest.mark.parametrize(
    ("name", "memory"), [("b200", 192), ("gb200", 192), ("b300", 288), ("gb300", 288)]
)
def test_13_memory_is_what_a_job_can_use(found: Found, name: str, memory: int) -> None:
    assert keys(found(f"accelerators/{name}", f"memory: {number(f'{memory} GB')}\n")) == {"memory"}


def test_13_of_the_gh200_with_144_gb_a_job_sees_141(found: Found) -> None:
    assert keys(found("accelerators/gh200_144", f"memory: {number('144 GB')}\n")) == {"memory"}


@pytest.mark.parametrize(
    ("name", "size", "rate"),
    [
        *(("gh200_96", 480, 512), ("gh200_96", 480, 500), ("gh200_96_680w", 120, 384)),
        *(("gb200", 240, 512), ("gb300", 240, 384)),
    ],
)
def test_14_the_larger_memory_of_a_grace_is_the_slower(
    found: Found, name: str, size: int, rate: int
) -> None:
    lines = (
        f"host_memory: {number(f'{size} GB')}\nhost_memory_bandwidth: {number(f'{rate} GB/s')}\n"
    )
    assert keys(found(f"accelerators/{name}", lines)) == {"host_memory_bandwidth"}


def test_14_memory_of_a_grace_is_shared_by_the_gpus_beside_it(found: Found) -> None:
    assert "host_memory" in keys(found("accelerators/gb200", f"host_memory: {number('480 GB')}\n"))


def test_15_the_power_of_a_superchip_is_that_of_cpu_and_gpu() -> None:
    quad, single = chip("gh200_96_680w"), chip("gh200_96")
    assert (quad.power.value, single.power.value) == (680.0, 900.0)
    assert of(quad.power_share) < 1.0  # sustained clocks differ by variant
    wide = node("gh200_4way")
    assert wide.host_cpu_power is None  # it would count the Grace twice


def test_16_no_model_is_taken_to_reach_the_peak() -> None:
    for name in resources.profiles("models"):
        model = read_profile("models", name)
        assert isinstance(model, TrainedModel)
        assert (model.utilisation.high or model.utilisation.value) <= 0.6  # 8B Llama on GH200


@pytest.mark.parametrize(
    ("name", "dense", "sparse"),
    [("h20", "none", "3A090.b"), ("h200", "3A090.a", "3A090.a"), ("l4", "3A090.a", "3A090.a")],
)
def test_17_classes_follow_from_dense_rates(name: str, dense: str, sparse: str) -> None:
    rules = load("5pct_ev_market").leaves["export_rules"]
    assert isinstance(rules, export.Rules)
    each = chip(name)
    for factor, expected in ((1.0, dense), (2.0, sparse)):
        performance = export.total_processing_performance(
            [(np.array([factor * of(each.fp8)]), 8), (np.array([factor * each.bf16.value]), 16)]
        )
        chips = export.chips(
            performance,
            export.performance_density(performance, np.array([of(each.die_area)])),
            np.array([each.link_bandwidth.value]),
            np.array([each.memory_bandwidth.value]),
            np.array([1.0]),
        )
        assert export.control_class(rules.in_force(month_index("2023-12")), chips) == expected


def test_17_a_chip_for_sale_needs_its_die_where_density_decides(found: Found) -> None:
    (finding,) = found("accelerators/h20", "die_area: null\n")
    assert "die_area" in finding


def test_h800_and_a800_have_their_links_cut() -> None:
    assert {chip(name).link_bandwidth.value for name in ("a800", "h800")} == {200e9}


@pytest.mark.parametrize(
    ("what", "lines", "key"),
    [
        ("nodes/dgx_h100", "accelerator: h10\n", "accelerator"),
        ("nodes/dgx_h100", "nic: quantum2_qm9700\n", "nic"),
        ("models/driving_10b", "architecture: driving_11b\n", "architecture"),
        ("models/driving_10b", f"parameters: {number('30e9')}\n", "parameters"),
        ("regions/korea", "climate: busan\n", "climate"),
        ("regions/korea", "market_row: asia\n", "market_row"),
        ("frameworks/olmo", "eras: {2023: no_such_era}\n", "eras.2023"),
        ("accelerators/b300", "rated_as: b20\n", "rated_as"),
        ("accelerators/b300", "default_system: hgx_b30\n", "default_system"),
    ],
)
def test_names_lead_to_a_profile(found: Found, what: str, lines: str, key: str) -> None:
    assert key in keys(found(what, lines))


@pytest.mark.parametrize(
    ("what", "lines", "key"),
    [
        ("nodes/dgx_h100", f"power: {number('5 kW')}\n", "power"),
        ("nodes/dgx_h100", f"power: {number('40.8 kW')}\n", "power"),  # a rack's
        ("nodes/dgx_h100", f"power_typical: {number('11 kW')}\n", "power_typical"),
        ("nodes/dgx_h100", f"price: {number('33600 USD')}\n", "price"),  # a GPU's
        ("nodes/dgx_h100", f"scale_up_domain: {number('12')}\n", "scale_up_domain"),
        ("nodes/gb200_nvl72", "liquid_share: null\n", ""),
        ("storage/nvme_flash", f"read_bandwidth: {number('2500 GB/s')}\n", "read_bandwidth"),
        ("ecus/drive_orin", "mode: turbo\n", "mode"),
    ],
)
def test_figures_of_nodes_and_units_fit(found: Found, what: str, lines: str, key: str) -> None:
    assert key in keys(found(what, lines))


@pytest.mark.parametrize(
    ("what", "key", "text"),
    [
        # bits for bytes, a prefix too many or too few
        ("accelerators/h100_sxm", "memory_bandwidth", "3.35 GB/s"),
        ("accelerators/h100_sxm", "memory_bandwidth", "33.5 TB/s"),
        ("accelerators/h100_sxm", "memory_bandwidth", "3.35 Tb/s"),
        ("accelerators/h100_sxm", "link_bandwidth", "450 Gb/s"),
        ("accelerators/h100_sxm", "host_link_bandwidth", "63 Gb/s"),
        ("accelerators/h100_sxm", "cache", "50 GB"),
        ("accelerators/b200", "die_area", "16 mm^2"),
        ("network/connectx7", "port_rate", "400 GB/s"),
        ("network/quantum2_qm9700", "port_rate", "51.2 Tb/s"),  # all ports, both directions
        ("network/quantum2_qm9700", "power", "1.5 W"),
        ("systems/dgx_h200", "nic_bandwidth", "400 GB/s"),
        ("storage/nvme_tlc", "drive_capacity", "15.36 PB"),
        ("storage/nvme_tlc", "drive_capacity", "15.36 GB"),
        ("storage/nvme_tlc", "read_bandwidth", "40 MB/s"),
        ("storage/nvme_tlc", "power", "1.2 W"),
        ("ecus/jetson_t5000", "memory_bandwidth", "2.73 TB/s"),
        ("ecus/drive_thor", "flash", "256 MB"),
        ("vehicles/model_c", "buffer", "256 MB"),
        ("regions/taiwan", "grid_carbon", "642 kg/kWh"),
        ("regions/taiwan", "cellular_uplink", "20 Gb/s"),
        # another currency, cents, thousands, one for all or all for one
        ("accelerators/h100_sxm", "price", "30 USD"),
        ("accelerators/h100_sxm", "price", "300000 USD"),
        ("accelerators/h100_sxm", "rent_price", "19.9 USD/hour"),
        ("nodes/dgx_h100", "price", "2700000 USD"),
        ("nodes/dgx_h100", "embodied_carbon", "2.5 kg"),
        ("nodes/dgx_h100", "power_idle", "100 W"),
        ("nodes/dgx_h100", "nics", "64"),
        ("nodes/dgx_h100", "nodes_per_rack", "32"),
        ("nodes/dgx_h100", "local_storage", "30.72 GB"),
        ("network/quantum2_qm9700", "price", "36 USD"),
        ("regions/taiwan", "electricity_price", "4.27 USD/kWh"),
        ("regions/taiwan", "building_cost", "10000 USD/watt"),
        # twice what is dense or one way, or of another variant
        ("accelerators/h100_sxm", "host_link_bandwidth", "128 GB/s"),
        ("accelerators/h100_sxm", "fp64", "134 TFLOP/s"),
        ("accelerators/h100_sxm", "fp32", "989 TFLOP/s"),
        ("accelerators/h100_pcie", "power", "700 W"),
        ("accelerators/b200", "year", "2020"),
        ("accelerators/h100_sxm", "year", "2032"),
        # what cannot be beside the rest
        ("nodes/dgx_h100", "rails", "7"),
        ("network/quantum2_qm9700", "ports_per_module", "5"),
        ("systems/dgx_h200", "scale_up_domain", "12"),
        ("storage/nvme_tlc", "drive_failure_rate", "90 %/year"),
        ("regions/taiwan", "utc_offset", "-8 hour"),
        ("climates/taipei", "design_wet_bulb", "36 degC"),
        ("models/driving_10b", "utilisation", "95 %"),
        ("models/driving_10b", "epochs", "20000"),
        ("network/quantum2_qm9700", "cable_price", "20000 USD"),
    ],
)
def test_wrong_units_and_figures_of_other_things(
    found: Found, what: str, key: str, text: str
) -> None:
    assert key in keys(found(what, f"{key}: {number(text)}\n"))


@pytest.mark.parametrize(
    ("what", "figures"),
    [
        ("ecus/drive_orin", {"int8": "254 TOPS", "fp16": "83.6 TFLOP/s"}),
        ("ecus/jetson_t4000", {"power": "350 W"}),  # of a developer kit
        (
            "ecus/drive_thor",
            {
                **{"int8": "1000 TOPS", "fp8": "1000 TFLOP/s"},
                **{"fp4": "2000 TFLOP/s", "fp16": "500 TFLOP/s"},
            },
        ),
    ],
)
def test_4_and_5_rates_of_a_vehicles_computer_beside_its_power(
    found: Found, what: str, figures: dict[str, str]
) -> None:
    lines = "".join(f"{key}: {number(text)}\n" for key, text in figures.items())
    assert "int8" in keys(found(what, lines))


@pytest.mark.parametrize(
    ("base", "figures"),
    [
        # A Hopper with bridges, and two chips of generations that have no entry: a card and a module.
        (
            "h100_nvl",
            {"power": "600 W", "memory": "141 GB", "memory_bandwidth": "4.8 TB/s"},
        ),
        (
            "l40s",
            {
                **{"bf16": "503 TFLOP/s", "fp8": "1007 TFLOP/s", "fp4": "2015 TFLOP/s"},
                **{"int8": "1007 TFLOP/s", "tf32": "252 TFLOP/s", "fp32": "125 TFLOP/s"},
                **{"memory": "96 GB", "memory_bandwidth": "1.79 TB/s", "power": "600 W"},
                **{"host_link_bandwidth": "63 GB/s", "year": "2025"},
            },
        ),
        (
            "b300",
            {
                **{"power": "2300 W", "memory": "288 GB", "memory_bandwidth": "20.5 TB/s"},
                **{"bf16": "4000 TFLOP/s", "link_bandwidth": "1800 GB/s", "year": "2026"},
                **{"host_link_bandwidth": "900 GB/s"},
            },
        ),
    ],
)
def test_hardware_that_is_not_shipped_passes(
    found: Found, base: str, figures: dict[str, str]
) -> None:
    lines = "".join(f"{key}: {number(text)}\n" for key, text in figures.items())
    head = "" if base == "h100_nvl" else "generation: null\nprice: null\nrent_price: null\n"
    assert not found(f"accelerators/{base}", head + lines)


def test_the_ends_of_a_spread_count_too(found: Found) -> None:
    spread = "{low: 0.1 USD/kWh, base: 0.8 USD/kWh, high: 2 USD/kWh, source: In cents, confidence: assumed}"
    (finding,) = found("regions/malaysia", f"electricity_price: {spread}\n")
    assert finding == (
        "electricity_price  found 2 USD/kWh; expected 0.005 USD/kWh to 1 USD/kWh, "
        "the size of such things; is it the unit?"
    )


def test_sales_in_thousands_or_millions_are_not_vehicles(found: Found) -> None:
    lines = f"rows: {{china: {{sales: {{'2025': {number('11.008 vehicle')}}}}}}}\n"
    assert keys(found("markets/iea_2024_steps", lines)) == {"rows.china.sales.2025"}


def test_a_chip_on_a_board_is_meant_with_a_machine_of_its_generation(found: Found) -> None:
    assert keys(found("accelerators/h100_sxm", "default_system: dgx_a100\n")) == {"default_system"}


@pytest.mark.parametrize(
    "address", ["htp://epoch.ai/data", "https:/epoch.ai/data", "https://epoch", "www.epoch.ai"]
)
def test_addresses_of_sources_are_well_formed(found: Found, address: str) -> None:
    lines = f'sources: {{epoch: "Epoch AI, {address}, read 2026"}}\n'
    assert keys(found("accelerators/h100_sxm", lines)) == {"sources.epoch"}
    assert not found("accelerators/h100_sxm", 'sources: {epoch: "https://epoch.ai/data."}\n')


def test_what_is_published_names_its_publication(found: Found) -> None:
    lines = "memory: {value: 80 GB, source: As everybody knows, confidence: published}\n"
    (finding,) = found("accelerators/h100_sxm", lines)
    assert finding.startswith("memory.source  found published, ")
    lines = (
        "memory: {value: 80 GB, source: Our own measurement of May 2024, confidence: measured}\n"
    )
    assert not found("accelerators/h100_sxm", lines)


def test_sources_are_declared_and_memory_is_not_a_publication(found: Found) -> None:
    lines = "memory: {value: 80 GB, source: epoche, confidence: published}\n"
    (finding,) = found("accelerators/h100_sxm", lines)
    assert finding == (
        'memory.source  found "epoche"; expected one of the declared sources, nearest: epoch'
    )
    lines = "memory: {value: 80 GB, source: 80 GB (from memory), confidence: published}\n"
    (finding,) = found("accelerators/h100_sxm", lines)
    assert finding.startswith("memory.confidence  found published, from memory; ")


def test_a_declared_source_may_be_a_memory_too(found: Found) -> None:
    lines = (
        'sources: {mine: "A data sheet (from memory)"}\n'
        "memory: {value: 80 GB, source: 'mine: of the card', confidence: published}\n"
        "memory_bandwidth: {value: 3.35 TB/s, source: 'mine, epoch', confidence: published}\n"
    )
    assert keys(found("accelerators/h100_sxm", lines)) == {"memory.confidence"}


def test_numbers_without_source_or_confidence_are_found(found: Found) -> None:
    (finding,) = found("accelerators/h100_sxm", "memory: 80 GB\n")
    assert finding.startswith("memory  source missing")


def test_each_finding_is_a_line_with_file_line_and_key(planner: Planner, tmp_path: Path) -> None:
    file = tmp_path / "accelerators" / "mine.yaml"
    file.parent.mkdir()
    file.write_text(
        f"extends: h100_sxm.yaml\ntitle: Mine\nlink_bandwidth: {number('900 GB/s')}\n", "utf-8"
    )
    done = planner("profiles", "check", "accelerators/mine", "--profiles", str(tmp_path))
    assert done.code == 1
    assert done.out == (
        f"{file}:3  link_bandwidth  found 900 GB/s; expected at most 450 GB/s in one direction "
        "for hopper\n"
    )
    assert planner("profiles", "check", "nodes").code == 0
    assert (
        "nearest: mine"
        in planner("profiles", "check", "accelerators/mime", "--profiles", str(tmp_path)).err
    )
