"""One request to an OpenAI-compatible server: its reply, or a fault that says whether to try again.

Python's own HTTP client and a new connection a request: no kept one that the server may have closed meanwhile, nothing
to install, and beside the time that a model takes the handshake does not count.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse, IncompleteRead
from ipaddress import ip_address
from socket import gaierror
from ssl import SSLError, create_default_context
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from selftaught.types import Reply, Stop

CHUNK = 1 << 16
MOST_BYTES = 1 << 26
MOST_TOLD = 300
PASSING = (408, 409, 425, 429)
"""Client errors that another try may not meet; all others, but for those of the server (500 and more), would recur."""


class Fault(Exception):
    """A request without a reply.

    ``reason`` is one of few names, to count by; ``told`` is what the server said. ``lasting`` faults come again however
    often one asks. ``wait`` is how many seconds the server wants to be left alone; ``busy`` says that it only has too
    much to do. ``unreachable`` faults are from before the server read anything.
    """

    def __init__(
        self,
        reason: str,
        told: str = "",
        *,
        status: int = 0,
        lasting: bool = False,
        wait: float = 0.0,
        unreachable: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {told}" if told else reason)
        self.reason = reason
        self.told = told
        self.status = status
        self.lasting = lasting
        self.wait = wait
        self.unreachable = unreachable

    @property
    def busy(self) -> bool:
        """Whether the server has too much to do, which is no sign of anything broken."""
        return self.status == 429


@dataclass(frozen=True, slots=True)
class Wire:
    """The way to a server whose address is ``url``, such as ``http://127.0.0.1:8000/v1``.

    Redirections are not followed: a request would lose its body or take the key elsewhere.

    Raises:
        ValueError: if ``url`` is no plain HTTP address.
    """

    url: str
    key: str = field(default="", repr=False)
    opener: OpenerDirector = field(init=False, repr=False, compare=False, default_factory=OpenerDirector)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0 or parts.query:
            raise ValueError(f"a server's address is written http://HOST:PORT/v1, not {self.url!r}")
        if parts.username is not None:
            raise ValueError("a server's address holds no name and password: put the key in OPENAI_API_KEY")
        for handler in (
            ProxyHandler({} if _here(parts.hostname) else None),
            HTTPHandler(),
            HTTPSHandler(context=create_default_context()),
            HTTPErrorProcessor(),
            HTTPDefaultErrorHandler(),
        ):
            self.opener.add_handler(handler)

    def send(self, path: str, body: Mapping[str, Any] | None, *, seconds: float) -> Any:
        """What the server says to ``body`` (None: to a GET), as plain data; it has ``seconds`` for it.

        Raises:
            Fault: if it says nothing, or nothing that is well formed, or refuses.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "selftaught"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        data = None if body is None else json.dumps(body).encode("ascii")
        ends = monotonic() + seconds
        try:
            with self.opener.open(Request(f"{self.url}{path}", data, headers), timeout=seconds) as response:
                return json.loads(_read(response, ends))
        except HTTPError as error:
            raise _refusal(error, ends) from None
        except (OSError, HTTPException) as error:
            raise _breakage(error) from None
        except (ValueError, RecursionError) as error:
            raise Fault("malformed JSON", str(error)[:MOST_TOLD]) from None


def reply_of(data: Any) -> tuple[Reply, int]:
    """The reply in what a server said to a chat completion, and how many tokens were sampled for it, if it tells.

    ``prompt_tokens``, ``tokens`` and ``logprobs`` are filled if the server tells all three, and else all are empty: two
    without the third would look like a sample that can be trained on.

    Raises:
        Fault: if there is no reply in it.
    """
    try:
        choice = data["choices"][0]
        content, ended = choice["message"].get("content"), choice.get("finish_reason")
    except (LookupError, TypeError, AttributeError):
        raise Fault("no reply in the answer", _told(data)) from None
    if ended in ("error", "abort"):
        raise Fault("broken off", _told(data))
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    if not isinstance(content, str | None):
        raise Fault("no text in the answer")
    prompt, tokens, logprobs = _tokens(data, choice)
    usage = data.get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, Mapping) else None
    if not (isinstance(count, int) and count >= 0):
        count = len(tokens)
    stop: Stop = "length" if ended == "length" else "end"
    return Reply(content or "", prompt, tokens, logprobs, stop), count


