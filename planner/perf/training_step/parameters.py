"""How many parameters does a model of a given shape have, by part, and how many work on a token?

Counted are the matrices: embedding and head (one if tied) with learned positions, attention (plain, grouped or latent),
plain MLPs, router, routed and shared experts with the projections around them, state-space layers (Mamba-2). Norms,
biases and convolutions, well below 1 % together, are left out.

Latent attention: DeepSeek-V2, arXiv 2405.04434, section 2.1; experts in a latent space: NVIDIA, Nemotron 3, 2025;
Mamba-2: Dao and Gu, arXiv 2405.21060. The fields of a shape that `Mixture` has too mean the same there.
"""

from __future__ import annotations

from dataclasses import dataclass

from planner.perf.training_step.layouts import Architecture


@dataclass(frozen=True)
class Shape(Architecture):
    """A transformer, mixture of experts or hybrid; sizes are counts, 0 where a model has none of it."""

    head_size: float = 0.0  # width of a head's queries and keys, rotary part included
    value_size: float = 0.0  # width of a head's values
    tied: float = 0.0  # flag: the head uses the embedding's matrix
    positions: float = 0.0  # rows of a learned table of positions
    seq: float = 0.0  # tokens of a sequence where none is said
    window: float = 0.0  # tokens that a sliding window reaches
    windowed_layers: float = 0.0
    attention_layers: float = 0.0
    dense_layers: float = 0.0  # layers with a plain MLP
    expert_layers: float = 0.0
    experts: float = 0.0  # routed experts of a layer
    active: float = 0.0  # routed experts of a token
    expert_ffn: float = 0.0
    shared_ffn: float = 0.0  # width of the shared experts together
    latent: float = 0.0  # width of the experts' input and output
    query_rank: float = 0.0
    key_rank: float = 0.0  # 0 without latent attention
    rotary_size: float = 0.0
    state_space_layers: float = 0.0
    inner: float = 0.0  # width of a state-space layer
    state: float = 0.0
    state_groups: float = 0.0
    state_heads: float = 0.0

    def parts(self) -> dict[str, float]:
        """Parameters by part."""
        mlp = 2.0 + self.gated
        tables = (1.0 if self.tied else 2.0) * self.vocab + self.positions
        projected = 2.0 * self.latent if self.latent < self.hidden else 0.0
        beside = self.experts + mlp * self.shared_ffn + projected
        return {
            "embedding and head": tables * self.hidden,
            "attention": self.attention_layers * self._attention(),
            "state space": self.state_space_layers * self._state_space(),
            "MLP": self.dense_layers * mlp * self.hidden * self.ffn,
            "router and shared experts": self.expert_layers * self.hidden * beside,
            "routed experts": self.expert_layers * self.experts * self._expert(),
        }

    def parameters(self) -> float:
        """All parameters."""
        return sum(self.parts().values())

    def active_parameters(self) -> float:
        """Parameters that work on a token, embedding and head included."""
        idle = self.expert_layers * (self.experts - self.active) * self._expert()
        return self.parameters() - idle

    def attended(self, seq: float) -> float:
        """Share of the causal scores of sequences of `seq` tokens that attention computes, with its windows [1]."""
        if not self.windowed_layers or self.window >= seq:
            return 1.0
        reach = self.window / seq
        seen = reach * (2.0 - reach)  # a band of the triangle
        return 1.0 - self.windowed_layers / self.attention_layers * (1.0 - seen)

    def _attention(self) -> float:
        queries, values = self.heads * self.head_size, self.heads * self.value_size
        if not self.key_rank:
            keys = self.kv_heads * (self.head_size + self.value_size)
            return self.hidden * (queries + keys + values)
        rank = self.query_rank
        into = rank * (self.hidden + queries) if rank else self.hidden * queries
        down = self.hidden * (self.key_rank + self.rotary_size)
        up = self.key_rank * (queries - self.heads * self.rotary_size + values)
        return into + down + up + values * self.hidden

    def _state_space(self) -> float:
        mixed = 2.0 * self.inner + 2.0 * self.state_groups * self.state + self.state_heads
        return self.hidden * (mixed + self.inner)

    def _expert(self) -> float:
        return (2.0 + self.gated) * self.latent * self.expert_ffn
