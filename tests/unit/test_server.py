"""The server agent: whatever a server does, every game ends, with the right texts or with its failures counted."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from selftaught.agents.scripted import Scripted
from selftaught.agents.server import Patience, ServerAgent
from selftaught.agents.server_wire import Fault, Wire, reply_of
from selftaught.algorithms.turns import own_turns
from selftaught.benchmarks.evaluation import seat_figures
from selftaught.envs.registry import make_game, player
from selftaught.rollout import rollout
from selftaught.store import read_shard, write_shard
from selftaught.summary import summarise
from selftaught.transcript import transcript
from selftaught.types import Agent, Ask, Episode, Message, Streaming
from tests.unit.fault_server import FAULTS, MODEL, Handler, completion, flaky, healthy, refusing, serving, trickle

QUICK = Patience(tries=40, seconds=120, request_seconds=20, first_wait=0.01, longest_wait=0.05, first_tries=40)


def ask(text: str, *, seed: int = 0) -> Ask:
    return Ask("defender", (Message("system", "A game."), Message("user", text)), seed=seed)


def agent_of(url: str, *, patience: Patience = QUICK, **settings: Any) -> ServerAgent:
    return ServerAgent(url, MODEL, patience=patience, **{"concurrency": 8, **settings})


def played(agent: Agent, *, games: int) -> list[Episode]:
    """Taboo with the agent in both seats."""
    game = make_game("taboo", turns=3)
    return rollout(game, islice(game.tasks("train", 0), games), dict.fromkeys(game.seats, agent), seed=0)


def said(episodes: Sequence[Episode]) -> list[list[str]]:
    return [[turn.reply.text for turn in episode.turns] for episode in episodes]


def test_faults_lose_no_episode_and_change_no_text() -> None:
    with serving() as good:
        steady = agent_of(good.url)
        expected = played(steady, games=60)
        assert steady.report() == f"{steady.name}: {steady.asked} asks"
    with serving(flaky(*FAULTS)) as bad:
        agent = agent_of(bad.url, patience=replace(QUICK, request_seconds=1.0))
        assert isinstance(agent, Streaming)
        found = played(agent, games=60)
        assert set(bad.met) == set(FAULTS)
    assert said(found) == said(expected)
    assert len({text for texts in said(found) for text in texts}) > 3
    assert not agent.failed and agent.asked == sum(len(episode.turns) for episode in found)
    assert agent.sampled_tokens == 3 * agent.asked
    assert {turn.reply.stop for episode in found for turn in episode.turns} == {"end"}
    reasons = {"HTTP 429", "HTTP 500", "time-out", "answer cut short", "malformed JSON", "connection broken"}
    assert set(agent.retried) == {*reasons, "no reply in the answer"}
    assert summarise(found)["sampled/failed"] == 0


def test_a_server_that_dies_lets_every_game_end_and_the_failures_are_counted(tmp_path: Path) -> None:
    with serving() as server:
        agent = agent_of(server.url, patience=replace(QUICK, tries=4))
        agent.check()
        server.answer = refusing(500, {"error": {"message": "no memory"}})
        game = make_game("taboo", turns=3)
        facts = Scripted("facts", player("taboo", "attacker", "fact_giver"))
        cast: dict[str, Agent] = {"attacker": facts, "defender": agent}
        episodes = rollout(game, islice(game.tasks("train", 0), 30), cast, seed=0)
        asked = sum(len(episode.turns_of("defender")) for episode in episodes)
        # Once it counts as down, an ask is one request.
        assert len(server.bodies) <= 1 + asked + 3 * agent.concurrency
    assert len(episodes) == 30 and all(episode.outcome.end for episode in episodes)
    replies = [turn.reply for episode in episodes for turn in episode.turns_of("defender")]
    assert {(reply.text, reply.stop, reply.tokens) for reply in replies} == {("", "failed", ())}
    assert agent.failed == {"HTTP 500": asked} and agent.asked == asked
    assert f"{asked} failed and count as empty replies ({asked} x HTTP 500)" in agent.report()
    assert "HTTP 500: no memory" in agent.report()
    assert summarise(episodes)["sampled/failed"] == 1
    assert seat_figures("defender", episodes)["failed"].mean == 1 and "failed" not in seat_figures("attacker", episodes)
    assert seat_figures("attacker", episodes, besides=["defender"])["failed"].mean == pytest.approx(0.5)
    # Kept and shown as what they are, and nothing is learned from them.
    write_shard(tmp_path / "shard.jsonl", episodes)
    assert next(read_shard(tmp_path / "shard.jsonl")).turns[1].reply.stop == "failed"
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(transcript(episodes[0]))
    assert "[no reply: the server failed]" in console.export_text()
    assert {turn.agent for episode in own_turns(episodes) for turn in episode.turns} == {"facts"}


def test_a_server_that_comes_back_is_asked_as_before() -> None:
    with serving() as server:
        agent = agent_of(server.url, patience=replace(QUICK, tries=2))
        agent.check()
        server.answer = refusing(503, {})
        assert [reply.stop for reply in agent.reply([ask("a"), ask("b")])] == ["failed", "failed"]
        server.answer = healthy
        assert [reply.stop for reply in agent.reply([ask("a"), ask("b")])] == ["end", "end"]
        seen = len(server.bodies)
        server.answer = refusing(503, {})
        agent.reply([ask("a")])
        assert len(server.bodies) - seen == 2  # patient again


def test_what_cannot_succeed_is_not_tried_again_and_spoils_no_other_ask() -> None:
    def picky(handler: Handler, body: Any) -> None:
        if "long" in body["messages"][-1]["content"]:
            handler.say(400, {"error": {"message": "maximum context length is 8 tokens", "code": "too_long"}})
        else:
            handler.say(200, completion(body))

    with serving(picky) as server:
        agent = agent_of(server.url)
        stops = [reply.stop for reply in agent.reply([ask("short"), ask("a long one"), ask("brief")])]
        assert stops == ["end", "failed", "end"]
        assert len(server.bodies) == 1 + 3 and not agent.retried
        assert agent.failed == {"HTTP 400": 1} and "maximum context length is 8 tokens too_long" in agent.report()
        # Quotas come as the status for which one waits, in vain.
        server.answer = refusing(429, {"error": {"message": "pay", "code": "insufficient_quota"}})
        assert agent.reply([ask("short")])[0].stop == "failed" and len(server.bodies) == 5


def test_waiting_for_a_busy_server_is_limited_by_time_alone() -> None:
    with serving() as server:
        agent = agent_of(server.url, patience=replace(QUICK, tries=2, seconds=120))
        agent.check()
        busy = refusing(429, {}, Retry_After="0.01")
        server.answer = lambda handler, body: (busy if len(server.bodies) < 12 else healthy)(handler, body)
        assert agent.reply([ask("a")])[0].stop == "end"
        assert agent.retried == {"HTTP 429": 10}
        server.answer = refusing(429, {}, Retry_After="3600")
        began = time.monotonic()
        assert agent.reply([ask("a")])[0].stop == "failed"
        assert time.monotonic() - began < 60  # an hour is more than it has


def test_an_ask_that_would_have_to_wait_too_long_is_given_up_alone() -> None:
    with serving() as server:
        agent = agent_of(server.url, patience=replace(QUICK, tries=2, seconds=60), concurrency=4)
        agent.check()
        waiting = set[str]()

        def busy(handler: Handler, body: Any) -> None:
            said = body["messages"][-1]["content"]
            if said != "long" and said in waiting:
                healthy(handler, body)
                return
            if said != "long":
                waiting.add(said)
                time.sleep(0.2)
            refusing(429, {}, Retry_After="3600" if said == "long" else "0.01")(handler, body)

        server.answer = busy
        stops = [reply.stop for reply in agent.reply([ask(said) for said in ("long", "a", "b", "c")])]
        assert stops == ["failed", "end", "end", "end"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (refusing(401, {"error": {"message": "bad key"}}), ("HTTP 401: bad key", "OPENAI_API_KEY")),
        (refusing(404, {"detail": "no such model"}), ("has no model 'parrot'", "one of parrot, other")),
        (refusing(307, {}, Location="https://example.org/"), ("HTTP 307: moved to https://example.org/",)),
        (refusing(400, {"detail": "pinned to another"}), ("refuses to reply", "HTTP 400: pinned to another")),
        (refusing(500, b"<html>oops</html>"), ("refuses to reply", "HTTP 500: <html>oops</html>")),
    ],
    ids=["key", "model", "moved", "refusal", "broken"],
)
def test_first_contact_says_what_is_wrong_and_what_to_do(answer: Any, told: tuple[str, ...]) -> None:
    with serving(answer) as server:
        agent = agent_of(server.url, patience=replace(QUICK, first_tries=2))
        with pytest.raises(ConnectionError) as error:
            played(agent, games=3)
        assert all(part in str(error.value) for part in (server.url, *told)), error.value
        assert len(server.bodies) <= 4  # at most, with each optional setting left out


def test_no_server_is_said_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1"
    began = time.monotonic()
    with pytest.raises(ConnectionError, match=rf"no server replies at {url} .*start it, or correct the address"):
        agent_of(url, patience=Patience()).check()
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "ftp://host/v1", "http:///v1", "http://host/v1?key=1", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"http://HOST:PORT/v1"):
        ServerAgent(url, MODEL)


def test_keys_travel_in_the_header_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="OPENAI_API_KEY") as error:
        ServerAgent("http://me:secret@host/v1", MODEL)
    assert "secret" not in str(error.value)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    with serving() as server:
        agent = agent_of(server.url)
        agent.reply([ask("a")])
        agent_of(server.url, key="").reply([ask("a")])
    assert server.keys == ["Bearer sk-1"] * 2 + [None] * 2
    assert "sk-1" not in repr(agent.wire) + agent.name + agent.report()


def test_a_request_says_how_to_sample() -> None:
    with serving() as server:
        agent_of(server.url, temperature=0.5, max_new_tokens=7).reply([ask("lone \ud800", seed=2**62 + 5)])
    body = server.bodies[-1]
    assert (body["model"], body["temperature"], body["max_tokens"], body["seed"]) == (MODEL, 0.5, 7, 5)
    assert body["messages"] == [{"role": "system", "content": "A game."}, {"role": "user", "content": "lone ?"}]
    assert body["logprobs"] is True and body["return_token_ids"] is True


def test_settings_that_a_server_refuses_are_left_out() -> None:
    def old(handler: Handler, body: Any) -> None:
        if "return_token_ids" in body:
            handler.say(422, {"detail": "Unexpected fields in the request: {'return_token_ids'}"})
        elif "max_tokens" in body:
            handler.say(400, {"error": {"message": "use 'max_completion_tokens' instead"}})
        elif "logprobs" in body:
            handler.say(403, {"error": {"message": "You are not allowed to request logprobs from this model"}})
        elif "seed" in body:
            handler.say(400, {"error": {"message": "something is wrong"}})
        else:
            handler.say(200, completion(body))

    with serving(old) as server:
        agent = agent_of(server.url)
        assert agent.reply([ask("a")])[0].stop == "end" and not agent.failed
        assert server.bodies[-1].keys() == {"model", "messages", "temperature", "max_completion_tokens"}
        assert len(server.bodies) == 6  # found out once


def test_asks_are_side_by_side_and_no_more_than_allowed() -> None:
    arrived = threading.Barrier(3)

    def together(handler: Handler, body: Any) -> None:
        if len(body["messages"]) > 1:  # not the first contact
            arrived.wait(60)  # nobody gets a reply before three are here
        handler.say(200, completion(body))

    with serving(together) as server:
        agent = agent_of(server.url, concurrency=3)
        replies = agent.reply([ask(f"{number}") for number in range(9)])
        assert server.busiest == 3
    assert len(replies) == 9 and not agent.failed and not agent.retried


def test_a_slow_ask_keeps_nobody_waiting() -> None:
    go_on = threading.Event()

    def uneven(handler: Handler, body: Any) -> None:
        if body["messages"][-1]["content"] == "slow":
            go_on.wait(60)
        handler.say(200, completion(body))

    with serving(uneven) as server, agent_of(server.url).stream() as stream:
        stream.put(0, ask("slow"))
        stream.put(1, ask("quick"))
        assert [key for key, _ in stream.take()] == [1] and len(stream) == 1
        go_on.set()
        assert [key for key, _ in stream.take()] == [0] and len(stream) == 0


def test_a_stream_that_closes_stops_asking() -> None:
    with serving() as server:
        agent = agent_of(server.url, patience=replace(QUICK, first_wait=30, longest_wait=30))
        agent.check()
        server.answer = refusing(500, {})
        before = threading.active_count()
        with agent.stream() as stream:
            stream.put(0, ask("a"))
            while len(server.bodies) < 2:
                time.sleep(0.01)
        limit = time.monotonic() + 20  # less than the 30 seconds between tries
        while threading.active_count() > before and time.monotonic() < limit:
            time.sleep(0.01)
        assert threading.active_count() <= before and len(server.bodies) == 2


def test_a_body_that_trickles_in_is_a_time_out() -> None:
    with serving(trickle) as server, pytest.raises(Fault, match="time-out"):
        Wire(server.url).send("/chat/completions", {"messages": []}, seconds=0.3)


def told(choice: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"} | choice], **more}


def test_tokens_are_told_whole_or_not_at_all() -> None:
    logprobs = {"content": [{"token": "h", "logprob": -0.5}, {"token": "i", "logprob": -1}]}
    whole = told({"token_ids": [7, 8], "logprobs": logprobs}, prompt_token_ids=[1, 2, 3])
    reply, sampled = reply_of(whole)
    assert (reply.prompt_tokens, reply.tokens, reply.logprobs) == ((1, 2, 3), (7, 8), (-0.5, -1.0))
    assert (reply.text, reply.stop, sampled) == ("hi", "end", 2)
    for part in (
        told({"token_ids": [7, 8], "logprobs": logprobs}),
        told({"token_ids": [7, 8]}, prompt_token_ids=[1]),
        told({"logprobs": logprobs}, prompt_token_ids=[1]),
        told({"token_ids": [7], "logprobs": logprobs}, prompt_token_ids=[1]),
        told({"token_ids": [7, "8"], "logprobs": logprobs}, prompt_token_ids=[1]),
        told({"token_ids": [7, 8], "logprobs": {"content": [{"logprob": float("nan")}] * 2}}, prompt_token_ids=[1]),
        told({"token_ids": [7, 8], "logprobs": {"content": None}}, prompt_token_ids=[1]),
    ):
        reply, _ = reply_of(part)
        assert (reply.text, reply.prompt_tokens, reply.tokens, reply.logprobs) == ("hi", (), (), ())


@pytest.mark.parametrize(
    ("choice", "text", "stop"),
    [
        ({"finish_reason": "length"}, "hi", "length"),
        ({"message": {"content": None, "tool_calls": []}}, "", "end"),
        ({"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}, "ab", "end"),
        ({"finish_reason": "content_filter"}, "hi", "end"),
    ],
)
def test_replies_of_all_shapes_are_read(choice: dict[str, Any], text: str, stop: str) -> None:
    reply, _ = reply_of(told(choice))
    assert (reply.text, reply.stop) == (text, stop)


@pytest.mark.parametrize(
    "data",
    [
        *(
            None,
            [],
            "hi",
            {},
            {"choices": []},
            {"choices": [{}]},
            {"choices": ["hi"]},
            {"choices": [{"message": "hi"}]},
        ),
        *(told({"message": {"content": 3}}), told({"finish_reason": "abort"}), {"error": {"message": "away"}}),
    ],
)
def test_what_holds_no_reply_is_a_fault_that_may_pass(data: Any) -> None:
    with pytest.raises(Fault) as fault:
        reply_of(data)
    assert not fault.value.lasting


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("7", 7, 7),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 1e8, 1e10),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0, 0),
        ("soon", 0, 0),
        ("-3", 0, 0),
        ("inf", 0, 0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(header: str, low: float, high: float) -> None:
    with serving(refusing(503, {}, Retry_After=header)) as server, pytest.raises(Fault) as fault:
        Wire(server.url).send("/chat/completions", {"messages": []}, seconds=60)
    assert low <= fault.value.wait <= high and not fault.value.lasting


def test_waits_grow_to_a_limit_differ_and_are_never_shorter_than_wanted() -> None:
    patience, plain = Patience(), Fault("HTTP 500")
    waits = [patience.wait(faults, plain, seed=3) for faults in range(1, 12)]
    assert all(0.5 <= wait / min(30, 0.5 * 2**place) <= 1 for place, wait in enumerate(waits))
    assert patience.wait(1, plain, seed=3) == waits[0] != patience.wait(1, plain, seed=4)
    assert patience.wait(1, Fault("HTTP 429", wait=12), seed=3) == 12
    with pytest.raises(ValueError, match="above 0"):
        Patience(tries=0)
    with pytest.raises(ValueError, match="concurrency"):
        ServerAgent("http://host/v1", MODEL, concurrency=0)


def test_a_mistake_in_a_thread_is_raised_where_the_reply_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: ServerAgent, ask: Ask, given_up: threading.Event) -> None:
        raise KeyError("ours")

    with serving() as server:
        monkeypatch.setattr(ServerAgent, "answer", broken)
        with pytest.raises(KeyError, match="ours"):
            agent_of(server.url).reply([ask("a")])
