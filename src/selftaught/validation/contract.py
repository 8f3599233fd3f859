"""What ``selftaught.types.Game`` promises: its shape, its ends, and that its functions are pure."""

from __future__ import annotations

import math
import pickle
from contextlib import suppress
from functools import partial
from typing import Any, Final, get_args

from selftaught.envs.anyone import ANYONE
from selftaught.types import Ask, Crediting, Game, Message, Outcome, Paying, Player, Role
from selftaught.validation.subject import Fault, Subject, Table, by_seat, draws, guarded, shown, tables
from selftaught.validation.texts import spelled

MEMBERS: Final = ("name", "seats", "tasks", "start", "ask", "tell", "outcome", "metrics")
ROUNDING: Final = 1e-9
UNFINISHED: Final = "raise ValueError('the game is not over') while ask(state) is not None"
PAY: Final = "pay every seat one finite float, at the end"


def protocol(subject: Subject) -> str:
    """It has the members of ``Game``, its seats stay, it equals its copies, and its entry fits it."""
    with guarded("making the game", subject.code):
        game, twin = subject.make(), subject.make()
    lacking = [name for name in MEMBERS if not hasattr(game, name)]
    if lacking or not isinstance(game, Game):
        raise Fault(f"no Game: it lacks {', '.join(lacking)}", f"{subject.code()}\ndir(game)")
    seats = tuple(game.seats)
    if not isinstance(game.name, str) or not game.name:
        raise Fault(f"name must be a text, not {game.name!r}", f"{subject.code()}\ngame.name")
    if not seats or len(set(seats)) != len(seats) or not all(isinstance(seat, str) for seat in seats):
        raise Fault(f"seats must be distinct names, not {game.seats!r}", f"{subject.code()}\ngame.seats")
    if tuple(game.seats) != seats or tuple(twin.seats) != seats:
        raise Fault("the seats change from one look to the next", f"{subject.code()}\ngame.seats, game.seats")
    with guarded("pickling the game", lambda: f"{subject.code()}\nimport pickle\npickle.dumps(game)"):
        copy = pickle.loads(pickle.dumps(game))
    if not game == twin == copy:
        raise Fault(
            "two games of equal settings are not equal",
            f"{subject.code()}\nimport copy\ngame == copy.deepcopy(game)",
            remedy="make it a frozen dataclass of its settings (eq compares them), with nothing else in it",
        )
    entry_fits(subject, game)
    return f"{game.name}, seats {', '.join(seats)}, {sum(map(len, subject.entry.players.values()))} scripted players"


def entry_fits(subject: Subject, game: Game[Any]) -> None:
    """The entry's players are of the game's seats, and whoever it names is one of them.

    Raises:
        Fault: if not.
    """
    known, code = subject.entry, f"{subject.code()}\ngame.seats"
    if not subject.settings and tuple(known.seats) != tuple(game.seats):
        raise Fault(f"the entry has seats {known.seats}, the game {tuple(game.seats)}", code)
    empty = [seat for seat in game.seats if not known.players.get(seat)]
    if empty:
        raise Fault(f"the entry has no player for seats {empty}", code, remedy="name one at least in Entry.players")
    if known.default_seat not in known.players:
        raise Fault(f"the entry's default seat {known.default_seat!r} is none of {list(known.players)}", code)
    others = {seat: (name,) for seat, name in known.default_others.items()}
    oracles = {seat: (name,) for seat, name in known.oracles.items()}
    for what, named in (
        ("default_others", others),
        ("yardsticks", known.yardsticks),
        ("oracles", oracles),  # before the teachers, who in an entry of ``entry_of`` are the same
        ("teachers", known.teachers),
        *(("beside", {other: (name,) for other, name in named.items()}) for named in known.beside.values()),
    ):
        if what in ("default_others", "yardsticks") and (gone := known.players.keys() - named.keys()):
            raise Fault(f"the entry's {what} leave out seats {sorted(gone)}", code)
        for seat, names in named.items():
            if seat not in known.players:
                raise Fault(f"{what} name seat {seat!r}; the entry's seats are {', '.join(known.players)}", code)
            if unknown := set(names) - known.players[seat].keys():
                raise Fault(
                    f"{what} name {', '.join(map(repr, sorted(unknown)))} for seat {seat!r}, "
                    f"whose players are {', '.join(known.players[seat])}",
                    code,
                    remedy=f"in {what}, name players that the entry's players list for the seat",
                )


