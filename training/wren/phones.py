"""Phoneme names of the synthesisers (IPA of espeak-ng, radio/ARPAbet of flite and festival) → one set of classes."""

from __future__ import annotations

#: Class 0 is silence; the rest is ARPAbet with its near-mergers merged.
CLASSES = [
    "sil", "aa", "ae", "ah", "ao", "aw", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f", "g", "hh", "ih", "iy", "jh",
    "k", "l", "m", "n", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh",
]
INDEX = {name: i for i, name in enumerate(CLASSES)}

_ARPABET = {"pau": "sil", "ax": "ah", "axr": "er", "el": "l", "em": "m", "en": "n", "dx": "t", "ix": "ih", "hv": "hh", "brth": "sil", "#": "sil"}

# Longest first: an espeak phoneme may carry an r-colouring or length mark behind its vowel.
_IPA = {
    "aɪ": "ay", "eɪ": "ey", "ei": "ey", "eː": "ey", "e": "eh", "ɔɪ": "oy", "aʊ": "aw", "æʊ": "aw", "əʊ": "ow", "əu": "ow", "oʊ": "ow",
    "ʌʊ": "ow", "oː": "ow", "o": "ow", "əɪ": "ay", "ʌʉ": "aw", "iː": "iy", "iə": "iy", "i": "iy", "ɪ": "ih", "uː": "uw", "ʉː": "uw", "ʉ": "uw",
    "u": "uw", "ʊ": "uh", "ɑː": "aa", "ɑə": "aa", "ɑ": "aa", "aː": "aa", "a:": "aa", "a": "ae", "æ": "ae", "ɒ": "aa", "ɔː": "ao", "ɔə": "ao",
    "ɔ": "ao", "ɜː": "er", "ɜ": "er", "ɚ": "er", "ɛə": "eh", "eə": "eh", "ɛ": "eh", "ʌ": "ah", "ə": "ah", "ɐ": "ah", "tʃ": "ch", "dʒ": "jh",
    "ʃ": "sh", "ʒ": "zh", "θ": "th", "ð": "dh", "ŋ": "ng", "ɡ": "g", "g": "g", "ɹ": "r", "r": "r", "ɾ": "t", "ʔ": "t", "t": "t", "d": "d",
    "n": "n", "m": "m", "l": "l", "s": "s", "z": "z", "f": "f", "v": "v", "p": "p", "b": "b", "k": "k", "h": "hh", "j": "y", "w": "w", "ʍ": "w", "ʲ": "y", "x": "k",
}
_IPA_BY_LENGTH = sorted(_IPA, key=len, reverse=True)


def arpabet_class(name: str) -> int:
    name = name.lower()
    return INDEX[_ARPABET.get(name, name)]


def ipa_class(symbol: str) -> int:
    """Class of an espeak phoneme by its first sound; an empty symbol is a pause."""
    for known in _IPA_BY_LENGTH:
        if symbol.startswith(known):
            return INDEX[_IPA[known]]
    return INDEX["sil"]
