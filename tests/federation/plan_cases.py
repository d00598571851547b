"""Small graphs, one per feature of federation that planning has to get right, with the plans they deserve.

`plans` gives, per operation, the most requests and rounds that its plan may need; None means that it must be
refused. Subgraphs are Federation 2 unless their text says `extend type` with `legacy` set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from gateway.federation.supergraph import Supergraph
from gateway.federation.supergraph_read import read_supergraph
from tests.federation.composing import composed, composed2


@dataclass(frozen=True)
class Case:
    name: str
    subgraphs: dict[str, str]
    plans: dict[str, tuple[int, int] | None]
    legacy: bool = False


@cache
def supergraph_of(name: str) -> Supergraph:
    case = next(case for case in CASES if case.name == name)
    outcome = (composed if case.legacy else composed2)(**case.subgraphs)
    assert outcome.supergraph_sdl, [str(error) for error in outcome.errors]
    return read_supergraph(outcome.supergraph_sdl)


GP = """
type Query { patient: Patient patients: [Patient!]! }
type Patient @key(fields: "number") { number: ID! name: String }
"""

CASES = [
    Case(
        "one hop by key",
        {
            "gp": GP,
            "falls": 'type Patient @key(fields: "number") { number: ID! falls: [Fall!]! } type Fall { on: String }',
        },
        {
            "{ patient { name } }": (1, 1),
            "{ patient { falls { on } } }": (2, 2),
            "{ a: patient { falls { on } } patients { number falls { on } } }": (2, 2),
        },
    ),
    Case(
        "hops to two subgraphs side by side",
        {
            "gp": GP,
            "falls": 'type Patient @key(fields: "number") { number: ID! falls: Int }',
            "care": 'type Patient @key(fields: "number") { number: ID! package: String }',
        },
        {"{ patient { falls package } }": (3, 2), "{ patients { name package } }": (2, 2)},
    ),
    Case(
        "a key that another subgraph must supply",
        {
            "gp": GP,
            "index": 'type Patient @key(fields: "number") @key(fields: "localId") { number: ID! localId: ID! }',
            "ward": 'type Patient @key(fields: "localId") { localId: ID! bed: String }',
        },
        {"{ patient { bed } }": (3, 3), "{ patient { bed localId name } }": (3, 3)},
    ),
    Case(
        "a composite key with a list",
        {
            "lists": """
                type Query { round: Round }
                type Round @key(fields: "beds { id ward { id } }") { beds: [Bed!]! }
                type Bed { id: ID! ward: Ward! }
                type Ward { id: ID! }
            """,
            "staff": """
                type Round @key(fields: "beds { id ward { id } }") { beds: [Bed!]! nurse: String }
                type Bed @shareable { id: ID! ward: Ward! }
                type Ward @shareable { id: ID! }
            """,
        },
        {"{ round { nurse } }": (2, 2)},
    ),
    Case(
        "a key that names part of what is sought",
        {
            "gp": """
                type Query { patient: Patient }
                type Patient @key(fields: "number home { id }") { number: ID! home: Home! @shareable }
                type Home { id: ID! @shareable }
            """,
            "homes": """
                type Patient @key(fields: "number home { id }") { number: ID! home: Home! @shareable }
                type Home { id: ID! @shareable town: String }
            """,
        },
        {"{ patient { home { town } } }": (2, 2), "{ patient { home { id town } } }": (2, 2)},
    ),
    Case(
        "a shared field whose interface only one answer can serve",
        {
            "a": """
                type Query { node: Node @shareable }
                interface Node { id: ID! }
                type Bed implements Node @key(fields: "id") { id: ID! ward: String }
                type Room implements Node @key(fields: "id") { id: ID! @external bed: Bed }
            """,
            "b": """
                type Query { node: Node @shareable }
                interface Node { id: ID! }
                type Room implements Node @key(fields: "id") { id: ID! floor: Int }
                type Bed implements Node @key(fields: "id") { id: ID! @external room: Room }
            """,
        },
        {
            "{ node { id } }": None,
            "{ node { ... on Room { floor } } }": (2, 2),
            "{ node { ... on Bed { room { floor } } } }": (1, 1),
        },
    ),
    Case(
        "a key that cannot be entered",
        {
            "gp": """
                type Query { visit: Visit }
                type Visit @key(fields: "id") { id: ID! patient: Patient }
                type Patient @key(fields: "number") @key(fields: "id", resolvable: false) { number: ID! id: ID! age: Int }
            """,
            "risk": """
                type Patient @key(fields: "number") @key(fields: "id", resolvable: false) {
                  number: ID! id: ID! age: Int @external risk: Int @requires(fields: "age")
                }
            """,
        },
        {"{ visit { patient { id risk } } }": (2, 2)},
    ),
    Case(
        "the nearest ancestor with a key is entered instead",
        {
            "gp": """
                type Query { patient: Patient }
                type Patient @key(fields: "number") { number: ID! address: Address @shareable }
                type Address { town: String @shareable }
            """,
            "homes": """
                type Patient @key(fields: "number") { number: ID! address: Address @shareable }
                type Address { town: String @shareable steps: Int }
            """,
        },
        {"{ patient { address { steps } } }": (2, 2), "{ patient { address { town steps } } }": (2, 2)},
    ),
    Case(
        "required fields over four subgraphs",
        {
            "gp": GP,
            "measures": 'type Patient @key(fields: "number") { number: ID! weight: Int height: Int }',
            "scores": """
                type Patient @key(fields: "number") {
                  number: ID! weight: Int @external height: Int @external bmi: Int @requires(fields: "weight height")
                }
            """,
            "advice": """
                type Patient @key(fields: "number") {
                  number: ID! bmi: Int @external diet: String @requires(fields: "bmi") leaflet: String
                }
            """,
        },
        {
            "{ patient { diet } }": (4, 4),
            "{ patient { bmi diet name } }": (4, 4),
            "{ patient { leaflet diet } }": (4, 4),
        },
    ),
    Case(
        "two subgraphs that require of each other",
        {
            "a": """
                type Query { note: Note }
                type Note @key(fields: "id") {
                  id: ID! text: String author: Author @external byStaff: Boolean @requires(fields: "author { staff }")
                }
                type Author @key(fields: "id") { id: ID! staff: Boolean @external since: Int @requires(fields: "staff") }
            """,
            "b": """
                type Note @key(fields: "id") { id: ID! author: Author }
                type Author @key(fields: "id") { id: ID! staff: Boolean }
            """,
        },
        {"{ note { text byStaff } }": (3, 3), "{ note { author { since } byStaff } }": (3, 3)},
    ),
    Case(
        "required fields with arguments of their own",
        {
            "gp": """
                type Query { patient: Patient }
                type Patient @key(fields: "number") { number: ID! results(last: Int!): [Result!]! weight(unit: String!): Int }
                type Result @key(fields: "id") { id: ID! }
            """,
            "labs": 'type Result @key(fields: "id") { id: ID! value: Int }',
            "dose": """
                type Patient @key(fields: "number") {
                  number: ID!
                  results(last: Int!): [Result!]! @external
                  weight(unit: String!): Int @external
                  dose: Int @requires(fields: "weight(unit: \\"kg\\")")
                  imperial: Int @requires(fields: "weight(unit: \\"lb\\")")
                  trend: Int @requires(fields: "results(last: 3) { value }")
                }
                type Result @key(fields: "id") { id: ID! value: Int @external }
            """,
        },
        {
            '{ patient { weight(unit: "stone") dose } }': (2, 2),
            "{ patient { dose imperial } }": (2, 2),
            "query ($n: Int = 1) { patient { results(last: $n) { id } trend } }": (3, 3),
            '{ patient { weight(unit: "kg") dose trend imperial } }': (3, 3),
        },
    ),
    Case(
        "required fields behind an abstract type",
        {
            "gp": """
                type Query { referral: Referral }
                type Referral @key(fields: "id") { id: ID! from: Sender }
                interface Sender { code: ID! }
                type Practice implements Sender { code: ID! size: Int }
                type Ward implements Sender { code: ID! beds: Int }
            """,
            "triage": """
                type Referral @key(fields: "id") {
                  id: ID! from: Sender @external
                  urgent: Boolean @requires(fields: "from { code ... on Practice { size } ... on Ward { beds } }")
                }
                interface Sender { code: ID! }
                type Practice implements Sender { code: ID! @external size: Int @external }
                type Ward implements Sender { code: ID! @external beds: Int @external }
            """,
        },
        {"{ referral { urgent } }": (2, 2), "{ referral { from { code } urgent } }": (2, 2)},
    ),
    Case(
        "provided fields, also below a list, an interface and a union",
        {
            "letters": """
                type Query {
                  letter: Letter @provides(fields: "author { name }")
                  letters: [Item] @provides(fields: "author { name }")
                  found: Found @provides(fields: "... on Report { author { name } }")
                }
                interface Item { id: ID! author: Author }
                type Letter implements Item @key(fields: "id") { id: ID! author: Author @shareable }
                type Report implements Item @key(fields: "id") { id: ID! author: Author @shareable }
                union Found = Letter | Report
                type Author @key(fields: "id") { id: ID! name: String @external }
            """,
            "people": 'type Author @key(fields: "id") { id: ID! name: String @shareable age: Int }',
        },
        {
            "{ letter { author { name } } }": (1, 1),
            "{ letter { author { name age } } }": (2, 2),
            "{ letters { id author { name } } }": (1, 1),
            "{ found { ... on Report { author { name } } } }": (1, 1),
            "{ found { ... on Letter { author { name } } } }": (2, 2),
        },
    ),
    Case(
        "a field moved to another subgraph",
        {
            "old": """
                type Query { patient: Patient }
                type Patient @key(fields: "number") { number: ID! gp: String status: String }
            """,
            "new": 'type Patient @key(fields: "number") { number: ID! gp: String @override(from: "old") }',
            "last": 'type Patient @key(fields: "number") { number: ID! note: Int @override(from: "nowhere") }',
        },
        {"{ patient { gp } }": (2, 2), "{ patient { status } }": (1, 1), "{ patient { gp status note } }": (3, 2)},
    ),
    Case(
        "a moved field that another field requires",
        {
            "old": """
                type Query { patient: Patient }
                type Patient @key(fields: "number") { number: ID! weight: Int }
            """,
            "new": 'type Patient @key(fields: "number") { number: ID! weight: Int @override(from: "old") }',
            "dose": 'type Patient @key(fields: "number") { number: ID! weight: Int @external dose: Int @requires(fields: "weight") }',
        },
        {"{ patient { dose } }": (3, 3), "{ patient { weight dose } }": (3, 3)},
    ),
    Case(
        "an interface served by several subgraphs",
        {
            "a": """
                type Query { entries: [Entry] }
                interface Entry { id: ID! on: String }
                type Problem implements Entry @key(fields: "id") { id: ID! on: String active: Boolean }
                type Letter implements Entry @key(fields: "id") { id: ID! on: String @external title: String }
            """,
            "b": 'type Letter @key(fields: "id") { id: ID! on: String pages: Int }',
        },
        {
            "{ entries { id } }": (1, 1),
            "{ entries { id on } }": (2, 2),
            "{ entries { __typename ... on Letter { title pages } ... on Problem { active } } }": (2, 2),
        },
    ),
    Case(
        "union members that differ between subgraphs",
        {
            "a": """
                type Query { event: Event @shareable onlyA: Event }
                union Event = Visit | Call
                type Visit @shareable { id: ID! }
                type Call @shareable { id: ID! }
            """,
            "b": """
                type Query { event: Event @shareable onlyB: Event }
                union Event = Visit | Mail
                type Visit @shareable { id: ID! }
                type Mail { id: ID! }
            """,
        },
        {
            "{ event { ... on Visit { id } ... on Call { id } ... on Mail { id } } }": (1, 1),
            "{ onlyA { __typename ... on Visit { id } ... on Call { id } } }": (1, 1),
            "{ onlyA { ... on Call { id } } onlyB { ... on Mail { id } } }": (2, 1),
        },
    ),
    Case(
        "one response key with different types in different members",
        {
            "a": """
                type Query { entries: [Entry] }
                union Entry = Problem | Letter
                type Problem { code: String detail: Detail }
                type Letter @shareable { code: String! detail: Detail! }
                type Detail @shareable { text: String }
            """,
            "b": """
                type Query { letter: Letter }
                type Letter @shareable { code: String detail: Detail }
                type Detail @shareable { text: String }
            """,
        },
        {
            "{ entries { ... on Problem { code detail { text } } ... on Letter { code detail { text } } } }": (1, 1),
        },
    ),
    Case(
        "fields added to an interface that the subgraph knows as an object",
        {
            "record": """
                type Query { entries: [Entry] problem: Problem }
                interface Entry @key(fields: "id") { id: ID! on: String }
                type Problem implements Entry @key(fields: "id") { id: ID! on: String code: String }
                type Letter implements Entry @key(fields: "id") { id: ID! on: String title: String }
            """,
            "notes": """
                type Query { noted: [Entry] }
                type Entry @key(fields: "id") @interfaceObject {
                  id: ID! note: String on: String @external stamp: Int @requires(fields: "on")
                }
            """,
            "flags": """
                type Entry @key(fields: "id") @interfaceObject {
                  id: ID! on: String @external flag: Boolean @requires(fields: "on")
                }
            """,
        },
        {
            "{ entries { id note } }": (2, 2),
            "{ problem { code note } }": (2, 2),
            "{ noted { id note } }": (1, 1),
            "{ noted { __typename note } }": (2, 2),
            "{ noted { id on } }": (2, 2),
            "{ noted { ... on Letter { title note } } }": (3, 3),
            "{ entries { flag } }": (2, 2),
            "{ noted { id flag } }": (3, 3),
            "{ entries { ... on Problem { flag note } } }": (3, 2),
            "query ($v0: Boolean!) { noted { id @include(if: $v0) ... on Letter { id title flag on } } }": (3, 3),
            "query ($v0: Boolean!) { noted { id @include(if: $v0) ... on Letter { stamp id title on } } }": (3, 3),
            "{ noted { ... on Letter { stamp } ... on Problem { note } } }": (3, 3),
        },
    ),
    Case(
        "an interface object that cannot be entered",
        {
            "a": """
                type Query { thing: Thing }
                interface Thing @key(fields: "id") { id: ID! }
            """,
            "b": """
                type Query { other: Thing }
                type Thing @key(fields: "id", resolvable: false) @interfaceObject { id: ID! label: String }
            """,
        },
        {"{ other { id label } }": (1, 1), "{ thing { id } }": (1, 1), "{ thing { label } }": None},
    ),
    Case(
        "a shared root field without keys",
        {
            "a": "type Query { site: Site @shareable } type Site { name: String }",
            "b": "type Query { site: Site @shareable } type Site { code: String }",
            "c": "type Query { site: Site @shareable } type Site { beds: Int }",
        },
        {"{ site { name } }": (1, 1), "{ site { name code beds } }": (3, 1)},
    ),
    Case(
        "mutations in order",
        {
            "a": """
                type Query { note: Note }
                type Mutation { first: Note second: Note shared: Int @shareable both: Slip @shareable }
                type Slip @shareable { id: ID! note: Note }
                type Note @key(fields: "id") { id: ID! text: String }
            """,
            "b": """
                type Mutation { third: Note shared: Int @shareable both: Slip @shareable }
                type Slip @shareable { id: ID! note: Note }
                type Note @key(fields: "id") { id: ID! length: Int }
            """,
        },
        {
            "mutation { first { id } second { id } }": (1, 1),
            "mutation { first { text } third { id } second { id } }": (3, 3),
            "mutation { third { text } first { length } }": (4, 4),
            "mutation { shared }": (1, 1),
            "mutation { both { id note { text length } } }": (2, 2),
        },
    ),
    Case(
        "conditions decide whether a subgraph is asked",
        {
            "gp": GP,
            "falls": 'type Patient @key(fields: "number") { number: ID! falls: Int steps: Int }',
            "risk": 'type Patient @key(fields: "number") { number: ID! falls: Int @external risk: Int @requires(fields: "falls") }',
        },
        {
            "query ($v0: Boolean!) { patient { name falls @include(if: $v0) } }": (2, 2),
            "query ($v0: Boolean!) { patient { name risk @skip(if: $v0) } }": (3, 3),
            "query ($v0: Boolean!, $v1: Boolean!) { patient @include(if: $v0) { falls @include(if: $v1) steps } }": (
                2,
                2,
            ),
            "{ patient { name falls @include(if: false) } }": (1, 1),
            "query ($v0: Boolean!) { patient { ... @include(if: $v0) { falls } ... @skip(if: $v0) { steps } } }": (
                2,
                2,
            ),
        },
    ),
    Case(
        "a field that returns the query root",
        {
            "a": "type Query { a: Int me: Me } type Me { root: Query! }",
            "b": "type Query { b: Int }",
        },
        {"{ me { root { a } } }": (1, 1), "{ me { root { a b } } }": (2, 2)},
    ),
    Case(
        "subgraphs of the first federation",
        {
            "gp": 'type Query { patient: Patient } type Patient @key(fields: "number") { number: ID! name: String }',
            "falls": """
                extend type Patient @key(fields: "number") {
                  number: ID! @external name: String @external falls: Int shout: String @requires(fields: "name")
                }
                extend type Query { faller: Patient @provides(fields: "name") }
            """,
        },
        {
            "{ patient { falls } }": (2, 2),
            "{ patient { shout } }": (2, 2),
            "{ faller { number name } }": (1, 1),
        },
        legacy=True,
    ),
    Case(
        "hidden fields serve the planner only",
        {
            "gp": """
                type Query { patient: Patient }
                type Patient @key(fields: "number") @key(fields: "secret") { number: ID! secret: ID! @inaccessible }
            """,
            "ward": 'type Patient @key(fields: "secret") { secret: ID! @inaccessible bed: String }',
        },
        {"{ patient { bed } }": (2, 2), "{ patient { number bed } }": (2, 2)},
    ),
]
