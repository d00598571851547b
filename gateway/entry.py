"""The gateway's own graph as a Federation 2 subgraph, for a router above it: `_service` and `_entities`.

A router enters by `Patient`'s key; each representation takes the way of `Query.patient`, so that roles, gates, opt-out
and audit hold as for any other question. Where an area has a name, the whole record stands under one field of `Patient`
of that name, so that several areas' records stand side by side in one graph: what two areas answer is never taken for
the same. Mutations are not offered: opt-outs are entered at the area itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    NamedTypeNode,
    NameNode,
    build_schema,
    extend_schema,
    parse,
    print_type,
    visit,
)
from graphql.language import Visitor

from gateway.errors import Refusal
from gateway.federation.fetcher import Fetcher
from gateway.federation.generate import Function
from gateway.federation.later import Path
from gateway.federation.local_fetcher import LocalFetcher
from gateway.federation.shape import Field
from gateway.federation.supergraph import (
    Argument,
    FieldDef,
    FieldJoin,
    KeyDef,
    Subgraph,
    Supergraph,
    TypeDef,
    TypeJoin,
)
from gateway.published import record_type

SELF = "joinup"
"""The subgraph of this process that answers for the gateway itself."""
SELF_ID = "JOINUP__SELF"
PATIENT = "Patient"
KEY = "nhsNumber"
MAX_REPRESENTATIONS = 100
"""Patients that one `_entities` may ask for; a router sends one for each in its own answer."""
INTROSPECTION_RULE = "introspection"

_MORE = """
extend type Query {{ _entities(representations: [_Any!]!): [_Entity]! @listSize(assumedSize: 1) _service: _Service! }}
scalar _Any
union _Entity = Patient
type _Service {{ sdl: String! }}
{area}
"""
_OWN = """
scalar _Any
type Query {{ _entities(representations: [_Any!]!): [_Entity]! _service: _Service! }}
union _Entity = Patient
type Patient {{ nhsNumber: String! {area} }}
type _Service {{ sdl: String! }}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A supergraph that can also be entered from above. `area` is the field under which the record stands."""

    supergraph: Supergraph
    sdl: str
    area: str | None = None

    def denied(self, denied: Mapping[tuple[str, str], str], may_introspect: bool) -> dict[tuple[str, str], str]:
        """What a role may not see, of what is only here, too."""
        found = dict(denied)
        if ("Query", "patient") in denied:
            found["Query", "_entities"] = denied["Query", "patient"]
        if not may_introspect:
            found["Query", "_service"] = INTROSPECTION_RULE
        if self.area is not None:
            own = record_type(self.area)
            found |= {(own, field): rule for (type_, field), rule in denied.items() if type_ == PATIENT}
        return found

    def planned(self, document: DocumentNode) -> DocumentNode:
        """The document as the planner knows its types."""
        return document if self.area is None else visit(document, _Renamed(record_type(self.area)))

    def fetcher(self) -> Fetcher:
        """The subgraph `SELF`."""
        schema = build_schema(_OWN.format(area=f"{self.area}: Patient" if self.area else ""))
        sdl, area = self.sdl, self.area

        def entities(field: Field) -> Function:
            def resolve(_source: Any, _path: Path, run: Any) -> Any:
                return [_person(each[KEY], area) for each in run.core_arguments(field)["representations"]]

            return resolve

        def service(_field: Field) -> Function:
            return lambda _source, _path, _run: {"sdl": sdl}

        return LocalFetcher(schema, overrides={("Query", "_entities"): entities, ("Query", "_service"): service})


def entry(supergraph: Supergraph, record: str, sdl: str, area: str | None = None) -> Entry:
    """The supergraph with an entrance. `record` names the subgraph that knows the patients. Raises ValueError for an
    area whose name is taken."""
    if area is not None and (area in supergraph.types[PATIENT].fields or record_type(area) in supergraph.types):
        raise ValueError(f"[federation] area {area!r} is the name of a field or type of the graph; choose another")
    knows = supergraph.by_name[record]
    subgraphs = {**supergraph.subgraphs, SELF_ID: Subgraph(SELF_ID, SELF, "")}
    types = {**supergraph.types, **_new_types(knows), "Query": _query(supergraph.types["Query"], knows)}
    if area is not None:
        types[PATIENT] = _patient(supergraph.types[PATIENT], area)
        scalar = types[supergraph.types[PATIENT].fields[KEY].base]
        types[scalar.name] = replace(scalar, joins={**scalar.joins, SELF_ID: TypeJoin()})
    schema = _schema(supergraph.api_schema, area)
    return Entry(Supergraph(supergraph.sdl, subgraphs, types, supergraph.roots, schema), sdl, area)


def _schema(api: GraphQLSchema, area: str | None) -> GraphQLSchema:
    more = ""
    if area is not None:
        patient = api.type_map[PATIENT]
        assert isinstance(patient, GraphQLObjectType)
        own = print_type(patient).replace(f"type {PATIENT} ", f"type {record_type(area)} ", 1)
        more = f"extend type {PATIENT} {{ {area}: {record_type(area)} }}\n{own}"
    schema = extend_schema(api, parse(_MORE.format(area=more)), assume_valid=True)
    for name, old in api.type_map.items():
        new = schema.type_map[name]
        if isinstance(old, GraphQLScalarType) and isinstance(new, GraphQLScalarType):
            new.coerce_input_value = old.coerce_input_value
    anything = schema.type_map["_Any"]
    assert isinstance(anything, GraphQLScalarType)
    anything.coerce_input_value = representation
    return schema


def check_representations(values: Mapping[str, Any]) -> None:
    """Raise Refusal where a variable holds more representations than one request may ask for."""
    for value in values.values():
        if value.__class__ is list and len(value) > MAX_REPRESENTATIONS and isinstance(value[0], dict):
            raise Refusal("OPERATION_TOO_LARGE", extensions={"limit": "representations"})


def representation(value: Any) -> dict[str, str]:
    """A representation of what can be entered by: a patient's. Raises GraphQLError."""
    if isinstance(value, dict) and value.get("__typename") == PATIENT and isinstance(value.get(KEY), str):
        return {"__typename": PATIENT, KEY: value[KEY]}
    raise GraphQLError(f"A representation has `__typename` {PATIENT!r} and `{KEY}`.")


