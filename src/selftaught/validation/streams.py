"""What ``Game.tasks`` promises: endless streams that their seed fixes, splits apart from each other, plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import combinations, islice
from time import monotonic
from typing import Any, Final

from selftaught.store import decode, encode
from selftaught.types import Game, Task
from selftaught.validation.subject import Fault, Subject, Table, draws, guarded, shown

SPLITS: Final = ("train", "validation", "test")
TASKS: Final = 100
"""Tasks of each split that are looked at."""
ENOUGH: Final = 1_000
"""Tasks of each split that are drawn, so that an end is seen; fewer where they take longer than ``SECONDS``."""
SECONDS: Final = 1.0
FEW: Final = 20
"""Tasks of each split that are drawn however long they take, and again with equal and other seeds."""
STARTS: Final = 20
"""Starts from one task that are all alike where no chance is seen."""


def stream(subject: Subject) -> str:
    """Tasks are endless, fixed by their seed, apart by id and by split, and come once before any comes twice."""
    game = subject.make()
    found = {split: _first(subject, game, split) for split in SPLITS}
    code = f"{subject.code()}\nnext(game.tasks('nowhere', 0))"
    remedy = "raise ValueError for any split but train, validation and test"
    with guarded("tasks of an unknown split", lambda: code, remedy=remedy), suppress(ValueError):
        next(iter(game.tasks("nowhere", subject.seed)))
        raise Fault("an unknown split is not refused with a ValueError", code, remedy=remedy)
    shared = _shared(subject, game, found)
    pools = ", ".join(f"{split}: {len({task.id for task in tasks})} tasks" for split, tasks in found.items())
    return f"{pools} among the first {TASKS} at most{shared}"


def _first(subject: Subject, game: Game[Any], split: str) -> list[Task]:
    """The first tasks, which are as they must be."""
    code = f"from itertools import islice\n{subject.code()}"
    ids = f"[task.id for task in islice(game.tasks({split!r}, {subject.seed}), {TASKS})]"
    with guarded("tasks", lambda: subject.tasks_code(split, ENOUGH)):
        found = list(_drawn(game.tasks(split, subject.seed), subject.tasks_code(split, ENOUGH)))
        again, other = (list(islice(game.tasks(split, subject.seed + more), FEW)) for more in (0, 1))
    for task in found:
        if not isinstance(task, Task):
            said = f"tasks gave {shown(task)}, which is no Task"
        elif not isinstance(task.id, str) or not all(isinstance(half, Mapping) for half in (task.public, task.sealed)):
            said = f"a task's id is a text, its halves are mappings: {shown(task)}"
        else:
            continue
        remedy = "yield Task('an id', {...}, {...}): its id, the public half and the sealed half"
        raise Fault(said, subject.tasks_code(split, TASKS), remedy=remedy)
    if repr(again) != repr(found[:FEW]):
        twice = f"list(islice(game.tasks({split!r}, {subject.seed}), {FEW}))"
        raise Fault(f"two streams of one seed differ in split {split!r}", f"{code}\n{twice} == {twice}")
    names = [task.id for task in found]
    pool = next((place for place in range(1, len(names)) if names[place] in names[:place]), len(names))
    second = names[pool : 2 * pool]
    if len(set(second)) < len(second) or not set(second) <= set(names[:pool]):
        said = f"task {names[pool]!r} of {split!r} comes twice before all others came once"
        remedy = "give every task an id of its own, and permute a finite split again and again"
        raise Fault(said, f"{code}\n{ids}", remedy=remedy)
    if pool > 3 and [task.id for task in other] == names[:FEW]:
        seeds = f"[[task.id for task in islice(game.tasks({split!r}, seed), {FEW})] for seed in range(2)]"
        raise Fault(f"the seed changes nothing in the order of {split!r}", f"{code}\n{seeds}")
    return found


def _drawn(tasks: Iterator[Task], code: str) -> Iterator[Task]:
    """The first ``TASKS`` of ``ENOUGH``, or of ``FEW`` where they take long."""
    began = monotonic()
    for count in range(ENOUGH):
        if count < FEW:  # the first of all may have to read files
            began = monotonic()
        elif monotonic() - began > SECONDS:
            return
        task = next(tasks, None)
        if task is None:
            raise Fault(
                f"the stream of tasks ends after {count}; it must be endless",
                code,
                remedy="put `while True:` around the loop that yields the tasks, and permute them anew in each round",
            )
        if count < TASKS:
            yield task


def _shared(subject: Subject, game: Game[Any], found: Mapping[str, list[Task]]) -> str:
    """Where splits share public halves of which ``start`` draws other games, in words.

    Raises:
        Fault: if they share ids, or several public halves from each of which one game alone can follow.
    """
    places = {split: {repr(task.public): place for place, task in enumerate(tasks)} for split, tasks in found.items()}
    several, told = len({public for of_split in places.values() for public in of_split}) > 1, ""
    for one, other in combinations(SPLITS, 2):
        code = (
            f"from itertools import islice\n{subject.code()}\n"
            f"splits = [list(islice(game.tasks(split, {subject.seed}), {TASKS})) for split in {one, other}]\n"
            "one, other = ([task.{0} for task in tasks] for tasks in splits)\n[each for each in one if each in other]"
        )
        if ids := {task.id for task in found[one]} & {task.id for task in found[other]}:
            raise Fault(
                f"{one!r} and {other!r} share {len(ids)} ids of tasks, such as {min(ids)!r}",
                code.replace("{0}", "id"),
                remedy="put every task into one split alone, and begin its id with the split",
            )
        publics = places[one].keys() & places[other].keys()
        if not publics or not several:  # a game that has one public half for all has nothing to keep apart
            continue
        place = min(places[one][public] for public in publics)
        task = found[one][place]
        if not _draws(subject, game, task, place, one):
            raise Fault(
                f"{one!r} and {other!r} share {len(publics)} tasks by their public halves, such as "
                f"{shown(task.public)} of {task.id!r}",
                code.replace("{0}", "public"),
                remedy="deal the tasks out, so that what is tested was never trained on",
            )
        told = "; splits share public halves, from which start draws"
    return told


def _draws(subject: Subject, game: Game[Any], task: Task, place: int, split: str) -> bool:
    """Whether ``start`` draws from its generator; so that another game may follow from an equal public half."""
    with suppress(Fault):  # which the check that plays will find
        drawn = Table(subject, game, task, place, split).draws
        return drawn.bit_generator.state != draws(subject.seed, place).bit_generator.state
    return True


def plain(subject: Subject) -> str:
    """Tasks are plain data: they come back from a file as they were, and play the same."""
    game = subject.make()
    for place, task in enumerate(subject.tasks(game, 4 * subject.games)):
        code = (
            f"from itertools import islice\nfrom selftaught.store import decode, encode\n{subject.code()}\n"
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
        one, other = (Table(subject, game, each, place).ask() for each in (task, read))
        # A game that starts in several ways from one and the same task is none of this check's.
        if one != other and all(
            Table(subject, game, each, place).ask() == said for each, said in STARTS * ((task, one), (read, other))
        ):
            starts = (
                "from selftaught.validation.subject import draws\n"
                f"one, other = (game.start(half, draws({subject.seed}, {place})) "
                "for half in (task.public, decode(encode(task.public))))\ngame.ask(one), game.ask(other)"
            )
            raise Fault(f"task {task.id!r} starts another game once it was written and read", code + starts)
    return f"{4 * subject.games} tasks written and read"
