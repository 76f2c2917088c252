"""espeak-ng through its C library: PCM with the times of words and phonemes, which its command line does not give."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import numpy as np

_WORD, _PHONEME = 1, 7
_RATE, _PITCH, _RANGE = 1, 3, 4


class _Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Id),
    ]


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass
class Spoken:
    """PCM (float32) at `rate`; phonemes as (IPA, start s); words as (first character, length, start s)."""

    pcm: np.ndarray
    rate: int
    phonemes: list[tuple[str, float]]
    words: list[tuple[int, int, float]]


class Espeak:
    """One per process: the library is not re-entrant."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libespeak-ng.so.1")
        self._rate = self._lib.espeak_Initialize(2, 0, None, 1 | 2)  # synchronous; phoneme events, in IPA
        self._chunks: list[np.ndarray] = []
        self._phonemes: list[tuple[str, float]] = []
        self._words: list[tuple[int, int, float]] = []
        self._callback = _CALLBACK(self._on_audio)
        self._lib.espeak_SetSynthCallback(self._callback)

    def _on_audio(self, wav, count, events) -> int:
        if wav and count > 0:
            self._chunks.append(np.ctypeslib.as_array(wav, (count,)).copy())
        i = 0
        while events[i].type != 0:
            event = events[i]
            seconds = event.audio_position / 1000
            if event.type == _PHONEME:
                raw = bytes(event.id.string).split(b"\0")[0]
                self._phonemes.append((raw.decode("utf-8", "ignore"), seconds))
            elif event.type == _WORD:
                self._words.append((event.text_position - 1, event.length, seconds))
            i += 1
        return 0

    def say(self, text: str, voice: str, words_per_minute: int, pitch: int, pitch_range: int) -> Spoken:
        self._chunks, self._phonemes, self._words = [], [], []
        if self._lib.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice!r}")
        for parameter, value in ((_RATE, words_per_minute), (_PITCH, pitch), (_RANGE, pitch_range)):
            self._lib.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._lib.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        pcm = np.concatenate(self._chunks).astype(np.float32) / 32768 if self._chunks else np.zeros(0, np.float32)
        return Spoken(pcm, self._rate, self._phonemes, self._words)
