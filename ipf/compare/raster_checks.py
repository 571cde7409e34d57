"""Verdicts on the figures of continuous rasters: values, classes, no data, saturation."""

from __future__ import annotations

import math

from ipf.compare.figures import RasterFigures
from ipf.compare.results import Check, CheckName, Figure, Status
from ipf.compare.tolerances import RasterTolerances
from ipf.compare.verdicts import at_least, at_most, share, with_unit
from ipf.product.tile_rasters import SCENE_CLASSES

_NO_CLASS = SCENE_CLASSES.index("no_data")
"""Value of a scene classification where it has no data."""


def statistics_check(figures: RasterFigures, limits: RasterTolerances, item: str) -> Check:
    """Are the values the same, within tolerance?

    Where nothing can be compared the check passes if no data and saturation are where they were. Figures that
    cannot be formed (the correlation of an image that does not vary) are not judged, and the message says so.
    """
    allowed = {name: getattr(limits, name) for name in _MEASURES}
    allowed |= {"absolute": limits.absolute, "relative": limits.relative}
    group = figures.all
    if not group.pixels:
        lost_or_gained = figures.no_data_lost + figures.no_data_gained
        lost_or_gained += figures.saturation_lost + figures.saturation_gained
        message = "nothing was compared: no pixel has data on both sides"
        message += ", nor on either" if not lost_or_gained else ", some on one"
        return Check(CheckName.STATISTICS, item, _status(not lost_or_gained), message, {"pixels": 0}, allowed)
    measures = _measures(figures)
    formed = {name: value for name, value in measures.items() if not math.isnan(value)}
    broken = [
        f"{name} {getattr(limits, name):g}"
        for name, value in formed.items()
        if not _keeps(name, value, getattr(limits, name))
    ]
    message = _statistics_message(figures, formed)
    if len(formed) < len(measures):
        lacking = " and ".join(name for name in measures if name not in formed)
        message += f"; no {lacking}, since values do not vary or are too large or small to be squared"
    if broken:
        message += f"; beyond the limits: {', '.join(broken)}"
    return Check(
        CheckName.STATISTICS,
        item,
        _status(not broken),
        message,
        {**formed, **_other_figures(figures)},
        allowed,
    )


def class_check(figures: RasterFigures, limits: RasterTolerances, names: dict[int, str], item: str) -> Check:
    """Are the values over each class the same on average, within tolerance?

    Told and not judged are classes of fewer pixels than the share `class_share`, as the limits on pixels
    judge those, and pixels that the class map has without data, which are no class.
    """
    allowed = {"class_bias": limits.class_bias, "class_share": limits.class_share}
    classes = [value for value in figures.classes if value != _NO_CLASS]
    if not classes:
        message = "no class has a pixel that was compared"
        return Check(CheckName.CLASS_STATISTICS, item, Status.PASSED, message, {"classes": 0}, allowed)

    def name_of(value: int) -> str:
        known = dict(enumerate(SCENE_CLASSES)) | names
        return known.get(value, f"class {value}")

    biases = {value: group.accuracy for value, group in figures.classes.items()}
    least = limits.class_share * figures.all.pixels
    judged = [value for value in classes if figures.classes[value].pixels >= least]
    worst = max(judged or classes, key=lambda value: abs(biases[value]))
    beyond = [value for value in judged if not at_most(abs(biases[value]), limits.class_bias)]
    measured: dict[str, Figure] = {
        "class_bias": biases[worst],
        "class": name_of(worst),
        "classes": len(classes),
    }
    for value, group in sorted(figures.classes.items()):
        measured |= {f"bias {name_of(value)}": group.accuracy, f"pixels {name_of(value)}": group.pixels}
    message = (
        f"largest bias of {len(judged or classes)} classes {with_unit(biases[worst], figures.unit)},"
        f" of {name_of(worst)} ({figures.classes[worst].pixels} pixels)"
    )
    if beyond:
        message += f"; beyond the limit {limits.class_bias:g} in {len(beyond)} of them"
    if len(judged) < len(classes):
        message += f"; {len(classes) - len(judged)} too small to be judged"
    if _NO_CLASS in biases:
        message += f"; {name_of(_NO_CLASS)} is not judged"
    return Check(CheckName.CLASS_STATISTICS, item, _status(not beyond), message, measured, allowed)


