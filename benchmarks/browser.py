"""A headless Chromium that is already installed, driven over its own pipe: for pictures and tests of pages.

It speaks the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) on two file descriptors, so it
needs no driver, no port and no library.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS: Final = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
LAUNCH: Final = (
    "import fcntl, os, sys\n"
    "ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]\n"
    "os.dup2(ends[0], 3), os.dup2(ends[1], 4)\n"
    "os.execvp(sys.argv[3], sys.argv[3:])\n"
)
"""The browser takes descriptors 3 and 4: whatever stands there in this process, the ends of the pipes go there."""
KEYS: Final = {"Enter": "\r", "Tab": "", "Escape": "", "ArrowDown": "", "ArrowUp": "", "Home": "", "End": ""}
CODES: Final = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "Home": 36, "End": 35}


def browser_path() -> str | None:
    """The program, if one is installed; ``SELFTAUGHT_BROWSER`` names another."""
    named = os.environ.get("SELFTAUGHT_BROWSER")
    if named:
        return named
    found = (shutil.which(name) for name in (*NAMES, *APPLICATIONS))
    return next((path for path in found if path), None)


@dataclass(frozen=True)
class Look:
    """A window, and a system that is light or dark; ``scale`` has that many pixels for one."""

    width: int
    height: int
    dark: bool = False
    phone: bool = False
    scale: float = 1.0


@dataclass
class Tab:
    """One page in a browser; ``problems`` has every error and warning that it has reported so far."""

    reads: int
    writes: int
    session: str = ""
    patience: float = 60.0
    """Seconds that anything may take."""
    problems: list[str] = field(default_factory=list)
    _calls: int = 0
    _rest: bytes = b""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What a method of the protocol answers.

        Raises:
            RuntimeError: if the browser refuses.
            TimeoutError: if it says nothing.
        """
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._calls:
                if "error" in answer:
                    raise RuntimeError(f"the browser refuses {method}: {answer['error']['message']}")
                found: dict[str, Any] = answer["result"]
                return found

    def open(self, address: str) -> None:
        """Go to an address and wait until it is loaded."""
        self.call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are waited for.

        Raises:
            RuntimeError: if it fails.
        """
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{script}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true.

        Raises:
            TimeoutError: if it does not become so.
        """
        until = monotonic() + self.patience
        while not self.run(f"(async () => Boolean(await ({script})))()"):
            if monotonic() > until:
                raise TimeoutError(f"never true: {script}")
            select.select([], [], [], 0.02)

    def look(self, look: Look) -> None:
        """Show the page so, without motion."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=look.width,
            height=look.height,
            deviceScaleFactor=look.scale,
            mobile=look.phone,
        )
        wanted = {"prefers-color-scheme": "dark" if look.dark else "light", "prefers-reduced-motion": "reduce"}
        self.call("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in wanted.items()])

    def press(self, key: str, *, shift: bool = False) -> None:
        """Press a key by its name, or a letter."""
        text = KEYS.get(key, key)
        code = CODES.get(key, ord(key[0].upper()))
        both = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **both)
        self.call("Input.dispatchKeyEvent", type="keyUp", **both)

    def picture(self, path: Path) -> Path:
        """A PNG of what the window shows."""
        shown = self.call("Page.captureScreenshot", format="png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(shown["data"]))
        return path

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self.reads], [], [], self.patience)[0]:
                raise TimeoutError(f"the browser has said nothing for {self.patience:.0f} s")
            more = os.read(self.reads, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, event: str, told: dict[str, Any]) -> None:
        """Keep what the console would show in red or yellow."""
        if event == "Runtime.exceptionThrown":
            thrown = told["exceptionDetails"]
            self.problems.append(str(thrown.get("exception", {}).get("description") or thrown["text"]))
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.problems.append(" ".join(str(one.get("value")) for one in told["args"]))
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.problems.append(told["entry"]["text"])


@contextmanager
def tab() -> Iterator[Tab]:
    """A page in a browser of its own, which ends with the block.

    Raises:
        FileNotFoundError: if no browser is installed.
    """
    program = browser_path()
    if program is None:
        raise FileNotFoundError(
            "no Chromium found: install one (apt-get install chromium), or name it in SELFTAUGHT_BROWSER"
        )
    (commands, writes), (reads, answers) = os.pipe(), os.pipe()
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                *(sys.executable, "-S", "-c", LAUNCH, str(commands), str(answers)),
                *(program, *FLAGS, *sandbox, f"--user-data-dir={profile}", "about:blank"),
            ],
            pass_fds=(commands, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        found = Tab(reads, writes)
        try:
            target = found.call("Target.createTarget", url="about:blank")["targetId"]
            found.session = found.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                found.call(f"{domain}.enable")
            yield found
        finally:
            os.close(writes)
            os.close(reads)
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
