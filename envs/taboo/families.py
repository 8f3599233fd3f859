"""Which words are forms of one word: inflection families, and by rule derivations (teacher of teach).

Dictionaries (lemminflect, simplemma, wordfreq) load on first use, never on import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_LONGEST_WORD = 40
# Forms that the lookup tables of lemminflect 0.2.3 lack in one direction or both.
_IRREGULAR_FORMS: Mapping[str, tuple[str, ...]] = {
    "ox": ("oxen",),
    "true": ("truest",),
    "china": ("chinas",),
    "forfeiture": ("forfeitures",),
    "panel": ("paneled",),
}
_IRREGULAR_LEMMAS: Mapping[str, str] = {form: word for word, forms in _IRREGULAR_FORMS.items() for form in forms}

FUNCTION_WORDS = frozenset(
    """a about above across after again against all almost along also although always am among an and another
    any anybody anyone anything are around as at away be became because been before behind being below beside
    between both but by can cannot could did do does doing done down during each either else enough even ever
    every everybody everyone everything except few for from further get gets getting give given gives go goes
    going gone got had has have having he hence her here hers herself hi him himself his how however i if in
    indeed instead into is it its itself just least less lest let like many may maybe me might mine more most
    much must my myself near neither never no nobody none nor not nothing now of off often oh ok on once one
    only onto or other others otherwise ought our ours ourselves out over own per perhaps please quite rather
    really said same say says see seem several shall she should since so some somebody someone something
    sometimes somewhere soon still such than that the their theirs them themselves then there therefore these
    they thing things this those though through throughout thus till to together too toward towards two under
    unless until up upon us very via was we well went were what whatever when whenever where whereas wherever
    whether which whichever while who whoever whole whom whose why will with within without would yes yet you
    your yours yourself yourselves ax ox pi""".split()
)
"""Words that carry grammar rather than content; no targets, and ordinary words to the judge of split words."""

_PREFIXES = frozenset(
    (
        "anti bi co counter de dis en ex fore in inter micro mini mis multi non out over post pre re semi sub super"
        " trans un under"
    ).split()
) | {""}
_BARE_SUFFIXES = (
    "able age al ally ation ative dom ed en er ery ess ette ful hood ian ible ic ical ician icity ify ion ise ish ism"
    " ist istic ity ive ize less let like ling ly man ment ness or ory ous person proof ship some ster ward wise"
    " woman y"
).split()
_SUFFIXES = frozenset(one + two for one in _BARE_SUFFIXES for two in ("", "s", "es", "ed", "d", "ing", "ly", "ness"))
_VOWEL_SUFFIXES = frozenset(suffix for suffix in _SUFFIXES if suffix[0] in "aeioy")
_ROOT_SUFFIXES = tuple("able er or ful less ness ment ist ish ism ing ation ion ship y ly".split())
FALSE_DERIVATIONS = frozenset(
    """badge bandage batter battery belly billion bitter border bother bully bus busy butter cabbage candle
    cannon capable capital carry cattery cation charity chapter cherry coral corner cottage county cover cower
    cushion daily dairy damage dandy darling dearth dinner factor fairy fancy father fever fiction filter final
    finger flower folly forty funeral garment gallery general genery genius gravy hammer hearty hinder hobby
    jelly jury ladder lady later latter lawless legion letter lily liver lobby lotion magic manage manor martial
    master matter mature meter metal million minister minor mission moment monitor moral mortal mother motion
    mustard musty narrow nation notion number offer onion oral other oven over pantry paper party passage
    passion pastor penal pension penny person pillage pillow pity pony poppy portion potion pottery poverty
    powder pretty proper pudding puppy rally ration relish remedy repeat restaurant restore result return reveal
    review river rosary rubbish rusty savage section sentry session shower sister sorry station story sturdy
    summer supper supply surface surgery tally tower trolley vanity version wander warden warrior weather whisky
    winter wonder worship""".split()
)
"""Words that the rules would take for derived from a shorter one (moth-er, part-y); exempt in both directions."""


@lru_cache(maxsize=65_536)
def family(word: str) -> frozenset[str]:
    """The inflection family of a lower-case ``word``: itself, its base forms, and all forms of those.

    A word that is a base form itself keeps to its own paradigm: ``see`` is not in the family of ``saw`` (the tool),
    though ``saw`` is in the family of ``see``; ``leaves``, no base form, has the forms of both ``leaf`` and ``leave``.
    """
    if word in _lemmas(word):
        return _paradigm(word)
    return frozenset({word}).union(*_paradigms_with(word))


def same_family(first: str, second: str) -> bool:
    """Whether one word is an inflection of the other or both are of a third; symmetric.

    An irregular form that is also a word of its own (``rose`` of ``rise``, ``saw`` of ``see``) does not count, a
    regular one (``glasses`` of ``glass``) does.
    """
    forward, backward = second in family(first), first in family(second)
    if forward and backward:
        return True
    if not (forward or backward):
        return False
    return second in regular_forms(first) or first in regular_forms(second)


def regular_forms(word: str) -> frozenset[str]:
    """What the regular rules of English make of ``word``: -s, -es, -ies, -ed, -ing (final consonant doubled or not)."""
    if len(word) < 2:
        return frozenset()
    vowels, last = "aeiou", word[-1]
    consonant_before = word[-2] not in vowels
    if last == "y" and consonant_before:
        return frozenset({word[:-1] + "ies", word[:-1] + "ied", word + "ing"})
    plural = word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")
    forms = {plural, word + "ed", word + "ing"}
    if last == "o" and consonant_before:
        forms.add(word + "es")
    if last == "e":
        if word.endswith("ie"):
            return frozenset({plural, word + "d", word[:-2] + "ying"})
        return frozenset({plural, word + "d", (word if word.endswith(("ee", "oe", "ye")) else word[:-1]) + "ing"})
    if last not in "aeiouwxy" and not consonant_before and (len(word) < 3 or word[-3] not in vowels):
        doubled = {word + last + "ed", word + last + "ing"}
        # One syllable always doubles ("maned" is of "mane"); more may ("visited", "admitted").
        forms = {plural} | doubled if len(re.findall("[aeiouy]+", word)) == 1 else forms | doubled
    return frozenset(forms)


def derivation_roots(word: str) -> frozenset[str]:
    """The base forms of ``word`` and the ordinary words that it seems derived from: teach for teacher."""
    lemmas = _lemmas(word)
    # The saw is not derived from see, whose irregular form it also is; tired is from tire.
    roots = {word} | {lemma for lemma in lemmas if word not in lemmas or word in regular_forms(lemma)}
    if word not in FALSE_DERIVATIONS:
        for base in tuple(roots):
            for stem in (base.removesuffix(suffix) for suffix in _ROOT_SUFFIXES if base.endswith(suffix)):
                candidates = {stem, stem + "e", stem[:-1] + "y" if stem.endswith("i") else stem}
                if stem[-2:-1] == stem[-1:] and not base.endswith("y"):
                    candidates.add(stem[:-1])
                roots |= {root for root in candidates if len(root) >= 4 and is_ordinary(root)}
    return frozenset(root for root in roots if len(root) >= 3)


def is_derived(word: str, roots: frozenset[str]) -> bool:
    """Whether ``word`` is one of the ``roots``, or one with affixes; by rule, so now and then wrong."""
    if word in FALSE_DERIVATIONS:
        return False
    for root in roots:
        stem = root[:-1] if root[-1] in "ey" else root
        last = root[len(stem) :]
        prefix, found, rest = word.partition(stem)
        if not found or prefix not in _PREFIXES:
            continue
        if rest == last or (rest.startswith(last) and rest.removeprefix(last) in _SUFFIXES):
            return True
        if last == "e" and rest in _VOWEL_SUFFIXES:  # maker
            return True
        if last == "y" and rest[:1] == "i" and rest[1:] in _SUFFIXES:  # happiness
            return True
        if not last and rest[:1] == root[-1] and rest[1:] in _VOWEL_SUFFIXES:  # runner
            return True
    return False


@lru_cache(maxsize=65_536)
def is_ordinary(word: str) -> bool:
    """Whether English prose uses a lower-case ``word``: a function word, or one in the dictionary and not rare."""
    if word in FUNCTION_WORDS:
        return True
    from wordfreq import zipf_frequency

    # Short strings are often syllables, abbreviations or foreign ("da", "ed", "re"), however frequent they are.
    return len(word) >= 3 and _is_known(word) and zipf_frequency(word, "en") >= 2.8


@lru_cache(maxsize=131_072)
def representative(word: str) -> str:
    """The shortest, then alphabetically first, of all words linked to ``word`` by overlapping families."""
    reached, waiting = {word}, [word]
    while waiting:
        linked = frozenset[str]().union(*_paradigms_with(waiting.pop())) - reached
        reached |= linked
        waiting.extend(linked)
    return min(reached, key=lambda member: (len(member), member))


@lru_cache(maxsize=65_536)
def _dictionary_lemmas(word: str) -> frozenset[str]:
    from lemminflect import getAllLemmas

    lemmas = {lemma for found in getAllLemmas(word).values() for lemma in found if lemma.isalpha()}
    if word in _IRREGULAR_LEMMAS:
        lemmas.add(_IRREGULAR_LEMMAS[word])
    return frozenset(lemmas)


@lru_cache(maxsize=65_536)
def _is_known(word: str) -> bool:
    import simplemma

    return bool(_dictionary_lemmas(word)) or (len(word) >= 4 and simplemma.is_known(word, lang="en"))


@lru_cache(maxsize=65_536)
def _lemmas(word: str) -> frozenset[str]:
    """The base forms of ``word``: by lemminflect, else by simplemma, else by undoing regular suffixes, else itself."""
    known = _dictionary_lemmas(word)
    # The rules below recurse to shorter words; no English word is as long as the bound.
    if known or len(word) > _LONGEST_WORD or not word.isalpha():
        return known or frozenset({word})
    import simplemma
    from wordfreq import zipf_frequency

    opinion = simplemma.lemmatize(word, lang="en").casefold()
    if opinion != word and opinion.isalpha():
        return frozenset({opinion})
    frequency = zipf_frequency(word, "en")
    # "paris" is far more frequent than "pari", so it is a word of its own; "pokemons" is rarer than "pokemon".
    bases = [
        base
        for base in _stems(word)
        if word in regular_forms(base) and zipf_frequency(base, "en") >= frequency and _lemmas(base) == {base}
    ]
    # One base only: with "zorbe" beside "zorb" for "zorbed", chains of nonce families would never end.
    best = max(bases, key=lambda base: (zipf_frequency(base, "en"), -len(base), base), default=word)
    return frozenset({best})


def _stems(word: str) -> set[str]:
    """Every string that a regular suffix rule could have turned into ``word``."""
    stems = {word[: -len(suffix)] for suffix in ("s", "es", "ed", "d", "ing") if word.endswith(suffix)}
    stems |= {word[: -len(suffix)] + "y" for suffix in ("ies", "ied") if word.endswith(suffix)}
    stems |= {word[:-3] + "e", word[:-4] + "ie"} if word.endswith("ing") else set()
    stems |= {stem[:-1] for stem in tuple(stems) if len(stem) > 3 and stem[-1] == stem[-2]}
    return {stem for stem in stems if len(stem) >= 3}


@lru_cache(maxsize=65_536)
def _paradigm(lemma: str) -> frozenset[str]:
    """All forms of ``lemma`` that any source offers and the lemmatiser confirms, which makes the relation symmetric."""
    from lemminflect import getAllInflections

    offered = {form for forms in getAllInflections(lemma).values() for form in forms}
    offered |= regular_forms(lemma)
    offered.update(_IRREGULAR_FORMS.get(lemma, ()))
    # A dictionary word has the forms that the dictionary gives back ("pandaing" is none); another has the regular ones.
    lemmas_of = _dictionary_lemmas if _dictionary_lemmas(lemma) else _lemmas
    return frozenset({lemma, *(form for form in offered if form.isalpha() and lemma in lemmas_of(form))})


def _paradigms_with(word: str) -> list[frozenset[str]]:
    return [paradigm for paradigm in map(_paradigm, _lemmas(word)) if word in paradigm]
