"""Trains the encoder half of the codec to hear: PCM → codes that tell phonemes and words apart. Resumable.

Every frame must tell the phoneme in each of four 20 ms slots (of the 80 ms that ended 40 ms ago) and the keyword that has
just ended, from the semantic codebook alone and from all codebooks together: Mimi's semantic distillation with labels that
the synthesisers give for nothing. The quantiser joins after --quantise-at steps: k-means start, then moving averages.

    python -m wren.train_encoder --data data --run runs/encoder --steps 3000
"""

from __future__ import annotations

import argparse
import json
import math
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from . import augment
from .mimi import Encoder, MimiConfig
from .own_codes import OWN_BINS
from .phones import CLASSES
from .world import KEYWORDS

FRAME, RATE = 1920, 24_000
#: Dimensions of a codebook vector that carry the encoder's meaning.
ENCODER_DIMS = 40
SLOTS = 4
LAG = 0.04
MICRO_BATCH = 4
WORD_INDEX = {w: i + 1 for i, w in enumerate(KEYWORDS)}


class Quantiser(nn.Module):
    """Residual codebooks over [.., ENCODER_DIMS], entries OWN_BINS.. only; k-means start, moving-average updates."""

    def __init__(self, levels: int, bins: int):
        super().__init__()
        self.register_buffer("books", torch.zeros(levels, bins, ENCODER_DIMS))
        self.register_buffer("counts", torch.ones(levels, bins))
        self.register_buffer("sums", torch.zeros(levels, bins, ENCODER_DIMS))
        self.register_buffer("ready", torch.tensor(False))

    @torch.no_grad()
    def start(self, samples: Tensor) -> None:
        rest = samples.numpy()
        for level in range(len(self.books)):
            centres, labels = kmeans2(rest, self.books.shape[1], minit="++", iter=15, seed=level)
            self.books[level] = torch.from_numpy(centres)
            rest = rest - centres[labels]
        self.sums.copy_(self.books)
        self.ready.fill_(True)

    def codes(self, r: Tensor) -> Tensor:
        """[n, dims] → [n, levels], 0-based within the trained entries."""
        out, rest = [], r
        for book in self.books:
            i = torch.cdist(rest, book).argmin(-1)
            rest = rest - book[i]
            out.append(i)
        return torch.stack(out, -1)

    def forward(self, r: Tensor) -> tuple[Tensor, Tensor]:
        """Straight-through quantised r, and the commitment loss."""
        flat = r.reshape(-1, ENCODER_DIMS)
        with torch.no_grad():
            codes, rest = self.codes(flat), flat.clone()
            for level, book in enumerate(self.books):
                if self.training:
                    hot = F.one_hot(codes[:, level], book.shape[0]).float()
                    self.counts[level].lerp_(hot.sum(0), 0.02)
                    self.sums[level].lerp_(hot.T @ rest, 0.02)
                rest = rest - book[codes[:, level]]
            quantised = (flat - rest).view_as(r)
            if self.training:
                used = self.counts > 0.02
                fresh = self.sums / self.counts.clamp(min=1e-5)[..., None]
                self.books.copy_(torch.where(used[..., None], fresh, self.books))
        return r + (quantised - r).detach(), (r - quantised).pow(2).mean()


class Hearing(nn.Module):
    """Encoder, projections, quantisers and the heads that supervise them."""

    def __init__(self, config: MimiConfig):
        super().__init__()
        self.encoder = Encoder(config)
        self.in_first = nn.Linear(config.dimension, ENCODER_DIMS, bias=False)
        self.in_rest = nn.Linear(config.dimension, ENCODER_DIMS, bias=False)
        self.first = Quantiser(1, config.bins - OWN_BINS)
        self.rest = Quantiser(config.n_q - 1, config.bins - OWN_BINS)
        outputs = SLOTS * len(CLASSES) + len(KEYWORDS) + 1
        self.head_first = nn.Sequential(nn.Linear(ENCODER_DIMS, 256), nn.GELU(), nn.Linear(256, outputs))
        self.head_all = nn.Sequential(nn.Linear(2 * ENCODER_DIMS, 384), nn.GELU(), nn.Linear(384, outputs))

    def project(self, pcm: Tensor) -> tuple[Tensor, Tensor]:
        z = self.encoder(pcm[:, None]).float().transpose(1, 2)
        return self.in_first(z), self.in_rest(z)

    def codes(self, pcm: Tensor) -> Tensor:
        """PCM [batch, samples] → codebook entries [batch, n_q, frames]."""
        a, b = self.project(pcm)
        shape = a.shape[:2]
        both = torch.cat([self.first.codes(a.flatten(0, 1)), self.rest.codes(b.flatten(0, 1))], -1) + OWN_BINS
        return both.view(*shape, -1).transpose(1, 2)


