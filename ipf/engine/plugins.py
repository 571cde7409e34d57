"""The plugin manager: where plugins come from, what they offer, and who wins when two offer the same name.

Plugins come from entry points of the group ``ipf.plugins``, and from Python files or folders named by the
user. A user's plugin replaces what an installed one offers under the same name; two of the same rank are an
error that names both. A plugin that fails to import is a warning, and an error only if the job needs it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

import ipf
from ipf.engine import builtin
from ipf.engine.descriptions import CheckDefinition, ExecutorDefinition, Processor, TaskDefinition
from ipf.engine.hookspecs import PROJECT, Hooks
from ipf.engine.step import Step
from ipf.errors import IpfError, PluginError
from ipf.joborder import Dialect
from ipf.product.quality.model import CHECKLISTS

ENTRY_POINT_GROUP = "ipf.plugins"
NOUN_HOOKS = (
    "ipf_processors",
    "ipf_tasks",
    "ipf_steps",
    "ipf_readers",
    "ipf_writers",
    "ipf_joborder_dialects",
    "ipf_auxiliary_types",
    "ipf_checks",
    "ipf_executors",
    "ipf_commands",
)
CHECKS_HOOK = "ipf_checks"
"""Its descriptions keep the order in which they are given, which is that of the reports; one name may have
variants, for items that exclude one another."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who offers something: a distribution or a file, with its version. Higher rank replaces lower."""

    name: str
    version: str
    rank: int

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Offer:
    """One description yielded by a plugin through a hook; `replaced_by` tells who took its place."""

    hook: str
    name: str
    description: Any
    provider: Provider
    replaced_by: str = ""


