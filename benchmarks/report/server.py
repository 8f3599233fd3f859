"""A page that follows its runs: served to this machine alone, made anew when a file has changed.

The page asks for ``data.json`` with the tag of what it has; an answer of 304 says that nothing is new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Final

from selftaught.benchmarks.report.content import Limits, Shelf, gather
from selftaught.benchmarks.report.folders import watched
from selftaught.benchmarks.report.page import encoded, render

HOST: Final = "127.0.0.1"
REST: Final = 1.0
"""Seconds at least between two looks at the files."""


@dataclass
class Follower:
    """The newest page and data of some runs."""

    paths: Sequence[Path]
    limits: Limits
    title: str = ""
    made: Mapping[str, str] = field(default_factory=dict)
    _shelf: Shelf = field(default_factory=Shelf)
    _lock: Lock = field(default_factory=Lock)
    _seen: dict[str, tuple[int, int]] | None = None
    _looked: float = float("-inf")
    _page: bytes = b""
    _data: bytes = b""
    _tag: str = ""

    def newest(self) -> tuple[bytes, bytes, str]:
        """Page, data and their tag, made anew if a file has changed since.

        Raises:
            FileNotFoundError: if a path has no run in it (any more).
            ValueError: on a damaged file.
        """
        with self._lock:
            if monotonic() - self._looked > REST:
                seen = watched(self.paths)
                if seen != self._seen:
                    content = gather(
                        self.paths,
                        limits=self.limits,
                        title=self.title,
                        made=self.made,
                        live=True,
                        shelf=self._shelf,
                    )
                    self._data = encoded(content).encode()
                    self._tag = f'"{hashlib.sha256(self._data).hexdigest()[:16]}"'
                    self._page = render(content, tag=self._tag)
                    self._seen = seen
                self._looked = monotonic()
            return self._page, self._data, self._tag


def serve(follower: Follower, *, port: int, say: Callable[[str], object]) -> None:
    """Serve until interrupted; ``say`` is told the address.

    Raises:
        ValueError: if the port cannot be had, and as ``Follower.newest`` at the start.
    """
    follower.newest()
    try:
        server = server_of(follower, port=port)
    except (OSError, OverflowError) as error:
        raise ValueError(f"port {port} cannot be had ({error}): choose another with --port, or 0 for any") from error
    with server:
        say(f"http://{HOST}:{server.server_port}/   Ctrl-C ends it")
        server.serve_forever(poll_interval=0.2)


def server_of(follower: Follower, *, port: int) -> ThreadingHTTPServer:
    """A server of the page at ``/`` and of the data at ``/data.json``, on this machine alone.

    Raises:
        OSError: if the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            names = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}  # type: ignore[attr-defined]
            if self.headers.get("Host") not in names:  # another site's name for this address
                self._answer(HTTPStatus.FORBIDDEN, b"this page is for this machine alone")
            elif self.path not in ("/", "/data.json"):
                self._answer(HTTPStatus.NOT_FOUND, b"here are / and /data.json")
            else:
                self._newest()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing of requests: a page that is looked at makes one every few seconds."""

        def _newest(self) -> None:
            try:
                page, data, tag = follower.newest()
            except (OSError, ValueError) as error:  # a run that was moved away, or is just being made
                self._answer(HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode("utf-8", "replace"))
                return
            if self.headers.get("If-None-Match") == tag:
                self._answer(HTTPStatus.NOT_MODIFIED, b"", tag=tag)
            elif self.path == "/":
                self._answer(HTTPStatus.OK, page, kind="text/html; charset=utf-8", tag=tag)
            else:
                self._answer(HTTPStatus.OK, data, kind="application/json", tag=tag)

        def _answer(
            self, status: HTTPStatus, body: bytes, *, kind: str = "text/plain; charset=utf-8", tag: str = ""
        ) -> None:
            self.send_response(status)
            for name, value in (
                ("Content-Type", kind),
                ("Content-Length", str(len(body))),
                ("ETag", tag),
                ("Cache-Control", "no-cache"),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
            ):
                if value:
                    self.send_header(name, value)
            with suppress(ConnectionError):  # the page was closed meanwhile
                self.end_headers()
                self.wfile.write(body)

    return ThreadingHTTPServer((HOST, port), Handler)
