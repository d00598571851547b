"""A subgraph as composition sees it: its SDL read, its links resolved, its own rules checked.

`read_subgraph` never raises for bad input: everything wrong is in `problems`, with places.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLSyntaxError,
    Source,
    TypeDefinitionNode,
    TypeExtensionNode,
    parse,
)

from gateway.federation.composition import known
from gateway.federation.composition.errors import MENDS, CompositionError, Location, Problems
from gateway.federation.composition.model import (
    BUILT_IN_SCALARS,
    FEDERATION_TYPES,
    ROOT_NAMES,
    Applied,
    DirectiveDef,
    Element,
    FieldDef,
    RootKind,
    TypeDef,
    elements,
)
from gateway.federation.composition.reading import Reader, SchemaNodes, read_schema_nodes
from gateway.federation.links import APOLLO, CORE, FEDERATION, LINK, Link, LinkError, Links, SpecUrl, Version, read_link


@dataclass(frozen=True, slots=True)
class SubgraphInput:
    """What composition is given of one subgraph: a name, its SDL (`_service { sdl }`) and its URL."""

    name: str
    sdl: str
    url: str = ""


@dataclass(slots=True, eq=False)
class Subgraph:
    """One subgraph's schema. `federation` is the linked version, or None for Federation 1."""

    name: str
    url: str
    links: Links
    federation: Version | None
    schema: Element
    roots: dict[RootKind, str]
    types: dict[str, TypeDef]
    directives: dict[str, DirectiveDef]
    fed_names: dict[str, str]
    reader: Reader
    fed1: bool = False
    _implementers: dict[str, list[TypeDef]] | None = field(default=None, repr=False)

    def spec_type(self, name: str) -> str:
        """What this subgraph calls a federation type such as FieldSet."""
        link = self.links.get(FEDERATION)
        return link.type_name(name) if link else "_" + name

    def is_interface_object(self, type_: TypeDef | None) -> bool:
        return type_ is not None and type_.kind == "Object" and type_.fed("interfaceObject") is not None

    def implementers(self, interface: str) -> list[TypeDef]:
        """The object types that implement an interface here."""
        if self._implementers is None:
            found: dict[str, list[TypeDef]] = {}
            for type_ in self.types.values():
                if type_.kind == "Object":
                    for name in type_.interfaces:
                        found.setdefault(name, []).append(type_)
            self._implementers = found
        return self._implementers.get(interface, [])

    def possible_types(self, name: str) -> list[str]:
        """Names of the object types that a value of this type may have here."""
        type_ = self.types.get(name)
        if type_ is None:
            return []
        if type_.kind == "Union":
            return type_.members
        return [t.name for t in self.implementers(name)] if type_.kind == "Interface" else [name]

    def merged_types(self) -> Iterator[TypeDef]:
        """The types that go into the supergraph: all but federation's and link's own."""
        for name, type_ in self.types.items():
            if name in FEDERATION_TYPES or name in BUILT_IN_SCALARS or name.startswith("__"):
                continue
            origin = self.links.type_origin(name)
            if name == "_FieldSet" and self.links.get(FEDERATION) is None:
                continue
            if origin and origin[0].url.identity in NEVER_MERGED:
                continue
            yield type_

    def fields(self) -> Iterator[FieldDef]:
        for type_ in self.types.values():
            yield from type_.fields.values()

    def elements(self) -> Iterator[Element]:
        """Every element that can carry directives."""
        yield self.schema
        for type_ in self.types.values():
            yield from elements(type_)
        for directive in self.directives.values():
            yield from directive.args.values()

    def applications(self, name: str) -> Iterator[tuple[Element, Applied]]:
        """Every application of one federation directive, with the element that carries it."""
        if name not in self.fed_names.values():
            return
        for element in self.elements():
            for applied in element.applied:
                if applied.fed == name:
                    yield element, applied


NEVER_MERGED = frozenset({FEDERATION, LINK, CORE, known.CONNECT})


def read_subgraph(source: SubgraphInput, problems: Problems) -> Subgraph | None:
    """Parse and resolve one subgraph; None when it is too broken to look at further."""
    try:
        document = parse(Source(source.sdl, source.name))
    except RecursionError:
        problems.error("INVALID_GRAPHQL", "The schema is nested too deeply to be read", [(source.name, None)])
        return None
    except GraphQLSyntaxError as error:
        place = error.locations[0] if error.locations else None
        at = Location(source.name, place.line, place.column) if place else Location(source.name)
        problems.errors.append(CompositionError("INVALID_GRAPHQL", error.message, (at,), MENDS["INVALID_GRAPHQL"]))
        return None
    nodes = read_schema_nodes(document)
    try:
        links = resolve_links([node for node, _ in nodes.directives])
    except LinkError as error:
        problems.error(error.code, error.message, [(source.name, error.node)])
        return None
    subgraph = _build(source, document, nodes, links)
    for message, node in nodes.duplicates + subgraph.reader.duplicates:
        problems.error("INVALID_GRAPHQL", message, [(source.name, node)])
    _check_roots(subgraph, nodes, problems)
    return subgraph if not problems.errors else None


