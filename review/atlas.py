"""Where the places of the rules lie: for the map of places named, and the filter by place.

Coordinates are ours, in degrees, one point for each place entity of `rules/20-places.yaml`: a town
where it stands, a region or a group of countries at a town of it, for a map that is looked at from
far. A place that an operator adds later is on no map, but counted in the list beside it once it is
written down here.
"""

from __future__ import annotations

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
