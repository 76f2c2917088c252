"""Joins the trained encoder, quantiser and decoder into one Mimi checkpoint (spec §6.2), and reads its codes back.

A codebook vector has two parts: ENCODER_DIMS that the encoder is matched against, then DECODER_DIMS that the decoder reads
(kept tiny, and its projection large, so that they do not disturb the match). The first OWN_BINS entries are Wren's own
voice; their encoder part is where the encoder puts the own voice, so that hearing Wren gives about Wren's codes.

    python -m wren.codec_checkpoint --encoder runs/encoder/last.pt --decoder runs/decoder/last.pt --out runs/mimi.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .mimi import Encoder, MimiConfig
from .own_codes import OWN_BINS, OWN_CODEBOOKS
from .train_decoder import DECODER_DIMS, Inventory, OwnVoice
from .train_encoder import ENCODER_DIMS, Hearing
from .world import own_phrases

#: How small the decoder's part of a codebook vector is made.
EPSILON = 0.01
#: Where an entry lies that nothing uses: never the nearest.
FAR = 1e3


@torch.no_grad()
def own_entries(hearing: Hearing, inventory: Inventory) -> Tensor:
    """Encoder part of the own entries [OWN_CODEBOOKS, OWN_BINS, ENCODER_DIMS]: means of the residuals where each code occurs."""
    codes, pcm = [np.repeat(inventory.silence, 12, 1)], [np.zeros(12 * 1920, np.float32)]
    for phrase in own_phrases():
        codes += [inventory.codes[phrase], np.repeat(inventory.silence, 4, 1)]
        pcm += [inventory.pcm[phrase], np.zeros(4 * 1920, np.float32)]
    a, b = hearing.project(torch.from_numpy(np.concatenate(pcm))[None])
    index = torch.from_numpy(np.concatenate(codes, 1))
    entries = torch.zeros(OWN_CODEBOOKS, OWN_BINS, ENCODER_DIMS)
    rest = {0: a[0], 1: b[0]}
    for k in range(OWN_CODEBOOKS):
        space = rest[min(k, 1)]
        counts = torch.zeros(OWN_BINS).index_add_(0, index[k], torch.ones(len(index[k])))
        sums = torch.zeros(OWN_BINS, ENCODER_DIMS).index_add_(0, index[k], space)
        entries[k] = sums / counts.clamp(min=1)[:, None]
        entries[k, counts == 0] = FAR
        if k > 0:
            rest[1] = space - entries[k, index[k]]
    return entries


@torch.no_grad()
def join(hearing: Hearing, voice: OwnVoice, inventory: Inventory, config: MimiConfig) -> dict[str, Tensor]:
    tensors = {f"{k}": v for k, v in hearing.encoder.state_dict().items()}
    tensors |= {k: v for k, v in voice.decoder.state_dict().items()}
    own = own_entries(hearing, inventory)
    books = torch.cat([hearing.first.books, hearing.rest.books])
    for name, project, out, levels in (
        ("rvq_first", hearing.in_first, voice.out_first, [0]),
        ("rvq_rest", hearing.in_rest, voice.out_rest, list(range(1, config.n_q))),
    ):
        into = torch.zeros(config.codebook_dim, config.dimension)
        into[:ENCODER_DIMS] = project.weight
        outof = torch.zeros(config.dimension, config.codebook_dim)
        outof[:, ENCODER_DIMS:] = out.weight / EPSILON
        tensors[f"quantizer.{name}.input_proj.weight"] = into[..., None]
        tensors[f"quantizer.{name}.output_proj.weight"] = outof[..., None]
        for place, level in enumerate(levels):
            vectors = torch.zeros(config.bins, config.codebook_dim)
            if level < OWN_CODEBOOKS:
                vectors[:OWN_BINS, :ENCODER_DIMS] = own[level]
                vectors[:OWN_BINS, ENCODER_DIMS:] = voice.tables[level].weight * EPSILON
            else:
                vectors[:OWN_BINS, :ENCODER_DIMS] = FAR
            vectors[OWN_BINS:, :ENCODER_DIMS] = books[level]
            prefix = f"quantizer.{name}.vq.layers.{place}._codebook"
            tensors[f"{prefix}.embedding_sum"] = vectors
            tensors[f"{prefix}.cluster_usage"] = torch.ones(config.bins)
            tensors[f"{prefix}._initialized"] = torch.ones(1)
    return {k: v.to(torch.float16).contiguous() for k, v in tensors.items()}


def heard_books(path: Path, config: MimiConfig) -> Tensor:
    """What the encoder's part of every codebook vector says, [n_q, bins, ENCODER_DIMS], at about unit scale."""
    tensors = load_file(path)
    names = ["rvq_first.vq.layers.0"] + [f"rvq_rest.vq.layers.{i}" for i in range(config.n_q - 1)]
    books = torch.stack([tensors[f"quantizer.{name}._codebook.embedding_sum"].float()[:, :ENCODER_DIMS] for name in names])
    books = torch.where(books.abs() >= FAR, torch.zeros(()), books)
    scale = torch.stack([books[0, OWN_BINS:].std()] + [books[1, OWN_BINS:].std()] * (config.n_q - 1))
    return books / scale[:, None, None]


