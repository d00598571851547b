"""Random questions about one person, as a front end or an inquisitive reader would put them."""

from __future__ import annotations

from random import Random

ABOUT = "completeness finding totalCount"
SOURCES = "sources { organisation { odsCode name } status asOf warnings { code text } }"
PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }"
BY = "id date asOf recordedBy { organisation { odsCode name } role }"
CODE = "{ text codings { system code display } }"
NODES = {
    "allergies": f"code {CODE} note status reactions {{ description }}",
    "medications": f"medicine {CODE} note dosage reasons {CODE} status",
    "conditions": f"code {CODE} note status",
    "hospitalStays": f"types {CODE} reasons {CODE} diagnoses {CODE} ward dischargeSummary {{ title sections {{ text }} }}",
    "appointments": f"start service {CODE} reasons {CODE} description location withRoles",
    "testResults": f"code {CODE} value members note conclusion",
    "immunisations": "note",
    "procedures": f"code {CODE} reasons {CODE}",
    "documents": f"title description kind {CODE}",
    "alerts": f"code {CODE} status",
    "carePlans": "title description goals",
    "careTeam": "name role team",
    "socialCare": f"kind code {CODE} description status",
    "consultations": f"kind {CODE} location topics {{ title problems {CODE} notes {{ heading text }} entries }}",
}
MORE = {
    "allergies": ["groups { label entries { id } conflicts { kind entries } }", "conflicts { kind entries }"],
    "medications": ["groups { label entries { id } conflicts { kind entries } }"],
}
ARGUMENTS = {
    "allergies": ["status: [ACTIVE]"],
    "conditions": ["status: [ACTIVE, RESOLVED]"],
    "appointments": ["when: FUTURE", "when: PAST"],
    "testResults": ['category: "laboratory"'],
    "socialCare": ["status: [ACTIVE]"],
}
SECTIONS = tuple(NODES)
WHO = [
    "nhsNumber",
    "name { family }",
    "birthDate",
    "address { lines postcode }",
    "contacts { value }",
    "registeredPractice { odsCode name }",
    "restricted",
    "visits { id text }",
]
ROOTS = [
    "watched { nhsNumber visits { text } birthDate }",
    "watchedLast { nhsNumber allergies { finding } }",
    "viewer { role }",
]
CONDITIONS = ["", "", "", "", "@include(if: $yes)", "@skip(if: $no)", "@skip(if: $yes)"]
NUMBER = "nhsNumber: $n"


def question(random: Random, cursors: list[str] | None = None) -> str:
    """One document over `$n`, `$yes` and `$no`. `cursors` of earlier answers may be asked for again."""
    body = " ".join(_section(random, name, cursors or []) for name in _some(random, SECTIONS))
    who = " ".join(f"{one} {_condition(random, one)}" if " " not in one else one for one in _some(random, WHO))
    more = " ".join(_some(random, ROOTS)) if random.random() < 0.4 else ""
    spread, fragment = ("...Part", f"fragment Part on Patient {{ {body} }}") if random.random() < 0.3 else (body, "")
    twice = f"again: patient({NUMBER}) {{ nhsNumber {body} }}" if random.random() < 0.2 and not cursors else ""
    head = "query Asked($n: NHSNumber!, $yes: Boolean = true, $no: Boolean = false)"
    used = "unused: __typename @include(if: $yes) @skip(if: $no)"
    return f"{head} {{ patient({NUMBER}) {{ {used} {who} {spread} }} {twice} {more} }} {fragment}"


def _section(random: Random, name: str, cursors: list[str]) -> str:
    wanted = [
        *_some(random, [ABOUT, SOURCES, PAGE, f"nodes {{ {BY} {NODES[name]} }}"]),
        *_some(random, MORE.get(name, [])),
    ]
    body = " ".join(wanted or ["totalCount"])
    alias = f"x{random.randint(0, 99)}{name}: " if random.random() < 0.2 else ""
    return f"{alias}{name}{_arguments(random, name, cursors)} {_condition(random, name)} {{ {body} }}"


def _arguments(random: Random, name: str, cursors: list[str]) -> str:
    given = []
    if random.random() < 0.4:
        given.append(f"first: {random.randint(0, 4)}")
    if cursors and random.random() < 0.6:
        given.append(f'after: "{random.choice(cursors)}"')
    if name != "careTeam" and random.random() < 0.2:
        given.append('since: "2026"')
    if name in ARGUMENTS and random.random() < 0.3:
        given.append(random.choice(ARGUMENTS[name]))
    return f"({', '.join(given)})" if given else ""


def _condition(random: Random, _name: str) -> str:
    return random.choice(CONDITIONS)


def _some(random: Random, choices: list[str] | tuple[str, ...]) -> list[str]:
    return [one for one in choices if random.random() < random.choice([0.2, 0.5, 0.9])]
