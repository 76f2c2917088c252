"""A small Mimi in PyTorch, for training: batch form of the streaming network of spec §1–§2, with its tensor names (§6.2).

Whole streams at once: causal convolutions with zero (or, in the downsample, replicate) padding, windowed causal attention.
Equal to the streaming form but for the ring nuance of spec §2 (249 or 250 keys in view), which is far below noise here.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class MimiConfig:
    n_filters: int = 16
    dimension: int = 128
    ratios: tuple[int, ...] = (8, 6, 5, 4)
    layers: int = 3
    heads: int = 4
    feedforward: int = 512
    context: int = 100
    max_period: float = 10_000
    bins: int = 512
    n_q: int = 6
    codebook_dim: int = 64

    def to_json(self) -> dict:
        """The config file of the checkpoint, in the form of the reference's."""
        return {
            "sample_rate": 24000, "channels": 1, "frame_rate": 12.5,
            "seanet": {
                "channels": 1, "dimension": self.dimension, "causal": True, "n_filters": self.n_filters, "n_residual_layers": 1,
                "activation": "ELU", "compress": 2, "dilation_base": 2, "disable_norm_outer_blocks": 0, "kernel_size": 7,
                "residual_kernel_size": 3, "last_kernel_size": 3, "norm": "none", "pad_mode": "constant",
                "ratios": list(self.ratios), "true_skip": True,
            },
            "quantizer": {
                "dimension": self.codebook_dim, "n_q": self.n_q, "bins": self.bins,
                "input_dimension": self.dimension, "output_dimension": self.dimension,
            },
            "transformer": {
                "d_model": self.dimension, "num_heads": self.heads, "num_layers": self.layers, "causal": True, "layer_scale": 0.01,
                "context": self.context, "conv_layout": True, "max_period": self.max_period, "gating": "none", "norm": "layer_norm",
                "positional_embedding": "rope", "dim_feedforward": self.feedforward, "input_dimension": self.dimension,
                "output_dimensions": [self.dimension],
            },
        }

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.to_json(), indent=1))


class Conv(nn.Module):
    """Causal convolution, `conv.conv` in the checkpoint."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, bias: bool = True, pad: str = "constant"):
        super().__init__()
        self.conv = nn.ModuleDict({"conv": nn.Conv1d(inputs, outputs, kernel, stride, bias=bias)})
        self.left, self.pad = kernel - stride, pad

    def forward(self, x: Tensor) -> Tensor:
        if self.left:
            x = F.pad(x, (self.left, 0), mode=self.pad)
        return self.conv["conv"](x)


class ConvTranspose(nn.Module):
    """Causal transposed convolution, `convtr.convtr` in the checkpoint: the tail of kernel - stride samples is cut."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1, bias: bool = True):
        super().__init__()
        self.convtr = nn.ModuleDict({"convtr": nn.ConvTranspose1d(inputs, outputs, kernel, stride, groups=groups, bias=bias)})
        self.cut = kernel - stride

    def forward(self, x: Tensor) -> Tensor:
        return self.convtr["convtr"](x)[..., : -self.cut]


