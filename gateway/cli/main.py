"""The command `joinup`. Each file beside this one is a command: it exposes `app` (several) or `command` (one)."""

from __future__ import annotations

import importlib
import pkgutil

import typer

import gateway.cli

app = typer.Typer(
    name="joinup",
    help="One live, joined-up health and care record over many organisations, as a GraphQL gateway.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _register() -> None:
    """Add every command module of this package, in alphabetical order."""
    for found in sorted(pkgutil.iter_modules(gateway.cli.__path__), key=lambda module: module.name):
        if found.name == "main" or found.name.startswith("_"):
            continue
        module = importlib.import_module(f"gateway.cli.{found.name}")
        name = found.name.replace("_", "-")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        elif hasattr(module, "command"):
            app.command(name=name)(module.command)


_register()

if __name__ == "__main__":
    app()