def play(subject: Subject) -> str:
    """Every game comes to its end, whoever plays, and asks what can be asked."""
    longest, counted = 0, 0
    game, casts = subject.make(), subject.casts()
    anybody = {name: dict.fromkeys(game.seats, player) for name, player in ANYONE.items()}
    for cast in [*anybody.values(), *map(subject.seated, casts)]:
        for table in tables(subject, game):
            _play_checked(table, by_seat(cast))
            counted, longest = counted + 1, max(longest, len(table.texts))
            if not table.texts:
                remedy = "let ask give an Ask in the state that start gives"
                raise Fault("the game is over before any seat acts", table.example("ask(state)"), remedy=remedy)
    if tuple(game.seats) != tuple(subject.make().seats):
        remedy = "let the seats follow from the settings alone"
        raise Fault(f"after these games the seats are {tuple(game.seats)}", table.example("seats"), remedy=remedy)
    return f"{counted} games of {len(casts) + len(anybody)} casts, at most {longest} turns"


def outcome(subject: Subject) -> str:
    """There is no outcome before the end, and then a finite reward for every seat."""
    game, casts, ends = subject.make(), subject.casts(), set()
    for cast in map(subject.seated, casts):
        for table in tables(subject, game):
            while (ask := table.ask()) is not None:
                example = partial(table.example, "outcome(state)")
                with guarded("outcome before the end", example, remedy=UNFINISHED), suppress(ValueError):
                    early = shown(game.outcome(table.state))
                    raise Fault(f"there is an outcome before the end: {early}", example(), remedy=UNFINISHED)
                table.tell(ask, cast[ask.seat](ask))
            ends.add(check_end(subject, table).end)
    return f"ends: {', '.join(sorted(ends))}"


def purity(subject: Subject) -> str:
    """Equal calls give equal answers, and no call changes a state: any position can be kept and gone on from."""
    game, cast, positions = subject.make(), subject.default(), 0
    for table in tables(subject, game):
        with guarded("start", table.example):
            again = game.start(table.task.public, draws(subject.seed, table.place))
        _same(table.state, again, "start with equal generators gave", table.start_example())
        while True:
            _check_frozen(table)
            positions += 1
            before, copy = repr(table.state), _copy(table)
            ask = table.ask()
            _same(game.ask(table.state), game.ask(copy), "ask of a state and its copy gave", _copied(table, "ask"))
            if ask is None:
                ended = _copied(table, "outcome")
                _same(table.outcome(), game.outcome(copy), "outcome of a state and its copy gave", ended)
                break
            reply = cast[ask.seat](ask)
            twice = table.reply_example(ask, cast[ask.seat])
            twice = f"{twice}\n{twice.rpartition(chr(10))[2]}"
            _same(reply, cast[ask.seat](ask), f"the player of seat {ask.seat!r}, asked twice, gave", twice)
            results = [game.tell(state, text) for state in (table.state, copy) for text in (reply, "", reply)]
            tell = f"tell(state, {spelled(reply)})"
            example = table.example(f"{tell}, game.tell(state, ''), game.{tell}")
            _same(results[0], results[2], "tell, with another text told in between, gave", example)
            _same(results[0], results[3], "tell to a state and its copy gave", _copied(table, "tell", spelled(reply)))
            example = f"{table.example('ask(state)')}\nbefore = repr(state)\ngame.{tell}\nrepr(state) == before"
            _same(repr(table.state), before, "after ask and tell, the state they were given is", example)
            table.tell(ask, reply)
    return f"{positions} positions, each asked and told twice"


def _play_checked(table: Table, reply: Player) -> None:
    """Play to the end and look at every ask."""
    while True:
        with guarded("ask", lambda: table.example("ask(state)")):
            ask = table.game.ask(table.state)
        if ask is not None:
            _check_ask(ask, table)
        if not table.step(reply):
            return


