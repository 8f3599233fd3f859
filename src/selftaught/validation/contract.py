"""What ``selftaught.types.Game`` promises: its shape, its tasks, its ends, and that its functions are pure."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from time import monotonic
from typing import Any, Final, get_args

from selftaught.envs.anyone import ANYONE
from selftaught.store import decode, encode
from selftaught.types import Ask, Crediting, Game, Message, Outcome, Paying, Player, Role, Task
from selftaught.validation.subject import Fault, Subject, Table, by_seat, draws, guarded, shown, tables
from selftaught.validation.texts import spelled

SPLITS: Final = ("train", "validation", "test")
TASKS: Final = 100
"""Tasks of each split that are looked at, if they can be drawn in ``SECONDS``."""
SECONDS: Final = 2.0
FEW: Final = 20
"""Tasks of each split that are looked at however long they take, and drawn again with equal and other seeds."""
MEMBERS: Final = ("name", "seats", "tasks", "start", "ask", "tell", "outcome", "metrics")
ROUNDING: Final = 1e-9


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
        ("teachers", known.teachers),
        ("oracles", oracles),
    ):
        if what in ("default_others", "yardsticks") and (gone := known.players.keys() - named.keys()):
            raise Fault(f"the entry's {what} leave out seats {sorted(gone)}", code)
        for seat, names in named.items():
            unknown = set(names) - set(known.players.get(seat, ()))
            if unknown:
                raise Fault(f"the entry's {what} name {sorted(unknown)}, no player of seat {seat!r}", code)


def stream(subject: Subject) -> str:
    """Tasks are endless, fixed by their seed, told apart by id, and all come once before any comes twice."""
    game = subject.make()
    pools = {split: _pool(subject, game, split) for split in SPLITS}
    code = f"{subject.code()}\nnext(game.tasks('nowhere', 0))"
    with guarded("tasks of an unknown split", lambda: code), suppress(ValueError):
        next(iter(game.tasks("nowhere", subject.seed)))
        raise Fault("an unknown split is not refused with a ValueError", code)
    return ", ".join(f"{split}: {pool} tasks" for split, pool in pools.items()) + f" among the first {TASKS} at most"


def _pool(subject: Subject, game: Game[Any], split: str) -> int:
    """How many tasks there are among those that were drawn."""
    code = f"{subject.code()}\n[task.id for task, _ in zip(game.tasks({split!r}, {subject.seed}), range({TASKS}))]"
    with guarded("tasks", lambda: code):
        found = list(_drawn(game.tasks(split, subject.seed), code))
        again, other = (list(islice(game.tasks(split, subject.seed + more), FEW)) for more in (0, 1))
    for task in found:
        if not isinstance(task, Task):
            raise Fault(f"tasks gave {shown(task)}, which is no Task", code)
        if not isinstance(task.id, str) or not all(isinstance(half, Mapping) for half in (task.public, task.sealed)):
            raise Fault(f"a task's id is a text, its halves are mappings: {shown(task)}", code)
    if repr(again) != repr(found[:FEW]):
        raise Fault(f"two streams of one seed differ in split {split!r}", code)
    ids = [task.id for task in found]
    pool = next((place for place in range(1, len(ids)) if ids[place] in ids[:place]), len(ids))
    second = ids[pool : 2 * pool]
    if len(set(second)) < len(second) or not set(second) <= set(ids[:pool]):
        said = f"task {ids[pool]!r} of {split!r} comes twice before all others came once"
        raise Fault(said, code, remedy="give every task an id of its own, and permute a finite split again and again")
    if pool > 3 and [task.id for task in other] == ids[:FEW]:
        raise Fault(f"the seed changes nothing in the order of {split!r}", code)
    return pool


def _drawn(tasks: Iterator[Task], code: str) -> Iterator[Task]:
    """``TASKS`` tasks, or ``FEW`` where they take long."""
    began = monotonic()
    for count in range(TASKS):
        if count >= FEW and monotonic() - began > SECONDS:
            return
        task = next(tasks, None)
        if task is None:
            raise Fault(f"the stream of tasks ends after {count}; it must be endless", code)
        yield task


def plain(subject: Subject) -> str:
    """Tasks are plain data: they come back from a file as they were, and play the same."""
    game = subject.make()
    for place, task in enumerate(subject.tasks(game, 4 * subject.games)):
        code = (
            f"{subject.code()}\nfrom itertools import islice\nfrom selftaught.store import decode, encode\n"
            f"task = next(islice(game.tasks('train', {subject.seed}), {place}, None))\n"
        )
        for name, half in (("public", task.public), ("sealed", task.sealed)):
            call = f"decode(encode(task.{name})) == task.{name}"
            try:
                same = decode(encode(half)) == dict(half)
            except ValueError as error:
                raise Fault(f"the {name} half of task {task.id!r} is no plain data: {error}", code + call) from error
            if not same:
                raise Fault(f"the {name} half of task {task.id!r} comes back from a file as another", code + call)
        read = Task(task.id, decode(encode(task.public)), decode(encode(task.sealed)))
        one, twin, other = (Table(subject, game, each, place).ask() for each in (task, task, read))
        if one == twin != other:
            raise Fault(f"task {task.id!r} starts another game once it was written and read", code)
    return f"{4 * subject.games} tasks written and read"


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
                raise Fault("the game is over before any seat acts", table.example("ask(state)"))
    if tuple(game.seats) != tuple(subject.make().seats):
        raise Fault(f"after these games the seats are {tuple(game.seats)}", f"{subject.code()}\ngame.seats")
    return f"{counted} games of {len(casts) + len(anybody)} casts, at most {longest} turns"


def outcome(subject: Subject) -> str:
    """There is no outcome before the end, and then a finite reward for every seat."""
    game, casts, ends = subject.make(), subject.casts(), set()
    for cast in map(subject.seated, casts):
        for table in tables(subject, game):
            while (ask := table.ask()) is not None:
                with guarded("outcome before the end", partial(table.example, "outcome(state)")), suppress(ValueError):
                    raise Fault(
                        f"there is an outcome before the end: {shown(game.outcome(table.state))}",
                        table.example("outcome(state)"),
                        remedy="raise ValueError('the game is not over') while ask(state) is not None",
                    )
                table.tell(ask, cast[ask.seat](ask))
            ends.add(check_end(subject, table).end)
    return f"ends: {', '.join(sorted(ends))}"


def purity(subject: Subject) -> str:
    """Equal calls give equal answers, and no call changes a state: any position can be kept and gone on from."""
    game, cast, positions = subject.make(), subject.default(), 0
    for table in tables(subject, game):
        with guarded("start", table.example):
            again = game.start(table.task.public, draws(subject.seed, table.place))
        _same(table.state, again, "start with equal generators gave", table.example())
        while True:
            _check_frozen(table)
            positions += 1
            before, copy = repr(table.state), _copy(table)
            ask = table.ask()
            _same(
                game.ask(table.state), game.ask(copy), "ask of a state and its copy gave", table.example("ask(state)")
            )
            if ask is None:
                ended = table.example("outcome(state)")
                _same(table.outcome(), game.outcome(copy), "outcome of a state and its copy gave", ended)
                break
            reply = cast[ask.seat](ask)
            example = table.example(f"tell(state, {spelled(reply)})")
            _same(reply, cast[ask.seat](ask), f"the player of seat {ask.seat!r}, asked twice, gave", example)
            results = [game.tell(state, text) for state in (table.state, copy) for text in (reply, "", reply)]
            _same(results[0], results[2], "tell, with another text told in between, gave", example)
            _same(results[0], results[3], "tell to a state and its copy gave", example)
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
        raise Fault(f"ask gave {shown(ask)}, which is no Ask", code)
    if ask.seat not in table.game.seats:
        raise Fault(f"seat {ask.seat!r} is asked, which is none of {tuple(table.game.seats)}", code)
    if ask.seed != 0:
        raise Fault("Ask.seed is for whoever drives the game: leave it 0", code)
    chat = ask.messages
    if not isinstance(chat, tuple) or not chat or not all(isinstance(message, Message) for message in chat):
        raise Fault(f"messages must be a tuple of at least one Message: {shown(chat)}", code)
    if odd := [one for one in chat if one.role not in get_args(Role) or not isinstance(one.content, str)]:
        raise Fault(f"a message needs a role of {get_args(Role)} and a text: {shown(odd[0])}", code)


def check_end(subject: Subject, table: Table) -> Outcome:
    """The outcome of a game that is over, with its rewards, metrics and pay as they must be.

    Raises:
        Fault: if they are not.
    """
    game, found, code = table.game, table.outcome(), table.example("outcome(state)")
    if not isinstance(found, Outcome) or not isinstance(found.end, str) or not found.end:
        raise Fault(f"the outcome must be an Outcome with a named end, not {shown(found)}", code)
    if found.rewards.keys() != set(game.seats):
        raise Fault(f"rewards are of {sorted(found.rewards)}, seats are {sorted(game.seats)}", code)
    for seat, reward in found.rewards.items():
        if not _finite(reward):
            raise Fault(f"the reward of {seat!r} is {reward!r}, no finite number", code)
        if reward > subject.entry.most + ROUNDING:
            told = f"{seat!r} earned {reward:g}, and the most there is was said to be {subject.entry.most:g}"
            raise Fault(told, code, remedy="scale the reward, or say how much there is in Entry.most")
    if getattr(game, "zero_sum", False) and abs(sum(found.rewards.values())) > ROUNDING:
        raise Fault(f"the game says it is zero-sum, and rewards are {dict(found.rewards)}", code)
    figures = table.metrics()
    if odd := {name: value for name, value in figures.items() if not isinstance(name, str) or not _finite(value)}:
        raise Fault(f"metrics must be finite numbers by name: {shown(odd)}", table.example("metrics(state, task)"))
    if isinstance(game, Paying):
        paid = game.paid(table.state)
        if any(abs(paid[seat] - found.rewards[seat]) > ROUNDING for seat in game.seats):
            raise Fault(
                f"paid says {dict(paid)} at the end, outcome {dict(found.rewards)}", table.example("paid(state)")
            )
    if isinstance(game, Crediting):
        credits = game.credits(table.state)
        if len(credits) != len(table.texts) or not all(one is None or _finite(one) for one in credits):
            told = f"credits must be one number or None for each of {len(table.texts)} turns: {shown(credits)}"
            raise Fault(told, table.example("credits(state)"))
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


def _same(one: object, other: object, what: str, example: str) -> None:
    if one != other:
        raise Fault(f"{what} {shown(one)} and {shown(other)}", example)
