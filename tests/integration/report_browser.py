"""How tests look at the page of a report and touch it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from selftaught.benchmarks.browser import Look, Tab
from selftaught.benchmarks.report.page import render

WIDE, PHONE = Look(1200, 900), Look(360, 740, phone=True)
# What the page shows in place of what cannot be seen, said once more in other words.
SIGNS = "\x00\x07\x1b\x7f\u202e\u202c\u2066\u2069\u200b\u2028\u2029\ufeff\ud800\udfff\U000e0041\U000e0042"
UNSEEN = {ord(sign): f"U+{ord(sign):04X}" for sign in SIGNS}


def written(content: dict[str, Any], folder: Path) -> str:
    path = folder / "report.html"
    path.write_bytes(render(content))
    return path.as_uri()


def choose(page: Tab, name: str, value: str) -> None:
    """Set one of the filters."""
    page.run(
        f"(() => {{ const found = document.querySelector('.filters [name={name}]'); found.value = {json.dumps(value)};"
        "found.dispatchEvent(new Event(found.tagName === 'SELECT' ? 'change' : 'input')); })()"
    )


def found(page: Tab) -> int:
    return int(page.run("document.getElementById('found').textContent").split(" of ")[0].replace(",", ""))


def texts(page: Tab, selector: str) -> list[str]:
    result: list[str] = page.run(
        f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.textContent)"
    )
    return result


def of_run(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in content["episodes"] if content["runs"][one["run"]]["name"] == name]


def plain(text: str) -> str:
    return text.translate(UNSEEN)
