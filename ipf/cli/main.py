"""The program ``ipf``: a group of commands, each imported only when it is called."""

from __future__ import annotations

import errno
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from ipf import __version__
from ipf.cli.environment import plugin_paths
from ipf.cli.guard import UNEXPECTED
from ipf.cli.journal import Journal
from ipf.errors import OutputError, PluginError, UsageError

COMMANDS = {
    "compare": "ipf.cli.compare:compare",
    "exit-codes": "ipf.cli.exit_codes:exit_codes",
    "joborder": "ipf.cli.joborder:joborder",
    "lut": "ipf.cli.lut:lut",
    "plan": "ipf.cli.plan:plan",
    "plugins": "ipf.cli.plugins:plugins",
    "regression": "ipf.cli.regression:regression",
    "run": "ipf.cli.run:run",
}
"""Built-in commands: module and attribute by name."""

LOST_OUTPUT = (errno.EPIPE, errno.ENOSPC, errno.EBADF)
"""What writing to a stream fails with whose reader has gone, whose disk is full or that was never open."""


@dataclass
class Session:
    """What a command is given as the click context's object; one that has run a job sets its exit code."""

    journal: Journal
    exit_code: int | None = None


class CommandGroup(click.Group):
    """Built-in commands by name, then those of plugins (hook ``ipf_commands``)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands; those of plugins only when the plugins can be loaded."""
        try:
            return sorted({*COMMANDS, *_plugin_commands()})
        except PluginError as problem:
            click.echo(f"commands of plugins are not listed: {problem}", err=True)
            return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`; a built-in one never loads a plugin."""
        if cmd_name not in COMMANDS:
            return _plugin_commands().get(cmd_name)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands; one that cannot be imported does not take the others with it."""
        rows = []
        for name in self.list_commands(ctx):
            try:
                command = self.get_command(ctx, name)
            except ImportError as problem:
                rows.append((name, f"not available: {problem}"))
            else:
                rows.append((name, command.get_short_help_str(limit=200) if command else ""))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _plugin_commands() -> dict[str, click.Command]:
    from ipf.engine import load_plugins

    offers = load_plugins(plugin_paths()).table("ipf_commands")
    return {name: offer.description for name, offer in offers.items()}


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ipf", message="%(prog)s %(version)s")
def ipf() -> None:
    """Processor framework emulating the Sentinel-2 Instrument Processing Facility.

    Failures end with an exit code of 128 or more: see 'ipf exit-codes'.
    """


def main(arguments: Sequence[str], journal: Journal) -> int:
    """Run the program with ``sys.argv``; returns the exit code. `UsageError` when it is called wrongly."""
    session = Session(journal)
    try:
        result = _invoke(list(arguments[1:]), session)
        if session.exit_code is not None:
            return session.exit_code
        sys.stdout.flush()
    except click.ClickException as problem:
        raise UsageError(_message(problem)) from problem
    except OSError as problem:
        if problem.filename is None and problem.errno in LOST_OUTPUT:
            raise OutputError(f"output cannot be written: {problem.strerror}") from problem
        raise
    if isinstance(result, int) and result:
        return result if UNEXPECTED <= result <= 255 else UNEXPECTED
    return 0


def _invoke(arguments: list[str], session: Session) -> Any:
    """Run the command; click's own ``main`` would swallow interrupts and lost output."""
    try:
        with ipf.make_context("ipf", arguments, obj=session) as context:
            return ipf.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code


def _message(problem: click.ClickException) -> str:
    context = getattr(problem, "ctx", None)
    hint = f" (see '{context.command_path} --help')" if isinstance(context, click.Context) else ""
    return " ".join(problem.format_message().split()) + hint
