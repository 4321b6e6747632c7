"""Which software did a run use? Decided by the words of its source and notes, its year and its sharding alone.

Each stack has had a handful of eras; a source whose words name none of them gets the era of its year. `Stack` also
says what the stack does where a table leaves a column blank, each as its documentation has it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from planner.validation.cases import Case


@dataclass(frozen=True)
class Stack:
    """A software era, how it was recognised, and its defaults for blank columns."""

    era: str
    words: str  # how it was chosen, in words
    zero: int = 0  # sharding of optimiser (1) or weights (3) where nothing is said
    sequence_parallel: bool = False  # with tensor parallelism
    interleaved: bool = False  # pipelines run in chunks, as the stack's recipes have them
    deepspeed: bool = False  # DeepSpeed's pipeline engine
    recomputes: bool = True  # a blank means: if memory demands it; else never, as NVIDIA's recipes say when they do
    padded: bool = True  # vocabulary padded to 128 x tp, as Megatron does
    vocab: int = 51200


# words, first year, last year, stack. The first that fits counts.
STACKS: tuple[tuple[str, int, int, Stack], ...] = (
    # A tracing profiler ran along (vTrain, section 4); GPT-2's vocabulary without padding is read off its head times.
    (r"\bvtrain\b", 0, 9999, Stack("traced_2024", "vTrain", padded=False, vocab=50257)),
    (r"llm-foundry|mosaic|\bmpt\b|composer", 0, 2023, Stack("fsdp_2023", "FSDP of 2023", zero=3)),
    (r"automodel|accelerate|hugging ?face|\btrl\b|axolotl|llama-?factory|deepspeed-chat", 2024, 9999,
     Stack("native_2025", "native PyTorch", zero=3, sequence_parallel=True)),
    (r"torchtitan|fms-fsdp|foundation-model-stack|\blingua\b|\bolmo|fsdp2|simplefsdp|llm-foundry|mosaic"
     r"|nanotron|levanter|maxtext|\bjax\b|colossal|internevo|internlm", 2024, 9999,
     Stack("fsdp_2024", "FSDP of 2024", zero=3, sequence_parallel=True)),
    (r"\bnemo\b|nvidia-nemo|megatron-bridge|megatron-core|mcore|transformer ?engine|mlcommons|mlperf|megascale"
     r"|ngc2[3-9]", 2023, 9999,
     Stack("nvidia_2024", "NVIDIA's stack", zero=1, sequence_parallel=True, interleaved=True, recomputes=False)),
    (r"megatron", 2024, 9999,
     Stack("nvidia_2024", "Megatron-Core", zero=1, sequence_parallel=True, recomputes=False)),
    (r"bloom|tr11|megatron-deepspeed|gpt-neox|neox|mt-nlg", 2021, 2023,
     Stack("megatron_2022", "Megatron-DeepSpeed", zero=1, deepspeed=True)),
    (r"megatron|bigscience|deepspeed", 2022, 2023, Stack("megatron_2022", "Megatron-LM of 2022")),
    (r"megatron|bigscience|deepspeed", 0, 2021, Stack("megatron_2021", "Megatron-LM of 2021")),
)  # fmt: skip
# Where no words fit: last year, sharded weights or not.
BY_YEAR: tuple[tuple[int, bool, Stack], ...] = (
    (2021, False, Stack("megatron_2021", "by year")),
    (2023, True, Stack("fsdp_2023", "by year", zero=3)),
    (2023, False, Stack("megatron_2022", "by year")),
    (9999, True, Stack("fsdp_2024", "by year", zero=3, sequence_parallel=True)),
    (9999, False, Stack("nvidia_2024", "by year", zero=1, sequence_parallel=True)),
)
RECENT = 2024  # the year of a row that states none


def stack_of(case: Case) -> Stack:
    """The software stack of a row."""
    year = case.year or RECENT
    for words, first, last, stack in STACKS:
        if first <= year <= last and re.search(words, case.words):
            return stack
    sharded = case.text("zero_stage") == "3" or "fsdp" in case.words or "zero-3" in case.words
    return next(stack for last, weights, stack in BY_YEAR if year <= last and weights == sharded)
