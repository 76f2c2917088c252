"""What happens to a caller's voice on its way to the codec: room, noise, microphone, gain. Numpy, CPU, seeded."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

RATE = 24_000


def _coloured(rng: np.random.Generator, samples: int, exponent: float) -> np.ndarray:
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    freq = np.arange(len(spectrum))
    freq[0] = 1
    return np.fft.irfft(spectrum / freq**exponent, samples)


def music(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Chords of plucked or held harmonic tones at a tempo."""
    out = np.zeros(samples)
    beat = int(RATE * rng.uniform(0.2, 0.7))
    root = 110 * 2 ** (rng.integers(0, 24) / 12)
    for start in range(0, samples, beat):
        for step in rng.choice([0, 3, 4, 5, 7, 9, 10, 12, 16, 19], rng.integers(1, 4), replace=False):
            f = root * 2 ** (step / 12)
            length = min(samples - start, int(beat * rng.uniform(0.8, 2.5)))
            t = np.arange(length) / RATE
            note = sum(np.sin(2 * np.pi * f * k * t + rng.uniform(0, 6)) / k for k in range(1, rng.integers(2, 9)))
            out[start : start + length] += note * np.exp(-t * rng.uniform(0.5, 8))
        if rng.random() < 0.5:  # a drum
            length = min(samples - start, RATE // 8)
            out[start : start + length] += rng.standard_normal(length) * np.exp(-np.arange(length) / RATE * rng.uniform(20, 80)) * 2
    return out


def _clatter(rng: np.random.Generator, samples: int) -> np.ndarray:
    """Cups, plates and doors: bursts ringing at a few high resonances, over a quiet hiss."""
    out = 0.02 * _coloured(rng, samples, 0.3) * np.sqrt(samples)
    for _ in range(rng.poisson(samples / RATE * rng.uniform(0.5, 4))):
        start = rng.integers(0, samples)
        length = min(samples - start, int(RATE * rng.uniform(0.03, 0.5)))
        t = np.arange(length) / RATE
        ring = sum(np.sin(2 * np.pi * rng.uniform(300, 7000) * t) * np.exp(-t * rng.uniform(8, 120)) for _ in range(rng.integers(1, 6)))
        out[start : start + length] += ring * rng.uniform(0.1, 1)
    return out


def _hum(rng: np.random.Generator, samples: int) -> np.ndarray:
    t = np.arange(samples) / RATE
    base = rng.choice([50, 60, 100, 120]) * rng.uniform(0.98, 1.02)
    return sum(np.sin(2 * np.pi * base * k * t) * rng.uniform(0, 1) for k in range(1, 12)) + 0.3 * rng.standard_normal(samples)


def noise(rng: np.random.Generator, samples: int, voices: list[np.ndarray] | None = None) -> np.ndarray:
    """Unit-RMS noise of a random kind; with `voices`, sometimes the babble of several of them."""
    kind = rng.integers(0, 7 if voices else 6)
    if kind == 0:
        out = rng.standard_normal(samples)
    elif kind in (1, 2):
        out = _coloured(rng, samples, rng.uniform(0.3, 1.0))
    elif kind == 3:
        out = music(rng, samples)
    elif kind == 4:
        out = _clatter(rng, samples)
    elif kind == 5:
        out = _hum(rng, samples)
    else:
        out = np.zeros(samples)
        for _ in range(rng.integers(4, 9)):
            voice = voices[rng.integers(len(voices))]
            reps = np.tile(np.concatenate([voice, np.zeros(rng.integers(0, RATE))]), samples // len(voice) + 2)
            out += reps[(at := rng.integers(0, len(voice))) : at + samples] * rng.uniform(0.3, 1)
    if rng.random() < 0.3:  # slow swell
        out = out * (1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.05, 0.5) * np.arange(samples) / RATE + rng.uniform(0, 6)))
    return out / (np.sqrt(np.mean(out**2)) + 1e-9)


def room(rng: np.random.Generator, pcm: np.ndarray) -> np.ndarray:
    """A synthetic room: direct sound, a few early reflections, an exponential tail."""
    decay = rng.uniform(0.05, 0.5)
    length = int(RATE * decay)
    t = np.arange(length) / RATE
    tail = rng.standard_normal(length) * np.exp(-6.9 * t / decay)
    response = tail * rng.uniform(0.02, 0.25) / (np.sqrt(np.sum(tail**2)) + 1e-9)
    for _ in range(rng.integers(0, 6)):
        response[rng.integers(24, min(length, 1500))] += rng.uniform(-0.4, 0.4)
    response[0] = 1
    return fftconvolve(pcm, response)[: len(pcm)]


def microphone(rng: np.random.Generator, pcm: np.ndarray) -> np.ndarray:
    """Band limits, tilt, clipping and quantisation of a random microphone and codec."""
    if rng.random() < 0.5:
        pcm = sosfilt(butter(2, rng.uniform(50, 350), "high", fs=RATE, output="sos"), pcm)
    kind = rng.random()
    if kind < 0.5:
        cut = rng.choice([3600.0, 5000.0, 7000.0, 7600.0])
        pcm = sosfilt(butter(6, cut, "low", fs=RATE, output="sos"), pcm)
    tilt = rng.uniform(-0.6, 0.6)
    pcm = lfilter([1, -tilt], [1], pcm) / (1 + abs(tilt))
    if rng.random() < 0.1:
        limit = np.abs(pcm).max() * rng.uniform(0.2, 0.8)
        pcm = np.clip(pcm, -limit, limit)
    return pcm


def spoil(rng: np.random.Generator, pcm: np.ndarray, background: np.ndarray | None, snr_db: float) -> np.ndarray:
    """Room, background noise at `snr_db` under the speech's own level, microphone and gain. Returns float32 within ±1."""
    if rng.random() < 0.6:
        pcm = room(rng, pcm)
    active = np.abs(pcm) > 0.02 * (np.abs(pcm).max() + 1e-9)
    level = np.sqrt(np.mean(pcm[active] ** 2)) if active.any() else 0.1
    if background is not None:
        pcm = pcm + background[: len(pcm)] * level * 10 ** (-snr_db / 20)
    if rng.random() < 0.7:
        pcm = microphone(rng, pcm)
    peak = np.abs(pcm).max() + 1e-9
    return (pcm / peak * 10 ** (rng.uniform(-26, -1) / 20)).astype(np.float32)
