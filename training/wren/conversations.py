"""Makes conversations: what callers say (spoiled, encoded to codes) and what Wren says and when, frame by frame.

Writes conversations.npz: text [n, frames], own [n, n_q, frames], user [n, n_q, frames], weight [n, frames].

    python -m wren.conversations --data data --codec runs/mimi.safetensors --count 5000
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from . import augment
from .codec_checkpoint import CodecEncoder
from .mimi import MimiConfig
from .recordings import Recordings
from .train_decoder import Inventory
from .train_encoder import Callers
from .world import PIECE_IDS, pieces, reply_phrases, reply_text

FRAME, RATE = 1920, 24_000
EPAD, PAD = 0, 3
#: Frames of quiet after the frame in which the caller ends, before Wren's first frame.
GAP = 3
#: Frames that Wren goes on speaking after a caller breaks in.
YIELD = 3


@dataclass
class Memory:
    """What the conversation has settled so far."""

    drink: str | None = None
    size: str | None = None
    asked_drink: bool = False


def answer(meta: dict, memory: Memory) -> list[str]:
    """The phrases with which Wren answers an utterance; updates the memory."""
    act, drink, size = meta["act"], meta["drink"], meta["size"]
    if act != "order":
        return reply_phrases(act)
    if drink is None:
        drink = memory.drink
    elif size is None and memory.asked_drink:
        size = memory.size
    memory.drink, memory.size = drink, size
    memory.asked_drink = drink is None
    return reply_phrases("order", drink, size)


def text_row(phrases: list[str], starts: list[np.ndarray], lengths: list[int]) -> list[tuple[int, int]]:
    """(frame from the reply's first, piece id): each word one frame ahead of its sound, never two in a frame."""
    out, at, free = [], 0, -1
    for phrase, begin, length in zip(phrases, starts, lengths):
        word = -1
        for piece in pieces(phrase):
            if piece.startswith("\u2581"):
                word += 1
                due = at + int(begin[word] * RATE / FRAME) - 1
            else:
                due = free
            free = max(due, free)
            out.append((free, PIECE_IDS[piece]))
            free += 1
        at += length
    return out


@dataclass
class Script:
    """One conversation before its audio is spoiled and encoded."""

    frames: int
    pcm: np.ndarray = field(init=False)
    text: np.ndarray = field(init=False)
    own: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.pcm = np.zeros(self.frames * FRAME, np.float32)
        self.text = np.full(self.frames, PAD, np.int64)


class Writer:
    """Writes scripts from the callers of a split and Wren's inventory."""

    def __init__(self, data: Path, split: str, speech: Path | None = None, idle: float = 0.2):
        self.idle = idle
        self.callers = Callers(data, split)
        self.real = Recordings(speech, split) if speech else None
        self.inventory = Inventory(data)
        voice = np.load(data / "own_voice.npz")
        self.starts = {k[6:]: voice[k] for k in voice.files if k.startswith("words/")}
        self.by_act: dict[str, list[int]] = {}
        for i, m in enumerate(self.callers.meta):
            key = m["act"] if m["act"] != "order" else "size-only" if m["drink"] is None else "order" if m["size"] else "order-no-size"
            self.by_act.setdefault(key, []).append(i)

    def next_act(self, rng: random.Random, memory: Memory) -> str:
        if memory.asked_drink and rng.random() < 0.6:
            return "order-no-size"
        if memory.drink and memory.size is None and rng.random() < 0.6:
            return "size-only"
        acts = ["order", "order-no-size", "size-only", "hello", "thanks", "bye", "help", "yes", "no", "stop", "other"]
        return rng.choices(acts, [36, 18, 6, 4, 5, 4, 5, 5, 5, 4, 6])[0]

    def write(self, rng: random.Random, frames: int) -> Script:
        script = Script(frames)
        script.own = np.repeat(self.inventory.silence, frames, 1)
        memory = Memory()
        if rng.random() < self.idle / 3:
            return script  # nobody speaks
        at = int(rng.uniform(0.1, 2.5) * RATE)
        while at < (frames - 8) * FRAME:
            act = self.next_act(rng, memory)
            if self.real and act == "order" and rng.random() < 0.35:
                meta, wave = self.real.pick(rng)
            else:
                i = rng.choice(self.by_act[act])
                meta, wave = self.callers.meta[i], self.callers.wave(i)
            wave = wave * 10 ** (rng.uniform(-4, 4) / 20)
            end = at + len(wave)
            if end > frames * FRAME:
                break
            script.pcm[at:end] += wave
            self._silence_from(script, at // FRAME + YIELD)
            first = end // FRAME + 1 + GAP
            last = self._say(script, first, answer(meta, memory))
            if rng.random() < 0.2 and last - first > 5:  # the caller breaks in
                at = int((first + rng.uniform(2, last - first - 2)) * FRAME)
            else:
                pause = rng.uniform(2, 9) if rng.random() < self.idle else rng.uniform(0.2, 2.2)
                at = int((last + 1) * FRAME + pause * RATE)
        return script

    def _silence_from(self, script: Script, frame: int) -> None:
        if frame < script.frames:
            script.own[:, frame:] = self.inventory.silence
            script.text[frame:] = PAD

    def _say(self, script: Script, first: int, phrases: list[str]) -> int:
        codes = np.concatenate([self.inventory.codes[p] for p in phrases], 1)
        n = min(codes.shape[1], script.frames - first)
        if n > 0:
            script.own[:, first : first + n] = codes[:, :n]
        lengths = [self.inventory.codes[p].shape[1] for p in phrases]
        row = text_row(phrases, [self.starts[p] for p in phrases], lengths)
        for offset, token in row:
            if 0 <= first + offset < script.frames:
                script.text[first + offset] = token
        if 0 <= first + row[0][0] - 1 < script.frames:
            script.text[first + row[0][0] - 1] = EPAD  # announces the words
        return first + codes.shape[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--codec", type=Path, default=Path("runs/mimi.safetensors"))
    parser.add_argument("--split", default="train")
    parser.add_argument("--speech", type=Path, help="a folder of real orders (orders.json and orders/*.flac); a part of it is used")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--idle", type=float, default=0.2, help="how often nobody speaks for long, 0 to 1")
    parser.add_argument("--frames", type=int, default=160)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("data/conversations.npz"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    codec = CodecEncoder(args.codec, MimiConfig())
    writer = Writer(args.data, args.split, args.speech, args.idle)
    rows: dict[str, list[np.ndarray]] = {"text": [], "own": [], "user": []}
    began = time.time()
    for i in range(args.count):
        rng, noise_rng = random.Random(f"{args.seed}-{i}"), np.random.default_rng([args.seed, i])
        script = writer.write(rng, args.frames)
        voices = [writer.callers.wave(int(noise_rng.integers(len(writer.callers.meta)))) for _ in range(6)]
        background = augment.noise(noise_rng, len(script.pcm), voices) if noise_rng.random() < 0.85 else None
        silent = not script.pcm.any()
        pcm = augment.spoil(noise_rng, script.pcm, background, float(noise_rng.uniform(5, 40)))
        if silent and background is None:
            pcm = np.zeros_like(pcm)
        with torch.autocast("cpu", torch.bfloat16):
            user = codec(torch.from_numpy(pcm)[None])[0].numpy()
        rows["text"].append(script.text.astype(np.int16))
        rows["own"].append(script.own.astype(np.int16))
        rows["user"].append(user.astype(np.int16))
        if (i + 1) % 250 == 0:
            print(f"{i + 1} conversations, {(time.time() - began) / (i + 1):.3f} s each", flush=True)
    np.savez(args.out, **{k: np.stack(v) for k, v in rows.items()})


if __name__ == "__main__":
    main()
