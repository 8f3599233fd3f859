"""Published numbers: one JSON file a result, with all that is needed to make it again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from selftaught.store import aside, read_settings

RESULTS = Path("benchmarks/results")
_MARK = "fingerprint of the policy's text or weights"
NAMES = {"start": _MARK, "mark": _MARK, "cap": "most steps and games of a training"}
"""What settings of a run are called in messages, where their own names say little."""

NOTHING = ("config.json", "spent.json")
"""Files that are there before anything was done: what is to be done, and the seconds of attempts that failed."""


def record(
    name: str,
    *,
    command: str,
    seeds: Sequence[int],
    values: Mapping[str, Any],
    folder: Path = RESULTS,
    commits: Sequence[str] = (),
) -> Path:
    """Write ``<folder>/<name>.json``: command, commit, date, seeds, machine, versions, and the values.

    ``commits`` are those of earlier processes that made the values, where this one did not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    content = {
        "name": name,
        "command": command,
        "commit": ", ".join(commits) or COMMIT,
        "date": date.today().isoformat(),
        "seeds": list(seeds),
        "machine": machine(),
        **values,
    }
    path.write_text(json.dumps(content, indent=1, sort_keys=False) + "\n", encoding="utf-8")
    return path


def claim_all(claims: Iterable[tuple[Path, Mapping[str, Any]]]) -> None:
    """``claim`` all folders, or none; one in which nothing was done yet is claimed anew, as after a policy that failed.

    Raises:
        ValueError: as ``claim``.
    """
    claims = list(claims)
    for folder, settings in claims:
        if any(one.is_file() and one.name not in NOTHING and one.name[0] != "." for one in folder.rglob("*")):
            _check(folder / "config.json", settings)
    for folder, settings in claims:
        _write(folder / "config.json", settings)


def claim(folder: Path, settings: Mapping[str, Any], *, anew: bool = False) -> None:
    """Mark a run's folder with all that fixes the run, or see that it is marked with the same.

    ``anew`` says that nothing was done under an earlier mark.

    Raises:
        ValueError: if it is another run's: its figures would be published under these settings.
    """
    path = folder / "config.json"
    if anew or not _check(path, settings):
        _write(path, settings)


def _check(path: Path, settings: Mapping[str, Any]) -> bool:
    """Whether a run is marked, which must be the same."""
    if not path.exists():
        return False
    known, wanted = read_settings(path), _plain(settings)
    if changed := [name for name in sorted({**known, **wanted}) if known.get(name) != wanted.get(name)]:
        told = "; ".join(f"{NAMES.get(n, n)}: then {known.get(n)}, now {wanted.get(n)}" for n in changed)
        raise ValueError(f"{path.parent} holds a run with other settings ({told}): name another --folder")
    return True


def _write(path: Path, settings: Mapping[str, Any]) -> None:
    with aside(path) as file:
        file.write((json.dumps(_plain(settings), indent=1) + "\n").encode())


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(settings, default=str))
    return found


def machine() -> dict[str, Any]:
    """Processor, cores, memory and the versions that matter."""
    found: dict[str, Any] = {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    for package in ("numpy", "torch", "transformers", "peft", "gymnasium", "pettingzoo"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    """The commit of this code, wherever it is run from; ``+`` marks changes since.

    Unknown for code that no repository holds, though it may be installed within one.
    """
    here = Path(__file__).resolve()

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=here.parent, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", here.name)
        head, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head + ("+" if changed else "")


COMMIT = _commit()
"""That of the code this process runs: read when it starts, for the checkout may move on during a long run."""
