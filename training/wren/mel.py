"""Log-mel energies, for clustering own-voice frames and for spectral losses. Pure torch, no learned part."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

RATE = 24_000


@cache
def mel_matrix(n_fft: int, bands: int, low: float = 40.0, high: float = 11_000.0) -> Tensor:
    """[n_fft // 2 + 1, bands] of triangular filters."""
    mel = lambda f: 2595 * torch.log10(1 + torch.tensor(f) / 700)  # noqa: E731
    edges = 700 * (10 ** (torch.linspace(float(mel(low)), float(mel(high)), bands + 2) / 2595) - 1)
    freq = torch.linspace(0, RATE / 2, n_fft // 2 + 1)[:, None]
    up = (freq - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - freq) / (edges[2:] - edges[1:-1])
    return torch.minimum(up, down).clamp(min=0)


def log_mel(pcm: Tensor, n_fft: int = 1024, hop: int = 480, bands: int = 40) -> Tensor:
    """PCM [..., samples] → [..., bands, samples / hop]; each column looks `n_fft` back from its end (causal)."""
    padded = torch.nn.functional.pad(pcm, (n_fft - hop, 0))
    spectrum = torch.stft(padded, n_fft, hop, window=torch.hann_window(n_fft), center=False, return_complex=True).abs()
    return (torch.log(spectrum.transpose(-1, -2) @ mel_matrix(n_fft, bands) + 1e-3)).transpose(-1, -2)
