"""The independent ear of the end-to-end tests: prints the words of a grammar that pocketsphinx hears in a WAV file.

    python e2e/recognise.py --grammar e2e/fixtures/replies.jsgf --from 2.5 --to 6.0 IN.wav

Reads 16-bit mono WAV of any rate. Prints one line, empty when nothing of the grammar was heard.
"""

import argparse
import wave
from pathlib import Path

import numpy as np
from pocketsphinx import Config, Decoder

#: The rate of pocketsphinx's bundled acoustic model.
MODEL_RATE = 16_000


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    with wave.open(str(path)) as file:
        if file.getsampwidth() != 2 or file.getnchannels() != 1:
            raise SystemExit(f"{path} is not 16-bit mono")
        frames = file.readframes(file.getnframes())
        return np.frombuffer(frames, dtype="<i2").astype(np.float64) / 32_768, file.getframerate()


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """Band-limited, whole signal at once: fine for seconds of speech."""
    count = round(len(samples) * MODEL_RATE / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.fft.irfft(spectrum, count) * (count / len(samples))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wav", type=Path)
    parser.add_argument("--grammar", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=float, default=0.0, help="seconds")
    parser.add_argument("--to", dest="end", type=float, default=None, help="seconds")
    args = parser.parse_args()

    samples, rate = read_wav(args.wav)
    end = len(samples) if args.end is None else round(args.end * rate)
    samples = resample(samples[round(args.start * rate) : end], rate)
    peak = max(1e-9, float(np.abs(samples).max(initial=0.0)))
    pcm = (samples * (0.7 / peak) * 32_767).astype("<i2").tobytes()

    decoder = Decoder(Config(jsgf=str(args.grammar), samprate=MODEL_RATE, loglevel="ERROR"))
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    print(hypothesis.hypstr if hypothesis else "")


if __name__ == "__main__":
    main()
