"""A small Moshi language model in PyTorch, for training: spec §3–§5 in batch form, with the checkpoint's tensor names (§6.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mimi import rotate, window_mask


@dataclass(frozen=True)
class LmConfig:
    dim: int = 160
    heads: int = 5
    layers: int = 4
    context: int = 200
    max_period: float = 10_000
    text_card: int = 64
    card: int = 512
    dep_q: int = 4
    n_q: int = 10
    depth_dim: int = 64
    depth_heads: int = 4
    depth_layers: int = 2
    delays: tuple[int, ...] = (0, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1)

    @property
    def hidden(self) -> int:
        return 2 * int(4.125 * self.dim) // 3

    @property
    def depth_feedforward(self) -> int:
        return int(4.125 * self.depth_dim)

    @property
    def depth_hidden(self) -> int:
        return 2 * self.depth_feedforward // 3

    def to_json(self) -> dict:
        """The model keys of config.json (spec §6.5)."""
        return {
            "model_type": "moshi", "dim": self.dim, "text_card": self.text_card, "existing_text_padding_id": 3, "n_q": self.n_q,
            "dep_q": self.dep_q, "card": self.card, "num_heads": self.heads, "num_layers": self.layers, "hidden_scale": 4.125,
            "causal": True, "layer_scale": None, "context": self.context, "max_period": self.max_period, "gating": "silu",
            "norm": "rms_norm_f32", "positional_embedding": "rope", "depformer_dim": self.depth_dim,
            "depformer_dim_feedforward": self.depth_feedforward, "depformer_num_heads": self.depth_heads,
            "depformer_num_layers": self.depth_layers, "depformer_layer_scale": None, "depformer_multi_linear": True,
            "depformer_context": self.dep_q, "depformer_max_period": 10_000, "depformer_gating": "silu", "depformer_pos_emb": "none",
            "depformer_weights_per_step": True, "delays": list(self.delays),
        }


class RmsNorm(nn.Module):
    def __init__(self, d: int):
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, 1, d))

    def forward(self, x: Tensor) -> Tensor:
        x = x.float()
        return x * self.alpha * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-8)


class Gating(nn.Module):
    def __init__(self, d: int, hidden: int):
        super().__init__()
        self.linear_in = nn.Linear(d, 2 * hidden, bias=False)
        self.linear_out = nn.Linear(hidden, d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.linear_in(x).chunk(2, -1)
        return self.linear_out(F.silu(a) * b)


class Attention(nn.Module):
    def __init__(self, d: int, heads: int, sets: int = 1):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(sets * 3 * d, d).uniform_(-1, 1) * d**-0.5)
        self.out_proj = nn.Linear(d, sets * d, bias=False)
        self.heads, self.d, self.sets = heads, d, sets

    def attend(self, qkv: Tensor, mask: Tensor, max_period: float | None) -> Tensor:
        b, t, _ = qkv.shape
        q, k, v = qkv.view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if max_period:
            q, k = rotate(q, max_period), rotate(k, max_period)
        y = F.scaled_dot_product_attention(q, k, v.to(q.dtype), attn_mask=mask)
        return y.transpose(1, 2).reshape(b, t, self.d)

    def forward(self, x: Tensor, mask: Tensor, max_period: float | None) -> Tensor:
        """x [batch, time, d]; with several weight sets, time step k uses set k."""
        if self.sets == 1:
            return self.out_proj(self.attend(x @ self.in_proj_weight.T, mask, max_period))
        qkv = torch.einsum("bkd,kod->bko", x, self.in_proj_weight.view(self.sets, 3 * self.d, self.d))
        y = self.attend(qkv, mask, max_period)
        return torch.einsum("bkd,kod->bko", y, self.out_proj.weight.view(self.sets, self.d, self.d).to(y.dtype))


class TemporalLayer(nn.Module):
    def __init__(self, c: LmConfig):
        super().__init__()
        self.norm1, self.norm2 = RmsNorm(c.dim), RmsNorm(c.dim)
        self.self_attn = Attention(c.dim, c.heads)
        self.gating = Gating(c.dim, c.hidden)
        self.max_period = c.max_period

    def forward(self, x: Tensor, mask: Tensor, dropout: nn.Module) -> Tensor:
        x = x + dropout(self.self_attn(self.norm1(x), mask, self.max_period))
        return x + dropout(self.gating(self.norm2(x)))


class DepthLayer(nn.Module):
    def __init__(self, c: LmConfig):
        super().__init__()
        self.norm1, self.norm2 = RmsNorm(c.depth_dim), RmsNorm(c.depth_dim)
        self.self_attn = Attention(c.depth_dim, c.depth_heads, c.dep_q)
        self.gating = nn.ModuleList([Gating(c.depth_dim, c.depth_hidden) for _ in range(c.dep_q)])

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.self_attn(self.norm1(x), mask, None)
        h = self.norm2(x)
        return x + torch.stack([gate(h[:, k]) for k, gate in enumerate(self.gating)], 1)


class HeardCodes(nn.Module):
    """Embeddings of the caller's codes, as projections of the codec's own codebook vectors.

    Their sum over the codebooks is then a projection of what the encoder heard, and a code that was never seen in training
    means what its neighbours mean. Free tables of the same size learn the training callers by heart instead.
    """

    def __init__(self, books: Tensor, dim: int):
        """books [codebooks, card, vector]: the semantic codebook first; the others share a projection."""
        super().__init__()
        self.register_buffer("books", books)
        self.first = nn.Linear(books.shape[-1], dim, bias=False)
        self.rest = nn.Linear(books.shape[-1], dim, bias=False)
        self.initial = nn.Parameter(torch.zeros(books.shape[0], 1, dim))

    def tables(self) -> list[Tensor]:
        """Per codebook the embedding table [card + 1, dim], the initial token last."""
        return [torch.cat([(self.rest if k else self.first)(book), self.initial[k]]) for k, book in enumerate(self.books)]


class Moshi(nn.Module):
    """`books` are the codebook vectors that the caller's embeddings are projections of while training; without them (and
    in the checkpoint) they are plain tables."""

    def __init__(self, c: LmConfig, books: Tensor | None = None, dropout: float = 0.0):
        super().__init__()
        self.config = c
        self.dropout = nn.Dropout(dropout)
        self.heard = HeardCodes(books, c.dim) if books is not None else None
        self.emb = nn.ModuleList([nn.Embedding(c.card + 1, c.dim) for _ in range(c.n_q)])
        self.text_emb = nn.Embedding(c.text_card + 1, c.dim)
        self.transformer = nn.ModuleDict({"layers": nn.ModuleList([TemporalLayer(c) for _ in range(c.layers)])})
        self.out_norm = RmsNorm(c.dim)
        self.text_linear = nn.Linear(c.dim, c.text_card, bias=False)
        self.depformer_in = nn.ModuleList([nn.Linear(c.dim, c.depth_dim, bias=False) for _ in range(c.dep_q)])
        self.depformer_text_emb = nn.Embedding(c.text_card + 1, c.depth_dim)
        self.depformer_emb = nn.ModuleList([nn.Embedding(c.card + 1, c.depth_dim) for _ in range(c.dep_q - 1)])
        self.depformer = nn.ModuleDict({"layers": nn.ModuleList([DepthLayer(c) for _ in range(c.depth_layers)])})
        self.linears = nn.ModuleList([nn.Linear(c.depth_dim, c.card, bias=False) for _ in range(c.dep_q)])
        for table in [*self.emb, self.text_emb]:
            nn.init.normal_(table.weight, std=0.3 / math.sqrt(c.n_q))
        for table in [self.depformer_text_emb, *self.depformer_emb]:
            nn.init.normal_(table.weight, std=0.3)

    def tables(self) -> list[Tensor]:
        """Embedding tables of the audio rows: own codebooks, then the caller's."""
        plain = [table.weight for table in self.emb]
        return plain if self.heard is None else plain[: self.config.dep_q] + self.heard.tables()

    @torch.no_grad()
    def checkpoint(self) -> dict[str, Tensor]:
        """The state under the checkpoint's names, projections turned into tables."""
        state = {k: v for k, v in self.state_dict().items() if not k.startswith("heard.")}
        return state | {f"emb.{k}.weight": table.clone() for k, table in enumerate(self.tables())}

    def temporal(self, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Columns [batch, 1 + n_q, steps] → hidden [batch, steps, dim] after out_norm, text logits."""
        x = self.text_emb(columns[:, 0])
        for k, table in enumerate(self.tables()):
            x = x + F.embedding(columns[:, 1 + k], table)
        mask = window_mask(x.shape[1], self.config.context, x.device)
        x = self.dropout(x)
        for layer in self.transformer["layers"]:
            x = layer(x, mask, self.dropout)
        hidden = self.out_norm(x)
        return hidden, self.text_linear(hidden)

    def depth(self, hidden: Tensor, text: Tensor, own: Tensor) -> list[Tensor]:
        """Hidden [n, dim], text [n] and own codes [n, dep_q] of the target column → logits [n, card] of each sub-step."""
        previous = [self.depformer_text_emb(text)] + [table(own[:, k]) for k, table in enumerate(self.depformer_emb)]
        x = torch.stack([project(hidden) + previous[k] for k, project in enumerate(self.depformer_in)], 1)
        mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
        for layer in self.depformer["layers"]:
            x = layer(x, mask)
        return [head(x[:, k]) for k, head in enumerate(self.linears)]


def grid(text: Tensor, own: Tensor, user: Tensor, config: LmConfig) -> Tensor:
    """Frames → columns with the delays of spec §5.1. text [b, t], own and user [b, q, t] → [b, 1 + n_q, t + 1]."""
    rows = torch.cat([text[:, None], own, user], 1)
    out = torch.full((rows.shape[0], rows.shape[1], rows.shape[2] + 1), config.card, dtype=rows.dtype)
    out[:, 0] = config.text_card
    for k, delay in enumerate(config.delays):
        out[:, k, 1 + delay :] = rows[:, k, : rows.shape[2] - delay]
    return out
