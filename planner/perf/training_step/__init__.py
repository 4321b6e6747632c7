"""How long does one optimiser step of a transformer take, and where does the time go?

Pure functions on NumPy arrays, one entry a configuration (a run or a layout): `step.step_terms` returns every part of
the step under its own name, in seconds, and `step.step_time` their sum. Inputs are four frozen records of arrays:
`configuration.Configuration` (model, batch, layout), `configuration.System` (accelerator and links),
`configuration.Software` (the era: which kernels are fused, which transfers overlap) and `constants.Constants` (the
fitted ones, at most three a generation and ten global). No files, no units library, no loop over configurations.

Where an equation lives: `matmul` (tiles, alignment, weight traffic), `layer` (kernels of one block and the floor of
the host), `head` (vocabulary and loss), `collectives` (algorithms and links), `data_parallel` (gradients, sharded
weights, optimiser), `pipeline` (stages, bubble, sends), `step` (the sum). Beside it: `memory` (what a layout needs),
`offload` (what the host may keep, and the time that takes), `layouts` (all legal ones, and the best), `scales` (the
best at several numbers of accelerators, as a plan needs them).

Done: dense decoders, plain and gated, with tensor, sequence, pipeline (interleaved, uneven), context and data
parallelism, ZeRO-1 and sharded weights (FSDP), recomputation, LoRA, 16/8/4 bit linears, fused and unfused attention,
CUDA graphs. Models whose layers are not all alike have a step of their own, from the same kernels: `mixture` (their
shapes), `experts`, `state_space`, `mixed_step`; vision models are those of `planner.perf.image_step`.
"""
