"""Trains the language model on conversations. Resumable: run it again to go on.

    python -m wren.train_lm --data data/conversations.npz --run runs/lm --steps 3000
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .codec_checkpoint import heard_books
from .lm import LmConfig, Moshi, grid
from .mimi import MimiConfig

PAD = 3


def spoil_columns(columns: Tensor, config: LmConfig, generator: torch.Generator) -> Tensor:
    """What is fed is not always what was meant: a few own codes wrong, some user codes replaced by their neighbours' values."""
    fed = columns.clone()
    for rows, chance in ((range(1, 1 + config.dep_q), 0.02), (range(1 + config.dep_q, 1 + config.n_q), 0.04)):
        for k in rows:
            hit = torch.rand(fed.shape[0], fed.shape[2], generator=generator) < chance
            shuffled = fed[:, k].flatten()[torch.randperm(fed[:, k].numel(), generator=generator)].view_as(fed[:, k])
            fed[:, k] = torch.where(hit, shuffled, fed[:, k])
    return fed


def phrase_ends(path: Path) -> set[tuple[int, ...]]:
    """The last column of every phrase of the inventory: a reply that ends in another one was cut short."""
    codes = np.load(path)
    return {tuple(codes[k][:, -1].tolist()) for k in codes.files if k.startswith("codes/")}


def jitter_replies(
    text: np.ndarray, own: np.ndarray, silence: np.ndarray, ends: set[tuple[int, ...]], shifts: tuple[int, int], rng: np.random.Generator
) -> None:
    """Moves every reply of a batch by a number of frames within `shifts`, in place: whether it has begun must be read from what
    Wren has said, not from the clock, or a start that comes a frame early is made twice. Later starts make fewer cut-ins.
    A reply that the caller cut short ends a frame earlier instead, wherever it starts: yielding must not wait."""
    active = (text != PAD) | (own != silence[None, :, None]).any(1)
    for b in range(len(text)):
        edges = np.flatnonzero(np.diff(np.r_[0, active[b].astype(np.int8), 0]))
        for begin, end in reversed(edges.reshape(-1, 2).tolist()):
            shift = int(rng.integers(shifts[0], shifts[1] + 1))
            cut = end < text.shape[1] and tuple(own[b, :, end - 1].tolist()) not in ends
            onto = slice(begin + shift - 1, begin) if shift < 0 else slice(end, end + shift + 1)
            if not cut and (shift == 0 or begin + shift < 1 or end + shift + 1 > text.shape[1] or active[b, onto].any()):
                continue
            words, codes = text[b, begin:end].copy(), own[b, :, begin:end].copy()
            text[b, begin:end], own[b, :, begin:end] = PAD, silence[:, None]
            length = end - begin - (shift + 1 if cut else 0)
            if length > 0:
                place = slice(begin + shift, begin + shift + length)
                text[b, place], own[b, :, place] = words[:length], codes[:, :length]


def losses(model: Moshi, text: Tensor, own: Tensor, user: Tensor, silence: Tensor, generator: torch.Generator) -> tuple[Tensor, list[float]]:
    """Weighted loss of a batch, and [text loss, word accuracy, false words, own code accuracy while speaking]."""
    config = model.config
    columns = grid(text, own, user, config)
    fed = spoil_columns(columns, config, generator) if model.training else columns
    with torch.autocast("cpu", torch.bfloat16):
        hidden, text_logits = model.temporal(fed[:, :, :-1])
    text_logits = text_logits.float()
    target = columns[:, :, 1:]
    words = target[:, 0]
    said = words != PAD
    text_loss = F.cross_entropy(text_logits.flatten(0, 1), words.flatten(), reduction="none").view_as(words)
    text_weight = torch.where(said, 3.0, 0.4)
    speaking = (target[:, 1 : 1 + config.dep_q] != silence[None, :, None]).any(1)
    # Every spoken column trains the depth transformer; of the silent ones, some, for they are all alike.
    chosen = speaking | (torch.rand(speaking.shape, generator=generator) < 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        depth_logits = model.depth(hidden[chosen], fed[:, 0, 1:][chosen], target[:, 1 : 1 + config.dep_q].transpose(1, 2)[chosen].clamp(max=config.card))
    code_loss, right, loud = torch.zeros(()), [], speaking[chosen]
    for k, logits in enumerate(depth_logits):
        wanted = target[:, 1 + k][chosen]
        valid = wanted < config.card  # initial columns are not predicted
        code_loss = code_loss + F.cross_entropy(logits.float()[valid], wanted[valid]) / config.dep_q
        right.append((logits.argmax(-1) == wanted)[loud & valid].float().mean().item())
    guess = text_logits.argmax(-1)
    loss = (text_loss * text_weight).mean() * 2 + code_loss
    return loss, [text_loss.mean().item(), (guess == words)[said].float().mean().item(), (guess != PAD)[~said].float().mean().item(), float(np.nanmean(right)), right[0]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", default=[Path("data/conversations.npz")])
    parser.add_argument("--own-codes", type=Path, default=Path("data/own_codes.npz"))
    parser.add_argument("--codec", type=Path, default=Path("runs/mimi.safetensors"))
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--shifts", type=int, nargs=2, default=[1, 3], help="frames by which replies are moved, at least and at most")
    parser.add_argument("--run", type=Path, default=Path("runs/lm"))
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    loaded = [np.load(path) for path in args.data]
    rows = {k: torch.from_numpy(np.concatenate([d[k] for d in loaded]).astype(np.int64)) for k in ("text", "own", "user")}
    silence = torch.from_numpy(np.load(args.own_codes)["silence"])
    ends = phrase_ends(args.own_codes)
    held = min(200, len(rows["text"]) // 20)
    model = Moshi(LmConfig(), heard_books(args.codec, MimiConfig()), args.dropout)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(rows['text']) - held} conversations", flush=True)
    decayed = [p for p in model.parameters() if p.dim() == 2]
    plain = [p for p in model.parameters() if p.dim() != 2]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}], args.rate, betas=(0.9, 0.97))
    step, checkpoint = 0, args.run / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        step = state["step"]
    generator = torch.Generator().manual_seed(args.seed + step)
    began, recent = time.time(), []
    while step < args.steps:
        rate = args.rate * min(1, (step + 1) / 150) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        pick = held + torch.randint(len(rows["text"]) - held, (args.batch,), generator=generator)
        text, own = rows["text"][pick].numpy().copy(), rows["own"][pick].numpy().copy()
        jitter_replies(text, own, silence.numpy(), ends, tuple(args.shifts), np.random.default_rng([args.seed, step]))
        loss, figures = losses(model, torch.from_numpy(text), torch.from_numpy(own), rows["user"][pick], silence, generator)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step += 1
        recent.append(figures)
        if step % 50 == 0:
            m = np.mean(recent, 0)
            recent = []
            line = f"step {step} text {m[0]:.3f} word {m[1]:.3f} false {m[2]:.4f} codes {m[3]:.3f} first {m[4]:.3f} {(time.time() - began) / 50:.2f} s/step"
            if step % 250 == 0 or step == args.steps:
                model.eval()
                with torch.no_grad():
                    _, h = losses(model, rows["text"][:held], rows["own"][:held], rows["user"][:held], silence, torch.Generator().manual_seed(0))
                model.train()
                line += f" | held: text {h[0]:.3f} word {h[1]:.3f} false {h[2]:.4f} codes {h[3]:.3f}"
                torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, checkpoint)
            print(line, flush=True)
            began = time.time()


if __name__ == "__main__":
    main()
