"""Graphs in which fields take arguments from above, with the plans that their operations deserve."""

from __future__ import annotations

from tests.federation.plan_cases import Case

PATIENT = 'type Patient @key(fields: "id") @context(name: "patient") { id: ID! born: String meds: [Med!]! }'
MED = """
type Med @key(fields: "id") { id: ID! name: String dose(born: String @fromContext(field: "$patient { born }")): Int }
"""

CONTEXT_CASES = [
    Case(
        "the value is in the same subgraph",
        {"a": f"type Query {{ patient: Patient patients: [Patient!]! }} {PATIENT} {MED}"},
        {
            "{ patient { meds { name dose } } }": (2, 2),
            "{ patients { born meds { name } } }": (1, 1),
            "{ patients { meds { d: dose } } patient { meds { dose } } }": (2, 2),
            "query ($v0: Boolean!) { patients { meds { name dose @include(if: $v0) } } }": (2, 2),
        },
    ),
    Case(
        "the value is in another subgraph, which leads to the field",
        {
            "gp": """
                type Query { patients: [Patient!]! }
                type Patient @key(fields: "id") { id: ID! born: String meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! }
            """,
            "pharmacy": f"""
                type Patient @key(fields: "id") @context(name: "patient") {{ id: ID! born: String @external }} {MED}
            """,
        },
        {"{ patients { meds { id dose } } }": (2, 2), "{ patients { id: born born: id meds { dose } } }": (2, 2)},
    ),
    Case(
        "the value comes in a round of its own",
        {
            "gp": """
                type Query { patients: [Patient!]! }
                type Patient @key(fields: "id") { id: ID! meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! }
            """,
            "pds": 'type Patient @key(fields: "id") { id: ID! home: Home } type Home @key(fields: "id") { id: ID! }',
            "homes": 'type Home @key(fields: "id") { id: ID! town: Town } type Town { name: String @shareable }',
            "pharmacy": """
                type Patient @key(fields: "id") @context(name: "patient") { id: ID! home: Home @external }
                type Home @key(fields: "id") { id: ID! town: Town @external }
                type Town { name: String @shareable }
                type Med @key(fields: "id") {
                  id: ID! shop(n: Int, town: String @fromContext(field: "$patient { home { town { name } } }")): Shop
                }
                type Shop @key(fields: "id") { id: ID! }
            """,
            "shops": 'type Shop @key(fields: "id") { id: ID! name: String }',
        },
        {
            "{ patients { meds { shop(n: 2) { name } } } }": (5, 5),
            "query ($n: Int) { patients { meds { shop(n: $n) { id } } } }": (4, 4),
        },
    ),
    Case(
        "the nearest object gives the value",
        {
            "a": """
                type Query { ward: Ward wards: [Ward!]! }
                type Ward @key(fields: "id") @context(name: "place") { id: ID! code: String beds: [Bed!]! meds: [Med!]! ward: Ward }
                type Bed @key(fields: "id") @context(name: "place") { id: ID! code: String meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! stock(code: String @fromContext(field: "$place { code }")): Int med: Med }
            """,
        },
        {
            "{ wards { meds { stock } beds { meds { stock } } } }": (2, 2),
            "{ ward { ward { meds { med { med { stock } } } } } }": (2, 2),
        },
    ),
    Case(
        "an interface sets the context for all that implement it",
        {
            "a": """
                type Query { places: [Place!]! }
                interface Place @context(name: "place") { id: ID! code: String meds: [Med!]! }
                type Ward implements Place @key(fields: "id") { id: ID! code: String meds: [Med!]! }
                type Clinic implements Place @key(fields: "id") { id: ID! code: String @external meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! stock(code: String @fromContext(field: "$place { code }")): Int }
            """,
            "b": 'type Clinic @key(fields: "id") { id: ID! code: String }',
        },
        {
            "{ places { meds { stock } } }": (3, 3),
            "{ places { ... on Ward { meds { stock } } } }": (2, 2),
        },
    ),
    Case(
        "some types of an interface set the context, for the others an object further up does",
        {
            "a": """
                type Query { site: Site }
                type Site @key(fields: "id") @context(name: "place") { id: ID! code: String places: [Place!]! }
                interface Place { id: ID! meds: [Med!]! }
                type Ward implements Place @key(fields: "id") @context(name: "place") { id: ID! code: String meds: [Med!]! }
                type Clinic implements Place @key(fields: "id") { id: ID! meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! stock(code: String @fromContext(field: "$place { code }")): Int }
            """,
        },
        {"{ site { places { meds { stock } } } }": (2, 2)},
    ),
    Case(
        "types with different fields set one context",
        {
            "a": """
                type Query { found: [Found!]! ward: Ward }
                union Found @context(name: "place") = Ward | Clinic
                type Ward @key(fields: "id") { id: ID! code: String meds: [Med!]! }
                type Clinic @key(fields: "id") { id: ID! ods: Ods meds: [Med!]! }
                type Ods { code: String }
                type Med @key(fields: "id") {
                  id: ID!
                  stock(code: String @fromContext(field: "$place ... on Ward { code } ... on Clinic { ods { code } }")): Int
                }
            """,
        },
        {
            "{ found { ... on Ward { meds { stock } } ... on Clinic { meds { stock } } } }": (2, 2),
            "{ ward { meds { stock } } }": (2, 2),
        },
    ),
    Case(
        "the query itself sets the context",
        {
            "a": """
                type Query @context(name: "root") { drug: Drug drugs: [Drug!]! me: User @external }
                type User @key(fields: "id") { id: ID! locale: String @external }
                type Drug @key(fields: "id") { id: ID! price(locale: String @fromContext(field: "$root { me { locale } }")): Int }
            """,
            "b": 'type Query { me: User } type User @key(fields: "id") { id: ID! locale: String }',
        },
        {"{ drugs { price } }": (3, 2), "{ me { id } drug { price } }": (3, 2)},
    ),
    Case(
        "beside other arguments, with requires, several contexts and fields",
        {
            "a": """
                type Query { patients: [Patient!]! }
                type Patient @key(fields: "id") { id: ID! born: String tags: [String!] meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! form: String }
            """,
            "b": """
                type Patient @key(fields: "id") @context(name: "patient") @context(name: "who") {
                  id: ID! born: String @external tags: [String!] @external
                }
                type Med @key(fields: "id") {
                  id: ID!
                  form: String @external
                  plain: Int
                  dose(
                    unit: String, born: String @fromContext(field: "$patient { born }")
                    tags: [String] @fromContext(field: "$who { tags }")
                  ): Int @requires(fields: "form")
                  risk(born: String @fromContext(field: "$who { born }")): Risk
                }
                type Risk @key(fields: "id") { id: ID! level(tags: [String] @fromContext(field: "$who { tags }")): Int }
            """,
        },
        {
            '{ patients { meds { plain dose(unit: "mg") other: dose(unit: "g") } } }': (2, 2),
            "{ patients { meds { plain risk { id level } } } }": (3, 3),
            "query ($v0: Boolean!, $v1: Boolean!) { patients { born meds { dose @include(if: $v0) risk @skip(if: $v1) { id } } } }": (
                2,
                2,
            ),
        },
    ),
    Case(
        "a field that does without where nothing gives the context",
        {
            "a": """
                type Query { patient: Patient med: Med }
                type Patient @key(fields: "id") @context(name: "patient") { id: ID! born: String meds: [Med!]! }
                type Med @key(fields: "id") { id: ID! dose(born: String @fromContext(field: "$patient { born }")): Int @shareable }
            """,
            "b": 'type Med @key(fields: "id") { id: ID! dose: Int @shareable }',
        },
        {"{ med { dose } }": (2, 2), "{ patient { meds { dose } } }": (2, 2)},
    ),
    Case(
        "an object that sets the context takes it from another",
        {
            "a": """
                type Query { box: Box }
                type Box @key(fields: "id") @context(name: "holder") { id: ID! name: String med: Med }
                type Med @key(fields: "id") @context(name: "holder") {
                  id: ID! name: String med: Med label(name: String @fromContext(field: "$holder { name }")): String
                }
            """,
        },
        {"{ box { med { label } } }": (2, 2), "{ box { med { med { label } } } }": (2, 2)},
    ),
    Case(
        "objects of several types take from several objects at once",
        {
            "a": """
                type Query { patients: [Patient!]! wards: [Ward!]! }
                type Patient @key(fields: "id") @context(name: "p") { id: ID! born: String meds: [Med!]! tests: [Test!]! }
                type Ward @key(fields: "id") @context(name: "w") { id: ID! code: String beds: [Bed!]! }
                type Med @key(fields: "id") { id: ID! dose(born: String @fromContext(field: "$p { born }")): Int }
                type Test @key(fields: "id") { id: ID! limit(born: String @fromContext(field: "$p { born }")): Int }
                type Bed @key(fields: "id") { id: ID! free(code: String @fromContext(field: "$w { code }")): Boolean }
            """,
        },
        {"{ patients { meds { dose } tests { limit } } wards { beds { free } } }": (2, 2)},
    ),
    Case(
        "a mutation's own fields set nothing, the objects below do",
        {
            "a": f"type Query {{ patient: Patient }} type Mutation {{ admit: Patient discharge: Patient }} {PATIENT} {MED}",
        },
        {"mutation { admit { meds { dose } } discharge { meds { dose } } }": (4, 4)},
    ),
]
