"""Problems in VerilogEval's format: policies by proof and by testbench, and how far the two agree.

``python -m selftaught.benchmarks.verilog_eval --data FOLDER --models smollm2-135m --testbench`` writes
``benchmarks/results/verilog_eval.json``. Every reference passes both judges or is on a list with the reason
(``verilog_problems``), which the result repeats; ``unexplained`` has what does neither. pass@k is the unbiased estimate
(arXiv 2107.03374, equation 1) over the problems whose reference a judge can use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import comb
from pathlib import Path
from typing import Any

import tyro

from selftaught.benchmarks.asynchow import policy
from selftaught.benchmarks.prover import chosen
from selftaught.benchmarks.record import RESULTS, record
from selftaught.benchmarks.testbench import INSTALL, Run, Runner, cheats, icarus, run_command, simulate
from selftaught.benchmarks.verilog_problems import EXCLUDED, TOP, WEAK, Problem, answered, asked, read_problems
from selftaught.envs.hardware.judging import Judge
from selftaught.envs.hardware.verdicts import Verdict
from selftaught.hidden import public_part
from selftaught.progress import Meter, meter
from selftaught.summary import bootstrap
from selftaught.types import Agent


@dataclass(frozen=True)
class VerilogEval:
    """Score policies on problems with references and testbenches."""

    data: Path
    """A folder of NAME_prompt.txt, NAME_ref.sv and NAME_test.sv, or one that holds it."""
    models: tuple[str, ...] = ()
    """Names of models, or NAME@FOLDER with an adapter."""
    testbench: bool = False
    """Run the testbenches too; needs Icarus on the path."""
    most: int = 0
    """Problems to take; 0 for all."""
    samples: int = 1
    """Answers to each problem."""
    ks: tuple[int, ...] = (1,)
    """Of pass@k; none above the samples."""
    temperature: float = 0.0
    """Of sampling; 0 is greedy."""
    max_new_tokens: int = 512
    """Tokens at which an answer is cut short."""
    mutants: int = 3
    """Single edits of each reference on which the judges are compared."""
    seed: int = 0
    """Fixes what is sampled."""
    results: Path = RESULTS
    """Where verilog_eval.json goes."""


def run(config: VerilogEval, *, agents: Sequence[Agent] = (), runner: Runner = run_command) -> Path:
    """Judge and write; where the result lies. ``agents`` are scored beside the models.

    Raises:
        ValueError: if the folder has no problems, or numbers do not fit.
        RuntimeError: if testbenches are wanted and there is no Icarus.
    """
    if not all(1 <= k <= config.samples for k in config.ks):
        raise ValueError(f"pass@k needs 1 <= k <= samples, not ks {config.ks} with samples {config.samples}")
    version = icarus() if config.testbench and runner is run_command else None
    if config.testbench and runner is run_command and version is None:
        raise RuntimeError(f"--testbench needs iverilog and vvp on the path: {INSTALL}")
    problems = read_problems(config.data)[: config.most or None]
    judges = Judges(runner if config.testbench else None)
    with meter() as stages:
        usable, values = _references(problems, judges, stages)
        agreement = _agreement(problems, usable, judges, config.mutants, stages)
        players = [*agents, *(_model(name, config) for name in config.models)]
        scores = [_score(player, problems, usable, judges, config, stages) for player in players]
    judges.prover.close()
    command = f"python -m selftaught.benchmarks.verilog_eval {_arguments(config)}"
    values = {"problems": len(problems), "icarus": version, **values, "agreement": agreement, "players": scores}
    return record("verilog_eval", command=command, seeds=[config.seed], values=values, folder=config.results)


class Judges:
    """Both judges of one run, by name; the testbench only if there is a runner for it."""

    def __init__(self, runner: Runner | None) -> None:
        self.prover, self.runner = Judge(), runner
        self.names = ("prover",) if runner is None else ("prover", "testbench")

    def verdicts(self, problem: Problem, candidate: str) -> tuple[Verdict, Run | None]:
        """What the prover says, and the testbench."""
        proved = self.prover.judged(problem.golden, candidate, top=TOP)
        return proved, None if self.runner is None else simulate(problem, candidate, runner=self.runner)

    def passed(self, problem: Problem, candidate: str) -> dict[str, tuple[bool, str]]:
        """By judge: whether it passes, and the reason."""
        proved, tested = self.verdicts(problem, candidate)
        found = {"prover": (proved.kind == "equal", proved.reason)}
        return found if tested is None else {**found, "testbench": (tested.passed, tested.reason)}


def _references(
    problems: Sequence[Problem], judges: Judges, stages: Meter
) -> tuple[dict[str, set[str]], dict[str, Any]]:
    """The problems that each judge can use; what it excludes and why; the cheats that pass."""
    usable: dict[str, set[str]] = {judge: set() for judge in judges.names}
    excluded: dict[str, dict[str, Any]] = {judge: {} for judge in judges.names}
    unexplained: dict[str, dict[str, str]] = {judge: {} for judge in judges.names}
    through = Counter[str]()
    advance = stages("references", len(problems))
    for problem in problems:
        for judge, (passed, reason) in judges.passed(problem, problem.golden).items():
            known = EXCLUDED[judge].get(problem.name)
            if known is not None:
                excluded[judge][problem.name] = {"why": known, "passes": passed, "said": reason[:200]}
            elif passed:
                usable[judge].add(problem.name)
            else:
                unexplained[judge][problem.name] = reason[:200]
        for name, text in cheats(problem).items():
            through[name] += any(passed for passed, _ in judges.passed(problem, text).values())
        advance(1)
    weak = {name: why for name, why in WEAK.items() if any(problem.name == name for problem in problems)}
    found = {judge: len(names) for judge, names in usable.items()}
    return usable, {
        "references_usable": found,
        "excluded": excluded,
        "unexplained": unexplained,
        "weak_testbenches": weak,
        "cheats_that_pass": dict(through),
    }


def _agreement(
    problems: Sequence[Problem], usable: Mapping[str, set[str]], judges: Judges, mutants: int, stages: Meter
) -> dict[str, Any] | None:
    """The judges' verdicts on edits of the references that both can use; None without a testbench."""
    if "testbench" not in usable:
        return None
    both = {problem.name: problem for problem in problems if all(problem.name in names for names in usable.values())}
    designs = {name: re.sub(rf"\bmodule\s+{TOP}\b", "module top", problem.golden) for name, problem in both.items()}
    every = chosen(designs, mutants)
    table, disagreements = Counter[str](), []
    advance = stages("mutants", len(every))
    for mutant in every:
        problem, text = both[mutant.design], re.sub(r"\bmodule top\b", f"module {TOP}", mutant.text)
        proved, tested = judges.verdicts(problem, text)
        assert tested is not None
        said = "passes" if tested.passed else "fails"
        stage = "" if proved.stage == "logic" else f" at {proved.stage}"
        table[f"{proved.kind}{stage}, {said}"] += 1
        if (proved.kind, tested.passed) in (("equal", False), ("different", True)):
            shown = {"problem": mutant.design, "edit": mutant.edit, "prover": proved.kind, "testbench": tested.reason}
            disagreements.append({**shown, "why": _why(proved)})
        advance(1)
    return {"mutants": len(every), "verdicts": dict(sorted(table.items())), "disagreements": disagreements}


