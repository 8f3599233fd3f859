"""A chat-completions server in this process: what it says follows from the prompt alone, and faults can be ordered."""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "parrot"
SAYINGS = ("Is it an animal?", "Guess: panda", "Guess: barn", "Does it fly?", "People keep it in a shed.", "It is big.")
FAULTS = ("busy", "error", "hang", "cut", "cut_chunk", "malformed", "drop", "reset", "no_choices")

Body = dict[str, Any]
Answer = Callable[["Handler", Body], None]


def fingerprint(messages: Sequence[Mapping[str, str]]) -> int:
    told = json.dumps(messages, sort_keys=True).encode()
    return int.from_bytes(hashlib.blake2s(told, digest_size=8).digest(), "big")


def completion(body: Body, **more: Any) -> Body:
    """What a healthy server says: one of the sayings, by the prompt."""
    text = SAYINGS[fingerprint(body["messages"]) % len(SAYINGS)]
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": {"completion_tokens": 3}} | more


@dataclass
class Server:
    """What it was asked, and how it answers: ``answer`` may be changed while it runs."""

    answer: Answer
    url: str = ""
    bodies: list[Body] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    tries: Counter[int] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    busiest: int = 0
    busy: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    known: Server

    def __init__(self, *args: Any, known: Server) -> None:
        self.known = known
        super().__init__(*args)

    def do_GET(self) -> None:
        self.say(200, {"data": [{"id": MODEL}, {"id": "other"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = self.known
        with known.lock:
            known.bodies.append(body)
            known.keys.append(self.headers.get("Authorization"))
            known.busy += 1
            known.busiest = max(known.busiest, known.busy)
        try:
            known.answer(self, body)
        finally:
            self.close_connection = True
            with known.lock:
                known.busy -= 1

    def say(self, status: int, data: object, **headers: str) -> None:
        """A whole answer."""
        said = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(said)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *args: Any) -> None:
        pass


def healthy(handler: Handler, body: Body) -> None:
    handler.say(200, completion(body))


def refusing(status: int, data: object, **headers: str) -> Answer:
    """An answer that is always the same refusal."""
    return lambda handler, body: handler.say(status, data, **headers)


def flaky(*kinds: str) -> Answer:
    """The first tries of a prompt meet up to two faults, as many as follows from it and all kinds by turns."""

    def answer(handler: Handler, body: Body) -> None:
        known, number = handler.known, fingerprint(body["messages"])
        with known.lock:
            well = known.tries[number] >= number % 3
            known.tries[number] += 1
            kind = kinds[known.met.total() % len(kinds)]
            known.met[kind] += not well
        (healthy if well else BREAK[kind])(handler, body)

    return answer


def _hang(handler: Handler, body: Body) -> None:
    handler.known.closing.wait(60)


def _cut(handler: Handler, body: Body) -> None:
    said = json.dumps(completion(body)).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(said)))
    handler.end_headers()
    handler.wfile.write(said[: len(said) // 2])


def _cut_chunk(handler: Handler, body: Body) -> None:
    said = json.dumps(completion(body)).encode()
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(f"{len(said):x}\r\n".encode() + said[:20])


def _reset(handler: Handler, body: Body) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def trickle(handler: Handler, body: Body) -> None:
    """A body that never ends, though something always comes."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.known.closing.wait(0.02):
        handler.wfile.write(b" ")


BREAK: Mapping[str, Answer] = {
    "busy": refusing(429, {"error": {"message": "slow down"}}, Retry_After="0"),
    "error": refusing(500, {"error": "out of memory"}),
    "hang": _hang,
    "cut": _cut,
    "cut_chunk": _cut_chunk,
    "malformed": lambda handler, body: handler.say(200, b'{"choices": [{"mess'),
    "drop": lambda handler, body: None,
    "reset": _reset,
    "no_choices": refusing(200, {"error": {"message": "upstream is away", "code": 502}}),
}


@contextmanager
def serving(answer: Answer = healthy) -> Iterator[Server]:
    """A server on a free port, until the block ends."""
    known = Server(answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, known=known)) as httpd:
        httpd.daemon_threads = True
        httpd.block_on_close = False
        httpd.handle_error = lambda *args: None  # type: ignore[method-assign]  # clients that have gone are meant
        known.url = f"http://127.0.0.1:{httpd.server_address[1]}/v1"
        thread = threading.Thread(target=partial(httpd.serve_forever, poll_interval=0.02), daemon=True)
        thread.start()
        try:
            yield known
        finally:
            known.closing.set()
            httpd.shutdown()
