"""What several tests of the report share: runs of every shape, what the report makes of them, and a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selftaught.benchmarks.browser import Tab, browser_path, tab
from selftaught.benchmarks.report.content import Limits, gather
from tests.integration.report_browser import WIDE, written
from tests.integration.report_runs import make_runs


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="session")
def content(runs: dict[str, Path]) -> dict[str, Any]:
    return gather(list(runs.values()), limits=Limits(characters=2_000_000))


@pytest.fixture(scope="session")
def address(content: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(content, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="session")
def page() -> Iterator[Tab]:
    if browser_path() is None:
        pytest.skip("no Chromium is installed: apt-get install chromium, or name one in SELFTAUGHT_BROWSER")
    with tab() as found:
        yield found


@pytest.fixture
def opened(page: Tab, address: str) -> Iterator[Tab]:
    """The page, freshly opened on a wide screen; whatever a test does, nothing may be complained of."""
    page.problems.clear()
    page.look(WIDE)
    page.open("about:blank#")
    page.open(address)
    page.run("localStorage.clear()")
    yield page
    assert page.problems == []