def _why(verdict: Verdict) -> str:
    """The end of the run that shows the difference."""
    return verdict.reason if verdict.trace is None else verdict.trace.text()[-300:]


def _score(
    player: Agent,
    problems: Sequence[Problem],
    usable: Mapping[str, set[str]],
    judges: Judges,
    config: VerilogEval,
    stages: Meter,
) -> dict[str, Any]:
    """pass@k by each judge, how far answers come, and every problem's count of right ones."""
    asks = [
        asked(problem, seed=config.seed * len(problems) * config.samples + place * config.samples + sample)
        for place, problem in enumerate(problems)
        for sample in range(config.samples)
    ]
    advance, replies = stages(player.name, len(problems)), player.reply(asks)
    right: dict[str, dict[str, int]] = {judge: {} for judge in judges.names}
    stopped = Counter[str]()
    for place, problem in enumerate(problems):
        wanted = [judge for judge in judges.names if problem.name in usable[judge]]
        for reply in replies[place * config.samples : (place + 1) * config.samples]:
            proved, tested = judges.verdicts(problem, answered(public_part(reply.text)))
            stopped[f"{proved.kind} at {proved.stage}"] += 1
            passed = {"prover": proved.kind == "equal", "testbench": tested is not None and tested.passed}
            for judge in wanted:
                right[judge][problem.name] = right[judge].get(problem.name, 0) + passed[judge]
        advance(1)
    return {
        "player": player.name,
        "pass_at_k": {judge: _pass_rates(counts, config) for judge, counts in right.items()},
        "verdicts": dict(sorted(stopped.items())),
        "right": right,
    }


def _pass_rates(right: Mapping[str, int], config: VerilogEval) -> dict[str, Any]:
    names = list(right)
    if not names:
        return {}
    rates = {k: [pass_at_k(config.samples, right[name], k) for name in names] for k in config.ks}
    return {str(k): asdict(bootstrap(found, names)) for k, found in rates.items()}


def pass_at_k(samples: int, right: int, k: int) -> float:
    """The chance that one of ``k`` answers is right, estimated from more ``samples`` without bias."""
    return 1 - comb(samples - right, k) / comb(samples, k)


def _model(name: str, config: VerilogEval) -> Agent:
    return policy(name, max_new_tokens=config.max_new_tokens, temperature=config.temperature)


def _arguments(config: VerilogEval) -> str:
    """As typed, but for the folder, of which the last part is kept."""
    words = [f"--data {config.data.name}", *(["--models", *config.models] if config.models else [])]
    words += ["--testbench"] if config.testbench else []
    words += [f"--most {config.most}"] if config.most else []
    words += [f"--samples {config.samples} --ks {' '.join(map(str, config.ks))} --temperature {config.temperature:g}"]
    return " ".join(
        [*words, f"--max-new-tokens {config.max_new_tokens} --mutants {config.mutants} --seed {config.seed}"]
    )


if __name__ == "__main__":
    print(run(tyro.cli(VerilogEval)))
