"""The data in one HTML file, with its style and its script, that asks nobody for anything.

Whatever a model said is data in here: it stands in a block of JSON in which nothing can end the block, the script
writes it as text alone, and the page's own policy lets no other script run and no address be asked.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import Any, Final

STYLES: Final = ("page.css", "figures.css", "transcripts.css")
SCRIPTS: Final = (
    "elements.js",
    "charts.js",
    "figures.js",
    "curves.js",
    "judges.js",
    "filters.js",
    "transcript.js",
    "page.js",
)
"""In the order in which they are joined."""
HIDDEN: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
"""Signs that could end a script block or begin something else; the rest of JSON is plain ASCII already."""


def render(content: Mapping[str, Any], *, tag: str = "") -> bytes:
    """The page of what ``selftaught.benchmarks.report.content.gather`` found; ``tag`` names it to who asks for news.

    Raises:
        ValueError: on figures that are not finite.
    """
    style, script = _joined(STYLES), _script()
    connect = "'self'" if content["live"] else "'none'"
    page = Template(_read("page.html")).substitute(
        policy=policy(style, script, connect=connect),
        title=html.escape(f"{content['title']} · selftaught"),
        style=style,
        script=script,
        tag=html.escape(tag),
        data=encoded(content),
    )
    return page.encode("utf-8", "replace")


def encoded(content: object) -> str:
    """JSON in ASCII that is safe within a script element, and from which ``json.loads`` makes an equal value.

    Raises:
        ValueError: on figures that are not finite.
    """
    return json.dumps(content, separators=(",", ":"), allow_nan=False).translate(HIDDEN)


def policy(style: str, script: str, *, connect: str) -> str:
    """The content security policy: this script and this style, and nothing from anywhere."""
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def _script() -> str:
    """All scripts as one, whose names nobody else sees."""
    return f'"use strict";\n(() => {{\n{_joined(SCRIPTS)}}})();\n'


def _joined(names: tuple[str, ...]) -> str:
    return "".join(_read(name) for name in names)


def _read(name: str) -> str:
    return files("selftaught.benchmarks.report").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
