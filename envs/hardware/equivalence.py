"""Whether a candidate does what the golden does: proved, refuted by a run, or not known.

*Equal* means: for every sequence of inputs the outputs agree wherever the golden's is not x. Registers start with their
first values, or with any; those of one name in both start with the same. If that is not so from every state, the states
that cannot be reached after a reset are left out: a reset is what makes the golden's registers known, found by trying.
Parameters have their defaults, and delays there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from selftaught.envs.hardware.circuit import Circuit, blast
from selftaught.envs.hardware.design import Fault
from selftaught.envs.hardware.exploration import explore
from selftaught.envs.hardware.graph import FALSE, Graph, Unsupported
from selftaught.envs.hardware.induction import prove
from selftaught.envs.hardware.machine import build, mismatches
from selftaught.envs.hardware.programs import Program, execute, program
from selftaught.envs.hardware.reading import Port, Reading, read
from selftaught.envs.hardware.resets import Reset, find_reset
from selftaught.envs.hardware.runs import Run, show, stimulus
from selftaught.envs.hardware.satisfy import satisfy
from selftaught.envs.hardware.search import find_random, find_short
from selftaught.envs.hardware.verdicts import UNPROVED, UNREFUTED, Stage, Verdict

PATTERNS: Final = 1024
"""Random patterns that the functions of bits are compared on before anything is proved."""
_SHORT, _LONG = 96, 1100
"""Steps of many random runs, and of a few long ones."""


@dataclass(frozen=True, slots=True)
class Golden:
    """A design to compare with, prepared once.

    ``circuit`` is None if it cannot be compared with anything, and ``reason`` says why. The ``graph`` grows during a
    comparison and shrinks again at its end: one comparison at a time.
    """

    reading: Reading
    graph: Graph
    circuit: Circuit | None
    reason: str = ""
    resets: dict[frozenset[int], Reset] = field(default_factory=dict)


def prepare(text: str, *, top: str | None = None) -> Golden:
    """Reads a golden design; never raises on any text."""
    reading, graph = read(text, top=top), Graph()
    if reading.top is None:
        return Golden(reading, graph, None, reading.refused or reading.errors)
    try:
        circuit = blast(graph, reading.top)
    except (Unsupported, RecursionError) as reason:
        return Golden(reading, graph, None, str(reason))
    if circuit.undriven:
        return Golden(reading, graph, None, f"nothing drives {', '.join(circuit.undriven)}")
    if not circuit.outputs:
        return Golden(reading, graph, None, "the module has no outputs")
    return Golden(reading, graph, circuit)


def compare(golden: Golden, text: str) -> Verdict:
    """The verdict on a candidate, which must define a module of the golden's name; never raises on any text."""
    if golden.circuit is None or golden.reading.top is None:
        return Verdict("unknown", f"the golden design cannot be judged by: {golden.reason}")
    reading = read(text, top=golden.reading.top.name)
    if reading.top is None:
        stage: Stage = "text" if reading.refused else "syntax"
        return Verdict("different", reading.refused or reading.errors, stage, parsed=reading.parsed)
    wrong = port_faults(golden.reading.ports, reading.ports)
    if wrong:
        return Verdict("different", "; ".join(wrong), "ports")
    mark = golden.graph.mark()
    try:
        circuit = blast(golden.graph, reading.top)
        verdict = decide(golden.graph, golden.circuit, circuit, resets=golden.resets)
        if verdict.kind == "different" and circuit.undriven:
            return replace(verdict, reason=f"nothing drives {', '.join(circuit.undriven)}", stage="drivers")
        return verdict
    except Fault as reason:
        return Verdict("unknown", str(reason), "drivers")
    except (Unsupported, RecursionError) as reason:
        return Verdict("unknown", str(reason))
    finally:
        golden.graph.restore(mark)


def check(golden: str, candidate: str, *, top: str | None = None) -> Verdict:
    """``compare`` for a golden that is used once."""
    return compare(prepare(golden, top=top), candidate)


def port_faults(wanted: tuple[Port, ...], found: tuple[Port, ...]) -> list[str]:
    """What is wrong with a candidate's ports: names, directions and widths count, order and sign do not."""
    there = {port.name: port for port in found}
    faults = [f"there must be a port {port.name}" for port in wanted if port.name not in there]
    for port in wanted:
        other = there.pop(port.name, None)
        if other is not None and (other.direction, other.width) != (port.direction, port.width):
            is_now = f"{other.direction} of {other.width}"
            faults.append(f"the port {port.name} must be {port.direction} of {port.width} bits, not {is_now}")
    return faults + [f"there must be no port {name}" for name in there]


