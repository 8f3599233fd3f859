"""Letters behind disguises: case, accents, invisible characters, and look-alikes of other scripts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LETTER = r"[^\W\d_]"
"""Pattern of one letter of any script."""

TOKEN = re.compile(rf"{LETTER}+")
"""Letters in a row."""

LEET = {"a": "4@", "b": "8", "e": "3", "g": "69", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7", "z": "2"}
"""Digits and signs that stand for a letter. 1 is both i and l, so ``SKELETON`` merges these two letters."""

# Letters that are drawn like Latin ones: Cyrillic, Greek, Armenian, IPA.
_HOMOGLYPHS = {
    pair[0]: pair[1]
    for pair in (
        "аa вb еe кk мm нh оo рp сc тt уy хx ѕs іi јj ԁd һh ԛq ԝw ѵv ӏl ɡg ɑa αa βb εe ιi κk νv ορ τt υu χx γy ϲc ϳj "
        "օo ոn սu ցg հh ɪi ʟl ıi ȷj ɩi ƿp ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz"
    ).split()
} | {"ο": "o", "ρ": "p"}
_NAMED_LATIN = re.compile(
    r"(?:LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL)|REGIONAL INDICATOR SYMBOL LETTER"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) ([A-Z])(?: WITH .+)?"
)
# Letters and signs that are drawn as nothing: Hangul fillers and the blank Braille cell.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


@lru_cache(maxsize=65_536)
def plain(character: str) -> str:
    """NFKC and case folding of one character, accents dropped; invisible characters and lone marks become nothing."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    return "".join(part for part in decomposed if not _is_invisible(part))


@lru_cache(maxsize=65_536)
def fold(character: str) -> str:
    """``plain``, with look-alikes of Latin letters replaced by these."""
    bare = plain(character)
    if bare.isascii():
        return bare
    return "".join(_HOMOGLYPHS.get(part) or _named_letter(part) or part for part in bare)


def fold_text(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters the index in ``text`` that it comes from."""
    if text.isascii() and text.replace("\n", " ").replace("\t", " ").isprintable():
        return text.lower(), range(len(text))
    parts = [fold(character) for character in text]
    return "".join(parts), [index for index, part in enumerate(parts) for _ in part]


def _named_letter(character: str) -> str | None:
    named = _NAMED_LATIN.fullmatch(unicodedata.name(character, ""))
    return named[1].lower() if named else None


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Mn", "Me", "Cf") or (category == "Cc" and not character.isspace()) or character in _BLANKS


def _skeleton_table() -> bytes:
    table = bytearray(bytes(range(256)).lower())
    for letter, signs in LEET.items():
        for sign in signs:
            table[ord(sign)] = ord(letter)
    table[ord("l")] = table[ord("L")] = table[ord("1")] = ord("i")
    return bytes(table)


SKELETON = _skeleton_table()
"""Translation of bytes: upper case to lower, leet signs and ``l`` to letters that stand for them."""