class Elu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.elu(x)


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.block = nn.ModuleList([Elu(), Conv(channels, channels // 2, 3), Elu(), Conv(channels // 2, channels, 1)])

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.block:
            y = layer(y)
        return x + y


class SeanetEncoder(nn.Module):
    def __init__(self, c: MimiConfig):
        super().__init__()
        width = c.n_filters
        layers: list[nn.Module] = [Conv(1, width, 7)]
        for ratio in reversed(c.ratios):
            layers += [Residual(width), Elu(), Conv(width, 2 * width, 2 * ratio, ratio)]
            width *= 2
        layers += [Elu(), Conv(width, c.dimension, 3)]
        self.model = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.model:
            x = layer(x)
        return x


class SeanetDecoder(nn.Module):
    def __init__(self, c: MimiConfig):
        super().__init__()
        width = c.n_filters * 2 ** len(c.ratios)
        layers: list[nn.Module] = [Conv(c.dimension, width, 7)]
        for ratio in c.ratios:
            layers += [Elu(), ConvTranspose(width, width // 2, 2 * ratio, ratio), Residual(width // 2)]
            width //= 2
        layers += [Elu(), Conv(width, 1, 3)]
        self.model = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.model:
            x = layer(x)
        return x


def rotate(x: Tensor, max_period: float) -> Tensor:
    """Interleaved RoPE over [batch, heads, time, head_dim] (spec §1.3)."""
    half = x.shape[-1] // 2
    rates = torch.exp(-math.log(max_period) * 2 * torch.arange(half, device=x.device) / x.shape[-1])
    angle = torch.arange(x.shape[2], device=x.device)[:, None] * rates
    cos, sin = angle.cos(), angle.sin()
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


def window_mask(time: int, context: int, device: torch.device) -> Tensor:
    """[time, time] of bool: key visible iff 0 <= query - key < context."""
    p = torch.arange(time, device=device)
    delta = p[:, None] - p[None, :]
    return (delta >= 0) & (delta < context)


class Scale(nn.Module):
    def __init__(self, channels: int, value: float = 0.1):
        super().__init__()
        self.scale = nn.Parameter(torch.full((channels,), value))


class Attention(nn.Module):
    def __init__(self, d: int, heads: int):
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * d, d).uniform_(-1, 1) * (d**-0.5))
        self.out_proj = nn.Linear(d, d, bias=False)
        self.heads = heads

    def forward(self, x: Tensor, mask: Tensor, max_period: float) -> Tensor:
        b, t, d = x.shape
        q, k, v = (x @ self.in_proj_weight.T).view(b, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        q, k = rotate(q, max_period), rotate(k, max_period)
        y = F.scaled_dot_product_attention(q, k, v.to(q.dtype), attn_mask=mask)
        return self.out_proj(y.transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    def __init__(self, c: MimiConfig):
        super().__init__()
        d = c.dimension
        self.self_attn = Attention(d, c.heads)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.linear1 = nn.Linear(d, c.feedforward, bias=False)
        self.linear2 = nn.Linear(c.feedforward, d, bias=False)
        self.layer_scale_1, self.layer_scale_2 = Scale(d), Scale(d)
        self.max_period = c.max_period

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.layer_scale_1.scale * self.self_attn(self.norm1(x), mask, self.max_period)
        return x + self.layer_scale_2.scale * self.linear2(F.gelu(self.linear1(self.norm2(x))))


class Transformer(nn.Module):
    """[batch, dimension, time at 25 Hz] → the same."""

    def __init__(self, c: MimiConfig):
        super().__init__()
        self.transformer = nn.ModuleDict({"layers": nn.ModuleList([Layer(c) for _ in range(c.layers)])})
        self.context = c.context

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        mask = window_mask(x.shape[1], self.context, x.device)
        for layer in self.transformer["layers"]:
            x = layer(x, mask)
        return x.transpose(1, 2)


class Encoder(nn.Module):
    """PCM [batch, 1, frames × 1920] → latent [batch, dimension, frames]."""

    def __init__(self, c: MimiConfig):
        super().__init__()
        self.encoder = SeanetEncoder(c)
        self.encoder_transformer = Transformer(c)
        self.downsample = nn.ModuleDict({"conv": Conv(c.dimension, c.dimension, 4, 2, bias=False, pad="replicate")})

    def forward(self, pcm: Tensor) -> Tensor:
        return self.downsample["conv"](self.encoder_transformer(self.encoder(pcm)))


class Decoder(nn.Module):
    """Latent [batch, dimension, frames] → PCM [batch, 1, frames × 1920]."""

    def __init__(self, c: MimiConfig):
        super().__init__()
        self.upsample = nn.ModuleDict({"convtr": ConvTranspose(c.dimension, c.dimension, 4, 2, groups=c.dimension, bias=False)})
        self.decoder_transformer = Transformer(c)
        self.decoder = SeanetDecoder(c)

    def forward(self, latent: Tensor) -> Tensor:
        return self.decoder(self.decoder_transformer(self.upsample["convtr"](latent)))