def no_data_check(figures: RasterFigures, limits: RasterTolerances, pixels: int, item: str) -> Check:
    """Are the same of so many `pixels` without data?"""
    lost, gained = figures.no_data_lost, figures.no_data_gained
    return _change_check(CheckName.NO_DATA, "no data", lost, gained, limits.no_data, pixels, item)


def saturation_check(figures: RasterFigures, limits: RasterTolerances, pixels: int, item: str) -> Check:
    """Are the same of so many `pixels` saturated, of those that have data on both sides?"""
    lost, gained = figures.saturation_lost, figures.saturation_gained
    return _change_check(CheckName.SATURATION, "saturation", lost, gained, limits.saturation, pixels, item)


def _change_check(
    name: CheckName, what: str, lost: int, gained: int, limit: float, pixels: int, item: str
) -> Check:
    changed = (lost + gained) / pixels
    passed = at_most(changed, limit)
    if lost + gained:
        message = (
            f"{what} lost in {lost} pixels and gained in {gained}, of {pixels}"
            f" ({share(lost + gained, pixels)})"
        )
    else:
        message = f"{what} is the same in all {pixels} pixels"
    if not passed:
        message += f"; expected a share of {limit:g} at most"
    figures: dict[str, Figure] = {name.value: changed, "lost": lost, "gained": gained, "pixels": pixels}
    return Check(name, item, _status(passed), message, figures, {name.value: limit})


_MEASURES = ("bias", "rmse", "maximum", "outside", "slope", "correlation")
"""What is judged, as the limits are called."""


def _measures(figures: RasterFigures) -> dict[str, float]:
    group = figures.all
    return {
        "bias": group.accuracy,
        "rmse": group.uncertainty,
        "maximum": group.maximum,
        "outside": group.outside / group.pixels,
        "slope": figures.slope - 1,
        "correlation": figures.correlation,
    }


def _keeps(name: str, value: float, limit: float) -> bool:
    return at_least(value, limit) if name == "correlation" else at_most(abs(value), limit)


def _other_figures(figures: RasterFigures) -> dict[str, Figure]:
    """What else a report may want to print."""
    other: dict[str, float] = {
        "precision": figures.all.precision,
        "mean_reference": figures.mean_reference,
        "mean_candidate": figures.mean_candidate,
        "intercept": figures.intercept,
    }
    other |= {f"percentile {percentile:g}": value for percentile, value in figures.percentiles.items()}
    printed: dict[str, Figure] = {name: value for name, value in other.items() if not math.isnan(value)}
    printed |= {"pixels": figures.all.pixels, "differing": figures.differing}
    if figures.maximum_at is not None:
        printed["maximum_row"], printed["maximum_column"] = figures.maximum_at
    return printed


def _statistics_message(figures: RasterFigures, formed: dict[str, float]) -> str:
    group, unit = figures.all, figures.unit
    if not figures.differing or figures.maximum_at is None:
        return f"all {group.pixels} pixels are equal"
    row, column = figures.maximum_at
    message = (
        f"{figures.differing} of {group.pixels} pixels differ ({share(figures.differing, group.pixels)}):"
        f" bias {with_unit(group.accuracy, unit)}, rmse {with_unit(group.uncertainty, unit)}, maximum"
        f" {with_unit(group.maximum, unit)} at row {row}, column {column}, beyond tolerance"
        f" {share(group.outside, group.pixels)}"
    )
    if "slope" in formed:
        message += f", slope {figures.slope:.6g}"
    if "correlation" in formed:
        message += f", correlation {figures.correlation:.6g}"
    return message


def _status(passed: bool) -> Status:
    return Status.PASSED if passed else Status.FAILED
