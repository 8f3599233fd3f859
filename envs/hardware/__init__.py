"""Verilog repair and completion (arXiv 2403.11202): the prover that decides whether a design does what another does."""

from selftaught.envs.hardware.equivalence import Golden, check, compare, prepare
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.reading import Port, Reading, read
from selftaught.envs.hardware.replay import replay
from selftaught.envs.hardware.safety import refusal
from selftaught.envs.hardware.verdicts import Step, Trace, Verdict

__all__ = [
    "Golden",
    "Port",
    "Reading",
    "Step",
    "Trace",
    "Unsupported",
    "Verdict",
    "check",
    "compare",
    "prepare",
    "read",
    "refusal",
    "replay",
]