def _check_ask(ask: object, table: Table) -> None:
    code = table.example("ask(state)")
    if not isinstance(ask, Ask):
        raise Fault(
            f"ask gave {shown(ask)}, which is no Ask", code, remedy="give an Ask, or None when the game is over"
        )
    if ask.seat not in table.game.seats:
        said = f"seat {ask.seat!r} is asked, which is none of {tuple(table.game.seats)}"
        raise Fault(said, code, remedy="ask a seat of the game's seats, by the very name it has there")
    if ask.seed != 0:
        raise Fault("Ask.seed is for whoever drives the game", code, remedy="leave Ask.seed 0")
    chat, remedy = ask.messages, "make messages as (Message('user', 'a text'),), with a comma even after a single one"
    if not isinstance(chat, tuple) or not chat or not all(isinstance(message, Message) for message in chat):
        raise Fault(f"messages must be a tuple of at least one Message: {shown(chat)}", code, remedy=remedy)
    if odd := [one for one in chat if one.role not in get_args(Role) or not isinstance(one.content, str)]:
        raise Fault(f"a message needs a role of {get_args(Role)} and a text: {shown(odd[0])}", code, remedy=remedy)


def check_end(subject: Subject, table: Table) -> Outcome:
    """The outcome of a game that is over, with its rewards, metrics and pay as they must be.

    Raises:
        Fault: if they are not.
    """
    game, found, code = table.game, table.outcome(), table.example("outcome(state)")
    if not isinstance(found, Outcome) or not isinstance(found.end, str) or not found.end:
        told = f"the outcome must be an Outcome with a named end, not {shown(found)}"
        raise Fault(told, code, remedy="give Outcome('how it ended', {seat: reward})")
    if found.rewards.keys() != set(game.seats):
        raise Fault(f"rewards are of {sorted(found.rewards)}, seats are {sorted(game.seats)}", code, remedy=PAY)
    for seat, reward in found.rewards.items():
        if not _finite(reward):
            raise Fault(f"the reward of {seat!r} is {reward!r}, no finite number", code, remedy=PAY)
        if reward > subject.entry.most + ROUNDING:
            told = f"{seat!r} earned {reward:g}, and the most there is was said to be {subject.entry.most:g}"
            raise Fault(told, code, remedy="scale the reward, or say how much there is in Entry.most")
    if getattr(game, "zero_sum", False) and abs(sum(found.rewards.values())) > ROUNDING:
        told = f"the game says it is zero-sum, and rewards are {dict(found.rewards)}"
        raise Fault(told, code, remedy="let rewards add up to 0, or leave out zero_sum")
    figures = table.metrics()
    if odd := {name: value for name, value in figures.items() if not isinstance(name, str) or not _finite(value)}:
        told, example = f"metrics must be finite numbers by name: {shown(odd)}", table.example("metrics(state, task)")
        raise Fault(told, example, remedy="leave a metric out where it has no finite value")
    if isinstance(game, Paying):
        paid = game.paid(table.state)
        if any(abs(paid[seat] - found.rewards[seat]) > ROUNDING for seat in game.seats):
            told, example = f"paid says {dict(paid)} at the end, outcome {dict(found.rewards)}", "paid(state)"
            raise Fault(told, table.example(example), remedy="let paid say at the end what outcome pays")
    if isinstance(game, Crediting):
        credits = game.credits(table.state)
        if len(credits) != len(table.texts) or not all(one is None or _finite(one) for one in credits):
            told = f"credits must be one number or None for each of {len(table.texts)} turns: {shown(credits)}"
            raise Fault(told, table.example("credits(state)"), remedy="give one number or None for every turn")
    return found


def _finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _check_frozen(table: Table) -> None:
    """A dataclass that is not frozen, or a bare container that can be changed, is no frozen state."""
    state = table.state
    params = getattr(type(state), "__dataclass_params__", None)
    if (params is not None and not params.frozen) or isinstance(state, list | dict | set | bytearray):
        raise Fault(
            f"the state is a {type(state).__name__}, which can be changed",
            table.example() + "\nstate",
            remedy="make the state a frozen dataclass and give new ones with dataclasses.replace",
        )


def _copy(table: Table) -> Any:
    with guarded("pickling the state", lambda: f"{table.example()}\nimport pickle\npickle.dumps(state)"):
        copy = pickle.loads(pickle.dumps(table.state))
    if copy != table.state:
        raise Fault(
            "a copied state does not equal the state", f"{table.example()}\nimport copy\ncopy.copy(state) == state"
        )
    return copy


def _copied(table: Table, call: str, *more: str) -> str:
    """Python that makes a call with the state and with its copy."""
    one, other = (f"{call}({', '.join([state, *more])})" for state in ("state", "copy.deepcopy(state)"))
    return f"import copy\n{table.example(f'{one} == game.{other}')}"


def _same(one: object, other: object, what: str, example: str) -> None:
    if one != other:
        raise Fault(f"{what} {shown(one)} and {shown(other)}", example)