def _tokens(data: Any, choice: Any) -> tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]:
    """As vLLM tells them when asked for ``return_token_ids`` and ``logprobs``."""
    prompt, tokens = data.get("prompt_token_ids"), choice.get("token_ids")
    try:
        logprobs = [float(one["logprob"]) for one in choice["logprobs"]["content"]]
    except (LookupError, TypeError, ValueError, OverflowError):
        return (), (), ()
    numbered = all(isinstance(ids, list) and ids and all(type(one) is int for one in ids) for ids in (prompt, tokens))
    if not numbered or len(tokens) != len(logprobs) or not all(map(math.isfinite, logprobs)):
        return (), (), ()
    return tuple(prompt), tuple(tokens), tuple(logprobs)


def _read(response: HTTPResponse, ends: float) -> bytes:
    """The whole body; one that trickles in is over at the same time as one that does not come."""
    parts: list[bytes] = []
    size = 0
    while part := response.read1(CHUNK):
        parts.append(part)
        size += len(part)
        if monotonic() > ends:
            raise TimeoutError
        if size > MOST_BYTES:
            raise Fault("endless answer", f"more than {MOST_BYTES} bytes")
    said = response.headers.get("Content-Length", "")
    if said.isdecimal() and size < int(said):  # read1 takes the end of a connection for the end of the body
        raise IncompleteRead(b"", int(said) - size)
    return b"".join(parts)


def _refusal(error: HTTPError, ends: float) -> Fault:
    """The fault behind a status that is no success."""
    try:
        with error:
            told = _read(error, ends)  # type: ignore[arg-type]  # it wraps the response, whose methods it has
    except (OSError, HTTPException, Fault):
        told = b""
    try:
        said = _told(json.loads(told))
    except (ValueError, RecursionError):
        said = _short(told.decode("utf-8", "replace"))
    if 300 <= error.code < 400:
        said = f"moved to {error.headers.get('Location')}"
    spent = "insufficient_quota" in said  # comes as a 429, and no waiting helps
    return Fault(
        f"HTTP {error.code}",
        said,
        status=error.code,
        lasting=spent or (error.code < 500 and error.code not in PASSING),
        wait=_wanted_wait(error.headers),
    )


def _breakage(error: OSError | HTTPException) -> Fault:
    """The fault behind a connection that was not made, or broke."""
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, OSError) else error
    match cause:
        case TimeoutError():
            return Fault("time-out")
        case ConnectionRefusedError() | gaierror() | SSLError():
            return Fault("no connection", str(cause), unreachable=True)
        case IncompleteRead():
            return Fault("answer cut short")
        case OSError():
            return Fault("connection broken", str(cause))
    return Fault("no HTTP", repr(cause)[:MOST_TOLD])


def _wanted_wait(headers: Message) -> float:
    """Seconds that the server asks to be left alone: ``Retry-After`` (RFC 9110, section 10.2.3), or 0."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * scale
        except ValueError:
            continue
        return max(0.0, seconds) if math.isfinite(seconds) else 0.0
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return 0.0
    return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _told(data: Any) -> str:
    """The message in an error, wherever this kind of server puts it; with the code, if there is one."""
    error = (data.get("error") or data) if isinstance(data, Mapping) else data
    if isinstance(error, Mapping):
        words = [error[name] for name in ("message", "detail", "code") if error.get(name)]
        return _short(" ".join(map(str, words)) or json.dumps(error))
    return _short(error if isinstance(error, str) else json.dumps(error))


def _short(text: str) -> str:
    return " ".join(text.split())[:MOST_TOLD]


def _here(host: str) -> bool:
    """Whether a host is this machine, to which no proxy leads."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