class CodecEncoder(torch.nn.Module):
    """The encoder of a Mimi checkpoint as shipped: PCM → codes, in float32 from the stored float16."""

    def __init__(self, path: Path, config: MimiConfig):
        super().__init__()
        tensors = {k: v.float() for k, v in load_file(path).items()}
        self.encoder = Encoder(config)
        self.encoder.load_state_dict({k: tensors[k] for k in self.encoder.state_dict()})
        self.groups = []
        for name, levels in (("rvq_first", 1), ("rvq_rest", config.n_q - 1)):
            books = [tensors[f"quantizer.{name}.vq.layers.{i}._codebook.embedding_sum"] for i in range(levels)]
            self.groups.append((tensors[f"quantizer.{name}.input_proj.weight"][..., 0], books))

    @torch.no_grad()
    def forward(self, pcm: Tensor) -> Tensor:
        """[batch, samples] → [batch, n_q, frames]."""
        z = self.encoder(pcm[:, None]).float().transpose(1, 2)
        out = []
        for project, books in self.groups:
            rest = z @ project.T
            for book in books:
                i = torch.cdist(rest.flatten(0, 1), book).argmin(-1).view(rest.shape[:2])
                rest = rest - book[i]
                out.append(i)
        return torch.stack(out, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--encoder", type=Path, default=Path("runs/encoder/last.pt"))
    parser.add_argument("--decoder", type=Path, default=Path("runs/decoder/last.pt"))
    parser.add_argument("--out", type=Path, default=Path("runs/mimi.safetensors"))
    args = parser.parse_args()
    config = MimiConfig()
    assert ENCODER_DIMS + DECODER_DIMS == config.codebook_dim
    hearing, voice = Hearing(config), OwnVoice(config)
    hearing.load_state_dict(torch.load(args.encoder, weights_only=True)["model"])
    voice.load_state_dict(torch.load(args.decoder, weights_only=True)["model"])
    hearing.eval()
    inventory = Inventory(args.data)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save_file(join(hearing, voice, inventory, config), args.out)
    codec = CodecEncoder(args.out, config)
    phrase = "hello, what can i get you?"
    heard = codec(torch.from_numpy(np.concatenate([np.zeros(4 * 1920, np.float32), inventory.pcm[phrase]]))[None])[0, :, 4:]
    same = (heard.numpy()[:OWN_CODEBOOKS] == inventory.codes[phrase]).mean(1)
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB; own codes heard again, by codebook: {np.round(same, 2)}")


if __name__ == "__main__":
    main()
