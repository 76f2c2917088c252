"""Wren's own voice: every phrase of the inventory, rendered once by festival's SLT HTS voice, cut to whole frames.

Phrases that join others are cut out of a carrier sentence, so that they keep the melody of running speech.
Writes own_voice.npz: per phrase, PCM at 24 kHz (a multiple of 1920 samples) and the start time of each word.

    python -m wren.own_voice --out data
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from .world import DRINKS, SIZES, article, own_phrases

FRAME = 1920
RATE = 24_000


def carrier(phrase: str) -> tuple[str, int, int]:
    """The sentence to synthesise for `phrase`, and the half-open range of its words there."""
    bare = phrase.rstrip(",.?")
    words = len(bare.split())
    if bare in DRINKS:
        if phrase.endswith("?"):
            return f"What size {bare}?", 2, 2 + words
        return f"A large {bare}, coming up.", 2, 2 + words
    if bare in {f"{article(s)} {s}" for s in SIZES}:
        return f"{bare} mocha, coming up.", 0, words
    if phrase == "what size":
        return "What size mocha?", 0, 2
    if phrase == "coming up.":
        return "A large mocha, coming up.", 3, 5
    return phrase, 0, words


def synthesise(sentence: str, folder: Path) -> tuple[np.ndarray, list[tuple[str, float, float]]]:
    """Festival → PCM at 24 kHz and (word, start, end) in seconds."""
    wav, words_file, segs_file = folder / "u.wav", folder / "u.words", folder / "u.segs"
    script = (
        "(voice_cmu_us_slt_arctic_hts)"
        f'(set! u (utt.synth (Utterance Text "{sentence}")))'
        f'(utt.save.wave u "{wav}" (quote riff))(utt.save.words u "{words_file}")(utt.save.segs u "{segs_file}")'
    )
    script_file = folder / "u.scm"
    script_file.write_text(script)
    subprocess.run(["festival", "-b", str(script_file)], check=True, capture_output=True)
    pcm, rate = soundfile.read(wav, dtype="float32")
    pcm = resample_poly(pcm, RATE, rate).astype(np.float32)
    silences = []
    start = 0.0
    for line in segs_file.read_text().splitlines()[1:]:
        end, _, name = line.split()
        if name == "pau":
            silences.append((start, float(end)))
        start = float(end)
    words = []
    start = 0.0
    for line in words_file.read_text().splitlines()[1:]:
        end, _, name = line.split(maxsplit=2)
        begin = start
        for lo, hi in silences:  # a word starts after the pause before it
            if lo <= begin < hi:
                begin = hi
        words.append((name, begin, float(end)))
        start = float(end)
    return pcm, words


def render(phrase: str, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """PCM of whole frames and word start times in seconds."""
    sentence, first, last = carrier(phrase)
    pcm, words = synthesise(sentence, folder)
    chosen = words[first:last]
    at_start, at_end = first == 0, last == len(words)
    begin = max(0.0, chosen[0][1] - (0.02 if at_start else 0.0))
    end = chosen[-1][2] + (0.06 if at_end else 0.0)
    cut = pcm[int(begin * RATE) : int(end * RATE)].copy()
    fade = 120  # 5 ms
    cut[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    cut[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    frames = int(np.ceil((len(cut) - 480) / FRAME))  # up to 20 ms of the tail may go, the rest is padded
    out = np.zeros(frames * FRAME, np.float32)
    out[: min(len(cut), len(out))] = cut[: len(out)]
    out[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return out, np.array([w[1] - begin for w in chosen], np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("data"))
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    store: dict[str, np.ndarray] = {}
    with tempfile.TemporaryDirectory() as folder:
        rendered = {phrase: render(phrase, Path(folder)) for phrase in own_phrases()}
    loudest = max(np.abs(pcm).max() for pcm, _ in rendered.values())
    frames = 0
    for phrase, (pcm, starts) in rendered.items():
        store[f"pcm/{phrase}"] = pcm * (0.6 / loudest)
        store[f"words/{phrase}"] = starts
        frames += len(pcm) // FRAME
    np.savez(out / "own_voice.npz", **store)
    print(f"{len(rendered)} phrases, {frames} frames, {frames * 0.08:.1f} s")


if __name__ == "__main__":
    main()
