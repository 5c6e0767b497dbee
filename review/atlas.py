"""Where the places of the rules lie: for the map of places named, and the filter by place.

Coordinates are ours, in degrees, one point for each place entity of `rules/20-places.yaml`: a town
where it stands, a region or a group of countries at a town of it, for a map that is looked at from
far. A place that an operator adds later is on no map, but counted in the list beside it once it is
written down here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.catalogues import N_


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place: its name as a message, and where it lies in degrees east and north."""

    name: str
    east: float
    north: float


PLACES: dict[str, Spot] = {
    "russia-itself": Spot(name=N_("Russia"), east=96.0, north=63.0),
    "moscow": Spot(name=N_("Moscow"), east=37.6, north=55.8),
    "far-east": Spot(name=N_("Russian Far East"), east=139.0, north=57.0),
    "siberia": Spot(name=N_("Siberia"), east=104.0, north=57.0),
    "vladivostok": Spot(name=N_("Vladivostok"), east=131.9, north=43.1),
    "nakhodka": Spot(name=N_("Nakhodka"), east=132.9, north=42.8),
    "primorye": Spot(name=N_("Primorye"), east=134.0, north=45.0),
    "khabarovsk": Spot(name=N_("Khabarovsk"), east=135.1, north=48.5),
    "amur": Spot(name=N_("Amur region"), east=127.5, north=50.3),
    "sakhalin": Spot(name=N_("Sakhalin"), east=142.7, north=47.0),
    "russian-regions": Spot(name=N_("other regions of Russia"), east=60.6, north=56.8),
    "alabuga": Spot(name=N_("Tatarstan and Alabuga"), east=52.1, north=55.8),
    "kursk-rostov": Spot(name=N_("Kursk, Belgorod, Rostov"), east=36.2, north=51.0),
    "occupied-ukraine": Spot(name=N_("occupied Ukraine"), east=37.8, north=48.0),
    "north-caucasus-sites": Spot(name=N_("stadium sites in Russia"), east=30.2, north=59.97),
    "china": Spot(name=N_("China"), east=116.4, north=39.9),
    "china-border": Spot(name=N_("Chinese border towns"), east=126.5, north=42.2),
    "mongolia": Spot(name=N_("Mongolia"), east=106.9, north=47.9),
    "gulf": Spot(name=N_("Gulf states"), east=51.5, north=25.3),
    "europe": Spot(name=N_("Poland, Malta, other Europe"), east=18.6, north=52.0),
    "belarus": Spot(name=N_("Belarus"), east=27.6, north=53.9),
    "south-east-asia": Spot(name=N_("South-East Asia"), east=104.9, north=11.6),
    "africa": Spot(name=N_("Africa"), east=20.0, north=4.0),
    "other-hosts": Spot(name=N_("other countries"), east=69.3, north=41.3),
}


# The map is `static/map.svg`: plate carree with the parallel of 45 degrees true to scale.
WIDTH, HEIGHT = 792.0, 510.0
WEST, NORTH = -10.0, 74.0
PER_DEGREE = (4.4, 6.2225)  # 4.4 and 4.4 / cos 45
SMALLEST, LARGEST = 5.0, 24.0  # radii
LABELLED = 9  # places whose names stand on the map, the most named first, where there is room
LETTER, LINE = 6.6, 15.0  # how much room a name takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A place on the map, sized by how many items name it."""

    id: str
    name: str  # a message
    count: int
    x: float
    y: float
    radius: float
    is_labelled: bool


def dots(counts: Mapping[str, int], said: Callable[[str], str]) -> list[Dot]:
    """Return the places that are named, the most named first; `said` translates a name.

    The area of a dot goes with the count. A name that would stand over another is left out: the
    list beside the map has all of them.
    """
    most = max(counts.values(), default=0)
    taken: list[tuple[float, float, float]] = []
    found = []
    ranked = sorted(counts.items(), key=lambda named: (-named[1], named[0]))
    for id, count in ranked:
        spot = PLACES[id]
        x = round((spot.east - WEST) * PER_DEGREE[0], 1)
        y = round((NORTH - spot.north) * PER_DEGREE[1], 1)
        radius = round(max(SMALLEST, LARGEST * math.sqrt(count / most)), 1)
        name = (x + radius, y, x + radius + LETTER * len(said(spot.name)))
        has_room = (
            len(taken) < LABELLED
            and name[2] < WIDTH
            and all(abs(y - other) > LINE or name[0] > end or name[2] < start
                    for start, other, end in taken)
        )  # fmt: skip
        if has_room:
            taken.append(name)
        found.append(
            Dot(id=id, name=spot.name, count=count, x=x, y=y, radius=radius, is_labelled=has_room)
        )
    return found
