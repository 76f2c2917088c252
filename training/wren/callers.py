"""Synthesised callers: many voices of espeak-ng, flite and festival say what callers say, with phoneme and word times.

Writes DIR/callers-SPLIT.{pcm.npy,json}: all PCM (24 kHz, int16) end to end, and per utterance its place in it, text, act,
slots, voice, phonemes [class, start s] and words [keyword or "", start s, end s].
Voices and settings of the split "held" are never used in "train".

    python -m wren.callers --split train --count 9000 --seed 1 --out data
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly
from tqdm import tqdm

from .espeak import Espeak
from .phones import INDEX, arpabet_class, ipa_class
from .world import Utterance, caller_utterance

RATE = 24_000

ACCENTS = ["en", "en-US", "en-US", "en-US", "en-GB-x-rp", "en-GB-scotland", "en-029", "en-GB-x-gbclan", "en-GB-x-gbcwmd", "en-US-nyc"]
HELD_VARIANTS = ["f2", "m3", "m7", "steph", "michael", "linda", "john", "klatt3", "victor", "Andy", "Denis", "belinda"]
TRAIN_VARIANTS = [
    "", "", "", "f1", "f3", "f4", "f5", "m1", "m2", "m4", "m5", "m6", "m8", "Alex", "Alicia", "Andrea", "AnxiousAndy", "Diogo", "Gene",
    "Gene2", "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Michael", "Mike", "Nguyen", "adam", "anika", "announcer", "antonio",
    "aunty", "benjamin", "boris", "caleb", "david", "ed", "edward", "edward2", "grandma", "grandpa", "iven", "iven2", "iven3",
    "iven4", "kaukovalta", "klatt", "klatt2", "klatt4", "marcelo", "max", "michel", "miguel", "norbert", "pablo", "paul", "pedro", "quincy",
    "rob", "robert", "sandro", "shelby", "steph2", "steph3", "travis", "zac",
]
#: How often a caller says what; the acts are those of world.caller_utterance.
ACT_WEIGHTS = {
    "order": 40, "order-no-size": 15, "size-only": 12, "hello": 4, "thanks": 4, "bye": 4, "help": 4, "yes": 4, "no": 4, "stop": 4, "other": 5,
}


def _shift(pcm: np.ndarray, rate: int, factor: float) -> tuple[np.ndarray, float]:
    """Resampled to 24 kHz, played `factor` times faster (pitch and formants go with it). Returns the time scale."""
    up, down = RATE, int(round(rate * factor / 50)) * 50
    return resample_poly(pcm, up, down).astype(np.float32), rate / down


def _espeak(engine: Espeak, rng: random.Random, said: Utterance, held: bool):
    variant = rng.choice(HELD_VARIANTS if held else TRAIN_VARIANTS)
    accent = rng.choice(ACCENTS)
    voice = f"gmw/{accent}" + (f"+{variant}" if variant else "")
    if held:  # settings between and beyond those of the training voices
        speed, pitch, spread = rng.randint(133, 197), rng.randint(28, 72), rng.randint(30, 75)
    else:
        speed, pitch, spread = rng.randint(115, 230), rng.randint(10, 90), rng.randint(15, 95)
    spoken = engine.say(said.text, voice, speed, pitch, spread)
    factor = 1.0 if rng.random() < 0.5 else rng.uniform(0.88, 1.15)
    pcm, scale = _shift(spoken.pcm, spoken.rate, factor)
    phonemes = [(ipa_class(symbol), t * scale) for symbol, t in spoken.phonemes]
    end = len(pcm) / RATE
    starts = [t * scale for _, _, t in spoken.words] + [end]
    words = [(said.text[p : p + n], starts[i], starts[i + 1]) for i, (p, n, _) in enumerate(spoken.words)]
    return pcm, phonemes, words, f"espeak:{accent}+{variant}"


def _word_times(said: Utterance, phones: list[tuple[str, float, float]], dictionary) -> list[tuple[str, float, float]]:
    """Word times by matching the phonemes of the sentence with those of each word said alone."""
    expected: list[tuple[int, str]] = []
    texts = said.text.split()
    for i, word in enumerate(texts):
        expected += [(i, p) for p in dictionary(word)]
    match = difflib.SequenceMatcher(None, [p for _, p in expected], [p for p, _, _ in phones], autojunk=False)
    spans: dict[int, tuple[float, float]] = {}
    for a, b, size in match.get_matching_blocks():
        for k in range(size):
            word, (_, start, end) = expected[a + k][0], phones[b + k]
            low, high = spans.get(word, (start, end))
            spans[word] = (min(low, start), max(high, end))
    return [(texts[i], *spans[i]) for i in sorted(spans)]


_DICTIONARY: dict[tuple[str, str], list[str]] = {}


def _flite_phones(voice: str, text: str, wav: Path, *settings: str) -> list[tuple[str, float, float]]:
    command = ["flite", "-voice", voice, "-psdur", *settings, "-t", text, "-o", str(wav)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    phones, start = [], 0.0
    for item in out.split():
        name, end = item.rsplit(":", 1)
        phones.append((name, start, float(end)))
        start = float(end)
    return phones


def _flite(rng: random.Random, said: Utterance, held: bool, folder: Path):
    voice = "rms" if held else rng.choice(["kal16", "awb", "slt", "slt", "kal"])
    stretch = rng.uniform(0.92, 1.12) if held else rng.uniform(0.78, 1.3)
    base = {"rms": 100, "kal16": 105, "awb": 130, "slt": 180, "kal": 105}[voice]
    mean = base * (rng.uniform(0.92, 1.1) if held else rng.uniform(0.75, 1.3))
    wav = folder / "flite.wav"
    phones = _flite_phones(voice, said.text, wav, "--setf", f"duration_stretch={stretch:.3f}", "--setf", f"int_f0_target_mean={mean:.1f}")
    pcm, rate = soundfile.read(wav, dtype="float32")
    factor = rng.uniform(0.96, 1.06) if held else rng.uniform(0.85, 1.2)
    pcm, scale = _shift(pcm, rate, factor)

    def dictionary(word: str) -> list[str]:
        if (voice, word) not in _DICTIONARY:
            alone = _flite_phones(voice, word, folder / "word.wav")
            _DICTIONARY[voice, word] = [p for p, _, _ in alone if p != "pau"]
        return _DICTIONARY[voice, word]

    words = [(w, a * scale, b * scale) for w, a, b in _word_times(said, phones, dictionary)]
    return pcm, [(arpabet_class(p), a * scale) for p, a, _ in phones], words, f"flite:{voice}"


def _festival_batch(rng: random.Random, batch: list[Utterance], held: bool, folder: Path):
    voice = "ked_diphone" if held else "kal_diphone"
    lines = [f"(voice_{voice})"]
    for i, said in enumerate(batch):
        stretch = rng.uniform(0.92, 1.15) if held else rng.uniform(0.8, 1.3)
        lines.append(f"(Parameter.set 'Duration_Stretch {stretch:.3f})")
        lines.append(f'(set! u (utt.synth (Utterance Text "{said.text}")))')
        lines.append(f'(utt.save.wave u "{folder}/{i}.wav" \'riff)(utt.save.segs u "{folder}/{i}.segs")(utt.save.words u "{folder}/{i}.words")')
    script = folder / "batch.scm"
    script.write_text("\n".join(lines))
    subprocess.run(["festival", "-b", str(script)], check=True, capture_output=True)
    for i, said in enumerate(batch):
        pcm, rate = soundfile.read(folder / f"{i}.wav", dtype="float32")
        factor = rng.uniform(0.95, 1.07) if held else rng.uniform(0.85, 1.2)
        pcm, scale = _shift(pcm, rate, factor)
        phonemes, start = [], 0.0
        for line in (folder / f"{i}.segs").read_text().splitlines()[1:]:
            end, _, name = line.split()
            phonemes.append((arpabet_class(name), start * scale))
            start = float(end)
        words, start = [], 0.0
        for line in (folder / f"{i}.words").read_text().splitlines()[1:]:
            end, _, name = line.split(maxsplit=2)
            words.append((name.lower(), start * scale, float(end) * scale))
            start = float(end)
        yield said, (pcm, phonemes, words, f"festival:{voice}")


def _trim(pcm: np.ndarray, phonemes, words):
    """Cuts the silence that the synthesiser put around the words, and moves the times along."""
    sound = np.flatnonzero(np.abs(pcm) > 0.01 * max(1e-4, float(np.abs(pcm).max())))
    if len(sound) == 0:
        return None
    lo, hi = max(0, sound[0] - 240), min(len(pcm), sound[-1] + 480)
    shift = lo / RATE
    cut = pcm[lo:hi] * (0.7 / np.abs(pcm).max())
    return cut, [(c, max(0.0, t - shift)) for c, t in phonemes], [(w, max(0.0, a - shift), b - shift) for w, a, b in words]


def _make(job: tuple[str, int, int]):
    split, seed, count = job
    held = split == "held"
    rng = random.Random(f"{split}-{seed}")
    engine = Espeak()
    out = []

    def keep(said: Utterance, spoken) -> None:
        pcm, phonemes, words, voice = spoken
        trimmed = _trim(pcm, phonemes, words)
        if trimmed is None:
            return
        pcm, phonemes, words = trimmed
        out.append((
            (pcm * 32767).astype(np.int16),
            {**asdict(said), "voice": voice, "phonemes": [[c, round(t, 3)] for c, t in phonemes], "words": [[w, round(a, 3), round(b, 3)] for w, a, b in words]},
        ))

    acts, weights = list(ACT_WEIGHTS), list(ACT_WEIGHTS.values())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        waiting: list[Utterance] = []
        for _ in range(count):
            said = caller_utterance(rng, rng.choices(acts, weights)[0])
            kind = rng.random()
            if kind < 0.58:
                keep(said, _espeak(engine, rng, said, held))
            elif kind < 0.85:
                keep(said, _flite(rng, said, held, folder))
            else:
                waiting.append(said)
        for i in range(0, len(waiting), 25):
            for said, spoken in _festival_batch(rng, waiting[i : i + 25], held, folder):
                keep(said, spoken)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=["train", "held"], required=True)
    parser.add_argument("--count", type=int, default=9000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    chunk = 100
    jobs = [(args.split, args.seed * 100_000 + i, min(chunk, args.count - i)) for i in range(0, args.count, chunk)]
    pcm, meta, place = [], [], 0
    with ProcessPoolExecutor(args.workers) as pool:
        for made in tqdm(pool.map(_make, jobs), total=len(jobs), desc=args.split):
            for wave, info in made:
                meta.append({**info, "offset": place, "samples": len(wave)})
                pcm.append(wave)
                place += len(wave)
    np.save(args.out / f"callers-{args.split}.pcm.npy", np.concatenate(pcm))
    (args.out / f"callers-{args.split}.json").write_text(json.dumps(meta))
    voices = {m["voice"] for m in meta}
    print(f"{len(meta)} utterances, {place / RATE / 60:.1f} minutes, {len(voices)} voices")


assert INDEX["sil"] == 0
if __name__ == "__main__":
    main()
