"""Names lead to games and players; wrong names lead to errors that help."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import gymnasium
import pytest

from selftaught.envs import registry
from selftaught.envs.entry import Entry
from tests.contract.cases import entry_id

REGISTERED = pytest.mark.parametrize("entry", registry.games().values(), ids=entry_id)


@REGISTERED
def test_entry_is_whole(entry: Entry) -> None:
    game = registry.make_game(entry.name)
    assert registry.GAMES[entry.name] == registry.entry(entry.name) == entry
    assert entry.id == registry.IDS[entry.name]
    assert tuple(game.seats) == entry.seats == tuple(seat for seat in entry.players if seat in entry.seats)
    assert entry.default_seat in entry.seats
    for seat, name in entry.default_others.items():
        assert registry.player(entry.name, seat, name) is entry.players[seat][name]


@REGISTERED
def test_gymnasium_ids_take_names_of_players(entry: Entry) -> None:
    for seat in entry.seats:
        rivals = {other: next(iter(entry.players[other])) for other in entry.seats if other != seat}
        for others in (None, rivals):
            env = gymnasium.make(f"selftaught.envs:{entry.id}", seat=seat, others=others, split="test")
            _, info = env.reset(seed=0)
            assert info["ask"].seat == seat


@pytest.mark.parametrize(
    ("name", "seat", "settings"),
    [
        ("self_reward", "proposer", {"propose": True}),
        ("self_reward", "meta_judge", {"review": True}),
        ("sequence", "instructor", {"propose": 2}),
        ("reflect", "scorer", {"gate": "threshold"}),
        ("self_study", "comparer", {"compare": "model"}),
        ("hardware", "describer", {"kinds": ["describe"]}),
    ],
)
def test_seats_that_settings_bring_come_to_act(name: str, seat: str, settings: dict[str, Any]) -> None:
    assert seat not in registry.entry(name).seats
    env = gymnasium.make(registry.IDS[name], seat=seat, **settings)
    _, info = env.reset(seed=0)
    assert info["ask"].seat == seat


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'taboo'.*Known: .*taboo"):
        registry.make_game("tabu")
    with pytest.raises(ValueError, match="did you mean 'turns'"):
        registry.make_game("taboo", turn=3)
    with pytest.raises(ValueError, match=r"settings \{'turns': 'three'\} are not what game 'taboo' takes"):
        registry.make_game("taboo", turns="three")
    with pytest.raises(ValueError, match="attacker"):
        registry.player("taboo", "atacker", "fact_giver")
    with pytest.raises(ValueError, match="fact_giver"):
        registry.player("taboo", "attacker", "factgiver")
    with pytest.raises(AttributeError, match="NOTHING"):
        _ = registry.NOTHING


def test_settings_reach_the_game() -> None:
    env = gymnasium.make("selftaught/Taboo-v0", turns=2)
    assert env.get_wrapper_attr("game") == registry.make_game("taboo", turns=2)


def test_importing_the_package_imports_no_game_and_no_torch() -> None:
    code = (
        "import sys, selftaught.envs, gymnasium; assert 'selftaught/Taboo-v0' in gymnasium.registry;"
        "bad = [name for name in sys.modules if name in ('torch', 'pettingzoo', 'transformers') or '.taboo' in name];"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