def resolve_links(nodes: list[DirectiveNode]) -> Links:
    """The links of a schema. Raises LinkError for the first that is wrong."""
    name = _link_directive(nodes)
    if name is None:
        return Links()
    links = [read_link(node) for node in nodes if node.name.value == name]
    if not any(link.url.identity == LINK for link in links):
        links.insert(0, Link(SpecUrl(LINK, "link", Version(1, 0)), name))
    for link in links:
        _check_version(link)
        _check_imports(link)
    return Links(links)


def _link_directive(nodes: list[DirectiveNode]) -> str | None:
    """The name of @link in this schema; a link to the link specification may rename it."""
    implied = None
    for node in nodes:
        args = {arg.name.value: getattr(arg.value, "value", None) for arg in node.arguments or ()}
        url = args.get("url")
        if not isinstance(url, str):
            continue
        if url.startswith(LINK + "/") and node.name.value == (args.get("as") or "link"):
            return node.name.value
        if node.name.value == "link" and url.startswith(APOLLO):
            implied = "link"
    return implied


def _check_version(link: Link) -> None:
    identity, version = link.url.identity, link.url.version
    if identity == LINK and version != Version(1, 0):
        raise LinkError("UNKNOWN_LINK_VERSION", f"link {version} is not known", link.node)
    if identity == FEDERATION and not Version(2, 0) <= version <= known.NEWEST_FEDERATION:
        raise LinkError("UNKNOWN_FEDERATION_LINK_VERSION", f"federation {version} is not known", link.node)


def _check_imports(link: Link) -> None:
    names = known.known_elements(link.url.identity, link.url.version)
    for name in link.imports if names is not None else ():
        if names is not None and name not in names:
            raise LinkError("INVALID_LINK_DIRECTIVE_USAGE", f'{link.url} has no element "{name}" to import', link.node)


def _build(source: SubgraphInput, document: DocumentNode, nodes: SchemaNodes, links: Links) -> Subgraph:
    link = links.get(FEDERATION)
    version = link.url.version if link else None
    if link:
        fed_names = {link.directive_name(name): name for name in known.federation_directives(link.url.version)}
    else:
        fed_names = {name: name for name in known.FEDERATION_1}
    names = {
        node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode | TypeExtensionNode)
    }
    renamed = {
        name: ROOT_NAMES[kind]
        for kind, name in nodes.roots.items()
        if name != ROOT_NAMES[kind] and ROOT_NAMES[kind] not in names
    }
    reader = Reader(links, fed_names, renamed)
    reader.read(document)
    schema = Element("schema", nodes.description, [], nodes.definition)
    for node, extension in nodes.directives:
        schema.applied.extend(reader.applied([node], extension))
    roots = {kind: renamed.get(name, name) for kind, name in nodes.roots.items()}
    if "query" not in roots and "Query" not in reader.types:
        # Every subgraph answers _service and _entities, so every one has a query type.
        roots["query"] = "Query"
        reader.types["Query"] = TypeDef(name="Query", defined=True)
    return Subgraph(
        source.name,
        source.url,
        links,
        version,
        schema,
        roots,
        reader.types,
        reader.directives,
        fed_names,
        reader,
        fed1=link is None,
    )


def _check_roots(subgraph: Subgraph, nodes: SchemaNodes, problems: Problems) -> None:
    for kind, name in nodes.roots.items():
        default = ROOT_NAMES[kind]
        clash = subgraph.types.get(default)
        if subgraph.roots[kind] != default and clash is not None:
            problems.error(
                f"ROOT_{kind.upper()}_USED",
                f'"{name}" is the {kind} root, but there is another type named "{default}"',
                [(subgraph.name, clash.node)],
            )
        type_ = subgraph.types.get(subgraph.roots[kind])
        if type_ is None or type_.kind != "Object":
            problems.error(
                "INVALID_GRAPHQL",
                f'The {kind} root "{name}" is not an object type of this schema',
                [(subgraph.name, nodes.definition)],
            )
