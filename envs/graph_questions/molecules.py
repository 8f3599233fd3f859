"""Questions on molecules: text as chemists write it (SMILES) to its graph and back, checked by RDKit.

Atoms count from 1 in the order in which the text names them; hydrogens are not told. Needs the extra ``chemistry``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from itertools import pairwise
from types import ModuleType
from typing import Any, Final

import networkx as nx
import numpy as np

from selftaught.envs.graph_questions.questions import Lines, numbers, steps

VALENCE: Final[Mapping[str, int]] = {"C": 4, "N": 3, "O": 2, "S": 2, "F": 1, "Cl": 1}
CHANCE: Final = (0.68, 0.11, 0.12, 0.03, 0.03, 0.03)
"""Of each element of ``VALENCE``, for molecules that are drawn."""
SIGNS: Final = {1: "-", 2: "=", 3: "#"}
LONGEST: Final = 300
"""Characters of a SMILES that are read."""


@cache
def chemistry() -> ModuleType:
    """RDKit's ``Chem``, silenced.

    Raises:
        ImportError: if it is not installed, with the command that installs it.
    """
    try:
        from rdkit import Chem, rdBase
    except ImportError as error:
        raise ImportError("molecules need RDKit: pip install 'selftaught[chemistry]'") from error
    rdBase.DisableLog("rdApp.*")
    found: ModuleType = Chem
    return found


@dataclass(frozen=True, slots=True)
class Molecule:
    """One of ``KINDS`` on the molecule that ``smiles`` says; ``path`` is asked between two atoms. A ``Question``.

    Raises:
        ValueError: if the kind is unknown, or the text says no molecule.
    """

    kind: str
    smiles: str
    source: int = 1
    target: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; the kinds are {', '.join(KINDS)}")
        count = self.graph.number_of_nodes()
        if not (1 <= self.source <= count and 1 <= self.target <= count):
            raise ValueError(f"{self.smiles!r} has no atoms {self.source} and {self.target}, but 1 to {count}")

    @property
    def labels(self) -> tuple[str, ...]:
        """The only one is the kind."""
        return (self.kind,)

    @property
    def graph(self) -> nx.Graph:
        """Atoms with ``symbol``, bonds with ``order``, and ``free`` where it is one of an aromatic ring."""
        mol = _molecule(self.smiles)
        if mol is None:
            raise ValueError(f"{self.smiles!r} says no molecule")
        free = {bond.GetIdx() for bond in mol.GetBonds() if bond.GetIsAromatic()}
        chemistry().Kekulize(mol, clearAromaticFlags=True)
        found = nx.Graph()
        for atom in mol.GetAtoms():
            found.add_node(atom.GetIdx() + 1, symbol=atom.GetSymbol() + _charge(atom.GetFormalCharge()))
        for bond in mol.GetBonds():
            ends = bond.GetBeginAtomIdx() + 1, bond.GetEndAtomIdx() + 1
            found.add_edge(*ends, order=int(bond.GetBondTypeAsDouble()), free=bond.GetIdx() in free)
        return found

    def told(self) -> str:
        """The molecule, as SMILES or where that is asked for as a graph, and the question."""
        question = KINDS[self.kind].question.format(source=self.source, target=self.target)
        if self.kind != "smiles":
            return f"Molecule: {self.smiles}\nAtoms count from 1 as they are written, without hydrogens.\n{question}"
        graph = self.graph
        atoms = ", ".join(f"{atom} {symbol}" for atom, symbol in graph.nodes(data="symbol"))
        return f"Atoms: {atoms}. Bonds: {_bonds(graph) or 'none'}.\n{question}"

    def proved(self, lines: Lines) -> bool | None:
        """Whether it is so, to the last bond."""
        said = lines.get(self.kind, "").strip(" \t*`.")
        return KINDS[self.kind].proved(self, said) if said else None

    def solve(self) -> str:
        """By RDKit."""
        return f"{self.kind}: {KINDS[self.kind].solve(self)}"

    def guess(self, random: np.random.Generator) -> str:
        """Carbons in a row, or atoms in any order."""
        count = self.graph.number_of_nodes()
        order = [int(atom) + 1 for atom in random.permutation(count)]
        said = {
            "formula": f"C{count}H{random.integers(2 * count + 3)}",
            "bonds": " ".join(f"{first}-{second}" for first, second in pairwise(range(1, count + 1))) or "none",
            "path": numbers(order[: int(random.integers(1, count + 1))]),
            "smiles": "C" * count,
        }
        return f"{self.kind}: {said[self.kind]}"

    def public(self) -> dict[str, Any]:
        """The text and what is asked."""
        return {"kind": self.kind, "smiles": self.smiles, "source": self.source, "target": self.target}


def read(public: Mapping[str, Any]) -> Molecule:
    """The question of such data.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    return Molecule(public["kind"], public["smiles"], public["source"], public["target"])


