"""The job order of ``ipf l2a``: the generic form, a task for each product, others for their common air."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from ipf.atomic import write_bytes
from ipf.engine.outputs_guard import refuse_outputs_in_inputs
from ipf.errors import UsageError
from ipf.joborder import FileNameType, Input, JobOrder, LogSelection, Output, Parameter, Task, to_xml
from ipf.product.names import ProductName

PROCESSOR, VERSION, DIALECT = "L2A", "01.00", "mmfi"
TASK, INPUT_TYPE, OUTPUT_TYPE = "L2A", "L1C", "L2A"
TARGETS_TASK, TARGETS_TYPE, TARGETS_FOLDER = "L2A_DARK_TARGETS", "DARK_TARGETS", "dark_targets"
MODE, SEN2COR_MODE = "MODE", "sen2cor"


@dataclass(frozen=True)
class L2AJob:
    """Level-1C products to be processed into one folder, under the same parameters.

    `products` and `folder` are absolute paths; `parameters` are text by name: ``<step>.<parameter>``, or that
    of a dynamic parameter.
    """

    products: tuple[Path, ...]
    folder: Path
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, products: Sequence[Path], folder: Path, parameters: Mapping[str, str]) -> L2AJob:
        """The job of these paths, made absolute; `UsageError` for a product given twice, `PlanError` for a
        folder that is, or lies in, one of the products.
        """
        resolved = tuple(path.resolve() for path in products)
        twice = next((path for path in resolved if resolved.count(path) > 1), None)
        if twice is not None:
            raise UsageError(f"{twice}: given twice")
        target = folder.resolve()
        refuse_outputs_in_inputs({INPUT_TYPE: resolved}, {OUTPUT_TYPE: [target]}, "ipf l2a")
        return cls(resolved, target, parameters)

    def keep(self) -> Path:
        """Write the job order into the folder, called after the first product; gives its path.

        Another job order of that name stays, and this one gets a number. Raises `OutputError` when it cannot
        be written.
        """
        content = to_xml(self.order())
        for path in self._names():
            if not path.exists():
                write_bytes(path, content)
                return path
            if path.is_file() and path.read_bytes() == content:
                return path
        raise AssertionError("names never end")

    def _names(self) -> Iterator[Path]:
        first = self.products[0].name.removesuffix(".SAFE")
        others = f"_and_{len(self.products) - 1}_more" if len(self.products) > 1 else ""
        yield self.folder / f"l2a_{first}{others}.xml"
        for number in count(2):
            yield self.folder / f"l2a_{first}{others}_{number}.xml"

    def order(self) -> JobOrder:
        """The job order."""
        return JobOrder(
            dialect=DIALECT,
            processor_name=PROCESSOR,
            processor_version=VERSION,
            stdout_log=LogSelection(("INFO",)),
            stderr_log=LogSelection(("WARNING",)),
            parameters=tuple(Parameter(name, value) for name, value in self.parameters.items()),
            tasks=tuple(self._tasks()),
        )

    def _tasks(self) -> Iterator[Task]:
        """Every task, in the order in which they are run: tiles of one pass have one aerosol."""
        shared = {
            product: self._targets_file(product) for product in self.products if self._neighbours(product)
        }
        for product, path in shared.items():
            yield Task(TARGETS_TASK, VERSION, (_folder(INPUT_TYPE, product),), (_file(TARGETS_TYPE, path),))
        for product in self.products:
            targets = tuple(str(shared[each]) for each in self._neighbours(product))
            inputs = [_folder(INPUT_TYPE, product)]
            if targets:
                inputs.append(Input(TARGETS_TYPE, targets, FileNameType.PHYSICAL.value))
            yield Task(TASK, VERSION, tuple(inputs), (_output(OUTPUT_TYPE, self.folder),))

    def _neighbours(self, product: Path) -> tuple[Path, ...]:
        """The other products of the same pass; none in the mode that knows single tiles only."""
        if self.parameters.get(MODE) == SEN2COR_MODE:
            return ()
        own = _pass_of(product)
        return tuple(each for each in self.products if each != product and own and _pass_of(each) == own)

    def _targets_file(self, product: Path) -> Path:
        return self.folder / TARGETS_FOLDER / f"{product.name.removesuffix('.SAFE')}.npz"


def _pass_of(product: Path) -> tuple[str, ...]:
    """Satellite, orbit and start of the datatake, from the compact name; nothing when it has another."""
    try:
        name = ProductName.parse(product.name)
    except ValueError:
        return ()
    return name.satellite, str(name.relative_orbit), name.datatake_start


def _folder(file_type: str, path: Path) -> Input:
    return Input(file_type, (str(path),), FileNameType.DIRECTORY.value)


def _output(file_type: str, path: Path) -> Output:
    return Output(file_type, (str(path),), FileNameType.DIRECTORY.value)


def _file(file_type: str, path: Path) -> Output:
    return Output(file_type, (str(path),), FileNameType.PHYSICAL.value)
