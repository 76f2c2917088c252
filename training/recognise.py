"""The independent recogniser: pocketsphinx with a grammar of what Wren can say. Judges recordings of Wren's voice.

    python training/recognise.py reply.wav …                 # one hypothesis a line
    python training/recognise.py --cases DIR --out OUT.json   # DIR/results.json: [{"audio": "x.wav", "text": "…"}, …]

Needs only what requirements-eval.txt names. The grammar holds every reply that Wren can compose, so a wrong size, drink or
phrase is heard as such.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import soundfile
from pocketsphinx import Decoder
from scipy.signal import resample_poly

sys.path.insert(0, str(Path(__file__).parent))
from wren.world import DRINKS, FIXED_REPLIES, SIZES, article  # noqa: E402

RATE = 16_000
#: Words that the recogniser's dictionary lacks, in its phonemes.
EXTRA_WORDS = {"latte": "L AA T EY", "latte(2)": "L AA T IY", "americano": "AH M EH R IH K AA N OW", "mocha": "M OW K AH"}


def words_of(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum() or c in " '").strip()


def grammar() -> str:
    sizes = " | ".join(f"{article(s)} {s}" for s in SIZES)
    fixed = " | ".join(sorted({words_of(t) for t in FIXED_REPLIES.values()}))
    return (
        "#JSGF V1.0; grammar wren;\n"
        f"<drink> = {' | '.join(DRINKS)};\n<size> = {sizes};\n"
        f"<reply> = <size> <drink> coming up | what size <drink> | {fixed};\n"
        "public <said> = <reply>;\n"
    )


class Recogniser:
    def __init__(self) -> None:
        self._decoder = Decoder(samprate=RATE, loglevel="FATAL", lw=2.0)
        for word, phones in EXTRA_WORDS.items():
            base = word.split("(")[0]
            if self._decoder.lookup_word(base) is None or "(" in word:
                self._decoder.add_word(word, phones, True)
        self._decoder.add_jsgf_string("wren", grammar())
        self._decoder.activate_search("wren")

    def hear(self, path: Path) -> str:
        """What is said in a recording: one reply between pauses of half a second or more."""
        pcm, rate = soundfile.read(path, dtype="float32", always_2d=True)
        mono = resample_poly(pcm.mean(1), RATE, rate)
        return " ".join(filter(None, (self._reply(stretch) for stretch in stretches(mono))))

    def _reply(self, pcm: np.ndarray) -> str:
        quiet = np.random.default_rng(0).normal(0, 2e-4, RATE // 3)
        loud = pcm * (0.5 / max(1e-3, float(np.abs(pcm).max())))
        data = np.concatenate([quiet, loud, quiet])
        self._decoder.start_utt()
        self._decoder.process_raw((data * 32767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return found.hypstr if found else ""


def stretches(pcm: np.ndarray, pause_s: float = 0.5, threshold: float = 0.01) -> list[np.ndarray]:
    """The stretches of sound in `pcm` (16 kHz) that pauses of at least `pause_s` separate, with 50 ms around each."""
    sound = np.flatnonzero(np.abs(pcm) > threshold)
    if len(sound) == 0:
        return []
    gaps = np.flatnonzero(np.diff(sound) > pause_s * RATE)
    begins, ends = sound[np.r_[0, gaps + 1]], sound[np.r_[gaps, len(sound) - 1]]
    pad = RATE // 20
    return [pcm[max(0, a - pad) : b + pad] for a, b in zip(begins, ends) if b - a > RATE // 20]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wav", type=Path, nargs="*")
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    recogniser = Recogniser()
    for path in args.wav:
        print(recogniser.hear(path))
    if args.cases:
        cases = json.loads((args.cases / "results.json").read_text())
        for case in cases:
            case["heard"] = recogniser.hear(args.cases / case["audio"])
            case["recognised"] = words_of(case["heard"]) == words_of(case["text"])
        out = args.out or args.cases / "recognised.json"
        out.write_text(json.dumps(cases, indent=1))
        print(f"recognised {sum(c['recognised'] for c in cases)} of {len(cases)}")


if __name__ == "__main__":
    main()
