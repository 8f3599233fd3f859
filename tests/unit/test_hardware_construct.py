"""Constructed tasks: what is read from a prompt alone is the golden design, and nothing else fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.hardware.construct import KINDS, LEVELS, Construction, Kind, Level, draw
from selftaught.envs.hardware.equivalence import check, prepare

seeds = st.integers(0, 2**32 - 1)
levels = st.sampled_from(LEVELS)
Next = dict[tuple[int, int], int]


def _drawn(seed: int, level: Level, kind: Kind | None = None) -> Construction:
    return draw(np.random.default_rng(seed), level, kind=kind)


@given(seeds, levels)
@settings(max_examples=100, deadline=None)
def test_every_golden_is_a_circuit_with_the_ports_of_the_prompt(seed: int, level: Level) -> None:
    task = _drawn(seed, level)
    golden = prepare(task.golden)
    assert golden.circuit is not None, (golden.reason, task.golden)
    assert golden.reading.top is not None and golden.reading.top.name in task.prompt.split("\n")[0]
    told = [line for line in task.prompt.split("\n") if line.startswith("- ")]
    assert len(told) == len(golden.reading.ports)
    for line, port in zip(told, golden.reading.ports, strict=True):
        assert {port.name, f"{port.direction}put"} <= set(re.findall(r"\w+", line))
        assert ("1 bit" if port.width == 1 else f"{port.width} bits") in line
    assert check(task.golden, task.golden).kind == "equal"
    assert task == _drawn(seed, level)


def _grid(prompt: str) -> tuple[list[str], list[list[str]]]:
    """The last table of a prompt, whatever its layout."""
    lines = prompt.split("\n\n")[-1].split("\n")
    if " : " in lines[0]:
        sides = [line.split(" : ") for line in lines]
        return [name.strip() for name, _ in sides], [
            list(row) for row in zip(*(s.split(" ") for _, s in sides), strict=True)
        ]
    if lines[0].startswith("|"):
        cut = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("| -")]
    else:
        cut = [re.split(r"\s{2,}", line) for line in lines]
    drop = int(cut[0][0] == "number")
    return cut[0][drop:], [row[drop:] for row in cut[1:]]


def _head(task: Construction) -> str:
    return task.golden[: task.golden.index(";") + 1]


@given(seeds, levels)
@settings(max_examples=60, deadline=None)
def test_truth_tables_say_what_the_golden_does(seed: int, level: Level) -> None:
    task = _drawn(seed, level, "truth table")
    columns, rows = _grid(task.prompt)
    if "\\" in columns[0]:
        side, top = (names.split() for names in columns[0].split("\\"))
        rows = [[*row[0], *place, row[1 + at]] for row in rows for at, place in enumerate(columns[1:])]
        columns = [*side, *top, re.findall(r"output reg (\w+)", _head(task))[0]]
    outputs = re.findall(r"output reg (?:\[.*?\] )?(\w+)", _head(task))
    inputs = columns[: len(columns) - len(outputs)]
    assert len(rows) == 2 ** sum(map(len, rows[0][: len(inputs)]))
    for fill in "01":
        arms = [
            f"if ({{{', '.join(inputs)}}} == 5'b{''.join(row[: len(inputs)])}) "
            f"{{{', '.join(outputs)}}} = 5'b{''.join(row[len(inputs) :]).replace('-', fill)};"
            for row in rows
        ]
        zero = f"{{{', '.join(outputs)}}} = 0;"
        code = f"{_head(task)} always @* begin {zero} {' '.join(arms)} end endmodule"
        assert check(task.golden, code).kind == "equal", (task, code)
    wrong = next(row for row in rows if "-" not in "".join(row))
    flipped = "".join("10"[int(bit)] for bit in "".join(wrong[len(inputs) :]))
    arm = f"if ({{{', '.join(inputs)}}} == 5'b{''.join(wrong[: len(inputs)])}) {{{', '.join(outputs)}}} = 5'b{flipped};"
    bad = code.replace("end endmodule", f"{arm} end endmodule")
    assert check(task.golden, bad).kind == "different"


def _machine(prompt: str, given: str, wanted: str) -> tuple[list[str], dict[tuple[str, str], tuple[str, str]]]:
    """States in order, and for a state and an input the next state and the output, from either form of a prompt."""
    told = prompt.split("\n\n")[-1]
    found: dict[tuple[str, str], tuple[str, str]] = {}
    if re.search(r"^(In|State) ", told):
        names = re.findall(r"^(?:In|State) (\w+):", told, re.MULTILINE)
        for name, line in zip(names, told.split("\n"), strict=True):
            alone = re.search(rf": {wanted} is (\d+)", line)
            for values, goal, output in re.findall(r"on \w+ ([\d or]+) (stay|go to \w+)(?: with \w+ (\d+))?", line):
                for value in values.strip().split(" or "):
                    after = name if goal == "stay" else goal.removeprefix("go to ")
                    found[name, value] = after, alone[1] if alone else output
        return names, found
    columns, rows = _grid(prompt)
    for row in rows:
        moore = row[columns.index(wanted)] if wanted in columns else None
        for place, column in enumerate(columns):
            if column.startswith("next"):
                value = column.split("=")[1]
                output = moore if moore is not None else row[columns.index(f"{wanted} if {given}={value}")]
                found[row[0], value] = row[place], output
    return [row[0] for row in rows], found


def _reset(task: Construction) -> tuple[str, str]:
    """The events of a process and the condition of its reset, from the words of the prompt."""
    reset, kind, level = re.findall(r"reset, (\w+), is (\w+): .*? (?:is|it is) ([01]),", task.prompt)[0]
    edge, clock = (
        re.search(r"(rising|falling) edge of (\w+)", task.prompt),
        re.search(r"clock is (\w+), (\w+)", task.prompt),
    )
    assert edge or clock
    way, name = (clock[2], clock[1]) if clock else (edge[1], edge[2]) if edge else ("", "")
    events = f"{'posedge' if way == 'rising' else 'negedge'} {name}"
    if kind == "asynchronous":
        events += f" or {'posedge' if level == '1' else 'negedge'} {reset}"
    return events, reset if level == "1" else f"!{reset}"


@given(seeds, levels)
@settings(max_examples=60, deadline=None)
def test_state_machines_say_what_the_golden_does(seed: int, level: Level) -> None:
    task = _drawn(seed, level, "state machine")
    given, wanted = re.findall(r"(\w+), output reg (?:\[.*?\] )?(\w+)", _head(task))[0]
    names, found = _machine(task.prompt, given, wanted)
    assert len(found) == len(names) * len({value for _, value in found})
    alone = all(len({output for (name, _), (_, output) in found.items() if name == each}) == 1 for each in names)
    assert alone if "Moore" in task.prompt else "Mealy" in task.prompt
    events, reset = _reset(task)

    one_hot = level < 3  # unlike the golden; of more states the prover cannot always show that the two agree

    def built(outputs: dict[tuple[str, str], str]) -> str:
        moves, shown = [], []
        for (name, value), (after, _) in found.items():
            place, goal = names.index(name), names.index(after)
            asked = f"{f's[{place}]' if one_hot else f's == {place}'} && {given} == {len(value)}'b{value}"
            moves.append(f"if ({asked}) s <= {1 << goal if one_hot else goal};")
            shown.append(f"if ({asked}) {wanted} = {len(outputs[name, value])}'b{outputs[name, value]};")
        return (
            f"{_head(task)} reg [{len(names) - 1 if one_hot else 2}:0] s; always @({events}) "
            f"if ({reset}) s <= {int(one_hot)}; else begin {' '.join(moves)} end "
            f"always @* begin {wanted} = 0; {' '.join(shown)} end endmodule"
        )

    outputs = {key: output for key, (_, output) in found.items()}
    assert check(task.golden, built(outputs)).kind == "equal", (task, built(outputs))
    spoilt = list(outputs)[seed % len(outputs)]
    other = outputs | {spoilt: "".join("10"[int(bit)] for bit in outputs[spoilt])}
    assert check(task.golden, built(other)).kind == "different"


def _members(prompt: str, width: int, start: int) -> Iterator[Next]:
    """The class that a prompt names, read from its words and written anew."""
    size = 1 << width
    if "counter" in prompt:
        for way, active, last, first in product((1, -1), (0, 1), range(size), range(size)):
            following = {(value, 1 - active): value for value in range(size)}
            following |= {(value, active): (value + way) % size for value in range(size)}
            yield following | {(last, active): first}
    else:
        assert "shift register" in prompt
        for up, taps in product((True, False), product((0, 1), repeat=width)):
            following = {}
            for bits, entering in product(product((0, 1), repeat=width), (0, 1)):
                new = entering ^ sum(bit & tap for bit, tap in zip(bits, taps, strict=True)) % 2
                after = (new, *bits[:-1]) if up else (*bits[1:], new)
                following[_number(bits), entering] = _number(after)
            yield following


def _number(bits: tuple[int, ...]) -> int:
    """A number from its bits, the lowest first."""
    return sum(bit << place for place, bit in enumerate(bits))


@given(seeds, st.sampled_from((2, 3, 4)))
@settings(max_examples=60, deadline=None)
def test_only_the_golden_of_its_class_has_the_waveform(seed: int, level: Level) -> None:
    task = _drawn(seed, level, "waveform")
    columns, rows = _grid(task.prompt)
    if "depends on nothing but" in task.prompt:
        assert len({tuple(row[:-1]) for row in rows}) == 1 << len(columns) - 1
        terms = " | ".join(f"{{{', '.join(columns[:-1])}}} == 3'b{''.join(row[:-1])}" for row in rows if row[-1] == "1")
        assert check(task.golden, f"{_head(task)} always @* {columns[-1]} = {terms}; endmodule").kind == "equal"
        return
    events, reset = _reset(task)
    active, given, register = (list(column) for column in zip(*rows, strict=True))
    resetting = [bit == ("0" if "!" in reset else "1") for bit in active]
    width = len(register[0])
    seen = [
        (int(register[at], 2), int(given[at], 2), int(register[at + 1], 2))
        for at in range(len(rows) - 1)
        if not resetting[at] and "-" not in register[at] and not (resetting[at + 1] and " or " in events)
    ]
    start = next(int(register[at + 1], 2) for at in range(len(rows) - 1) if resetting[at])
    assert all(int(register[at + 1], 2) == start for at in range(len(rows) - 1) if resetting[at])
    table: Next = {}
    for value, symbol, after in seen:
        assert table.setdefault((value, symbol), after) == after
    if "all the memory" in task.prompt:
        fitting = [table]
        assert {value for value, _, _ in seen} == set(range(1 << width)) and len(table) == 1 << width + len(given[0])
    else:
        members = _members(task.prompt, width, start)
        fitting = [member for member in members if table.items() <= member.items()]
    assert fitting
    for member in {tuple(sorted(member.items())): member for member in fitting}.values():
        arms = " ".join(
            f"if ({columns[2]} == {value} && {columns[1]} == {symbol}) {columns[2]} <= {after};"
            for (value, symbol), after in member.items()
        )
        code = f"{_head(task)} always @({events}) if ({reset}) {columns[2]} <= {start}; else begin {arms} end endmodule"
        assert check(task.golden, code).kind == "equal", (task, code)


def test_levels_and_kinds_are_checked() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="level 5"):
        draw(rng, 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kind 'poem'"):
        draw(rng, 1, kind="poem")  # type: ignore[arg-type]


def test_tasks_differ_and_grow() -> None:
    for kind in KINDS:
        drawn = [[_drawn(seed, level, kind) for seed in range(60)] for level in LEVELS]
        sizes = [sum(len(task.golden) for task in tasks) for tasks in drawn]
        assert sizes[0] < sizes[2] and sizes[0] < sizes[3], (kind, sizes)
        assert all(len({task.prompt for task in tasks}) > 50 for tasks in drawn)


@pytest.mark.parametrize("level", (3, 4))
def test_a_state_machine_in_another_encoding_is_proved_equal(level: Level) -> None:
    for seed in range(4):
        golden = draw(np.random.default_rng(seed), level, kind="state machine").golden
        other = _one_hot(golden)
        verdict = check(golden, other)
        assert verdict.kind == "equal" and "one by one" in verdict.reason
        begins, *others = re.findall(r"(\w+) = \d+'b", other.partition(";\n  reg")[0])
        wrong = other.replace(f"cs <= {begins};", f"cs <= {others[-1]};")
        assert wrong != other and check(golden, wrong).kind == "different"


def _one_hot(golden: str) -> str:
    """The machine with one bit of state a state, under other names."""
    (told,) = re.findall(r"localparam (.*?);", golden)
    names = [item.partition(" = ")[0] for item in told.split(", ")]
    hot = ", ".join(f"{name} = {len(names)}'b{1 << place:0{len(names)}b}" for place, name in enumerate(names))
    text = re.sub(r"reg (\[.*?\] )?state,", f"reg [{len(names) - 1}:0] state,", golden.replace(told, hot))
    return re.sub(r"\bstate\b", "cs", text)
