"""A flow script read and replayed on a recorder. Nothing of it is ever run: it is Python only by its grammar."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from selftaught.envs.hardware.flows import LISTS, SETTINGS, TARGETS, Flow, Value, number

LONGEST: Final = 8192
"""Characters of a script."""
LIBRARY: Final = "siliconcompiler"
_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("filename",),
    "load_target": ("name",),
    "clock": ("pin", "period"),
    "run": (),
    "summary": (),
    "show": (),
}
"""Calls with their parameters; ``set`` and ``add`` have a key of two texts and a value, which have no names."""


class Complaint(ValueError):
    """What is wrong with a script, with its line: what the tool would say."""


@dataclass(slots=True)
class _Recorder:
    """What the calls of a script have set so far, and what its last run found."""

    design: str
    sources: set[str] = field(default_factory=set)
    target: str = ""
    clocks: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Value] = field(default_factory=dict)
    reports: set[str] = field(default_factory=set)
    runs: int = 0
    found: Flow | None = None

    def flow(self) -> Flow:
        """As the last run found it; as it is now, if there was none."""
        last = self.found or self._now()
        return Flow(
            last.design, last.sources, last.target, last.clocks, last.settings, self.runs, tuple(sorted(self.reports))
        )

    def _now(self) -> Flow:
        sources = tuple(sorted(self.sources))
        return Flow(self.design, sources, self.target, dict(self.clocks), dict(self.settings))

    def call(self, name: str, given: Mapping[str, Value]) -> None:
        """One call. Raises ``Complaint``."""
        match name:
            case "input":
                self.sources.add(_text(name, given["filename"]))
            case "load_target":
                if given["name"] not in TARGETS:
                    raise Complaint(f"there is no target {given['name']!r}")
                self.target = given["name"]
            case "clock":
                if not number(given["period"]) or given["period"] <= 0:
                    raise Complaint(f"the period of a clock must be a number above 0, not {given['period']!r}")
                self.clocks[_text(name, given["pin"])] = given["period"]
            case "run":
                self._run()
            case _:
                if not self.runs:
                    raise Complaint(f"{name} before anything ran")
                self.reports.add(name)

    def change(self, key: str, value: Value, *, add: bool) -> None:
        """``set`` or ``add``. Raises ``Complaint``."""
        if key not in SETTINGS:
            raise Complaint(f"there is no setting {key}")
        if add and key not in LISTS:
            raise Complaint(f"{key} has one value: set it")
        if key in LISTS and isinstance(value, str):
            value = (value,)
        valid, wanted = SETTINGS[key]
        if not valid(value):
            raise Complaint(f"{key} must be {wanted}, not {str(value)[:80]}")
        if key in LISTS:
            value = tuple(sorted({*value, *(self.settings.get(key, ()) if add else ())}))
        if value is False:
            self.settings.pop(key, None)
        else:
            self.settings[key] = value

    def _run(self) -> None:
        if not self.target:
            raise Complaint("a run needs a target")
        if not self.sources:
            raise Complaint("a run needs a source")
        self.runs += 1
        self.found = self._now()


def replay(text: str) -> Flow:
    """The flow of a script.

    A script imports the library, makes one chip and calls its methods, one statement each, with literals only. Raises
    ``Complaint`` for anything else, and for what the tool refuses: unknown calls, settings and targets, values of the
    wrong type, a run without source or target, a report before any run. No text raises anything else.
    """
    recorder: _Recorder | None = None
    makers, chip = set[str](), ""
    for statement in _parsed(text):
        try:
            match statement:
                case ast.Import() | ast.ImportFrom():
                    makers |= _imported(statement)
                case ast.Expr(ast.Constant(str())):
                    continue
                case ast.Assign([ast.Name(name)], ast.Call(maker) as call) if recorder is None:
                    if _dotted(maker) not in makers:
                        raise Complaint(f"{_dotted(maker)[:80]} is not defined")
                    recorder, chip = _Recorder(_text("Chip", _given(call, "Chip", ("design",))["design"])), name
                case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), method)) as call):
                    if recorder is None or name != chip:
                        raise Complaint(f"{name[:80]} is not defined")
                    _apply(recorder, method, call)
                case _:
                    raise Complaint("a script has only imports, one chip and calls of its methods")
        except Complaint as reason:
            raise Complaint(f"line {statement.lineno}: {reason}") from None
    if recorder is None:
        raise Complaint("the script makes no chip")
    return recorder.flow()


def _parsed(text: str) -> list[ast.stmt]:
    if len(text) > LONGEST:
        raise Complaint(f"the script has {len(text)} characters, more than {LONGEST}")
    if "\\" in text:
        raise Complaint("backslashes are not allowed")
    try:
        return ast.parse(text).body
    except SyntaxError as reason:
        raise Complaint(f"line {reason.lineno or 1}: {reason.msg}") from None
    except (ValueError, RecursionError, MemoryError) as reason:  # no Unicode text, NUL bytes, nesting
        raise Complaint(f"the script cannot be read: {type(reason).__name__}") from None


def _imported(statement: ast.Import | ast.ImportFrom) -> set[str]:
    """What makes a chip after this import."""
    if isinstance(statement, ast.Import):
        wrong = [alias.name for alias in statement.names if alias.name != LIBRARY]
        makers = {f"{alias.asname or alias.name}.Chip" for alias in statement.names}
    else:
        wrong = [] if statement.module == LIBRARY and not statement.level else [statement.module or "."]
        wrong += [alias.name for alias in statement.names if alias.name != "Chip"]
        makers = {alias.asname or alias.name for alias in statement.names}
    if wrong:
        raise Complaint(f"only {LIBRARY} and its Chip can be imported, not {wrong[0][:80]}")
    return makers


def _dotted(node: ast.expr) -> str:
    """``name`` or ``name.attribute``."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name(name), attribute):
            return f"{name}.{attribute}"
    return "that"


def _apply(recorder: _Recorder, method: str, call: ast.Call) -> None:
    if method in _CALLS:
        recorder.call(method, _given(call, method, _CALLS[method]))
    elif method in ("set", "add"):
        given = _given(call, method, ("group", "setting", "value"), named=False)
        key = "/".join(_text(method, given[part]) for part in ("group", "setting"))
        recorder.change(key, given["value"], add=method == "add")
    else:
        raise Complaint(f"a chip has no method {method[:80]}")


def _given(call: ast.Call, name: str, parameters: tuple[str, ...], *, named: bool = True) -> dict[str, Value]:
    """The arguments by parameter."""
    given = dict(zip(parameters, map(_literal, call.args), strict=False))
    for keyword in call.keywords:
        if not named or keyword.arg not in parameters or keyword.arg in given:
            raise Complaint(f"{name} takes no argument {(keyword.arg or '**')[:80]} there")
        given[keyword.arg] = _literal(keyword.value)
    if len(call.args) > len(parameters) or len(given) < len(parameters):
        raise Complaint(f"{name} takes {len(parameters)} arguments ({', '.join(parameters) or 'none'})")
    return given


def _literal(node: ast.expr) -> Any:
    """A literal's value; lists and tuples are tuples."""
    match node:
        case ast.Constant(str() | int() | float() as value):  # truth values are integers
            return value
        case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(value, bool):
            return -value
        case ast.List(parts) | ast.Tuple(parts):
            return tuple(map(_literal, parts))
    raise Complaint("arguments must be literals: texts, numbers, True, False, and lists of them")


def _text(name: str, value: Value) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Complaint(f"{name} takes a text, not {str(value)[:80]}")
    return value
