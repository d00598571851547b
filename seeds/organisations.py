"""The made-up organisations of five boroughs, and where each of their servers listens."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.record.values import OrganisationKind

BOROUGHS = {
    "Barnet": ("E09000003", ("N2", "N3", "N12", "NW4", "EN5")),
    "Camden": ("E09000007", ("NW1", "NW3", "NW5", "WC1")),
    "Enfield": ("E09000010", ("N9", "N13", "EN1", "EN2")),
    "Haringey": ("E09000014", ("N8", "N15", "N17", "N22")),
    "Islington": ("E09000019", ("N1", "N5", "N7", "EC1")),
}
"""Name → ONS code, and postcode districts that lie in it."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """One organisation with a server. `api` is pds, gp-connect, fhir-r4, social-care or graphql."""

    id: str
    ods_code: str
    name: str
    kind: OrganisationKind
    api: str
    offset: int
    borough: str | None = None


def _practices() -> list[Seeded]:
    places = ("Barnet", "Camden", "Enfield", "Haringey", "Islington", "Barnet")
    names = ("Elm Lane", "Canal Side", "Forty Acre", "Wood Vale", "Angel Row", "Mill Brook")
    return [
        Seeded(
            f"gp-{i + 1}", f"Y9900{i + 1}", f"{name} Surgery", OrganisationKind.GP_PRACTICE, "gp-connect", 10 + i, place
        )
        for i, (name, place) in enumerate(zip(names, places, strict=True))
    ]


def _trusts() -> list[Seeded]:
    acute = ("Northern Heights Hospital", "Fleet Valley Hospital", "Lea Bank Hospital", "Highgate Rise Hospital")
    trusts = [
        Seeded(f"hospital-{i + 1}", f"RZ90{i + 1}", name, OrganisationKind.ACUTE_TRUST, "fhir-r4", 20 + i)
        for i, name in enumerate(acute)
    ]
    return [
        *trusts,
        Seeded(
            "mental-health",
            "RZ950",
            "New River Mental Health Trust",
            OrganisationKind.MENTAL_HEALTH_TRUST,
            "fhir-r4",
            30,
        ),
        Seeded("community", "RZ960", "Five Boroughs Community Trust", OrganisationKind.COMMUNITY_TRUST, "fhir-r4", 31),
    ]


def _councils() -> list[Seeded]:
    return [
        Seeded(
            f"council-{name.lower()}",
            ons,
            f"{name} Council (made up)",
            OrganisationKind.COUNCIL,
            "social-care",
            40 + i,
            name,
        )
        for i, (name, (ons, _)) in enumerate(BOROUGHS.items())
    ]


DEMOGRAPHICS = Seeded("pds", "X26", "Demographics service (made up)", OrganisationKind.NATIONAL_SERVICE, "pds", 0)
PRACTICES = _practices()
TRUSTS = _trusts()
COUNCILS = _councils()
ORGANISATIONS = [DEMOGRAPHICS, *PRACTICES, *TRUSTS, *COUNCILS]
PARTNERS = [
    Seeded(
        "falls", "E09000014", "Haringey falls and housing service (made up)", OrganisationKind.COUNCIL, "graphql", 50,
        "Haringey",
    )
]  # fmt: skip
"""Organisations that bring a GraphQL subgraph of their own; `id` is its name."""


def by_id(id_: str) -> Seeded:
    """The organisation with this id."""
    return next(organisation for organisation in (*ORGANISATIONS, *PARTNERS) if organisation.id == id_)
