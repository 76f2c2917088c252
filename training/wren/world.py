"""What Wren knows: drinks, sizes, how callers say things, and what Wren answers.

Pure: no audio here. Replies are composed of a few fixed phrases, each a whole number of frames long, so that
the own-voice decoder and the language model learn a small inventory well.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

DRINKS = [
    "coffee", "iced coffee", "mocha", "iced mocha", "drip coffee",
    "house coffee", "espresso", "americano", "cappuccino", "latte",
]
SIZES = ["small", "medium", "large", "eight ounce", "twelve ounce", "sixteen ounce", "twenty ounce"]


def article(size: str) -> str:
    return "an" if size.startswith("eight") else "a"


# ---------------------------------------------------------------- what Wren says

#: Replies that are one fixed phrase, by the act of the caller that they answer.
FIXED_REPLIES = {
    "hello": "hello, what can i get you?",
    "thanks": "you're welcome.",
    "bye": "goodbye, see you soon.",
    "help": "i make coffee. tell me a drink and a size.",
    "yes": "great.",
    "no": "okay, what would you like?",
    "stop": "okay.",
    "size-only": "which drink would you like?",
    "other": "sorry, i did not get that.",
}


def reply_phrases(act: str, drink: str | None = None, size: str | None = None) -> list[str]:
    """The phrases of the reply to `act`, in order; each is a key of the own-voice inventory."""
    if act == "order":
        if drink is None:
            return [FIXED_REPLIES["size-only"]]
        if size is None:
            return ["what size", f"{drink}?"]
        return [f"{article(size)} {size}", f"{drink},", "coming up."]
    return [FIXED_REPLIES[act]]


def reply_text(phrases: list[str]) -> str:
    return " ".join(phrases)


def own_phrases() -> list[str]:
    """Every phrase of the own-voice inventory."""
    return (
        list(FIXED_REPLIES.values())
        + ["what size", "coming up."]
        + [f"{d}{mark}" for d in DRINKS for mark in (",", "?")]
        + [f"{article(s)} {s}" for s in SIZES]
    )


def pieces(text: str) -> list[str]:
    """Text → tokenizer pieces: a word with its leading U+2581, punctuation on its own."""
    out: list[str] = []
    for word in text.split():
        mark = word[-1] if word[-1] in ",.?" else ""
        out.append("\u2581" + word.removesuffix(mark))
        if mark:
            out.append(mark)
    return out


#: id → piece. 0 EPAD, 1 BOS, 2 EOS, 3 PAD as in spec §5.4.
VOCABULARY = ["<unk>", "<s>", "</s>", "<pad>"] + sorted({p for t in own_phrases() for p in pieces(t)})
PIECE_IDS = {piece: i for i, piece in enumerate(VOCABULARY)}

# ---------------------------------------------------------------- what callers say

_OPENERS = [
    "i'd like", "i would like", "can i get", "can i have", "could i get", "could i have", "may i have", "give me",
    "i want", "i'll have", "i'll take", "let me get", "let me have", "get me", "i need", "please give me", "make me",
    "i'd love", "could you make me", "can you get me", "please make", "i would love", "order", "i'm going to have",
    "i feel like", "could i please have", "can i please get", "we'd like", "i think i'll have", "get",
]
_FILLERS = ["um", "uh", "so", "well", "okay", "hi", "hello", "hey", "yeah", "good morning"]
_CLOSERS = ["please", "thanks", "thank you", "if you can", "to go"]
_MILKS = ["milk", "cream", "soy milk", "almond milk", "skim milk", "whole milk"]
_SUGARS = ["sugar", "brown sugar", "sweetener"]
_AMOUNTS = ["", "", "", "some", "a bit of", "a little bit of", "a lot of", "lots of"]
_ROASTS = ["light roast", "medium roast", "dark roast"]
_SHOTS = ["single shot", "double shot", "triple shot"]

_ACT_PHRASES = {
    "hello": ["hello", "hi", "hey", "hi there", "hello there", "good morning", "good afternoon", "good evening", "hey there"],
    "thanks": ["thanks", "thank you", "thank you very much", "thanks a lot", "thank you so much", "many thanks", "great thanks", "perfect thank you"],
    "bye": ["bye", "goodbye", "bye bye", "see you", "see you later", "okay bye", "have a nice day", "good night", "see you soon"],
    "help": ["what can you do", "what do you do", "what can i order", "what do you have", "who are you", "help", "how does this work", "what can i say", "what's on the menu"],
    "yes": ["yes", "yeah", "yep", "yes please", "that's right", "correct", "sure", "yes that's right", "yes it is", "right"],
    "no": ["no", "nope", "no thanks", "no thank you", "that's wrong", "no that's wrong", "not really", "no it isn't"],
    "stop": ["stop", "stop it", "stop talking", "please stop", "be quiet", "quiet please", "okay stop"],
}

_OTHER = [
    "the weather is nice today", "what time is it", "my sister lives in london", "i lost my keys again", "turn on the lights",
    "the train leaves at nine", "he walked across the bridge", "where is the station", "she reads a book every evening",
    "we played football in the garden", "the cat sleeps on the sofa", "call me tomorrow afternoon", "i have two brothers",
    "this road is closed", "open the window", "the movie starts at eight", "they are building a new school", "do you speak french",
    "it was raining all night", "the shop sells old records", "put the chair over there", "i have to work on sunday",
    "how far is it to the beach", "read me the news", "my phone is broken", "the children are singing", "pass me the newspaper",
    "we are moving to another city", "the doctor was very kind", "play some music", "is there a bank near here", "he forgot his umbrella",
]


@dataclass(frozen=True)
class Utterance:
    """One thing a caller says: the words, the act, and the slots heard."""

    text: str
    act: str
    drink: str | None = None
    size: str | None = None


def _extra(rng: random.Random) -> str:
    kind = rng.random()
    amount = rng.choice(_AMOUNTS)
    if kind < 0.5:
        return f"with {amount} {rng.choice(_MILKS)}"
    if kind < 0.9:
        return f"with {amount} {rng.choice(_SUGARS)}"
    return f"with {rng.choice(_MILKS)} and {amount} {rng.choice(_SUGARS)}"


def _order(rng: random.Random, drink: str | None, size: str | None) -> Utterance:
    words: list[str] = []
    if rng.random() < 0.15:
        words.append(rng.choice(_FILLERS))
    opened = rng.random() < 0.85
    if opened:
        words.append(rng.choice(_OPENERS))
    before: list[str] = []
    after: list[str] = []
    rich = rng.random() < 0.45
    if rich and rng.random() < 0.5:
        (before if rng.random() < 0.8 else after).append(rng.choice(_ROASTS))
    if rich and rng.random() < 0.5:
        (before if rng.random() < 0.8 else after).append(rng.choice(_SHOTS))
    if size is not None:
        where = rng.random()
        if where < 0.75:
            before.insert(0, size)
        elif where < 0.9:
            before.append(size)
        else:
            after.insert(0, rng.choice([size, f"in a {size}", f"a {size} one", f"make it {size}"]))
    noun = " ".join(before + [drink or ""]).strip()
    kind = rng.random()
    if kind < 0.75 and (opened or rng.random() < 0.5):
        first = noun[0] if noun else "x"
        words.append("an" if first in "aei" else "a")
    elif kind < 0.82 and opened:
        words.append(rng.choice(["one", "some", "the"]))
    words.append(noun)
    words += after
    if rich and rng.random() < 0.7:
        words.append(_extra(rng))
    if rng.random() < 0.3:
        words.append(rng.choice(_CLOSERS))
    return Utterance(" ".join(" ".join(words).split()), "order", drink, size)


def _size_answer(rng: random.Random, size: str) -> Utterance:
    form = rng.choice(
        ["{s}", "{s}", "{s}", "a {s}", "{s} please", "a {s} please", "make it a {s}", "make it {s}", "the {s} one", "um {s}",
         "{s} i think", "i'd like a {s}", "i'll take a {s}", "{s} thanks", "a {s} one", "just a {s}", "a {s} one please"]
    )
    return Utterance(form.format(s=size), "order", None, size)


def caller_utterance(rng: random.Random, act: str) -> Utterance:
    """A random thing a caller says. `act`: order, order-no-size, size-only, or a key of FIXED_REPLIES."""
    if act == "order":
        return _order(rng, rng.choice(DRINKS), rng.choice(SIZES))
    if act == "order-no-size":
        return _order(rng, rng.choice(DRINKS), None)
    if act == "size-only":
        return _size_answer(rng, rng.choice(SIZES))
    if act == "other":
        return Utterance(rng.choice(_OTHER), "other")
    text = rng.choice(_ACT_PHRASES[act])
    if rng.random() < 0.1 and act in ("thanks", "yes", "no"):
        text = f"{rng.choice(['um', 'oh', 'okay'])} {text}"
    return Utterance(text, act)


#: Words the encoder's word target tells apart (everything a caller may say that changes the answer).
KEYWORDS = sorted(
    {w for t in DRINKS + SIZES for w in t.split()}
    | {w for ts in _ACT_PHRASES.values() for t in ts for w in t.split()}
    | {"please", "with", "milk", "cream", "sugar", "roast", "shot", "make", "one", "like", "have", "get", "want"}
)