class Plugins:
    """The registered plugins and what they offer, sorted by hook and name."""

    def __init__(self) -> None:
        self.manager = pluggy.PluginManager(PROJECT)
        self.manager.add_hookspecs(Hooks)
        self.failures: dict[str, str] = {}
        self._providers: dict[int, Provider] = {}
        self._offers: tuple[Offer, ...] | None = None

    @property
    def hook(self) -> pluggy.HookRelay:
        """Hooks, to be called."""
        return self.manager.hook

    def register(self, plugin: Any, provider: Provider) -> None:
        """Add a plugin; functions named like a hook but with wrong arguments are an error naming it."""
        try:
            self.manager.register(plugin, name=f"{provider.name}:{id(plugin)}")
            self.manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as problem:
            raise PluginError(f"plugin {provider.name}: {_one_line(problem)}") from problem
        self._providers[id(plugin)] = provider
        self._offers = None

    def offers(self) -> tuple[Offer, ...]:
        """All that is offered, replaced ones included; a conflict is an error naming both providers."""
        if self._offers is None:
            self._offers = tuple(self._collect())
        return self._offers

    def table(self, hook: str) -> Mapping[str, Offer]:
        """What is in force for a hook, by name."""
        return {offer.name: offer for offer in self.offers() if offer.hook == hook and not offer.replaced_by}

    def providers(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Rows (hook, name, provider, version, note) for people."""
        rows = [
            (
                offer.hook,
                offer.name,
                offer.provider.name,
                offer.provider.version,
                f"replaced by {offer.replaced_by}" if offer.replaced_by else "",
            )
            for offer in self.offers()
        ]
        for plugin, provider in self._others():
            rows.extend((name, "", provider.name, provider.version, "event") for name in self._events(plugin))
        return tuple(sorted(rows))

    def step(self, name: str) -> Offer:
        """The step in force under `name`."""
        return self._one("ipf_steps", name, "step")

    def candidates(self, name: str) -> tuple[Step, ...]:
        """Every step offered under `name`, the one in force first."""
        found = [offer for offer in self.offers() if offer.hook == "ipf_steps" and offer.name == name]
        return tuple(offer.description for offer in sorted(found, key=lambda offer: bool(offer.replaced_by)))

    def provider_of(self, description: Any) -> Provider:
        """Who offers a description that `offers` lists."""
        return next(offer.provider for offer in self.offers() if offer.description is description)

    def task(self, name: str) -> TaskDefinition:
        """The task called `name`, or having it as an alias."""
        definition: TaskDefinition = self._one("ipf_tasks", name, "task").description
        return definition

    def processor(self, name: str) -> Processor | None:
        """The processor called `name` or having it as an alias, compared without case; None when unknown."""
        for offer in self.table("ipf_processors").values():
            names = (offer.name, *offer.description.aliases)
            if name.lower() in (known.lower() for known in names):
                processor: Processor = offer.description
                return processor
        return None

    def dialects(self) -> tuple[Dialect, ...]:
        """Families of job orders that can be read."""
        return tuple(offer.description for offer in self.table("ipf_joborder_dialects").values())

    def checks(self) -> tuple[CheckDefinition, ...]:
        """Quality checks in force, in the order in which reports hold them."""
        return tuple(
            offer.description
            for offer in self.offers()
            if offer.hook == CHECKS_HOOK and not offer.replaced_by
        )

    def executor(self, name: str) -> ExecutorDefinition:
        """The executor called `name`."""
        definition: ExecutorDefinition = self._one("ipf_executors", name, "executor").description
        return definition

    def _one(self, hook: str, name: str, kind: str) -> Offer:
        table = self.table(hook)
        named = table.get(name)
        aliased = [
            offer
            for offer in table.values()
            if name in getattr(offer.description, "aliases", ())
            # A name goes before the aliases of its rank, and gives way to those of a user's plugin.
            and (named is None or offer.provider.rank > named.provider.rank)
        ]
        if aliased:
            return _ranked_alias(name, kind, aliased)
        if named is not None:
            return named
        known = ", ".join(sorted(table)) or "none"
        broken = "; ".join(
            f"plugin {plugin} is not available: {why}" for plugin, why in self.failures.items()
        )
        raise PluginError(f"no {kind} is called {name} (known: {known}){'; ' + broken if broken else ''}")

    def _collect(self) -> Iterable[Offer]:
        for hook in NOUN_HOOKS:
            offers: dict[str, list[Offer]] = {}
            for plugin, provider in self._others():
                for description in self._call(plugin, provider, hook):
                    if hook == CHECKS_HOOK and not isinstance(description, CheckDefinition):
                        found = type(description).__name__
                        raise PluginError(f"plugin {provider.name}: {hook} yields a {found}, no Inspection")
                    if hook == CHECKS_HOOK:
                        _refuse_unheard_check(description, provider)
                    name = getattr(description, "name", None)
                    if not isinstance(name, str) or not name:
                        found = type(description).__name__
                        raise PluginError(f"plugin {provider.name}: {hook} yields a {found} without a name")
                    offers.setdefault(name, []).append(Offer(hook, name, description, provider))
            for name in offers if hook == CHECKS_HOOK else sorted(offers):
                yield from _ranked(offers[name])

    def _call(self, plugin: Any, provider: Provider, hook: str) -> list[Any]:
        if not hasattr(plugin, hook):
            return []
        caller = self.manager.subset_hook_caller(
            hook, [other for other in self.manager.get_plugins() if other is not plugin]
        )
        try:
            return [item for result in caller() for item in result]
        except IpfError:
            raise
        except Exception as problem:
            raise PluginError(f"plugin {provider.name}: {hook} failed: {_one_line(problem)}") from problem

    def _others(self) -> list[tuple[Any, Provider]]:
        found = [(plugin, self._providers[id(plugin)]) for plugin in self.manager.get_plugins()]
        return sorted(found, key=lambda pair: (pair[1].rank, pair[1].name))

    def _events(self, plugin: Any) -> list[str]:
        callers = self.manager.get_hookcallers(plugin) or []
        return [caller.name for caller in callers if caller.name not in NOUN_HOOKS]


def load_plugins(paths: Sequence[Path] = (), *, use_entry_points: bool = True) -> Plugins:
    """Register the engine's own plugin, the installed ones and those found at `paths` (files or folders)."""
    plugins = Plugins()
    plugins.register(builtin, Provider("ipf", ipf.__version__, 0))
    if use_entry_points:
        for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
            distribution = entry.dist
            name = f"{distribution.name}/{entry.name}" if distribution else entry.name
            version = distribution.version if distribution else ""
            _load(plugins, Provider(name, version, 1), entry)
    loaded: set[Path] = set()
    for path in paths:
        for file in _plugin_files(path):
            if file.resolve() in loaded:
                continue
            loaded.add(file.resolve())
            module = _import_file(file)
            version = str(getattr(module, "__version__", ""))
            plugins.register(module, Provider(str(file), version, 2))
            if not plugins.manager.get_hookcallers(module):
                raise PluginError(_without_hooks(file, module))
    return plugins


def _without_hooks(file: Path, module: ModuleType) -> str:
    """What is wrong with a user's file that offers nothing; most likely its functions are not marked."""
    unmarked = sorted(name for name in vars(module) if name in vars(Hooks) and name.startswith("ipf_"))
    if unmarked:
        return f"{file}: implements no hook: {', '.join(unmarked)} must be marked with @hookimpl"
    return f"{file}: implements no hook (the name of a file that is no plugin begins with _)"


def _load(plugins: Plugins, provider: Provider, entry: EntryPoint) -> None:
    try:
        plugin = entry.load()
    except (Exception, SystemExit) as problem:
        plugins.failures[provider.name] = f"{type(problem).__name__}: {_one_line(problem)}"
    else:
        plugins.register(plugin, provider)


def _plugin_files(path: Path) -> list[Path]:
    """The plugin files that a path of the user's names: itself, or the modules of a folder."""
    if path.is_file():
        return [path]
    if path.is_dir():
        found = sorted(file for file in path.glob("*.py") if not file.name.startswith("_"))
        packages = sorted(
            file.parent for file in path.glob("*/__init__.py") if not file.parent.name.startswith("_")
        )
        if not found and not packages:
            raise PluginError(f"{path}: no plugin in this folder, expected Python files")
        return found + [package / "__init__.py" for package in packages]
    raise PluginError(f"{path}: no such plugin file or folder")


def _import_file(path: Path) -> ModuleType:
    name = (
        f"ipf_user_plugin_{path.parent.name if path.name == '__init__.py' else path.stem}_{abs(hash(path))}"
    )
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise PluginError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as problem:
        del sys.modules[name]
        raise PluginError(
            f"{path}: cannot be imported: {type(problem).__name__}: {_one_line(problem)}"
        ) from problem
    return module


def _ranked_alias(name: str, kind: str, offers: list[Offer]) -> Offer:
    """The offer of highest rank that has `name` as an alias; two of that rank are an error naming both."""
    highest = max(offer.provider.rank for offer in offers)
    winners = [offer for offer in offers if offer.provider.rank == highest]
    if len(winners) > 1:
        both = " and ".join(f"{offer.name} of {offer.provider}" for offer in winners)
        raise PluginError(f"{kind} {name} is an alias of both {both}")
    return winners[0]


def _ranked(offers: list[Offer]) -> Iterable[Offer]:
    highest = max(offer.provider.rank for offer in offers)
    winners = [offer for offer in offers if offer.provider.rank == highest]
    if len(winners) > 1 and not _are_variants(winners):
        kind = winners[0].hook.removeprefix("ipf_")
        both = " and ".join(str(offer.provider) for offer in winners)
        raise PluginError(f"{kind}: {winners[0].name} is offered by both {both}")
    for offer in offers:
        replaced_by = "" if offer in winners else winners[0].provider.name
        yield Offer(offer.hook, offer.name, offer.description, offer.provider, replaced_by)


def _are_variants(offers: list[Offer]) -> bool:
    """Whether these are checks of one provider of which no two are made on the same item."""
    if offers[0].hook != CHECKS_HOOK or len({offer.provider for offer in offers}) > 1:
        return False
    checks = [offer.description for offer in offers]
    return not any(one.overlaps(other) for one, other in combinations(checks, 2))


def _refuse_unheard_check(check: CheckDefinition, provider: Provider) -> None:
    """Refuse a check that would never be made: no item of its kinds and levels has its checklist."""
    items = [(level, kind) for level in check.levels for kind in check.kinds]
    if any(check.checklist in CHECKLISTS.get(item, ()) for item in items):
        return
    known = sorted({name for item in items for name in CHECKLISTS.get(item, ())})
    of = f"{', '.join(check.kinds)} of {', '.join(check.levels)}"
    raise PluginError(
        f"plugin {provider.name}: check {check.name}: no item ({of}) has the checklist {check.checklist}, "
        f"expected one of {', '.join(known) or 'none'}"
    )


def _one_line(problem: BaseException) -> str:
    return " ".join(str(problem).split())
