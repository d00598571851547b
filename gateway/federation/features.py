"""Which specifications a supergraph document links, and under which names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphql import DirectiveDefinitionNode, DirectiveNode, DocumentNode, SchemaDefinitionNode, parse
from graphql import value_from_ast_untyped as plain


@dataclass(frozen=True, slots=True)
class Features:
    """Names as this document uses them: the join prefix, @inaccessible, @context, and every linked prefix."""

    join_prefix: str
    inaccessible: str
    context: str
    prefixes: frozenset[str]
    has_implements: bool
    has_union_members: bool

    @classmethod
    def of(cls, document: DocumentNode) -> Features:
        """Read @link (or v0.1's @core) from the schema definition."""
        join, inaccessible, context, prefixes = "join", "inaccessible", "context", {"join", "link", "core"}
        for directive in _links(document):
            given = {a.name.value: plain(a.value) for a in directive.arguments or ()}
            url = str(given.get("url") or given.get("feature") or "")
            parts = url.rstrip("/").split("/")
            if len(parts) < 2:
                continue
            known, name = parts[-2], str(given.get("as") or parts[-2])
            prefixes.add(name)
            if known == "join":
                join = name
            if known == "inaccessible":
                inaccessible = _imported(given.get("import"), "inaccessible", name)
            if known == "context":
                context = _imported(given.get("import"), "context", name)
        declared = {d.name.value for d in document.definitions if isinstance(d, DirectiveDefinitionNode)}
        return cls(
            join,
            inaccessible,
            context,
            frozenset(prefixes),
            f"{join}__implements" in declared,
            f"{join}__unionMember" in declared,
        )

    def join(self, element: str) -> str:
        """The join specification's element under this document's name for it."""
        return f"{self.join_prefix}__{element}"

    def is_machinery(self, name: str) -> bool:
        """Whether a type or directive belongs to a linked specification's namespace."""
        return name in ("link", "core") or ("__" in name and name.split("__", 1)[0] in self.prefixes)

    def is_plumbing(self, directive: str) -> bool:
        """Whether a directive only says how the supergraph was put together."""
        return directive in ("link", "core") or directive.split("__", 1)[0] == self.join_prefix


def directive_names(sdl: str, specification: str, directives: Iterable[str]) -> dict[str, str]:
    """The names under which a document uses a linked specification's directives; a specification is named by its
    URL without the version. Where it is not linked, names that nothing can have."""
    for directive in _links(parse(sdl, no_location=True)):
        given = {a.name.value: plain(a.value) for a in directive.arguments or ()}
        base, _, _version = str(given.get("url") or "").rstrip("/").rpartition("/")
        if base == specification:
            own = base.rpartition("/")[2]
            prefix = str(given.get("as") or own)
            # The directive that is named as its specification stands under the specification's own name.
            names = {name: prefix if name == own else f"{prefix}__{name}" for name in directives}
            return {name: _imported(given.get("import"), name, default) for name, default in names.items()}
    return dict.fromkeys(directives, "")


def _links(document: DocumentNode) -> list[DirectiveNode]:
    return [
        directive
        for node in document.definitions
        if isinstance(node, SchemaDefinitionNode)
        for directive in node.directives or ()
        if directive.name.value in ("link", "core")
    ]


def _imported(imports: object, wanted: str, default: str) -> str:
    for item in imports if isinstance(imports, list) else []:
        if item == f"@{wanted}":
            return wanted
        if isinstance(item, dict) and item.get("name") == f"@{wanted}":
            return str(item.get("as", f"@{wanted}")).lstrip("@")
    return default