def _query(query: TypeDef, knows: str) -> TypeDef:
    entities = FieldDef(
        "_entities",
        "[_Entity]!",
        "_Entity",
        (Argument("representations", "[_Any!]!"),),
        {knows: FieldJoin()},
    )
    service = FieldDef("_service", "_Service!", "_Service", (), {SELF_ID: FieldJoin()})
    return _joined(query, TypeJoin(), {"_entities": entities, "_service": service})


def _patient(patient: TypeDef, area: str) -> TypeDef:
    own = FieldDef(area, PATIENT, PATIENT, (), {SELF_ID: FieldJoin()})
    key = patient.fields[KEY]
    joins = {**(key.joins or dict.fromkeys(patient.joins, FieldJoin())), SELF_ID: FieldJoin()}
    return _joined(patient, TypeJoin((KeyDef(KEY, True),)), {area: own, KEY: replace(key, joins=joins)})


def _joined(definition: TypeDef, join: TypeJoin, fields: Mapping[str, FieldDef]) -> TypeDef:
    """The type with a part of `SELF`; what all its subgraphs resolved is still theirs alone."""
    own = {
        name: one if one.joins is not None else replace(one, joins=dict.fromkeys(definition.joins, FieldJoin()))
        for name, one in definition.fields.items()
    }
    return replace(definition, joins={**definition.joins, SELF_ID: join}, fields={**own, **fields})


def _new_types(knows: str) -> dict[str, TypeDef]:
    sdl = FieldDef("sdl", "String!", "String", (), {SELF_ID: FieldJoin()})
    both = {knows: TypeJoin(), SELF_ID: TypeJoin()}
    return {
        "_Any": TypeDef("_Any", "scalar", both, {}, {}, {}, {}),
        "_Entity": TypeDef("_Entity", "union", {knows: TypeJoin()}, {}, {}, {knows: (PATIENT,)}, {}),
        "_Service": TypeDef("_Service", "object", {SELF_ID: TypeJoin()}, {"sdl": sdl}, {}, {}, {}),
    }


def _person(number: str, area: str | None) -> dict[str, Any]:
    person: dict[str, Any] = {"__typename": PATIENT, KEY: number}
    if area is not None:
        person[area] = {"__typename": PATIENT, KEY: number}
    return person


class _Renamed(Visitor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def enter_named_type(self, node: NamedTypeNode, *_: Any) -> Any:
        return NamedTypeNode(name=NameNode(value=PATIENT)) if node.name.value == self._name else None
