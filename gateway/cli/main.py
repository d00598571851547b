"""The command `joinup`. Each file beside this one is a command: it exposes `app` (several) or `command` (one).

A command's module is imported when it is asked for, so that `joinup token` does not wait for the whole gateway.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import typer
from typer.core import TyperGroup

import gateway.cli


class CommandFiles(TyperGroup):
    """The commands that lie in this package, in alphabetical order."""

    def list_commands(self, _ctx: Any) -> list[str]:
        modules = pkgutil.iter_modules(gateway.cli.__path__)
        names = (module.name for module in modules if module.name != "main" and not module.name.startswith("_"))
        return sorted(name.replace("_", "-") for name in names)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"gateway.cli.{cmd_name.replace('-', '_')}")
        group = getattr(module, "app", None)
        if group is None:
            group = typer.Typer(add_completion=False)
            group.command()(module.command)
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="joinup", cls=CommandFiles, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.callback()
def joinup() -> None:
    """One live, joined-up health and care record over many organisations, as a GraphQL gateway."""


if __name__ == "__main__":
    app()
