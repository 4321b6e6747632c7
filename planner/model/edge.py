"""Does what is released fit the computers on the road, and until when?

Every function on board asks its ECU for memory, arithmetic and memory bandwidth at its frame rate; they grow with the
models. First order: no sparsity, no batching, no overlap between functions, no caches, no latency of the sensors; the
shares of peak and bandwidth that software reaches are inputs. DRIVE Thor has four times the arithmetic of Orin and a
third more bandwidth, so that what writes tokens is bound by bandwidth there.
"""

from __future__ import annotations

import numpy as np

from planner.axes import ECU, FUNCTION, PROGRAM, REGION, Array, place, total
from planner.graph import quantity
from planner.perf.edge import busy_share, frame_bytes, weight_bytes


@quantity(unit="watt", axes="ecu")
def edge_power(ecu_power: Array, mode_power: Array) -> Array:
    """Power of each ECU in the mode that it drives in."""
    return np.where(mode_power > 0, mode_power, ecu_power)


@quantity(unit="FLOP/second", axes="ecu function")
def edge_peak(
    ecu_int8: Array,
    ecu_fp8: Array,
    ecu_fp4: Array,
    ecu_fp16: Array,
    ecu_gpu_share: Array,
    mode_peak_share: Array,
    deployment_precisions: tuple[str, ...],
    deployment_on_engines: Array,
) -> Array:
    """Dense peak of each ECU for each function, in the precision that it has and the mode that it drives in.

    A float that the chip lacks is computed in the next wider one that it has: on Orin, weights of 4 bits are stored so,
    and unpacked to 16. Inference engines beside the GPU count only for functions that can run on them.
    """
    fp8 = np.where(ecu_fp8 > 0, ecu_fp8, ecu_fp16)
    fp4 = np.where(ecu_fp4 > 0, ecu_fp4, fp8)
    int8 = ecu_int8 * np.where(deployment_on_engines > 0, 1.0, ecu_gpu_share)
    rates = {"int8": int8, "fp8": fp8, "fp4": fp4, "fp16": ecu_fp16}

    def used(precision: str) -> Array:
        return place([float(each == precision) for each in deployment_precisions], FUNCTION)

    chosen = sum((rate * used(name) for name, rate in rates.items()), np.zeros_like(fp8))
    return np.asarray(chosen * mode_peak_share)


@quantity(unit="1", axes="month ecu function")
def edge_scale(
    deployment_growth: Array, deployment_active: Array, deployment_runs_on: Array
) -> Array:
    """Size of each function over its size as written, where it is on board; else 0."""
    return deployment_growth * deployment_active * deployment_runs_on


@quantity(unit="byte", axes="month ecu function")
def edge_weights(
    deployment_parameters: Array, deployment_weight_bits: Array, edge_scale: Array
) -> Array:
    """Stored weights of each function on each ECU."""
    return weight_bytes(deployment_parameters, deployment_weight_bits) * edge_scale


@quantity(unit="byte", axes="month ecu function")
def edge_memory(edge_weights: Array, deployment_held: Array, edge_scale: Array) -> Array:
    """Memory that each function needs on each ECU: its weights, and activations, caches and buffers that it holds."""
    return edge_weights + deployment_held * edge_scale


@quantity(unit="FLOP/second", axes="month ecu function")
def edge_compute(
    deployment_operations: Array, deployment_frame_rate: Array, edge_scale: Array
) -> Array:
    """Arithmetic that each function needs on each ECU: operations a frame x frames a second."""
    return deployment_operations * deployment_frame_rate * edge_scale


@quantity(unit="byte/second", axes="month ecu function")
def edge_bandwidth(
    edge_weights: Array,
    deployment_passes: Array,
    deployment_moved: Array,
    deployment_frame_rate: Array,
    edge_scale: Array,
) -> Array:
    """Memory traffic of each function on each ECU: every pass over the weights, and what else a frame moves."""
    moved = frame_bytes(edge_weights, deployment_passes, deployment_moved * edge_scale)
    return moved * deployment_frame_rate


@quantity(unit="1", axes="month ecu function")
def edge_compute_share(edge_compute: Array, edge_peak: Array, edge_usable_compute: Array) -> Array:
    """Part of the usable arithmetic of its ECU that each function needs."""
    return edge_compute / (edge_peak * edge_usable_compute)


