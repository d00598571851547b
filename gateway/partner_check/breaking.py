"""What would change for those who already use the API: against the schema, and against recorded operations."""

from __future__ import annotations

from collections.abc import Iterable

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse, validate
from graphql.utilities import find_breaking_changes, find_dangerous_changes

from gateway.operation.documents import ManifestError, read_manifests
from gateway.partner_check.report import Step
from gateway.settings import Settings


def check_changes(settings: Settings, old: GraphQLSchema, new: GraphQLSchema, step: Step) -> None:
    """Breaking changes are errors where recorded operations use what changes, or where none are recorded."""
    breaking = [change.description.rstrip(".") for change in find_breaking_changes(old, new)]
    for change in find_dangerous_changes(old, new):
        step.warn(f"may surprise clients: {change.description.rstrip('.')}")
    documents = recorded(settings, step)
    if not documents:
        step.errors(
            f"breaks the API: {text}; keep it and deprecate it first, or record operations to see that nobody uses it"
            for text in breaking
        )
        step.note("no operations are recorded; name trusted documents in [documents] manifests to check against them")
        return
    broken = list(broken_operations(documents, old, new))
    step.errors(broken)
    for text in breaking:
        step.warn(f"breaks the API, but {'see above' if broken else 'no recorded operation'}: {text}")
    step.note(f"{len(documents)} recorded operations checked, {len(broken)} broken")


def recorded(settings: Settings, step: Step) -> dict[str, str]:
    """The documents of the configuration's manifests, by hash."""
    try:
        return read_manifests(settings.path(name) for name in settings.config.documents.manifests)
    except ManifestError as error:
        step.error(str(error))
        return {}


def broken_operations(documents: dict[str, str], old: GraphQLSchema, new: GraphQLSchema) -> Iterable[str]:
    """The operations that are valid today and would not be."""
    for digest, text in sorted(documents.items()):
        try:
            document = parse(text, no_location=True)
        except GraphQLError:
            continue
        if validate(old, document):
            continue
        faults = validate(new, document)
        if faults:
            names = [
                node.name.value
                for node in document.definitions
                if isinstance(node, OperationDefinitionNode) and node.name
            ]
            yield f"recorded operation {' '.join(names) or 'unnamed'} ({digest[:12]}) would fail: {faults[0].message}"
