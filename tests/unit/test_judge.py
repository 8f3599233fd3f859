"""The judge of the taboo game: conformance with the published judge's faults named, evasions, prose, guesses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.taboo.judge import Reading, Rules, family, judge, parse_guess, read_guess, same_family
from selftaught.envs.taboo.words import lexicon, vocabulary

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
TARGETS = ("panda", "art", "run", "mouse", "skiing", "butterfly", "ox", "level", "stop")
# Pieces that reach deep into the detectors more often than random characters do.
TRICKY_PIECES = [
    *"p pan da adnap art mice p4nd4 Panda @ $ - . ' ! ** 1 s а İ ﬁ ß 🇵 \u200b \u0301 \ud800 \x00".split(" "),
    *(" ", "\n", "Guess: ", "I know the word! It is "),
]
TRICKY_TEXT = st.lists(
    st.one_of(
        st.sampled_from(TRICKY_PIECES),
        ANY_TEXT,
    ),
    max_size=12,
).map("".join)

PROSE = (
    "The children walked to school early in the morning.",
    "We'll see what she'd like for dinner, won't we?",
    "He said it's a part of the house that he'd be at all day.",
    "Plan B at noon: take vitamin C and a short nap.",
    "The rapist was caught, and the therapist spoke in court.",
    "It costs $5 or so, about 20% less than last year's price!",
    "On August 13th, in the U.S., we met at 8am, e.g. at the station.",
    "I am an old man; you are in for tune and pumps.",
    "Use either salt/pepper or both - as you see fit.",
    "My e-mail is jo@example.org, and my phone number is 555-0134.",
    "You're working on it, they're resting, and I'd rather go.",
    "“Where is it?” she asked — nobody knew…",
    "Bases A, C, T and G make up DNA; grades A, B and C are passes.",
    "The 2nd and 3rd runners came in 10s after the 1st.",
    "It is larger than a house and smaller than a mountain.",
    "People often keep one at home, and some carry it outside.",
    "Does it live in water, on land, or in the air?",
    "You would find several of them in any kitchen.",
    "A friend of mine bought two last week in Paris.",
    "It has four legs, but it cannot walk at all.",
    "Would a child be able to lift it with one hand?",
    "Nothing is as soft as this when it is new.",
    "In winter it turns white, and in summer brown.",
    "MacDonald uses YouTube, JavaScript and PlayStation 5.",
    "Some say that it brings luck, others fear it.",
    "They sing; we dance. Nobody sleeps, not even Tom.",
    "It may be made of wood, metal, or even plastic.",
    "Without it, nobody could open the door again.",
    "Farmers need them every single day of the year.",
    "To be or not to be: that is the question.",
    "It’s used over and over, in all four seasons.",
)


@pytest.mark.parametrize(
    ("text", "target", "reason"),
    [
        # Rows of table 1a that the published judge takes for legal.
        ("making", "make", "inflection"),
        ("he ran home", "run", "inflection"),
        ("a boat", "boats", "inflection"),
        ("it is p-a-n-d-a", "panda", "spelled_out"),
        ("it is a pan da", "panda", "split"),
        # The same row by row for every evasion.
        ("Is it panda?", "panda", "target"),
        ("It is a `panda`.", "panda", "target"),
        ("the Panda's den", "panda", "target"),
        ("PANDAS!", "panda", "inflection"),
        ("mice", "mouse", "inflection"),
        ("a mouse", "mice", "inflection"),
        ("oxen", "ox", "inflection"),
        ("knives", "knife", "inflection"),
        ("women", "woman", "inflection"),
        ("leaves", "leaf", "inflection"),
        ("leaves", "leave", "inflection"),
        ("a panda-like thing", "panda", "compound"),
        ("giant-pandas", "panda", "compound"),
        ("RedPanda", "panda", "compound"),
        ("p.a.n.d.a", "panda", "spelled_out"),
        ("p a n d a", "panda", "spelled_out"),
        ("P A N D A", "panda", "spelled_out"),
        ("P, A, N, D, A!", "panda", "spelled_out"),
        ("**p**a**n**d**a**", "panda", "spelled_out"),
        ("c-a-t", "cat", "spelled_out"),
        ("pan-da", "panda", "split"),
        ("car-pet", "carpet", "split"),
        ("p anda", "panda", "split"),
        ("ham mer", "hammer", "split"),
        ("adnap", "panda", "reversed"),
        ("a-d-n-a-p", "panda", "reversed"),
        ("p4nda", "panda", "leet"),
        ("p4nd4", "panda", "leet"),
        ("p@nda", "panda", "leet"),
        ("p!zza", "pizza", "leet"),
        ("pan\u200bda", "panda", "invisible"),
        ("pan\u00adda", "panda", "invisible"),
        ("pa\u0336n\u0336d\u0336a", "panda", "invisible"),
        ("pan\x00da", "panda", "invisible"),
        ("p\u0430nda", "panda", "homoglyph"),
        ("🇵🇦🇳🇩🇦", "panda", "homoglyph"),
        ("ｐａｎｄａ", "panda", "target"),
        ("pánda", "panda", "target"),
        ("Please ask nice dogs again.", "panda", "initials"),
        ("Hello! Please ask nice dogs again. Bye.", "panda", "initials"),
        ("Pete\nasks\nnine\ndull\nasses", "panda", "initials"),
    ],
)
def test_disclosures_are_illegal(text: str, target: str, reason: str) -> None:
    verdict = judge(text, target)
    assert (verdict.legal, verdict.reason) == (False, reason)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Where shall we start?", "art"),  # table 1a
        ("pan", "panda"),
        ("football", "ball"),
        ("I see it", "saw"),
        ("please leave", "leaf"),
        ("the rapist", "therapist"),
        ("to be at home", "beat"),
        ("a part of it", "apart"),
        ("my car, pet", "carpet"),
        ("a car pet", "carpet"),
        ("a pan. Da Vinci", "panda"),
        ("we'll go", "well"),
        ("she'd go", "shed"),
        ("you're working", "rework"),
        ("the 13th in May", "thin"),
        ("U.S. law", "us"),
        ("at 8am", "bam"),
        ("bases A, C, T, G", "act"),
        ("drawer", "reward"),
        ("plan b at noon", "bat"),
        ("YouTube", "tube"),
        ("a teacher", "teach"),
        ("", "panda"),
    ],
)
def test_prose_is_legal(text: str, target: str) -> None:
    assert judge(text, target).legal


@pytest.mark.parametrize(
    ("text", "target", "legal"),
    [
        ("a teacher", "teach", False),
        ("they teach", "teacher", False),
        ("happiness", "happy", False),
        ("unhappily", "happy", False),
        ("an artist", "art", False),
        ("hammerers", "hammer", False),
        ("my mother", "moth", True),
        ("a party", "part", True),
        ("start", "art", True),
    ],
)
def test_derivations(text: str, target: str, legal: bool) -> None:
    verdict = judge(text, target, "strict+derivations")
    assert verdict.legal is legal
    assert verdict.reason == (None if legal else "derivation")


def test_spans_are_in_the_original_text() -> None:
    text = "ﬁne İ: the pa\u200bnd\u0430s, yes"
    span = judge(text, "panda").span
    assert span is not None
    assert text[slice(*span)] == "pa\u200bnd\u0430s"


def test_targets_and_rules_are_checked() -> None:
    with pytest.raises(ValueError, match="''"):
        judge("text", "")
    with pytest.raises(ValueError, match="lax"):
        judge("text", "panda", "lax")  # type: ignore[arg-type]


def test_everyday_prose_discloses_no_common_target() -> None:
    targets = [word for index, word in enumerate(lexicon()) if index % 4 == 0]
    assert len(targets) > 200
    for sentence in PROSE:
        said = {
            token.strip(".,;:!?“”…—$%").casefold() for token in sentence.replace("-", " ").replace("/", " ").split()
        }
        for target in targets:
            if not said & family(target):
                assert judge(sentence, target).legal, (sentence, target, judge(sentence, target))


@given(st.one_of(ANY_TEXT, TRICKY_TEXT), st.sampled_from(TARGETS), st.sampled_from(["strict", "strict+derivations"]))
@settings(max_examples=400, deadline=None)
def test_no_text_raises_and_spans_lie_within(text: str, target: str, rules: Rules) -> None:
    verdict = judge(text, target, rules)
    assert verdict.legal == (verdict.reason is None) == (verdict.span is None)
    if verdict.span is not None:
        assert 0 <= verdict.span[0] < verdict.span[1] <= len(text)
    guess = parse_guess(text, rules)
    assert (read_guess(text, target, rules) is None) == (guess is None)
    if guess is not None:
        assert guess.words
        assert 0 <= guess.span[0] < guess.span[1] <= len(text)


@given(TRICKY_TEXT, TRICKY_TEXT, st.sampled_from(TARGETS), st.data())
@settings(max_examples=200, deadline=None)
def test_a_family_form_between_word_boundaries_is_illegal(
    before: str, after: str, target: str, data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(sorted(family(target))))
    assert not judge(f"{before} {form} {after}", target).legal


@pytest.mark.parametrize(
    "character", ["a", "1", "-", "a-", "p ", "p\u200b", "!", "a4@", "pan dx ", "\ud800", "aB", "ed"]
)
def test_long_texts_are_judged(character: str) -> None:
    text = character * (100_000 // len(character))
    for target in ("banana", "aaaa"):
        # Judged to the end: what is disclosed after 100 kB is found.
        assert not judge(f"{text}. {target} .", target, "strict+derivations").legal
    for opening in ("Guess: ", "I know the word!", "I know the word" + " " * 50_000):
        assert read_guess(opening + text, "panda") != "correct"


@pytest.mark.parametrize(
    ("text", "target", "reading"),
    [
        # Rows of table 1a.
        ("I know the word. It is panda.", "panda", "correct"),
        ("I know the word, it is panda", "panda", "correct"),
        ("I know the word!\nIt is panda", "panda", "correct"),
        ("I know the word!It is panda", "panda", "correct"),
        ("I know the word! The word is panda", "panda", "correct"),
        ("I know the word! It is the word panda", "panda", "correct"),
        ("I know the word! It is start", "art", "wrong"),
        ("I know the word! It is woman", "man", "wrong"),
        ("I know the word! It is boats", "boat", "correct"),
        ("I know the word! It is boat", "boats", "correct"),
        ("I know the word! It is a dog or cat", "dog", "multiple"),
        ("Is it panda?", "panda", None),
        ("", "panda", None),
        # More forms.
        ("I KNOW THE WORD!!! IT'S PANDA!!!", "panda", "correct"),
        ("I know the word; the word must be “panda”.", "panda", "correct"),
        ("I know the word: it must be *panda*", "panda", "correct"),
        ("Guess: panda", "panda", "correct"),
        ("  guess: The Panda!\n", "panda", "correct"),
        ("**Guess:** `panda`", "panda", "correct"),
        ("Guess：panda", "panda", "correct"),
        ("Guess: [a 'panda'].", "panda", "correct"),
        ("Guess: pan\u200bda", "panda", "correct"),
        ("Guess: ice-cream", "icecream", "correct"),
        ("Guess: women", "woman", "correct"),
        ("Guess: glasses", "glass", "correct"),
        ("Guess: rise", "rose", "wrong"),
        ("Guess: item", "item", "correct"),
        ("Guess: dog, cat", "dog", "multiple"),
        ("Guess: dog/cat", "dog", "multiple"),
        ("Guess: dog cat fish", "dog", "multiple"),
        ("Guess: ice cream", "icecream", "multiple"),
        ("Guess:", "dog", None),
        ("Guess: dog. I am sure.", "dog", None),
        ("Guess: dog\nGuess: cat", "dog", None),
        ("My guess: dog", "dog", None),
        ("Guess: dog?", "dog", None),
        ("I know the word!", "dog", None),
        ("Do I know the word! It is dog", "dog", None),
    ],
)
def test_guesses(text: str, target: str, reading: Reading | None) -> None:
    assert read_guess(text, target) == reading


def test_guess_words_and_span() -> None:
    text = "Guess: a DOG or ＣＡＴ!"
    guess = parse_guess(text)
    assert guess is not None
    assert guess.words == ("dog", "cat")
    assert text[slice(*guess.span)] == "DOG or ＣＡＴ"


@given(st.sampled_from(list(lexicon())), st.sampled_from(list(lexicon())), st.data())
@settings(max_examples=200, deadline=None)
def test_same_family_is_symmetric_and_sound(first: str, second: str, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(sorted(family(first))))
    for one, other in ((first, second), (first, form), (form, second)):
        assert same_family(one, other) == same_family(other, one)
    assert same_family(first, first)


def test_published_verdicts_are_reproduced() -> None:
    """Every row of table 1a as the published functions judge it, faults included."""
    pytest.importorskip("textblob")
    guesses = {
        ("I know the word. It is panda.", "panda"): None,
        ("I know the word, it is panda", "panda"): None,
        ("I know the word!\nIt is panda", "panda"): None,
        ("I know the word!It is panda", "panda"): None,
        ("I know the word! The word is panda", "panda"): None,
        ("I know the word! It is the word panda", "panda"): "wrong",
        ("I know the word! It is start", "art"): "correct",
        ("I know the word! It is woman", "man"): "correct",
        ("I know the word! It is boats", "boat"): "correct",
        ("I know the word! It is boat", "boats"): "wrong",
        ("I know the word! It is a dog or cat", "dog"): "correct",
        ("So I KNOW THE WORD! IT is mice, I think", "mouse"): "correct",
        ("", "panda"): None,
    }
    for (text, target), reading in guesses.items():
        assert read_guess(text, target, "spag-v1") == reading, text
        assert (parse_guess(text, "spag-v1") is None) == (reading is None)
    legal = {
        ("Where shall we start?", "art"): False,
        ("making", "make"): True,
        ("he ran", "run"): True,
        ("boat", "boats"): True,
        ("p-a-n-d-a", "panda"): True,
        ("pan da", "panda"): True,
        ("Is it PANDA?", "panda"): False,
        ("I know the word! The word is panda", "panda"): False,
        ("mice", "mouse"): False,
        ("", "panda"): True,
    }
    for (text, target), expected in legal.items():
        assert judge(text, target, "spag-v1").legal is expected, text
    assert judge("İ am in PANDAS", "panda", "spag-v1").span == (8, 13)


def test_published_rules_name_the_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "textblob.en.inflect", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[spag\]'"):
        judge("text", "untested", "spag-v1")


def _inside_pairs(step: int) -> list[tuple[str, str]]:
    """(target, other word that contains it) over the vocabulary, for each ``step``-th target that has any."""
    pool = set(vocabulary())
    inside: dict[str, list[str]] = {}
    for word in pool:
        parts = {word[i:j] for i in range(len(word)) for j in range(i + 3, len(word) + 1)} - {word}
        for part in parts & pool:
            inside.setdefault(part, []).append(word)
    assert len(inside) > 4_000  # table 1b: more than a fifth of the targets lie inside another
    return [(target, word) for target in sorted(inside)[::step] for word in sorted(inside[target])]


def test_substring_faults_are_gone() -> None:
    """Table 1b on our vocabulary: the published judge is wrong on nearly every pair, the strict one on none."""
    pytest.importorskip("textblob")
    pairs = [(target, word) for target, word in _inside_pairs(25) if word not in family(target)]
    published = strict = accepted = wrongly_accepted = 0
    for target, word in pairs:
        guess = f"I know the word! It is {word}"
        published += not judge(word, target, "spag-v1").legal
        strict += not judge(word, target).legal
        accepted += read_guess(guess, target, "spag-v1") == "correct"
        related = target in family(word)
        wrongly_accepted += read_guess(guess, target) == "correct" and not related
    assert published == len(pairs) > 500
    assert accepted > 400
    assert strict == 0
    assert wrongly_accepted == 0