@quantity(unit="1", axes="month ecu function")
def edge_bandwidth_share(
    edge_bandwidth: Array,
    ecu_memory_bandwidth: Array,
    mode_bandwidth_share: Array,
    edge_usable_bandwidth: Array,
) -> Array:
    """Part of the usable memory bandwidth of its ECU that each function needs."""
    usable = ecu_memory_bandwidth * mode_bandwidth_share * edge_usable_bandwidth
    return edge_bandwidth / usable


@quantity(unit="1", axes="month ecu")
def edge_memory_used(edge_memory: Array, ecu_memory: Array, edge_usable_memory: Array) -> Array:
    """Memory needed on each ECU by all functions, over what they may use; above 1 they do not fit."""
    return total(edge_memory, FUNCTION) / (ecu_memory * edge_usable_memory)


@quantity(unit="1", axes="month ecu")
def edge_compute_used(edge_compute_share: Array) -> Array:
    """Arithmetic needed on each ECU by all functions, over what is usable."""
    return total(edge_compute_share, FUNCTION)


@quantity(unit="1", axes="month ecu")
def edge_bandwidth_used(edge_bandwidth_share: Array) -> Array:
    """Memory bandwidth needed on each ECU by all functions, over what is usable."""
    return total(edge_bandwidth_share, FUNCTION)


@quantity(unit="1", axes="month ecu")
def edge_time_used(edge_compute_share: Array, edge_bandwidth_share: Array) -> Array:
    """Share of the time for which functions keep each ECU busy: they run in turn, each bound by its slower resource.

    Never less than either of the two alone, so that it decides together with memory.
    """
    return total(busy_share(edge_compute_share, edge_bandwidth_share), FUNCTION)


@quantity(unit="1", axes="month ecu")
def edge_used(edge_memory_used: Array, edge_time_used: Array) -> Array:
    """The larger of memory and time needed on each ECU, over what is usable; above 1 it is overrun."""
    return np.maximum(edge_memory_used, edge_time_used)


@quantity(unit="1", axes="month ecu", worst="min")
def edge_headroom(edge_used: Array) -> Array:
    """What is left of each ECU; 0 where it is overrun."""
    return np.maximum(1.0 - edge_used, 0.0)


@quantity(unit="byte", axes="month ecu package")
def package_weights(edge_weights: Array, deployment_in_package: Array) -> Array:
    """Weights that each package brings to each ECU."""
    return total(edge_weights * deployment_in_package, FUNCTION)


@quantity(unit="byte", axes="month package")
def package_bytes(
    package_size: Array, package_weights: Array, package_code: Array, vehicles_on_road: Array
) -> Array:
    """Size of each full package: as given; else code, and the weights that it brings to the mean vehicle on the road.

    Parameters x bytes of a parameter of the functions on its ECU (`edge_weights`); the mean is over the ECUs on the
    road.
    """
    stated = package_size >= 0
    if stated.all():
        return package_size
    vehicles = total(vehicles_on_road, REGION, PROGRAM)
    everybody = total(vehicles, ECU)
    brought = total(package_weights * vehicles, ECU)
    brought = brought / np.where(everybody > 0, everybody, 1.0)
    return np.where(stated, package_size, brought + package_code)


@quantity(unit="1", axes="month ecu")
def ecu_units_for_service(
    vehicles_by_ecu: Array,
    edge_units_per_vehicle: Array,
    edge_service_share: Array,
    fleet_life: Array,
    month_seconds: Array,
) -> Array:
    """ECUs that workshops put into vehicles on the road in the month, in the place of those that failed.

    They fail at a constant rate: the share that does over `fleet.life`, spread over that time.
    """
    fitted = vehicles_by_ecu * edge_units_per_vehicle
    return fitted * edge_service_share / fleet_life * month_seconds


@quantity(unit="1", axes="month ecu")
def ecu_units(
    vehicle_sales: Array,
    edge_units_per_vehicle: Array,
    ecu_units_for_service: Array,
    rig_ecus: Array,
) -> Array:
    """ECUs built in the month: for the vehicles sold, for service, and for rigs."""
    fitted = total(vehicle_sales, REGION, PROGRAM) * edge_units_per_vehicle
    return fitted + ecu_units_for_service + rig_ecus