class Callers:
    """The synthesised callers of a split, with PCM memory-mapped."""

    def __init__(self, data: Path, split: str):
        self.meta = json.loads((data / f"callers-{split}.json").read_text())
        self.pcm = np.load(data / f"callers-{split}.pcm.npy", mmap_mode="r")

    def wave(self, i: int) -> np.ndarray:
        m = self.meta[i]
        return self.pcm[m["offset"] : m["offset"] + m["samples"]].astype(np.float32) / 32768


def labels(events: list[tuple[dict, float]], frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Phoneme class [frames, SLOTS] and keyword just ended [frames], for utterances starting at given seconds."""
    fine = np.zeros(frames * SLOTS + 64, np.int64)  # class per 20 ms of real time
    words = np.zeros(frames, np.int64)
    for meta, start in events:
        end = start + meta["samples"] / RATE
        marks = meta["phonemes"] + [[0, meta["samples"] / RATE]]
        for (kind, t), (_, until) in zip(marks, marks[1:]):
            a, b = round((start + t) / 0.02), round((start + min(until, end)) / 0.02)
            fine[a : max(b, a)] = kind
        for word, _, until in meta["words"]:
            index = WORD_INDEX.get(word)
            if index:  # the two frames that end 60 to 220 ms after the word does
                f = math.ceil((start + until + 0.06) / 0.08) - 1
                words[max(0, f) : max(0, min(frames, f + 2))] = index
    lag = round(LAG / 0.02)
    shifted = np.concatenate([np.zeros(lag, np.int64), fine])[: frames * SLOTS]
    return shifted.reshape(frames, SLOTS), words


_STATE: dict[str, object] = {}


def _example(job: tuple[int, int, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One spoiled stretch of `seconds` with callers at random places."""
    seed, frames, data = job
    rng = np.random.default_rng(seed)
    if "callers" not in _STATE:
        _STATE["callers"] = Callers(Path(data), "train")
    callers: Callers = _STATE["callers"]  # type: ignore[assignment]
    samples = frames * FRAME
    pcm, events, at = np.zeros(samples, np.float32), [], int(rng.uniform(0, 1.0) * RATE)
    while at < samples - RATE // 2:
        i = int(rng.integers(len(callers.meta)))
        wave = callers.wave(i)
        n = min(len(wave), samples - at)
        pcm[at : at + n] += wave[:n]
        events.append((callers.meta[i], at / RATE))
        at += len(wave) + int(rng.exponential(0.5) * RATE) + 2400
    voices = [callers.wave(int(rng.integers(len(callers.meta)))) for _ in range(6)]
    background = augment.noise(rng, samples, voices) if rng.random() < 0.85 else None
    snr = float(rng.uniform(3, 40))
    spoiled = augment.spoil(rng, pcm, background, snr)
    phones, words = labels(events, frames)
    return spoiled, phones, words


@torch.no_grad()
def calibrate(model: Hearing, pcm: Tensor) -> None:
    """Scales every convolution of the encoder so that its output has unit variance on real input: from the usual start the
    signal dies away in fourteen layers and nothing but the biases arrives."""
    def unit(module: nn.Module, _inputs, output: Tensor) -> Tensor:
        module.bias.zero_()
        centred = output - output.mean((0, 2), keepdim=True)
        scale = centred.std() + 1e-6
        module.weight.div_(scale)
        return centred / scale

    convolutions = [m for m in model.encoder.encoder.modules() if isinstance(m, nn.Conv1d)]
    hooks = [m.register_forward_hook(unit) for m in convolutions]
    model.encoder.encoder(pcm[:, None])
    for hook in hooks:
        hook.remove()


def start_quantisers(model: Hearing, waves: list[np.ndarray]) -> None:
    """k-means starts for both quantisers from the projections of `waves`."""
    with torch.no_grad():
        made = [model.project(torch.from_numpy(wave)[None]) for wave in waves]
    model.first.start(torch.cat([a[0] for a, _ in made]))
    model.rest.start(torch.cat([b[0] for _, b in made]))


def losses(model: Hearing, pcm: Tensor, phones: Tensor, words: Tensor, quantise: bool) -> tuple[Tensor, list[float]]:
    """The loss of one piece of a batch, and the figures to print."""
    with torch.autocast("cpu", torch.bfloat16):
        z = model.encoder(pcm[:, None])
    z = z.float().transpose(1, 2)
    a, b = model.in_first(z), model.in_rest(z)
    commit = torch.zeros(())
    if quantise:
        a, commit_first = model.first(a)
        b, commit_rest = model.rest(b)
        commit = commit_first + commit_rest
    else:  # noise keeps the projections from relying on detail that quantisation will take away
        a = a + 0.1 * a.detach().std() * torch.randn_like(a)
        b = b + 0.1 * b.detach().std() * torch.randn_like(b)
    word_weight = torch.ones(len(KEYWORDS) + 1)
    word_weight[0] = 0.15
    loss, figures = 0.02 * commit, []
    for logits, weight in ((model.head_first(a), 0.5), (model.head_all(torch.cat([a, b], -1)), 1.0)):
        split = SLOTS * len(CLASSES)
        by_slot = logits[..., :split].reshape(-1, len(CLASSES))
        by_word = logits[..., split:].reshape(-1, len(KEYWORDS) + 1)
        phone = F.cross_entropy(by_slot, phones.flatten())
        word = F.cross_entropy(by_word, words.flatten(), word_weight)
        loss = loss + weight * (phone + word)
        with torch.no_grad():
            spoken, marked, guess = phones.flatten() > 0, words.flatten() > 0, by_word.argmax(-1)
            figures += [
                phone.item(), (by_slot.argmax(-1) == phones.flatten())[spoken].float().mean().item(),
                (guess == words.flatten())[marked].float().mean().item(), (guess > 0)[~marked].float().mean().item(),
            ]
    return loss, [*figures, float(commit)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--run", type=Path, default=Path("runs/encoder"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--quantise-at", type=int, default=1800)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    model = Hearing(MimiConfig())
    optimiser = torch.optim.AdamW(model.parameters(), args.rate, betas=(0.9, 0.98), weight_decay=0.01)
    step, checkpoint = 0, args.run / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    else:
        calibrate(model, torch.from_numpy(np.stack([_example((n, args.frames, str(args.data)))[0] for n in range(4)])))
    jobs = lambda s: [((args.seed << 32) + s * 1000 + i, args.frames, str(args.data)) for i in range(args.batch)]  # noqa: E731
    began, recent = time.time(), []
    with ProcessPoolExecutor(1) as pool:
        ahead = [pool.map(_example, jobs(step + k)) for k in range(2)]
        while step < args.steps:
            rate = args.rate * min(1, (step + 1) / 200) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
            for group in optimiser.param_groups:
                group["lr"] = rate
            examples = list(ahead.pop(0))
            ahead.append(pool.map(_example, jobs(step + 2)))
            pcm = torch.from_numpy(np.stack([e[0] for e in examples]))
            phones = torch.from_numpy(np.stack([e[1] for e in examples]))
            words = torch.from_numpy(np.stack([e[2] for e in examples]))
            optimiser.zero_grad()
            if step >= args.quantise_at and not model.first.ready:
                start_quantisers(model, [e[0] for k in range(12) for e in pool.map(_example, jobs(10_000_000 + k))])
            shown = []
            # Small pieces stay in the caches: more than twice as fast on a CPU as the whole batch at once.
            for part in range(0, args.batch, MICRO_BATCH):
                piece = slice(part, part + MICRO_BATCH)
                loss, figures = losses(model, pcm[piece], phones[piece], words[piece], step >= args.quantise_at)
                (loss * MICRO_BATCH / args.batch).backward()
                shown.append(figures)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            step += 1
            recent += shown
            if step % 25 == 0:
                m = np.mean(recent, 0)
                recent = []
                print(
                    f"step {step} first: ce {m[0]:.2f} phone {m[1]:.3f} word {m[2]:.3f} all: ce {m[4]:.2f} phone {m[5]:.3f} "
                    f"word {m[6]:.3f} false {m[7]:.3f} commit {m[8]:.3f} {(time.time() - began) / 25:.2f} s/step", flush=True,
                )
                began = time.time()
            if step % 100 == 0 or step == args.steps:
                torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, checkpoint)


if __name__ == "__main__":
    main()
