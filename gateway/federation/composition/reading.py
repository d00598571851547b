"""From a parsed document to the elements of a subgraph: definitions and extensions folded together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    StringValueNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
)

from gateway.federation.composition.model import (
    FEDERATION_FIELDS,
    ROOT_NAMES,
    Applied,
    ArgDef,
    DirectiveDef,
    FieldDef,
    InputFieldDef,
    Kind,
    RootKind,
    TypeDef,
    ValueDef,
)
from gateway.federation.composition.typerefs import type_text
from gateway.federation.composition.values import ABSENT, value_of
from gateway.federation.links import FEDERATION, Links

_KINDS: dict[type[Node], tuple[Kind, bool]] = {
    ScalarTypeDefinitionNode: ("Scalar", False),
    ScalarTypeExtensionNode: ("Scalar", True),
    ObjectTypeDefinitionNode: ("Object", False),
    ObjectTypeExtensionNode: ("Object", True),
    InterfaceTypeDefinitionNode: ("Interface", False),
    InterfaceTypeExtensionNode: ("Interface", True),
    UnionTypeDefinitionNode: ("Union", False),
    UnionTypeExtensionNode: ("Union", True),
    EnumTypeDefinitionNode: ("Enum", False),
    EnumTypeExtensionNode: ("Enum", True),
    InputObjectTypeDefinitionNode: ("InputObject", False),
    InputObjectTypeExtensionNode: ("InputObject", True),
}
Duplicate = tuple[str, Node]


@dataclass(slots=True)
class SchemaNodes:
    """What the document says about the schema itself."""

    definition: SchemaDefinitionNode | None = None
    directives: list[tuple[DirectiveNode, int]] = field(default_factory=list)
    roots: dict[RootKind, str] = field(default_factory=dict)
    description: str | None = None
    duplicates: list[Duplicate] = field(default_factory=list)


def read_schema_nodes(document: DocumentNode) -> SchemaNodes:
    """The schema definition and its extensions; root types by their names in the document."""
    found = SchemaNodes()
    extension = 0
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode):
            if found.definition is not None:
                found.duplicates.append(("The schema is defined more than once", node))
            found.definition = node
            found.description = node.description.value if node.description else None
        elif isinstance(node, SchemaExtensionNode):
            extension += 1
        else:
            continue
        number = extension if isinstance(node, SchemaExtensionNode) else 0
        found.directives.extend((directive, number) for directive in node.directives or ())
        for operation in node.operation_types or ():
            kind: RootKind = operation.operation.value
            if kind in found.roots:
                found.duplicates.append((f"The {kind} root is set more than once", operation))
            found.roots[kind] = operation.type.name.value
    if not found.roots:
        names = {node.name.value for node in document.definitions if isinstance(node, _OBJECTS)}
        found.roots = {kind: name for kind, name in ROOT_NAMES.items() if name in names}
    return found


_OBJECTS = (ObjectTypeDefinitionNode, ObjectTypeExtensionNode)


class Reader:
    """Reads one document's types and directives, giving root types their default names."""

    def __init__(self, links: Links, fed_names: dict[str, str], renamed: dict[str, str]) -> None:
        self.links = links
        self.fed_names = fed_names
        self.renamed = renamed
        self.types: dict[str, TypeDef] = {}
        self.directives: dict[str, DirectiveDef] = {}
        self.duplicates: list[Duplicate] = []
        self._origins: dict[str, tuple[tuple[str, str] | None, str | None]] = {}

    def read(self, document: DocumentNode) -> None:
        for node in document.definitions:
            kind = _KINDS.get(type(node))
            if kind:
                self._type(node, *kind)
            elif isinstance(node, DirectiveDefinitionNode):
                self._directive(node)

    def applied(self, nodes: Sequence[DirectiveNode], extension: int = 0) -> list[Applied]:
        """Directive applications, each with the specification it comes from."""
        return [self._applied(node, extension) for node in nodes]

    def _applied(self, node: DirectiveNode, extension: int) -> Applied:
        name = node.name.value
        origin = self._origins.get(name)
        if origin is None:
            origin = self._origins[name] = self._origin(name)
        args = {arg.name.value: value_of(arg.value) for arg in node.arguments or ()}
        return Applied(name, args, node, extension, origin[0], origin[1])

    def _origin(self, name: str) -> tuple[tuple[str, str] | None, str | None]:
        fed = self.fed_names.get(name)
        if fed:
            return (FEDERATION, fed), fed
        link = self.links.directive_origin(name)
        return ((link[0].url.identity, link[1]) if link else None), None

    def _type(self, node: Any, kind: Kind, is_extension: bool) -> None:
        name: str = node.name.value
        name = self.renamed.get(name, name)
        type_ = self.types.get(name)
        if type_ is None:
            type_ = self.types[name] = TypeDef(name=name, kind=kind, node=node)
        elif type_.kind != kind:
            self.duplicates.append((f'"{name}" is extended as another kind of type', node))
            return
        if is_extension:
            type_.extensions.append(node)
            extension = len(type_.extensions)
        else:
            if type_.defined:
                self.duplicates.append((f'There can be only one type named "{name}"', node))
                return
            type_.defined, type_.node, extension = True, node, 0
            type_.description = _description(node)
        type_.applied.extend(self.applied(node.directives or (), extension))
        self._members(type_, node, extension)

    def _members(self, type_: TypeDef, node: Any, extension: int) -> None:
        if type_.kind in ("Object", "Interface"):
            for named in node.interfaces or ():
                self._once(type_.interfaces, named.name.value, f'"{type_.name}" implements', named)
            for item in node.fields or ():
                self._field(type_, item, extension)
        elif type_.kind == "InputObject":
            for item in node.fields or ():
                if item.name.value in type_.inputs:
                    self._twice(f'"{type_.name}.{item.name.value}"', item)
                type_.inputs[item.name.value] = self._input_field(type_, item)
        elif type_.kind == "Union":
            for named in node.types or ():
                self._once(type_.members, named.name.value, f'"{type_.name}" includes', named)
        elif type_.kind == "Enum":
            for item in node.values or ():
                if item.name.value in type_.values:
                    self._twice(f'"{type_.name}.{item.name.value}"', item)
                applied = self.applied(item.directives or ())
                value = ValueDef(item.name.value, _description(item), applied, item, type_.name)
                type_.values[value.name] = value

    def _field(self, type_: TypeDef, node: FieldDefinitionNode, extension: int) -> None:
        name = node.name.value
        if name in FEDERATION_FIELDS and self.links.get(FEDERATION) is None:
            return
        if name in type_.fields:
            self._twice(f'"{type_.name}.{name}"', node)
        field_ = FieldDef(
            name,
            _description(node),
            self.applied(node.directives or ()),
            node,
            type_text(node.type, self.renamed),
            {},
            type_.name,
            extension,
        )
        for arg in node.arguments or ():
            if arg.name.value in field_.args:
                self._twice(f'argument "{arg.name.value}" of "{field_.coordinate}"', arg)
            field_.args[arg.name.value] = self._argument(arg, field_.coordinate)
        type_.fields[name] = field_

    def _argument(self, node: InputValueDefinitionNode, parent: str) -> ArgDef:
        return ArgDef(
            node.name.value,
            _description(node),
            self.applied(node.directives or ()),
            node,
            type_text(node.type, self.renamed),
            ABSENT if node.default_value is None else value_of(node.default_value),
            parent,
        )

    def _input_field(self, type_: TypeDef, node: InputValueDefinitionNode) -> InputFieldDef:
        return InputFieldDef(
            node.name.value,
            _description(node),
            self.applied(node.directives or ()),
            node,
            type_text(node.type, self.renamed),
            ABSENT if node.default_value is None else value_of(node.default_value),
            type_.name,
        )

    def _directive(self, node: DirectiveDefinitionNode) -> None:
        name = node.name.value
        if name in self.directives:
            self._twice(f'directive "@{name}"', node)
        self.directives[name] = self.definition(node, name)

    def definition(self, node: DirectiveDefinitionNode, name: str) -> DirectiveDef:
        """A directive definition as an element."""
        args = {arg.name.value: self._argument(arg, "@" + name) for arg in node.arguments or ()}
        locations = tuple(location.value for location in node.locations)
        return DirectiveDef(name, _description(node), [], node, args, locations, node.repeatable)

    def _once(self, names: list[str], name: str, what: str, node: Node) -> None:
        name = self.renamed.get(name, name)
        if name in names:
            self.duplicates.append((f'{what} "{name}" more than once', node))
        else:
            names.append(name)

    def _twice(self, what: str, node: Node) -> None:
        self.duplicates.append((f"{what} is defined more than once", node))


def _description(node: Node) -> str | None:
    text: StringValueNode | None = getattr(node, "description", None)
    return text.value if text is not None else None
