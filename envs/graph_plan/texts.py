"""What plans are about: goals and steps of eight fields, the last two of them for the test split alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Final

import numpy as np

Split = str


@dataclass(frozen=True, slots=True)
class Field:
    """``goals``, and ``actions``: verbs with the things that all of them can be done to."""

    goals: tuple[str, ...]
    actions: tuple[tuple[str, str], ...]

    def steps(self) -> list[str]:
        """Every step there is."""
        return [
            f"{verb} the {thing}"
            for verbs, things in self.actions
            for verb, thing in product(verbs.split(", "), things.split(", "))
        ]


FIELDS: Final[Mapping[str, Field]] = {
    "cooking": Field(
        ("cook a dinner for guests", "prepare a buffet", "make Sunday lunch", "cater for a wedding"),
        (
            ("wash, chop, peel, season, roast", "carrots, potatoes, peppers, onions, pumpkins, beets"),
            ("knead, shape, bake, cool", "bread dough, pizza base, dinner rolls, pie crust"),
            ("stir, simmer, strain, taste", "tomato sauce, bean soup, vegetable stock, mushroom gravy"),
            ("lay out, fold, iron", "napkins, tablecloths"),
        ),
    ),
    "household": Field(
        ("clean the flat", "move into a new home", "get the house ready for winter", "host relatives"),
        (
            ("sweep, mop, wax, dry", "kitchen floor, hallway, stairs, balcony, attic"),
            ("wash, dry, iron, fold, put away", "towels, bed sheets, shirts, curtains"),
            ("empty, defrost, wipe down, refill", "fridge, freezer, pantry shelves"),
            ("sort, label, stack", "moving boxes, paperwork, winter clothes, old toys"),
        ),
    ),
    "building": Field(
        ("build a garden shed", "renovate the bathroom", "put up an extension", "restore a barn"),
        (
            ("measure, cut, sand, paint, seal", "floor boards, window frames, roof beams, door panels"),
            ("dig, level, pour, cure", "foundation, drainage trench, concrete slab"),
            ("wire, test, cover", "lighting circuit, heating controls, sockets, alarm system"),
            ("lay, grout, polish", "wall tiles, floor tiles, paving stones"),
        ),
    ),
    "software": Field(
        ("ship a mobile app", "migrate the billing system", "publish a data set", "launch an online shop"),
        (
            ("design, write, review, test, document", "login page, search index, payment service, export script"),
            ("set up, back up, migrate, tune", "database, build server, message queue, cache"),
            ("translate, proofread, publish", "user guide, release notes, help pages"),
            ("record, cut, upload", "demo video, training course"),
        ),
    ),
    "gardening": Field(
        ("lay out a kitchen garden", "plant an orchard", "prepare the park for spring", "grow seedlings for a market"),
        (
            ("dig, rake, water, mulch, fence", "vegetable beds, herb patch, flower border, strawberry rows"),
            ("prune, spray, tie up, move", "apple trees, rose bushes, grape vines, young hedges"),
            ("clean, repair, fill, heat", "greenhouse, rain barrels, pond, compost bins"),
            ("sow, thin, transplant", "lettuce, radishes, sunflowers"),
        ),
    ),
    "events": Field(
        ("hold a science fair", "run a village festival", "stage a school play", "open an exhibition"),
        (
            ("book, decorate, light, clear", "main hall, open-air stage, dining tent, lobby"),
            ("print, number, send, collect", "tickets, posters, name badges, programmes"),
            ("hire, brief, rehearse", "musicians, actors, stage crew, guides"),
            ("rent, unload, set up", "chairs, sound system, projectors, food stalls"),
        ),
    ),
    "laboratory": Field(
        ("run a water quality study", "grow a cell culture", "calibrate the instruments", "analyse soil samples"),
        (
            ("clean, calibrate, warm up, log", "spectrometer, centrifuge, pH meter, incubator"),
            ("weigh, dissolve, dilute, filter, freeze", "buffer salts, river samples, soil extracts, dye stock"),
            ("label, sterilise, rinse", "sample tubes, culture flasks, pipette tips"),
            ("plot, check, archive", "measurements, control readings"),
        ),
    ),
    "workshop": Field(
        ("overhaul a tractor", "restore an old bicycle", "get a boat ready for the season", "service a delivery van"),
        (
            ("drain, flush, refill, check", "cooling system, brake fluid, engine oil, fuel tank"),
            ("remove, degrease, repair, refit, align", "front wheel, gear box, water pump, steering column"),
            ("sand, prime, paint, polish", "hull, frame, side panels"),
            ("charge, test, mount", "battery, headlights, radio"),
        ),
    ),
}
HELD_OUT: Final = ("laboratory", "workshop")
"""Fields of the test splits alone."""

PEOPLE: Final = (
    "Ada Ben Cleo Dan Eve Finn Gus Hana Ivo Jana Kofi Lena Milo Nora Otto Pia Quinn Rosa Sami Tara Umar Vera Wim Xena "
    "Yuri Zoe Amir Bela Carl Dora Emil Faye Gita Hugo Ines Joel Kira Liam Mina Nils"
).split()
"""Names for stories in which persons wait for each other."""


@cache
def steps_of(name: str) -> tuple[str, ...]:
    """Every step of a field."""
    return tuple(FIELDS[name].steps())


def draw_texts(rng: np.random.Generator, count: int, *, held_out: bool) -> tuple[str, list[str]]:
    """A goal and ``count`` different steps of one field."""
    names = HELD_OUT if held_out else [name for name in FIELDS if name not in HELD_OUT]
    name = names[rng.integers(len(names))]
    goals: Sequence[str] = FIELDS[name].goals
    steps = steps_of(name)
    chosen = rng.choice(len(steps), size=count, replace=count > len(steps))
    return goals[int(rng.integers(len(goals)))], [steps[place] for place in chosen]