def canonical(smiles: str) -> str | None:
    """The same text for the same molecule, without its orientation in space; None if it says none."""
    mol = _molecule(smiles)
    return None if mol is None else str(chemistry().MolToSmiles(mol, isomericSmiles=False))


def split_of(smiles: str) -> str:
    """To which split a molecule belongs, however it is written: one in ten to ``test``, one to ``validation``."""
    digest = blake2b((canonical(smiles) or smiles).encode(), digest_size=8).digest()
    return {0: "test", 1: "validation"}.get(int.from_bytes(digest, "big") % 10, "train")


def draw(rng: np.random.Generator, *, atoms: int) -> str:
    """A random molecule of so many atoms but hydrogens: a tree within the valences, at times a ring, multiple bonds."""
    chem = chemistry()
    while True:
        mol = chem.RWMol()
        symbols = ["C", *(str(symbol) for symbol in rng.choice(list(VALENCE), size=atoms - 1, p=CHANCE))]
        for symbol in symbols:
            mol.AddAtom(chem.Atom(symbol))
        free = [VALENCE[symbol] for symbol in symbols]
        for new in range(1, atoms):
            open_ = [old for old in range(new) if free[old]]
            if not open_:
                break
            _bond(mol, free, int(open_[rng.integers(len(open_))]), new)
        else:
            for _ in range(int(rng.integers(3))):
                _tighten(rng, mol, free)
            chem.SanitizeMol(mol)
            chem.Kekulize(mol, clearAromaticFlags=True)
            return str(chem.MolToSmiles(mol, canonical=False, rootedAtAtom=int(rng.integers(atoms))))


def _tighten(rng: np.random.Generator, mol: Any, free: list[int]) -> None:
    """Close a ring, or make a bond one stronger, if there is a place for it."""
    chem = chemistry()
    spare = [atom for atom, left in enumerate(free) if left]
    if len(spare) < 2:
        return
    first, second = (int(atom) for atom in rng.choice(spare, size=2, replace=False))
    bond = mol.GetBondBetweenAtoms(first, second)
    if bond is None:
        if len(chem.GetShortestPath(mol, first, second)) >= 5:
            _bond(mol, free, first, second)
    elif bond.GetBondTypeAsDouble() < 3:
        order = int(bond.GetBondTypeAsDouble()) + 1
        bond.SetBondType(chem.BondType.DOUBLE if order == 2 else chem.BondType.TRIPLE)
        free[first] -= 1
        free[second] -= 1


def _bond(mol: Any, free: list[int], first: int, second: int) -> None:
    mol.AddBond(first, second, chemistry().BondType.SINGLE)
    free[first] -= 1
    free[second] -= 1


def _molecule(smiles: str) -> Any:
    """RDKit's molecule, or None; there are no radicals, whose missing hydrogens no question tells."""
    whole = smiles and len(smiles) <= LONGEST and re.fullmatch(r"[!-~]+", smiles)
    mol = chemistry().MolFromSmiles(smiles) if whole else None
    if mol is None or not mol.GetNumAtoms() or any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
        return None
    return mol


