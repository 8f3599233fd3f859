"""Code of the user's own by its place: ``package.module:Name`` or ``path/to/file.py:Name``."""

from __future__ import annotations

import sys
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
