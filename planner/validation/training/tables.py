"""Accelerators and software eras by name, until the profiles hold them."""

from __future__ import annotations

from collections.abc import Mapping

# name: generation, 16-bit, 8-bit, 4-bit peak [TFLOP/s], memory [GB/s], NVLink and NIC of one GPU and direction [GB/s],
# processors, power over the reference part's, NVLink domain, memory [GB].
GPUS: Mapping[
    str, tuple[str, float, float, float, float, float, float, float, float, float, float]
] = {
    "V100": ("volta", 125, 0, 0, 900, 150, 12.5, 80, 1.0, 4, 32),
    "A100-SXM4-40GB": ("ampere", 312, 0, 0, 1555, 300, 25, 108, 1.0, 8, 40),
    "A100": ("ampere", 312, 0, 0, 2039, 300, 25, 108, 1.0, 8, 80),
    "H100-SXM-96GB-HBM2e": ("hopper", 989.4, 1979, 0, 2400, 450, 50, 132, 500 / 700, 8, 96),
    "H100": ("hopper", 989.4, 1979, 0, 3350, 450, 50, 132, 1.0, 8, 80),
    "H200": ("hopper", 989.4, 1979, 0, 4800, 450, 50, 132, 1.0, 8, 141),
    "GB300": ("blackwell", 2250, 4500, 9000, 8000, 900, 100, 148, 1.4, 72, 288),
    "GB200": ("blackwell", 2250, 4500, 9000, 8000, 900, 50, 148, 1.0, 72, 192),
    "B300": ("blackwell", 2250, 4500, 9000, 8000, 900, 100, 148, 1.1, 8, 288),
    "B200": ("blackwell", 2250, 4500, 9000, 8000, 900, 50, 148, 1.0, 8, 180),
    "AMD Instinct MI325X": ("cdna3", 1307.4, 2614.9, 0, 6000, 448, 50, 304, 1.0, 8, 256),
}
CACHE = {"volta": 6e6, "ampere": 40e6, "hopper": 50e6, "blackwell": 126e6, "cdna3": 256e6}  # [byte]
PEERS = {"volta": 3.0, "cdna3": 7.0}  # wired to each other without a switch

MEGATRON_2021 = dict(
    fused_attention=0, attention_rate=1.0, native_attention=0, kernel_rate=1.0, pow2_heads=0,
    fused_elementwise=0, loss_bytes=60, tp_overlap=0, dp_overlap=0, zero_overlap=0,
    fused_accumulation=0, blocking_sends=1, scattered_sends=1, gradient_bytes=2, host_share=1.0,
    serial_launches=0, micro_batch_host=0.6, early_stop=0, adapted=0.0, optimiser_bytes=33,
    handled_bytes=0,
)  # fmt: skip
MEGATRON_2022 = {**MEGATRON_2021, "fused_accumulation": 1}
TRACED_2024 = {**MEGATRON_2021, "serial_launches": 1, "scattered_sends": 0, "loss_bytes": 24}
FSDP_2023 = {
    **MEGATRON_2021, "fused_attention": 1, "attention_rate": 0.5, "pow2_heads": 1, "loss_bytes": 20,
    "blocking_sends": 0, "fused_accumulation": 1, "host_share": 0.5, "early_stop": 1, "optimiser_bytes": 30,
}  # fmt: skip
FSDP_2024 = {
    **FSDP_2023, "attention_rate": 1.0, "pow2_heads": 0, "fused_elementwise": 1, "zero_overlap": 1,
    "host_share": 0.3, "dp_overlap": 1, "early_stop": 1,
}  # fmt: skip
NATIVE_2025 = {**FSDP_2024, "fused_elementwise": 0, "host_share": 0.5, "adapted": 1.0}
NVIDIA_2024 = {
    **FSDP_2024, "native_attention": 1, "tp_overlap": 1, "host_share": 0.2, "early_stop": 0, "gradient_bytes": 4,
}  # fmt: skip
ERAS: Mapping[str, Mapping[str, float]] = {
    "megatron_2021": MEGATRON_2021, "megatron_2022": MEGATRON_2022, "traced_2024": TRACED_2024,
    "fsdp_2023": FSDP_2023, "fsdp_2024": FSDP_2024, "native_2025": NATIVE_2025, "nvidia_2024": NVIDIA_2024,
}  # fmt: skip
