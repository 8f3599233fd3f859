"""What is built holds what the tree holds, and works away from it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("envs", "agents", "algorithms", "benchmarks")


def is_source(path: Path) -> bool:
    return path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")


def spine_files() -> set[str]:
    """The files of ``src/selftaught`` that lie there, not behind the links."""
    spine = ROOT / "src" / "selftaught"
    names = (path.relative_to(spine) for path in spine.rglob("*") if is_source(path))
    return {name.as_posix() for name in names if name.parts[0] not in FOLDERS}


def package_files() -> set[str]:
    """The files of the package by their path in the wheel."""
    own = {f"selftaught/{name}" for name in spine_files()}
    rest = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if is_source(path))
    return own | {f"selftaught/{path.relative_to(ROOT).as_posix()}" for path in rest}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the unpacked wheel, as an installation leaves it."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        wheel.extractall(folder)
    return folder


def run_away(code: str, *, installed: Path, cwd: Path) -> str:
    """The output of code that runs in another folder, with the unpacked wheel first on the path."""
    code = f"import sys; sys.path.insert(0, {str(installed)!r})\n{code}"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_the_tree(dist: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    assert len(names) == len(set(names))
    assert {name for name in names if ".dist-info/" not in name} == package_files()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_sdist_holds_every_file_once(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sdist:
        names = [member.name.partition("/")[2] for member in sdist.getmembers() if not member.isdir()]
    assert len(names) == len(set(names))
    own = {f"src/selftaught/{name}" for name in spine_files()}
    rest = {name.removeprefix("selftaught/") for name in package_files()} - spine_files()
    assert {"pyproject.toml", "LICENSE", "constraints.txt"} | own | rest <= set(names)
    assert not [name for name in names if name.startswith((".venv/", "runs/")) or "__pycache__" in name]
    assert not [name for name in names if name.startswith(tuple(f"src/selftaught/{folder}/" for folder in FOLDERS))]


def test_every_module_imports_away_from_the_tree(installed: Path, tmp_path: Path) -> None:
    code = (
        "import importlib, pkgutil, selftaught\n"
        "names = [module.name for module in pkgutil.walk_packages(selftaught.__path__, 'selftaught.')]\n"
        "for name in names:\n"
        "    if not name.endswith('__main__'):\n"
        "        print(importlib.import_module(name).__file__)\n"
    )
    files = [Path(line) for line in run_away(code, installed=installed, cwd=tmp_path).splitlines()]
    assert files and all(path.is_relative_to(installed) for path in files)
    modules = {name for name in package_files() if name.endswith(".py") and not name.endswith("__main__.py")}
    found = {path.relative_to(installed).as_posix() for path in files} | {"selftaught/__init__.py"}
    assert found == modules


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_folders_have_no_other_name(installed: Path, tmp_path: Path, folder: str) -> None:
    code = f"try:\n    import {folder}\nexcept ModuleNotFoundError:\n    print('none')\n"
    assert run_away(code, installed=installed, cwd=tmp_path) == "none\n"


def test_importing_the_package_is_light(installed: Path, tmp_path: Path) -> None:
    code = (
        "import time\n"
        "start = time.process_time()\n"
        "import selftaught\n"
        "print(time.process_time() - start, *sys.modules)\n"
    )
    runs = [run_away(code, installed=installed, cwd=tmp_path).split() for _ in range(3)]
    assert min(float(seconds) for seconds, *_ in runs) < 0.5
    heavy = {"torch", "gymnasium", "pettingzoo", "transformers", "peft", "trl", "accelerate", "wandb", "pyarrow"}
    assert not heavy & set(runs[0])
