"""Type references as GraphQL text ("[ID!]!"): comparing text is comparing types."""

from __future__ import annotations

from collections.abc import Callable

from graphql import ListTypeNode, NonNullTypeNode, TypeNode

IsMember = Callable[[str, str], bool]


def type_text(node: TypeNode, renamed: dict[str, str]) -> str:
    """The text of a type node; names in `renamed` are replaced (root types take their default names)."""
    if isinstance(node, NonNullTypeNode):
        return type_text(node.type, renamed) + "!"
    if isinstance(node, ListTypeNode):
        return "[" + type_text(node.type, renamed) + "]"
    name: str = node.name.value  # type: ignore[attr-defined]
    return renamed.get(name, name) if renamed else name


def named_type(text: str) -> str:
    """The name inside all wrappers."""
    return text.strip("[]!")


def is_non_null(text: str) -> bool:
    return text.endswith("!")


def nullable(text: str) -> str:
    return text.removesuffix("!")


def is_list(text: str) -> bool:
    """Whether this is a list, or a non-null list."""
    return text.startswith("[")


def list_item(text: str) -> str:
    """The item type of a list (nullable or not)."""
    return nullable(text)[1:-1]


def is_strict_subtype(wide: str, narrow: str, is_member: IsMember) -> bool:
    """Whether `narrow` is a proper subtype of `wide`: non-null, list item, or member of an abstract type.

    `is_member(abstract, name)` says whether `name` belongs to the union or implements the interface.
    """
    if wide == narrow:
        return False
    if is_non_null(narrow):
        if is_non_null(wide):
            return is_strict_subtype(nullable(wide), nullable(narrow), is_member)
        return is_subtype(wide, nullable(narrow), is_member)
    if is_non_null(wide):
        return False
    if is_list(wide) or is_list(narrow):
        if not (is_list(wide) and is_list(narrow)):
            return False
        return is_strict_subtype(list_item(wide), list_item(narrow), is_member)
    return is_member(wide, narrow)


def is_subtype(wide: str, narrow: str, is_member: IsMember) -> bool:
    return wide == narrow or is_strict_subtype(wide, narrow, is_member)
