"""Trains the decoder half of the codec on Wren's own voice: own codes → PCM. Resumable: run it again to go on.

    python -m wren.train_decoder --data data --run runs/decoder --steps 6000
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mimi import Decoder, MimiConfig
from .own_codes import FRAME, OWN_BINS, OWN_CODEBOOKS
from .world import DRINKS, FIXED_REPLIES, SIZES, reply_phrases

#: Dimensions of a codebook vector that carry the decoder's meaning (the rest carry the encoder's; see export.py).
DECODER_DIMS = 24


class OwnVoice(nn.Module):
    """Own codes [batch, n_q, frames] → PCM [batch, samples], through embeddings that export.py folds into the codebooks."""

    def __init__(self, config: MimiConfig):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(OWN_BINS, DECODER_DIMS) for _ in range(OWN_CODEBOOKS)])
        self.out_first = nn.Linear(DECODER_DIMS, config.dimension, bias=False)
        self.out_rest = nn.Linear(DECODER_DIMS, config.dimension, bias=False)
        self.decoder = Decoder(config)

    def latent(self, codes: Tensor) -> Tensor:
        first = self.out_first(self.tables[0](codes[:, 0]))
        rest = self.out_rest(sum(table(codes[:, 1 + i]) for i, table in enumerate(list(self.tables)[1:])))
        return (first + rest).transpose(1, 2)

    def forward(self, codes: Tensor) -> Tensor:
        return self.decoder(self.latent(codes))[:, 0]


class Inventory:
    """Random stretches of Wren's stream: replies, pauses, and replies cut short by an interruption."""

    def __init__(self, data: Path):
        voice, codes = np.load(data / "own_voice.npz"), np.load(data / "own_codes.npz")
        self.pcm = {k[4:]: voice[k] for k in voice.files if k.startswith("pcm/")}
        self.codes = {k[6:]: codes[k] for k in codes.files if k.startswith("codes/")}
        self.silence = codes["silence"][:, None]

    def reply(self, rng: random.Random) -> list[str]:
        kind = rng.random()
        if kind < 0.55:
            return reply_phrases("order", rng.choice(DRINKS), rng.choice(SIZES))
        if kind < 0.75:
            return reply_phrases("order", rng.choice(DRINKS), None)
        return reply_phrases(rng.choice(list(FIXED_REPLIES)))

    def stretch(self, rng: random.Random, frames: int) -> tuple[np.ndarray, np.ndarray]:
        codes, pcm, length = [], [], 0
        skip = rng.randint(0, 8)
        while length < frames + skip:
            pause = rng.choice([1, 2, 3, 6, 10])
            codes.append(np.repeat(self.silence, pause, 1))
            pcm.append(np.zeros(pause * FRAME, np.float32))
            said = self.reply(rng)
            c = np.concatenate([self.codes[p] for p in said], 1)
            w = np.concatenate([self.pcm[p] for p in said])
            length += pause + c.shape[1]
            if rng.random() < 0.2:  # interrupted: the rest is silence, after a fade of 10 ms
                cut = rng.randint(1, c.shape[1] - 1)
                tail = np.zeros(FRAME, np.float32)
                tail[:240] = w[cut * FRAME : cut * FRAME + 240] * np.linspace(1, 0, 240, dtype=np.float32)
                length += cut + 1 - c.shape[1]
                c = np.concatenate([c[:, :cut], self.silence], 1)
                w = np.concatenate([w[: cut * FRAME], tail])
            codes.append(c)
            pcm.append(w)
        return (np.concatenate(codes, 1)[:, skip : skip + frames], np.concatenate(pcm)[skip * FRAME : (skip + frames) * FRAME])


def spectral_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Multi-scale: L1 of log magnitude plus relative L2 of magnitude."""
    total = made.new_zeros(())
    for n in (2048, 1024, 512, 256, 128):
        window = torch.hann_window(n)
        a, b = (torch.stft(x, n, n // 4, window=window, return_complex=True).abs() for x in (made, wanted))
        total = total + (torch.log(a + 1e-3) - torch.log(b + 1e-3)).abs().mean() + (a - b).norm() / (b.norm() + 1e-3)
    return total / 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--run", type=Path, default=Path("runs/decoder"))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=6)
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    inventory = Inventory(args.data)
    model = OwnVoice(MimiConfig())
    optimiser = torch.optim.AdamW(model.parameters(), args.rate, betas=(0.8, 0.99), weight_decay=0.0)
    step, checkpoint = 0, args.run / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    rng = random.Random(args.seed + step)
    began, recent = time.time(), []
    while step < args.steps:
        rate = args.rate * min(1, (step + 1) / 200) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1, step / args.steps))))
        for group in optimiser.param_groups:
            group["lr"] = rate
        batch = [inventory.stretch(rng, args.frames) for _ in range(args.batch)]
        codes = torch.from_numpy(np.stack([c for c, _ in batch]))
        wanted = torch.from_numpy(np.stack([w for _, w in batch]))
        with torch.autocast("cpu", torch.bfloat16):
            made = model(codes)
        made = made.float()
        spectral = spectral_loss(made, wanted)
        wave = F.l1_loss(made, wanted) / wanted.abs().mean().clamp(min=1e-3)
        loss = spectral + 0.5 * wave
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        recent.append((spectral.item(), wave.item()))
        if step % 50 == 0:
            s, w = np.mean(recent, 0)
            recent = []
            print(f"step {step} spectral {s:.3f} wave {w:.3f} {(time.time() - began) / 50:.2f} s/step", flush=True)
            began = time.time()
        if step % 250 == 0 or step == args.steps:
            torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, checkpoint)


if __name__ == "__main__":
    main()