def decide(
    graph: Graph, golden: Circuit, candidate: Circuit, *, resets: dict[frozenset[int], Reset] | None = None
) -> Verdict:
    """The verdict on two circuits with the same ports in one graph.

    ``resets`` keeps what was found to reset the golden, by the clocks that are inputs of the run.
    """
    open_bits = _open(graph, golden, candidate)
    starts = all(golden.states[node].initial == candidate.states[node].initial for node in _shared(golden, candidate))
    if not open_bits and starts:
        return Verdict("equal", "the same functions of inputs and registers, gate by gate")
    if not golden.states and not candidate.states:
        return _combinational(graph, golden, candidate, open_bits)
    undecided = open_bits and starts and not _simulated(graph, open_bits)
    if undecided and satisfy(graph, [graph.some(open_bits)]).found is False:
        return Verdict("equal", "the same functions of inputs and registers, by proof")
    return _sequential(graph, golden, candidate, {} if resets is None else resets)


def _shared(golden: Circuit, candidate: Circuit) -> list[int]:
    return [node for node in golden.states if node in candidate.states]


def _open(graph: Graph, golden: Circuit, candidate: Circuit) -> list[int]:
    """The literals of all differences between functions of the same inputs and registers that are not plainly false.

    If none of them can be true the designs are equal, by induction: outputs agree, and registers of one name and clock
    go on to agree. Registers that only one side has may then hold anything.
    """
    found = mismatches(graph, golden, candidate)
    for node in _shared(golden, candidate):
        one, other = golden.states[node], candidate.states[node]
        known = graph.conjoin(other.known, graph.differ(one.following, other.following) ^ 1)
        found.append(graph.conjoin(one.known, known ^ 1))
        found.append(graph.differ(one.effective, other.effective))
    return [literal for literal in found if literal != FALSE]


def _simulated(graph: Graph, literals: list[int]) -> int:
    """The patterns in which one of the literals is true."""
    code, hits = program(graph, literals), 0
    for found in execute(code, _stimuli(code), (1 << PATTERNS) - 1):
        hits |= found
    return hits


def _stimuli(code: Program) -> Mapping[int, int]:
    return {node: stimulus(f"variable {node}", 0, PATTERNS) for node in code.variables}


def _combinational(graph: Graph, golden: Circuit, candidate: Circuit, open_bits: list[int]) -> Verdict:
    hits = _simulated(graph, open_bits)
    if hits:
        pattern, stimuli = (hits & -hits).bit_length() - 1, _stimuli(program(graph, open_bits))
        values = {node: value >> pattern & 1 for node, value in stimuli.items()}
    else:
        answer = satisfy(graph, [graph.some(open_bits)])
        if answer.found is None:
            return Verdict("unknown", UNPROVED)
        if not answer.found:
            return Verdict("equal", "the same functions of the inputs, by proof")
        values = {
            node: int(node in answer.values) for bits in golden.inputs.values() for node in (b >> 1 for b in bits)
        }
    machine = build(graph, golden, candidate)
    trace = show(machine, Reset({}, 0), Run([{}], [values]))
    return Verdict("different", "the outputs differ", trace=trace)


def _sequential(graph: Graph, golden: Circuit, candidate: Circuit, resets: dict[frozenset[int], Reset]) -> Verdict:
    """Runs from the reset on: a differing one at random, then a proof, then short ones by SAT, then long ones."""
    machine = build(graph, golden, candidate)
    mode = frozenset(machine.clocks)
    reset = resets[mode] if mode in resets else resets.setdefault(mode, find_reset(machine))
    trace = find_random(machine, reset, steps=_SHORT)
    if trace is None and machine.bad == FALSE:
        return Verdict("equal", "the outputs do not depend on registers")
    if trace is None:
        for way, proves in (("tried one by one", explore), ("by induction", prove)):
            if proves(machine, reset):
                return Verdict("equal", f"the same outputs in every state that a reset can lead to, {way}")
        trace = find_short(machine, reset) or find_random(machine, reset, steps=_LONG, patterns=64)
    if trace is None:
        return Verdict("unknown", UNREFUTED)
    return Verdict("different", "the outputs differ", trace=trace)
