"""The judge of taboo, alone: a dozen utterances and what it says of them."""

from rich.console import Console
from rich.table import Table

from selftaught.envs.taboo import judge
from selftaught.envs.taboo.judge import read_guess

UTTERANCES = (
    ("Is it a panda?", "panda"),
    ("Two of the mice got away.", "mouse"),
    ("Some panda-like animal, then.", "panda"),
    ("I will spell it: p-a-n-d-a.", "panda"),
    ("It is a ham mer.", "hammer"),
    ("Say adnap backwards.", "panda"),
    ("It must be a p4nd4!", "panda"),
    ("A p\u0430nd\u0430, written with Cyrillic letters.", "panda"),
    ("Please ask nice dogs again.", "panda"),
    ("Where shall we start?", "art"),
    ("We played football.", "ball"),
    ("The rapist was caught.", "therapist"),
)

table = Table("utterance", "target", "verdict", "reason", "span")
illegal = 0
for text, target in UTTERANCES:
    verdict = judge(text, target)
    illegal += not verdict.legal
    where = "" if verdict.span is None else f"{verdict.span}: {text[slice(*verdict.span)]}"
    table.add_row(text, target, "legal" if verdict.legal else "illegal", verdict.reason, where)
Console(width=120).print(table)
print("a guess:", read_guess("I know the word! It is boats.", "boat"), "/", read_guess("Is it a boat?", "boat"))
print(f"{illegal} of {len(UTTERANCES)} utterances disclose their target")
