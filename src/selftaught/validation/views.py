"""The game as others see it: Gymnasium's and PettingZoo's own checks of the generic views, and speed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import Any, Final

import gymnasium
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, seed_test

from selftaught.benchmarks.throughput import aec_steps, rate
from selftaught.envs.aec_view import AecView
from selftaught.envs.gym_view import SeatEnv
from selftaught.types import Seat
from selftaught.validation.subject import Fault, Subject, told

HARMLESS: Final = {
    "Observation is not a NumPy array": "it is a Dict of text, which no array holds",
    "Observation space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete": "text",
    "Action space for each agent probably should be gymnasium.spaces.box or gymnasium.spaces.discrete": "text",
    'We recommend agents to be named in the format <descriptor>_<number>, like "player_0"': "seats have telling names",
}
"""The libraries' warnings that may come, each with the reason why it does not matter. All others fail the check."""
SLOW: Final = 1_000
"""Steps a second below which the throughput is called slow."""
SECONDS: Final = 0.3
_GYMNASIUM: Final = """import gymnasium
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from selftaught.envs.registry import make_seat_env"""


def gymnasium_view(subject: Subject) -> str:
    """Every seat is a Gymnasium environment that passes ``check_env``."""
    seats = tuple(subject.make().seats)
    for seat in seats:
        cast = subject.seated({**subject.casts()[0], **subject.entry.beside.get(seat, {})})
        others = {other: player for other, player in cast.items() if other != seat}
        made = {"game_name": subject.spec, "seat": seat, **subject.settings}
        code = f"kwargs = {made!r}\nspec = EnvSpec('selftaught/Validated-v0', entry_point=make_seat_env, kwargs=kwargs)"

        def make(render_mode: str | None = None, seat: Seat = seat, others: Any = others) -> SeatEnv:
            return SeatEnv(subject.make(), seat=seat, others=others, render_mode=render_mode)

        with strict(f"check_env of seat {seat!r}", f"{_GYMNASIUM}\n{code}\ncheck_env(gymnasium.make(spec).unwrapped)"):
            # Made by a specification, so that the check can make its own copies.
            check_env(gymnasium.make(EnvSpec("selftaught/Validated-v0", entry_point=make)).unwrapped)  # type: ignore[arg-type]  # a maker may take fewer arguments
    return f"check_env of {', '.join(seats)}"


def pettingzoo_view(subject: Subject) -> str:
    """All seats are a PettingZoo environment that passes ``api_test`` and ``seed_test``."""
    code = "from pettingzoo.test import api_test, seed_test\nfrom selftaught.envs.aec_view import AecView\n"
    code += subject.code()
    with strict("api_test", f"{code}\napi_test(AecView(game), num_cycles=100)"):
        api_test(AecView(subject.make(), render_mode="ansi"), num_cycles=100)
    with strict("seed_test", f"{code}\nseed_test(lambda: AecView(game), num_cycles=30)"):
        seed_test(lambda: AecView(subject.make()), num_cycles=30)
    return "api_test, seed_test"


def throughput(subject: Subject) -> str:
    """Steps a second with the default players, which is told and not judged."""
    found = rate(aec_steps(subject.make(), subject.default()), SECONDS, warm_up=20)
    return f"{found:,.0f} steps/s on one core{'' if found >= SLOW else f': slow, below {SLOW:,}'}"


@contextmanager
def no_warnings() -> Iterator[None]:
    """Turn every warning that is not in ``HARMLESS`` into an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in HARMLESS:
            warnings.filterwarnings("ignore", message=rf".*{re.escape(text)}")
        yield


@contextmanager
def strict(test: str, code: str) -> Iterator[None]:
    """A library's test, whose errors and warnings are faults."""
    try:
        with no_warnings(), redirect_stdout(StringIO()):
            yield
    except (Exception, SystemExit) as error:  # the library's assertions, and whatever the user's code raises
        raise Fault(f"{test}: {told(error)}", code) from error
