"""Code of the user's own by its place: ``package.module:Name`` or ``path/to/file.py:Name``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any


def named(spec: str) -> Any:
    """What ``MODULE:NAME`` or ``FILE.py:NAME`` names; the current folder is searched after what is installed.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not written so, the module cannot be imported, or holds no such name.
    """
    where, _, name = spec.rpartition(":")
    if not where or not name.isidentifier():
        raise ValueError(f"{spec!r} is not written MODULE:NAME or FILE.py:NAME")
    module = module_at(where)
    if not hasattr(module, name):
        # Imported names are not the module's own; those of the user's are.
        own = [one for one, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        raise ValueError(f"{where} has no {name!r}; it defines {', '.join(sorted(own)) or 'nothing'}")
    return getattr(module, name)


def module_at(where: str) -> ModuleType:
    """The module of a dotted name, or the one that a file holds.

    Raises:
        FileNotFoundError, ValueError: as ``named``.
    """
    if not where.endswith(".py"):
        return _imported(where, folder=Path.cwd(), told=where)
    path = Path(where).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {where}")
    # A file of a package is imported by its whole name, so that its own imports of the package find the same modules.
    names, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    module = _imported(".".join(names), folder=folder, told=where)
    if module.__file__ is None or Path(module.__file__).resolve() != path:
        raise ValueError(f"{where} would be imported as {'.'.join(names)!r}, which is {module.__file__}: rename it")
    return module


def sources(where: str) -> list[Path]:
    """The files of a module: its own, and those that it imports from beside itself, at first or at second hand.

    Of an installed package these are the package's own; of a file, whatever lies beside it.

    Raises:
        FileNotFoundError, ValueError: as ``named``.
    """
    module = module_at(where)
    if not module.__file__:
        return []
    first = Path(module.__file__).absolute()
    depth = module.__name__.count(".") + (first.stem == "__init__")
    root, package = first.parents[depth], module.__name__.partition(".")[0] if depth else None
    found, left = dict[Path, None](), [first]
    while left:
        path = left.pop(0)
        if path in found:
            continue
        found[path] = None
        for parts in _imports(path, root):
            if parts[0] == package or not (package or root.name.endswith("-packages")):
                place = root.joinpath(*parts)
                left += [one for one in (place.with_name(f"{place.name}.py"), place / "__init__.py") if one.is_file()]
    return list(found)


def _imports(path: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """The names of all modules that a file may import, by their parts; what is no module is among them."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return
    here = path.parent.relative_to(root).parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                yield from (tuple(parts[:end]) for end in range(1, len(parts) + 1))
        elif isinstance(node, ast.ImportFrom):
            before = here[: len(here) - node.level + 1] if node.level else ()
            parts = [*before, *(node.module.split(".") if node.module else ())]
            yield from (tuple(parts[:end]) for end in range(1, len(parts) + 1))
            yield from ((*parts, alias.name) for alias in node.names if alias.name != "*")


def _imported(name: str, *, folder: Path, told: str) -> ModuleType:
    if str(folder) not in sys.path:
        sys.path.append(str(folder))  # last, so that nothing that is installed is hidden
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise ValueError(f"importing {told} failed: {error}") from error
        raise ValueError(f"there is no module {error.name!r}, neither installed nor in {folder}") from error
    except (Exception, SystemExit) as error:  # whatever the user's module does when it is imported
        raise ValueError(f"importing {told} failed: {type(error).__name__}: {error}") from error
