"""`joinup policy`: check the policy files against the schema, and load code rows of a terminology release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gateway.cli._settings import DEFAULT, ConfigFile, give_up, settings_of

app = typer.Typer(help="Check the policy files; load the codes of a terminology release.", no_args_is_help=True)


@app.command()
def check(config: ConfigFile = DEFAULT) -> None:
    """Load the policy with the deployment's folder and hold it against every field of the graph.

    Each field must be classified, and no role may lose an object because a field that it may not see cannot be null.
    Exit status 1 where policy does not cover the graph, 2 where a policy file cannot be understood.
    """
    from gateway.assembly import load_policies  # the schema need not be loaded for --help
    from gateway.graph import GraphError, compose_graph
    from gateway.policy_coverage import inputs_of, loaded_rows, schema_fields
    from gateway.subgraphs import SubgraphsFileError, partners
    from policies.files import PolicyFileError

    settings = settings_of(config)
    try:
        policies = load_policies(settings)
        known = partners(settings)
    except (PolicyFileError, SubgraphsFileError) as failure:
        give_up(str(failure))
    inputs, unasked = inputs_of(known)
    try:
        graph = compose_graph(inputs, policies)
    except GraphError as error:
        _refuse(error.reasons)
    fields = schema_fields(graph)
    nobodys = graph.policies.roles.unclassified(fields)
    if nobodys:
        _refuse([f"{type_}.{field}: stands in no section of roles.toml; put it into one" for type_, field in nobodys])
    roles = len(policies.roles.roles)
    typer.echo(f"policy {policies.version}: {roles} roles, {loaded_rows(settings)} loaded code rows")
    typer.echo(
        f"every field of {', '.join(graph.supergraph.by_name)} is classified, and null where a role may not see it"
    )
    for type_, field in graph.policies.roles.unknown(fields):
        typer.echo(f"note: roles.toml names {type_}.{field}, which this graph does not have")
    for name in unasked:
        typer.echo(f"note: {name} keeps no SDL here; `joinup subgraph check` asks it")
    if settings.config.policy.directory is None:
        typer.echo("note: no [policy] directory: the packaged files hold")


def _refuse(reasons: Sequence[str]) -> NoReturn:
    for reason in reasons:
        typer.echo(reason, err=True)
    raise typer.Exit(1)


@app.command()
def load(
    refsets: Annotated[
        Path | None, typer.Option(metavar="DIR", help="An unpacked SNOMED CT release (RF2), e.g. the UK Edition.")
    ] = None,
    terminology_url: Annotated[
        str | None, typer.Option(metavar="URL", help="Base address of a FHIR R4 terminology server.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file; else the policy folder's sensitivity/loaded.csv.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(metavar="REFERENCE", help="The server's access token: env:NAME or file:PATH.")
    ] = None,
    edition: Annotated[
        str | None, typer.Option(help="SNOMED CT edition to ask for, e.g. http://snomed.info/sct/83821000000107.")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Write what there is though the server lacks some of it.")
    ] = False,
    config: ConfigFile = DEFAULT,
) -> None:
    """Write the codes below every sensitive concept, and in every sensitive reference set, to the policy folder.

    What is loaded comes on top of the built-in codes and takes none away. Run it for every release, then restart.
    """
    from gateway.terminology.loading import LoadError, load_release, load_server

    if (refsets is None) == (terminology_url is None):
        give_up("give exactly one of --refsets and --terminology-url")
    settings = settings_of(config)
    folder = settings.config.policy.directory
    if output is None and folder is None:
        give_up(f"{config}: [policy] directory names no folder; set it, or give --output")
    directory = settings.path(folder) if folder else None
    file = output or (directory or Path()) / "sensitivity" / "loaded.csv"
    try:
        if refsets is not None:
            loaded = load_release(refsets, directory, file)
        else:
            secret = settings.secret(token).reveal() if token else None
            loaded = load_server(terminology_url or "", secret, edition, directory, file, partial=allow_missing)
    except (LoadError, LookupError) as failure:
        give_up(str(failure))
    for problem in loaded.missing:
        typer.echo(f"note: {problem}", err=True)
    typer.echo(f"{file}: {loaded.rows} rows ({', '.join(f'{name} {count}' for name, count in loaded.categories)})")
    typer.echo("they hold from the gateway's next start; `joinup policy check` reads them now")
