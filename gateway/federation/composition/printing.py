"""The supergraph as SDL in the join specification v0.3, v0.4 or v0.5.

Definitions are sorted by name; members keep the order in which they were merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql.language.block_string import print_block_string

from gateway.federation.composition.merged import (
    JoinDirective,
    JoinField,
    JoinType,
    MergedField,
    MergedInput,
    MergedType,
    MergedValue,
    Supergraph,
    SupergraphLink,
)
from gateway.federation.composition.model import Applied, ArgDef, DirectiveDef, Element, TypeDef
from gateway.federation.composition.typerefs import is_list, list_item, named_type, nullable
from gateway.federation.composition.values import ABSENT, EnumName, Value, value_text
from gateway.federation.links import Version

_LINK = "directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA"
_PURPOSE = '''enum link__Purpose {
  """
  `SECURITY` features provide metadata necessary to securely resolve fields.
  """
  SECURITY

  """
  `EXECUTION` features provide metadata necessary for operation execution.
  """
  EXECUTION
}'''
_JOIN = (
    "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE",
    "directive @join__graph(name: String!, url: String!) on ENUM_VALUE",
    "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE",
    "directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, "
    "resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on "
    "OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR",
    "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION",
)
_JOIN_DIRECTIVE = (
    "directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) "
    "repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION"
)
_JOIN_FIELD = (
    "graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, "
    "override: String, usedOverridden: Boolean"
)
_CONTEXT_ARGUMENT = (
    "input join__ContextArgument {\n  name: String!\n  type: String!\n  context: String!\n"
    "  selection: join__FieldValue!\n}"
)


def print_supergraph(out: Supergraph) -> str:
    """The SDL that a router runs."""
    printer = _Printer(out)
    named = dict(printer.definitions())
    return "\n\n".join([printer.schema(), *(named[name] for name in sorted(named, key=_sort_key))]) + "\n"


def _sort_key(name: str) -> tuple[bool, str]:
    return (not name.startswith("@"), name)


class _Printer:
    def __init__(self, out: Supergraph) -> None:
        self.out = out

    def schema(self) -> str:
        links = [
            SupergraphLink("https://specs.apollo.dev/link/v1.0"),
            SupergraphLink(f"https://specs.apollo.dev/join/{self.out.join}", "EXECUTION"),
            *self.out.links,
        ]
        lines = [*map(_link, links), *self._applied(self.out.schema), *_kept(self.out.kept)]
        roots = [f"  {kind}: {name}" for kind, name in self.out.roots.items()]
        head = _described(self.out.schema.description, "") + "schema\n"
        return head + "".join(f"  {line}\n" for line in lines) + "{\n" + "\n".join(roots) + "\n}"

    def definitions(self) -> Iterator[tuple[str, str]]:
        yield "@link", _LINK
        yield "link__Purpose", _PURPOSE
        yield "link__Import", "scalar link__Import"
        yield from _join_definitions(self.out.join)
        yield "join__Graph", _graphs(self.out)
        for name, directive in {**self.out.spec_directives, **self.out.directives}.items():
            yield "@" + name, self._directive(directive)
        for name in self.out.spec_types:
            yield name, f"scalar {name}"
        for type_ in self.out.types.values():
            assert isinstance(type_, MergedType)
            yield type_.name, self._type(type_)

    def _directive(self, directive: DirectiveDef) -> str:
        repeatable = " repeatable" if directive.repeatable else ""
        head = _described(directive.description, "")
        args = self._arguments(directive.args.values(), "")
        return f"{head}directive @{directive.name}{args}{repeatable} on {' | '.join(directive.locations)}"

    def _type(self, type_: MergedType) -> str:
        head = _described(type_.description, "") + f"{_KEYWORDS[type_.kind]} {type_.name}"
        if type_.interfaces:
            head += " implements " + " & ".join(type_.interfaces)
        lines = [
            *(f'@join__implements(graph: {graph}, interface: "{name}")' for graph, name in type_.implements),
            *map(_join_type, type_.joins),
            *(f'@join__unionMember(graph: {graph}, member: "{name}")' for graph, name in type_.union_members),
            *_kept(type_.kept),
            *self._applied(type_),
        ]
        head += "".join(f"\n  {line}" for line in lines)
        if type_.kind == "Scalar":
            return head
        if type_.kind == "Union":
            return f"{head}\n = {' | '.join(type_.members)}"
        return head + "\n{\n" + "\n".join(self._members(type_)) + "\n}"

    def _members(self, type_: TypeDef) -> Iterator[str]:
        for field in type_.fields.values():
            assert isinstance(field, MergedField)
            text = f"{field.name}{self._arguments(field.args.values(), '  ')}: {field.type}"
            extra = [*map(_join_field, field.joins), *_kept(field.kept), *self._applied(field)]
            yield _described(field.description, "  ") + "  " + " ".join([text, *extra])
        for item in type_.inputs.values():
            assert isinstance(item, MergedInput)
            extra = [*map(_join_field, item.joins), *self._applied(item)]
            yield _described(item.description, "  ") + "  " + " ".join([self._input(item), *extra])
        for value in type_.values.values():
            assert isinstance(value, MergedValue)
            graphs = [f"@join__enumValue(graph: {graph})" for graph in value.graphs]
            text = " ".join([value.name, *graphs, *self._applied(value)])
            yield _described(value.description, "  ") + "  " + text

    def _arguments(self, args: Iterable[ArgDef], indent: str) -> str:
        items = list(args)
        if not items:
            return ""
        if any(arg.description for arg in items):
            inner = indent + "  "
            parts = [_described(arg.description, inner) + inner + self._argument(arg) for arg in items]
            return "(\n" + "\n".join(parts) + f"\n{indent})"
        return "(" + ", ".join(map(self._argument, items)) + ")"

    def _argument(self, arg: ArgDef) -> str:
        return " ".join([self._input(arg), *self._applied(arg)])

    def _input(self, arg: ArgDef) -> str:
        text = f"{arg.name}: {arg.type}"
        return text if arg.default is ABSENT else f"{text} = {value_text(self.typed(arg.default, arg.type))}"

    def typed(self, value: Value, type_: str) -> Value:
        """A value with enum values as bare names, whatever the subgraph wrote."""
        type_ = nullable(type_)
        if isinstance(value, list):
            item = list_item(type_) if is_list(type_) else type_
            return [self.typed(each, item) for each in value]
        named = self.out.types.get(named_type(type_))
        if named is None:
            return str(value) if isinstance(value, EnumName) and type_ in ("String", "ID") else value
        if named.kind == "Enum" and isinstance(value, str):
            return EnumName(value)
        if named.kind == "InputObject" and isinstance(value, dict):
            return {
                name: self.typed(item, named.inputs[name].type) if name in named.inputs else item
                for name, item in value.items()
            }
        return value

    def _applied(self, element: Element) -> Iterator[str]:
        for item in element.applied:
            definition = self.out.directives.get(item.name) or self.out.spec_directives.get(item.name)
            yield self._application(item, definition)

    def _application(self, item: Applied, definition: DirectiveDef | None) -> str:
        args = []
        for name, value in item.args.items():
            arg = definition.args.get(name) if definition else None
            args.append(f"{name}: {value_text(self.typed(value, arg.type) if arg else value)}")
        return f"@{item.name}({', '.join(args)})" if args else f"@{item.name}"


_KEYWORDS = {
    "Scalar": "scalar",
    "Object": "type",
    "Interface": "interface",
    "Union": "union",
    "Enum": "enum",
    "InputObject": "input",
}


def _join_definitions(version: Version) -> Iterator[tuple[str, str]]:
    for text in _JOIN:
        yield text.split("(")[0].removeprefix("directive "), text
    args = _JOIN_FIELD
    yield "join__FieldSet", "scalar join__FieldSet"
    if version >= Version(0, 4):
        args += ", overrideLabel: String"
        yield "@join__directive", _JOIN_DIRECTIVE
        yield "join__DirectiveArguments", "scalar join__DirectiveArguments"
    if version >= Version(0, 5):
        args += ", contextArguments: [join__ContextArgument!]"
        yield "join__ContextArgument", _CONTEXT_ARGUMENT
        yield "join__FieldValue", "scalar join__FieldValue"
    yield "@join__field", f"directive @join__field({args}) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION"


def _graphs(out: Supergraph) -> str:
    values = (
        f"  {enum} @join__graph(name: {value_text(name)}, url: {value_text(url)})" for enum, name, url in out.graphs
    )
    return "enum join__Graph {\n" + "\n".join(values) + "\n}"


def _link(link: SupergraphLink) -> str:
    args = [f"url: {value_text(link.url)}"]
    if link.alias:
        args.append(f"as: {value_text(link.alias)}")
    if link.purpose:
        args.append(f"for: {link.purpose}")
    if link.imports:
        names = (
            value_text(name) if name == ours else f"{{name: {value_text(name)}, as: {value_text(ours)}}}"
            for name, ours in link.imports
        )
        args.append(f"import: [{', '.join(names)}]")
    return f"@link({', '.join(args)})"


def _join_type(join: JoinType) -> str:
    args = [f"graph: {join.graph}"]
    if join.key is not None:
        args.append(f"key: {value_text(join.key)}")
    if join.extension:
        args.append("extension: true")
    if join.resolvable is not None:
        args.append(f"resolvable: {value_text(join.resolvable)}")
    if join.interface_object:
        args.append("isInterfaceObject: true")
    return f"@join__type({', '.join(args)})"


def _join_field(join: JoinField) -> str:
    args: dict[str, Value] = {
        "graph": EnumName(join.graph) if join.graph else None,
        "requires": join.requires,
        "provides": join.provides,
        "type": join.type,
        "external": join.external or None,
        "override": join.override,
        "usedOverridden": join.used_overridden or None,
        "overrideLabel": join.override_label,
        "contextArguments": [
            {"context": item.context, "name": item.name, "type": item.type, "selection": item.selection}
            for item in join.context_arguments
        ]
        or None,
    }
    written = ", ".join(f"{name}: {value_text(value)}" for name, value in args.items() if value is not None)
    return f"@join__field({written})" if written else "@join__field"


def _kept(kept: list[JoinDirective]) -> Iterator[str]:
    for item in kept:
        args = f", args: {value_text(item.args)}" if item.args else ""
        yield f'@join__directive(graphs: [{", ".join(item.graphs)}], name: "{item.name}"{args})'


def _described(description: str | None, indent: str) -> str:
    if description is None:
        return ""
    text = print_block_string(description) if description else '""""""'
    return "".join(f"{indent}{line}\n" if line else "\n" for line in text.split("\n"))
