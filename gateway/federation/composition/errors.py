"""Composition errors: one code per rule, with the mend that most often helps, and where it happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphql import Node

MENDS: dict[str, str] = {
    "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE": (
        "Put the directive on the implementing object types and their fields; the interface's rule follows."
    ),
    "CONTEXT_INVALID_SELECTION": "Select exactly one leaf value that every type setting the context has.",
    "CONTEXT_NAME_INVALID": "Use letters and digits only, beginning with a letter.",
    "CONTEXT_NOT_SET": "Set the context with @context on a type above, and use it on a plain object field's argument.",
    "CONTEXT_NO_RESOLVABLE_KEY": "Give the type a @key that is resolvable.",
    "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS": (
        "Add @fromContext in the other subgraph, or make the argument nullable there."
    ),
    "COST_APPLIED_TO_INTERFACE_FIELD": "Put @cost on the fields of the implementing object types.",
    "DEFAULT_VALUE_USES_INACCESSIBLE": "Change the default, or make the value accessible.",
    "DIRECTIVE_COMPOSITION_ERROR": (
        "Link the directive's specification with @link in each subgraph, same identity, name and major version."
    ),
    "DIRECTIVE_DEFINITION_INVALID": "Delete the definition: the directive is defined by its specification.",
    "EMPTY_MERGED_ENUM_TYPE": "Define at least one common value in every subgraph that has the enum.",
    "EMPTY_MERGED_INPUT_TYPE": "Define at least one common field in every subgraph that has the input type.",
    "ENUM_VALUE_MISMATCH": "Define the value in every subgraph, or mark it @inaccessible.",
    "EXTENSION_WITH_NO_BASE": "Define the type in one subgraph, or write `type` instead of `extend type`.",
    "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH": "Repeat the owner's default value.",
    "EXTERNAL_ARGUMENT_MISSING": "Repeat the owner's arguments on the @external field.",
    "EXTERNAL_ARGUMENT_TYPE_MISMATCH": "Repeat the owner's argument type.",
    "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE": "Remove one of the two directives.",
    "EXTERNAL_MISSING_ON_BASE": "Resolve the field in some subgraph: there, declare it without @external.",
    "EXTERNAL_ON_INTERFACE": "Remove @external from the interface field.",
    "EXTERNAL_TYPE_MISMATCH": "Repeat the owner's type on the @external field.",
    "EXTERNAL_UNUSED": "Remove the field, or use it in @key, @requires or @provides.",
    "FIELD_ARGUMENT_DEFAULT_MISMATCH": "Agree on one default value, or leave it out in one subgraph.",
    "FIELD_ARGUMENT_TYPE_MISMATCH": "Agree on one type; only nullability may differ.",
    "FIELD_TYPE_MISMATCH": "Agree on one type; only nullability, or an interface and its implementer, may differ.",
    "IMPLEMENTED_BY_INACCESSIBLE": "Mark the interface's element @inaccessible as well.",
    "INPUT_FIELD_DEFAULT_MISMATCH": "Agree on one default value, or leave it out in one subgraph.",
    "INTERFACE_FIELD_NO_IMPLEM": "Add the field to the implementing type, or remove it from the interface.",
    "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE": (
        "Define every implementing type in that subgraph, or mark the key resolvable: false."
    ),
    "INTERFACE_KEY_NOT_ON_IMPLEMENTATION": "Repeat the interface's @key on each implementing type.",
    "INTERFACE_OBJECT_USAGE_ERROR": (
        "@interfaceObject needs a @key here, the true interface elsewhere, and none of its implementers here."
    ),
    "INVALID_FEDERATION_SUPERGRAPH": (
        "The subgraphs pass each rule, but the supergraph cannot be read back: please report them."
    ),
    "INVALID_FIELD_SHARING": (
        "Mark the field @shareable wherever it is resolved, or @external/@override it, or keep it in one subgraph."
    ),
    "INVALID_GRAPHQL": "Correct the schema: it is not valid GraphQL for a subgraph.",
    "INVALID_LINK_DIRECTIVE_USAGE": "Correct the @link: its url, `as` and `import` must fit the specification.",
    "INVALID_LINK_IDENTIFIER": "Write the link's url as https://host/name/v1.2.",
    "INVALID_SHAREABLE_USAGE": "Put @shareable once, on an object type or its field.",
    "INVALID_SUBGRAPH_NAME": 'Choose another name: not empty, not "_", and no name twice.',
    "LINK_IMPORT_NAME_MISMATCH": "Import the directive under one name in every subgraph.",
    "LIST_SIZE_APPLIED_TO_NON_LIST": "Put @listSize on a list, or name a list in sizedFields.",
    "LIST_SIZE_INVALID_ASSUMED_SIZE": "Give a size of zero or more.",
    "LIST_SIZE_INVALID_SIZED_FIELD": "Name list fields of the field's own type.",
    "LIST_SIZE_INVALID_SLICING_ARGUMENT": "Name Int arguments of the field.",
    "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL": "Move the directive to the subgraph that resolves the field.",
    "MISSING_TRANSITIVE_AUTH_REQUIREMENTS": (
        "Repeat on the field the auth directives of the data it requires or takes from context."
    ),
    "NO_CONTEXT_IN_SELECTION": 'Write the field as "$contextName { selection }".',
    "NO_QUERIES": "Define at least one query field in some subgraph.",
    "NULLABILITY_LOST_FETCH": "Make the field nullable in its subgraph, so that a failed fetch loses only itself.",
    "ONLY_INACCESSIBLE_CHILDREN": "Mark the parent @inaccessible too, or keep one child accessible.",
    "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE": "Remove the other directive from the overridden field first.",
    "OVERRIDE_FROM_SELF_ERROR": "Name the subgraph that the field moves away from.",
    "OVERRIDE_LABEL_INVALID": "Use a flag name (letter first) or percent(x) with x from 0 to 100.",
    "OVERRIDE_ON_INTERFACE": "Put @override on the fields of the implementing object types.",
    "OVERRIDE_SOURCE_HAS_OVERRIDE": "Keep one @override for the field.",
    "QUERY_ROOT_TYPE_INACCESSIBLE": "Remove @inaccessible from the query type.",
    "REFERENCED_INACCESSIBLE": "Mark the referring element @inaccessible too, or keep the type accessible.",
    "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH": "Add the argument everywhere, or make it optional.",
    "REQUIRED_INACCESSIBLE": "Give it a default or make it nullable, or keep it accessible.",
    "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH": "Add the input field everywhere, or make it optional.",
    "ROOT_MUTATION_USED": 'Rename the type "Mutation", or make it the root.',
    "ROOT_QUERY_USED": 'Rename the type "Query", or make it the root.',
    "ROOT_SUBSCRIPTION_USED": 'Rename the type "Subscription", or make it the root.',
    "SATISFIABILITY_ERROR": (
        "Give the entity a @key that both subgraphs resolve, or resolve the field where the path can reach it."
    ),
    "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES": "Let the subgraphs return the same object types for the field.",
    "TYPE_DEFINITION_INVALID": "Delete the definition: the type is defined by its specification.",
    "TYPE_KIND_MISMATCH": "Define the type with one kind everywhere.",
    "TYPE_WITH_ONLY_UNUSED_EXTERNAL": "Remove the type, or use its fields in @key, @requires or @provides.",
    "UNKNOWN_FEDERATION_LINK_VERSION": "Link a federation version from v2.0 to v2.14.",
    "UNKNOWN_LINK_VERSION": "Link https://specs.apollo.dev/link/v1.0.",
}
for _directive in ("KEY", "REQUIRES", "PROVIDES"):
    MENDS |= {
        f"{_directive}_DIRECTIVE_IN_FIELDS_ARG": "Remove the directive from the selection.",
        f"{_directive}_FIELDS_HAS_ARGS": "Choose a field without arguments.",
        f"{_directive}_INVALID_FIELDS": "Select fields that exist here; declare another subgraph's field @external.",
        f"{_directive}_INVALID_FIELDS_TYPE": "Write the selection as one string.",
        f"{_directive}_UNSUPPORTED_ON_INTERFACE": "Put the directive on the implementing object types.",
        f"{_directive}_FIELDS_MISSING_EXTERNAL": "Mark the selected field @external, or leave it out.",
    }
MENDS["KEY_FIELDS_SELECT_INVALID_TYPE"] = "Select fields of object, scalar or enum type only."
MENDS["PROVIDES_ON_NON_OBJECT_FIELD"] = "Remove @provides: the field has no fields of its own."


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a subgraph's SDL; line and column count from 1, and are 0 when no place is known."""

    subgraph: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class CompositionError:
    """One thing that is wrong, where, and how to mend it."""

    code: str
    message: str
    locations: tuple[Location, ...] = ()
    mend: str = ""

    def __str__(self) -> str:
        places = ", ".join(f"{at.subgraph}:{at.line}:{at.column}" for at in self.locations)
        return f"{self.code}: {self.message}" + (f" ({places})" if places else "") + f" {self.mend}"

    def as_json(self) -> dict[str, Any]:
        """The same as plain data: code, message, mend, locations."""
        return {
            "code": self.code,
            "message": self.message,
            "mend": self.mend,
            "locations": [{"subgraph": at.subgraph, "line": at.line, "column": at.column} for at in self.locations],
        }


@dataclass(frozen=True, slots=True)
class Hint:
    """Something that composes but may surprise."""

    code: str
    message: str
    locations: tuple[Location, ...] = ()


def location(subgraph: str, node: Node | None) -> Location:
    """Where a node stands in the subgraph's SDL."""
    loc = node.loc if node is not None else None
    if loc is None:
        return Location(subgraph)
    return Location(subgraph, loc.start_token.line, loc.start_token.column)


Place = tuple[str, Node | None]


@dataclass(slots=True)
class Problems:
    """Collects errors and hints in the order in which they are found."""

    errors: list[CompositionError] = field(default_factory=list)
    hints: list[Hint] = field(default_factory=list)

    def error(self, code: str, message: str, places: Iterable[Place] = (), mend: str | None = None) -> None:
        at = tuple(location(subgraph, node) for subgraph, node in places)
        self.errors.append(CompositionError(code, message, at, mend or MENDS[code]))

    def hint(self, code: str, message: str, places: Iterable[Place] = ()) -> None:
        self.hints.append(Hint(code, message, tuple(location(name, node) for name, node in places)))
