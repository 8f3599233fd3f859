"""How faithful descriptions are: designs told in words, built again from the words alone, and compared by proof.

python -m selftaught.benchmarks.descriptions            # own designs, their mutants, constructed goldens
python -m selftaught.benchmarks.descriptions FOLDER     # and the Verilog files of a folder, such as VerilogEval's
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from selftaught.benchmarks.prover import chosen
from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.benchmarks.prover_large import LARGE
from selftaught.envs.hardware import Unsupported, compare, prepare
from selftaught.envs.hardware.construct import LEVELS, draw
from selftaught.envs.hardware.describe import describe, rebuild


def measure(name: str, codes: Iterable[str], rounds: int = 1) -> Counter[str]:
    """Prints and counts what became of each design that the prover can read, described ``rounds`` times.

    ``equal`` is the share that is wanted; ``none``: not understood again; ``no words``: refused to describe.
    """
    found, reasons, spent, size = Counter[str](), Counter[str](), 0.0, 0
    for number, code in enumerate(codes):
        golden = prepare(code)
        if golden.circuit is None:
            found["not readable"] += 1
            continue
        for turn in range(rounds):
            rng = np.random.default_rng([number, turn])
            begun = time.perf_counter()
            try:
                text = describe(code, rng)
            except Unsupported as reason:
                found["no words"] += 1
                reasons[str(reason)[:100]] += 1
                continue
            spent, size = spent + time.perf_counter() - begun, size + len(text)
            again = rebuild(text)
            verdict = None if again is None else compare(golden, again)
            found["none" if verdict is None else verdict.kind] += 1
            if verdict is not None and verdict.kind != "equal":
                reasons[f"{verdict.kind}: {verdict.reason[:100]}"] += 1
    told = sum(count for kind, count in found.items() if kind not in ("not readable", "no words"))
    total = told + found["no words"]
    print(
        f"{name}: {found['equal']} of {total} equal ({found['equal'] / max(total, 1):.1%}), {dict(found)}; "
        f"{told / max(spent, 1e-9):.0f} described a second, {size / max(told, 1):.0f} characters"
    )
    for why, count in reasons.most_common(10):
        print(f"  {count:4} {why}")
    return found


def main(folders: list[str]) -> None:
    """All sets, one line each."""
    designs = DESIGNS | LARGE
    measure("own designs", designs.values(), rounds=10)
    measure("mutants", (mutant.text for mutant in chosen(designs, 30)))
    tasks = (draw(np.random.default_rng([level, seed]), level) for level in LEVELS for seed in range(150))
    measure("constructed", (task.golden for task in tasks))
    for folder in folders:
        files = sorted(path for path in Path(folder).rglob("*") if path.suffix in (".v", ".sv"))
        measure(folder, (path.read_text(errors="replace") for path in files))


if __name__ == "__main__":
    main(sys.argv[1:])
