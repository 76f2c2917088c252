"""Recordings of real people ordering coffee (orders.json and orders/*.flac), in two parts: one to adapt to, one to validate on.

A recording belongs to the validation part when the SHA-1 of its name says so (two in five), so the split never moves.
Nothing of the recordings goes into the project, only what the networks learn.
"""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

RATE = 24_000


def is_validation(name: str) -> bool:
    return hashlib.sha1(name.encode()).digest()[0] % 5 < 2


def load(path: Path, factor: float = 1.0) -> np.ndarray:
    """PCM at 24 kHz, played `factor` times faster, without the quiet around the words."""
    pcm, rate = soundfile.read(path, dtype="float32")
    pcm = resample_poly(pcm, RATE, int(round(rate * factor / 50)) * 50).astype(np.float32)
    window = 480
    level = np.sqrt(np.convolve(pcm**2, np.ones(window) / window, "same"))
    floor = np.percentile(level, 10)
    loud = np.flatnonzero(level > max(3 * floor, 0.06 * level.max()))
    pcm = pcm[max(0, loud[0] - 1200) : loud[-1] + 1200]
    return pcm * (0.7 / (np.abs(pcm).max() + 1e-6))


class Recordings:
    """The part of the recordings that belongs to a split ("train": adaptation, else validation)."""

    def __init__(self, folder: Path, split: str):
        orders = json.loads((folder / "orders.json").read_text())
        self.folder = folder
        self.orders = {n: slots for n, slots in sorted(orders.items()) if is_validation(n) != (split == "train")}

    def pick(self, rng: random.Random) -> tuple[dict, np.ndarray]:
        """A random recording at a slightly changed speed and pitch, as (utterance, PCM)."""
        name = rng.choice(list(self.orders))
        return self.utterance(name), load(self.folder / "orders" / f"{name}.flac", rng.uniform(0.9, 1.12))

    def utterance(self, name: str) -> dict:
        slots = self.orders[name]
        return {"act": "order", "drink": slots["coffeeDrink"], "size": slots.get("size")}