def _charge(charge: int) -> str:
    return ("+" if charge > 0 else "-") * abs(charge)


def _bonds(graph: nx.Graph) -> str:
    return " ".join(f"{min(a, b)}{SIGNS[order]}{max(a, b)}" for a, b, order in sorted(graph.edges(data="order")))


def _elements(formula: str) -> Counter[str] | None:
    """How many of each element, None if it is no formula."""
    parts = re.findall(r"([A-Z][a-z]?)(\d{0,4})", formula)
    if not parts or "".join(symbol + count for symbol, count in parts) != formula:
        return None
    found: Counter[str] = Counter()
    for symbol, count in parts:
        found[symbol] += int(count or 1)
    return found


def _all_elements(asked: Molecule) -> Counter[str]:
    mol = chemistry().AddHs(_molecule(asked.smiles))
    return Counter(atom.GetSymbol() for atom in mol.GetAtoms())


def _formula_proved(asked: Molecule, said: str) -> bool:
    return _elements(re.sub(r"\s", "", said)) == _all_elements(asked)


def _solve_formula(asked: Molecule) -> str:
    return "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in sorted(_all_elements(asked).items()))


def _bonds_proved(asked: Molecule, said: str) -> bool:
    graph, items = asked.graph, [] if said.lower() == "none" else re.split(r"[\s,;]+", said)
    orders: dict[frozenset[int], int] = {}
    for item in items:
        bond = re.fullmatch(r"(\d{1,4})([-=#])(\d{1,4})", item, re.ASCII)
        if bond is None or frozenset((int(bond[1]), int(bond[3]))) in orders:
            return False
        orders[frozenset((int(bond[1]), int(bond[3])))] = "-=#".index(bond[2]) + 1
    true = {frozenset((a, b)): (order, free) for a, b, order, free in _edges(graph)}
    # In an aromatic ring the double bonds can be told in two ways.
    return orders.keys() == true.keys() and all(
        orders[pair] in (1, 2) if free else orders[pair] == order for pair, (order, free) in true.items()
    )


def _edges(graph: nx.Graph) -> list[tuple[int, int, int, bool]]:
    return [(a, b, data["order"], data["free"]) for a, b, data in graph.edges(data=True)]


def _path_proved(asked: Molecule, said: str) -> bool:
    graph, path = asked.graph, steps(said)
    if path is None or (path[0], path[-1]) != (asked.source, asked.target):
        return False
    if not all(graph.has_edge(*pair) for pair in pairwise(path)):
        return False
    return bool(len(path) == nx.shortest_path_length(graph, asked.source, asked.target) + 1)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of question is asked and proved."""

    question: str
    proved: Callable[[Molecule, str], bool]
    solve: Callable[[Molecule], str]


KINDS: Final[Mapping[str, Kind]] = {
    "formula": Kind(
        "How many atoms of each element are there, hydrogens included? Reply formula: and the elements with their "
        "numbers, as C2H6O.",
        _formula_proved,
        _solve_formula,
    ),
    "bonds": Kind(
        "Reply bonds: and all bonds between these atoms, as 1-2 for a single one, 2=3 for a double one, 3#4 for a "
        "triple one; none if there are none.",
        _bonds_proved,
        lambda asked: _bonds(asked.graph) or "none",
    ),
    "path": Kind(
        "Reply path: and the atoms on a way from {source} to {target} over as few bonds as possible, both included.",
        _path_proved,
        lambda asked: numbers(nx.shortest_path(asked.graph, asked.source, asked.target)),
    ),
    "smiles": Kind(
        "Reply smiles: and the molecule as SMILES.",
        lambda asked, said: canonical(said) == canonical(asked.smiles),
        lambda asked: canonical(asked.smiles) or "",
    ),
}
