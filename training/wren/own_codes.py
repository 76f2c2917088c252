"""Codes of the own voice: residual k-means over the log-mel patch of every frame of the inventory.

Own codes live in the first OWN_BINS entries of each codebook, fixed before any network is trained, so that the decoder,
the encoder and the language model can be trained side by side. Writes own_codes.npz: per phrase [n_q, frames], and
`silence` [n_q], the column of a silent frame.

    python -m wren.own_codes --data data
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from scipy.cluster.vq import kmeans2

from .mel import log_mel
from .world import own_phrases

OWN_BINS = 128
#: Codebooks of the own voice; callers are heard with all of the codec's.
OWN_CODEBOOKS = 4
FRAME = 1920


def frame_features(pcm: np.ndarray) -> np.ndarray:
    """[frames, 4 × 40]: the four log-mel columns of each frame."""
    mel = log_mel(torch.from_numpy(pcm)).numpy()  # [40, 4 × frames]
    return mel.T.reshape(len(pcm) // FRAME, -1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--n-q", type=int, default=OWN_CODEBOOKS)
    args = parser.parse_args()
    voice = np.load(args.data / "own_voice.npz")
    phrases = own_phrases()
    features = [np.zeros((1, 160), np.float32) + frame_features(np.zeros(FRAME, np.float32))]
    features += [frame_features(voice[f"pcm/{p}"]) for p in phrases]
    lengths = [len(f) for f in features]
    rest = np.concatenate(features)
    rest = (rest - rest[0]) / rest.std()
    columns = []
    for level in range(args.n_q):
        # Silence is entry 0 of every codebook, never shared with speech.
        centres, labels = kmeans2(rest[1:], OWN_BINS - 1, minit="++", seed=level, iter=50)
        codes = np.concatenate([[0], labels + 1])
        columns.append(codes)
        rest = np.concatenate([rest[:1], rest[1:] - centres[labels]])
    codes = np.stack(columns)  # [n_q, frames]
    store, at = {"silence": codes[:, 0].astype(np.int64)}, 1
    for phrase, length in zip(phrases, lengths[1:]):
        store[f"codes/{phrase}"] = codes[:, at : at + length].astype(np.int64)
        at += length
    np.savez(args.data / "own_codes.npz", **store)
    unique = len({tuple(c) for c in codes.T})
    print(f"{codes.shape[1]} frames, {unique} different columns")


if __name__ == "__main__":
    main()
