"""Writes evaluation cases: one caller a WAV, what Wren should answer, and when the caller ends (for tools/eval-replies.ts).

    python -m wren.cases held  --data data --count 120 --out cases/held           # unseen voices, unseen settings
    python -m wren.cases real  --speech ../../shared/speech --out cases/real      # the validation part of real recordings
    python -m wren.cases noise --out cases/noise                                  # five minutes in which nobody speaks to Wren
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
import soundfile

from . import augment
from .conversations import Memory, answer
from .recordings import Recordings, load
from .train_encoder import Callers
from .world import reply_text

RATE = 24_000
LEAD_S, TAIL_S = 1.2, 4.5


def write_case(out: Path, name: str, wave: np.ndarray, meta: dict, voice: str, rng: np.random.Generator, snr: float | None) -> dict:
    pcm = np.concatenate([np.zeros(int(LEAD_S * RATE)), wave, np.zeros(int(TAIL_S * RATE))])
    background = augment.noise(rng, len(pcm)) if snr is not None else None
    if snr is not None:
        pcm = augment.spoil(rng, pcm, background, snr)
    pcm = pcm * (0.4 / np.abs(pcm).max())
    soundfile.write(out / f"{name}.wav", pcm.astype(np.float32), RATE, subtype="PCM_16")
    return {
        "file": f"{name}.wav", "kind": meta["act"], "expect": [reply_text(answer(meta, Memory()))], "said": meta.get("text"),
        "drink": meta["drink"], "size": meta["size"], "user_end_s": round(LEAD_S + len(wave) / RATE, 3), "voice": voice,
    }


def held(args: argparse.Namespace) -> None:
    callers = Callers(args.data, "held")
    rng, cases = random.Random(args.seed), []
    for n, i in enumerate(rng.sample(range(len(callers.meta)), args.count)):
        noise_rng = np.random.default_rng([args.seed, i])
        meta = callers.meta[i]
        kind = {**meta, "text": meta["text"]}
        cases.append(write_case(args.out, f"case-{n:03d}", callers.wave(i), kind, meta["voice"], noise_rng, float(noise_rng.uniform(12, 32))))
    (args.out / "cases.json").write_text(json.dumps(cases, indent=1))
    print(f"{len(cases)} cases, {len({c['voice'] for c in cases})} voices")


def real(args: argparse.Namespace) -> None:
    recordings = Recordings(args.speech, "validation")
    cases = []
    for name in recordings.orders:
        meta = recordings.utterance(name)
        wave = load(args.speech / "orders" / f"{name}.flac")
        cases.append(write_case(args.out, name, wave, meta, "real", np.random.default_rng(0), None))
    (args.out / "cases.json").write_text(json.dumps(cases, indent=1))
    print(f"{len(cases)} cases")


def noise(args: argparse.Namespace) -> None:
    """Silence, noises of several kinds and levels, and music: 5 minutes in all, in stretches of 30 s."""
    files = []
    for n in range(10):
        rng = np.random.default_rng([args.seed, 777, n])
        pcm = augment.noise(rng, 30 * RATE) * 10 ** (rng.uniform(-50, -20) / 20) if n else np.zeros(30 * RATE)
        if 4 <= n <= 6:
            music = augment.music(rng, 30 * RATE)
            pcm = music / np.sqrt(np.mean(music**2)) * 10 ** (rng.uniform(-40, -20) / 20)
        name = f"noise-{n}.wav"
        soundfile.write(args.out / name, np.clip(pcm, -1, 1).astype(np.float32), RATE, subtype="PCM_16")
        files.append(name)
    print(f"{len(files)} files of 30 s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["held", "real", "noise"])
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--speech", type=Path)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    {"held": held, "real": real, "noise": noise}[args.what](args)


if __name__ == "__main__":
    main()
