"""The dependency rule and the house style, read from the syntax tree of every file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPINE = ROOT / "src" / "selftaught"
FOLDERS = ("envs", "agents", "algorithms", "benchmarks")
OWN = [path for path in SPINE.rglob("*.py") if path.relative_to(SPINE).parts[0] not in FOLDERS]  # not through the links
FILES = sorted([*OWN, *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))])

MAY_IMPORT = {
    "types": set[str](),
    "spine": {"types", "spine"},
    "envs": {"types", "spine", "envs"},
    "agents": {"types", "spine", "agents"},
    "algorithms": {"types", "spine", "algorithms"},
    "benchmarks": {"types", "spine", *FOLDERS},
    "cli": {"types", "spine", "cli", *FOLDERS},
}
TOP = {"cli", "commands", "validation", "template"}
MODEL_LIBRARIES = {"torch", "transformers", "peft", "trl", "accelerate"}
GENERATORS = {"BitGenerator", "Generator", "PCG64", "PCG64DXSM", "Philox", "SFC64", "SeedSequence", "default_rng"}
MAX_FUNCTION, MAX_FILE = 60, 400

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


def layer_of(module: str) -> str:
    """The layer of a module of ours, by its dotted name without the package's."""
    first = module.partition(".")[0]
    return "cli" if first in TOP else first if first in MAY_IMPORT else "spine"


def layer(path: Path) -> str:
    relative = path.relative_to(SPINE if path.is_relative_to(SPINE) else ROOT)
    return layer_of(relative.with_suffix("").parts[0])


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of all that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{source}.{alias.name}") for alias in node.names)


def at(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_folder_is_covered() -> None:
    assert {layer(path) for path in FILES} >= {"types", "spine", "envs", "agents", "algorithms"}
    assert all((SPINE / folder).resolve() == ROOT / folder for folder in FOLDERS)


@every_file
def test_imports_point_down(path: Path) -> None:
    for line, name in imports(path):
        assert not name.startswith("."), f"{at(path, line)} imports {name}: absolute imports only"
        package, _, rest = name.partition(".")
        assert package not in FOLDERS, f"{at(path, line)} imports {name}: say selftaught.{name}"
        if package == "selftaught":
            allowed = layer_of(rest) in MAY_IMPORT[layer(path)]
            assert allowed, f"{at(path, line)}: {layer(path)} must not import {name}"


@every_file
def test_model_libraries_stay_in_their_place(path: Path) -> None:
    relative = path.relative_to(ROOT)
    if relative.as_posix() == "benchmarks/speed_work.py":  # it times these libraries
        return
    if relative.parts[0] == "algorithms" or (relative.parts[0] == "agents" and relative.parts[1].startswith("local")):
        return
    for line, name in imports(path):
        assert name.partition(".")[0] not in MODEL_LIBRARIES, f"{at(path, line)} imports {name}"


@every_file
def test_no_global_randomness(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() == "src/selftaught/validation/randomness.py":  # it watches that nobody does
        return
    for line, name in imports(path):
        assert name.partition(".")[0] != "random", f"{at(path, line)} imports {name}: take a numpy Generator"
        if name.startswith("numpy.random."):
            assert name.split(".")[2] in GENERATORS, f"{at(path, line)} imports {name}: take a numpy Generator"
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
            assert node.attr in GENERATORS, f"{at(path, node.lineno)} uses {ast.unparse(node)}: take a numpy Generator"


def test_files_of_the_page_are_short() -> None:
    paths = [path for kind in ("js", "css", "html") for path in (ROOT / "benchmarks" / "report").glob(f"*.{kind}")]
    assert len(paths) > 10
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= MAX_FILE, f"{path.name} has {len(lines)} lines"
        assert path.suffix == ".html" or max(map(len, lines)) <= 120, f"{path.name} has longer lines than 120"


@every_file
def test_files_and_functions_are_short(path: Path) -> None:
    length = len(path.read_bytes().splitlines())
    assert length <= MAX_FILE, f"{path.relative_to(ROOT)} has {length} lines"
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{at(path, node.lineno)}: {node.name} has {length} lines"
