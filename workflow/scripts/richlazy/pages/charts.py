"""Charts of a page: Vega-Lite specifications that the page's script draws with the networks that it carries.

A measure has one specification; its panels differ in their rows alone. Colours are those of the page, light or dark.
"""

from collections.abc import Mapping
from typing import Any

from richlazy.figures import log_ticks, outcomes
from richlazy.figures.condition_dots import theory_of
from richlazy.measures.base import PREDICTED
from richlazy.pages import words
from richlazy.pages.networks import Asked, Networks

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_HEIGHT = 170
# Shares of a range that stay free above and below the values, and above them for what was not reached.
_MARGIN = 0.08
_COLOURS = 6
_FONT = "system-ui, sans-serif"
_STATES = ["converged", outcomes.UNCONVERGED, outcomes.FAILED, "diverged"]
# A path within a square from -1 to 1.
_CROSS = "M-1,-1L1,1M1,-1L-1,1"
_ARROW = {1: " ↑ lazier", -1: " ↓ lazier", 0: ""}


def charts(asked: Asked, networks: Networks, labels: Mapping[str, tuple[str, int]]) -> list[dict[str, Any]]:
    """For each measure its name in words, ``title``, and the ``spec`` of a panel without data.

    The data sets ``networks`` and ``medians`` are those rows of ``Networks`` that belong to the panel. Each network has
    ``jitter`` besides, from -1 to 1.
    """
    return [
        {"title": words.measure(name, labels) + _arrow(name, labels), "spec": _spec(asked, networks, name, labels)}
        for name in networks.measures
    ]


def _arrow(name: str, labels: Mapping[str, tuple[str, int]]) -> str:
    return _ARROW[labels[name][1]] if name in labels else ""


def _spec(asked: Asked, networks: Networks, measure: str, labels: Mapping[str, tuple[str, int]]) -> dict[str, Any]:
    x = _condition(asked, networks)
    scale, ticks = _scale(networks, measure)
    y = {"field": measure, "type": "quantitative", "scale": scale, "axis": {"title": None} | ticks}
    colour = _colour(networks)
    is_open = f"datum.state === '{outcomes.UNCONVERGED}'"
    dots: dict[str, Any] = {
        "data": {"name": "networks"},
        "mark": {"type": "point", "size": 34, "filled": True, "aria": False},
        "encoding": {
            "x": x,
            "y": y,
            "shape": {"field": "state", "type": "nominal", "legend": None,
                      "scale": {"domain": _STATES, "range": ["circle", "circle", _CROSS, "triangle-down"]}},
            "fillOpacity": {"condition": {"test": is_open, "value": 0.05}, "value": 0.85},
            "stroke": colour, "fill": colour, "strokeWidth": {"value": 1},
            "tooltip": _tooltip(asked, networks, labels),
        },
    }  # fmt: skip
    if not networks.numeric:
        dots["encoding"]["xOffset"] = {"field": "jitter", "type": "quantitative", "scale": {"domain": [-2, 2]}}
    reached: dict[str, Any] = {"transform": [{"filter": f"isNumber(datum['{measure}'])"}], **dots}
    never: dict[str, Any] = {
        "transform": [{"filter": f"datum['{measure}'] === 'inf'"}],
        "data": {"name": "networks"},
        "mark": {"type": "point", "size": 40, "shape": "triangle-up", "filled": False, "aria": False},
        "encoding": {
            key: dots["encoding"][key] for key in ("x", "xOffset", "stroke", "tooltip") if key in dots["encoding"]
        }
        | {"y": {"value": 4}},
    }
    of_bars: dict[str, Any] = {"data": {"name": "medians"}, "transform": [{"filter": f"isNumber(datum['{measure}'])"}]}
    bars = of_bars | {"mark": {"type": "line" if networks.numeric else "rule", "strokeWidth": 2, "aria": False}}
    # A bar reaches over most of the place of its condition.
    place = {} if networks.numeric else {"x2": {"field": "condition", "bandPosition": 0.85}}
    ink = colour if networks.overlay else {"value": "var(--bar)"}
    start = x if networks.numeric else x | {"bandPosition": 0.15}
    bars["encoding"] = {"x": start, **place, "y": y, "stroke": ink}
    layers = [reached, never, bars]
    theory = measure + PREDICTED
    if any(theory in row for row in networks.medians):
        mark = {"type": "point", "shape": "diamond", "size": 60, "filled": False, "color": "var(--ink)", "aria": False}
        layers.append(
            {
                "data": {"name": "medians"},
                "transform": [{"filter": f"isNumber(datum['{theory}'])"}],
                "mark": mark,
                "encoding": {
                    "x": x if networks.numeric else x | {"bandPosition": 0.95},
                    "y": y | {"field": theory},
                    "tooltip": [{"field": theory, "type": "nominal", "title": theory_of(measure)}],
                },
            }
        )
    return {"$schema": _SCHEMA, "width": "container", "height": _HEIGHT, "layer": layers, "config": _config()}


def _condition(asked: Asked, networks: Networks) -> dict[str, Any]:
    """Encoding of the compared parameter: numbers, or its values side by side."""
    found = {"field": "condition", "title": words.parameter(asked.compare)}
    if networks.numeric:
        values = [value for value in networks.conditions if isinstance(value, (int, float))]
        wide = log_ticks.span_a_decade(values)
        scale = {"type": "log"} if wide else {"zero": False}
        ticks = {"values": log_ticks.ticks(min(values), max(values))} if wide else {"tickCount": 4}
        return found | {
            "type": "quantitative",
            "scale": scale | {"domain": [min(values), max(values)], "nice": False, "padding": 8},
            "axis": ticks,
        }
    # Words stand below each other.
    axis = {"labelAngle": 0, "labelLimit": 90, "labelOverlap": False, "labelExpr": "split(datum.label, ' ')"}
    return found | {"type": "ordinal", "sort": networks.conditions, "scale": {"type": "band"}, "axis": axis}


def _colour(networks: Networks) -> dict[str, Any]:
    """Encoding of the overlaid parameter as colour; without one the colour of dots on the page."""
    if networks.overlay is None:
        return {"value": "var(--dot)"}
    colours = legend(networks)
    scale = {"domain": list(colours), "range": list(colours.values())}
    return {"field": "overlaid", "type": "nominal", "scale": scale, "legend": None}


def legend(networks: Networks) -> dict[Any, str]:
    """Colour of each value of the overlaid parameter, the same in all panels; empty without one."""
    values = dict.fromkeys(row["overlaid"] for row in networks.medians if "overlaid" in row)
    return {value: f"var(--colour-{place % _COLOURS})" for place, value in enumerate(values)}


def _scale(networks: Networks, measure: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Vertical scale that all panels of a measure share, and its ticks.

    Logarithmic where values span a decade and are no share; else the range of the values.
    """
    found = [row.get(name) for row in [*networks.rows, *networks.medians] for name in (measure, measure + PREDICTED)]
    values = [value for value in found if isinstance(value, (int, float))]
    low, high = min(values, default=0), max(values, default=1)
    if log_ticks.is_logarithmic(measure, values):
        low, high = low / 1.3, high * 1.5
        return {"type": "log", "domain": [low, high], "nice": False}, {"values": log_ticks.ticks(low, high)}
    margin = _MARGIN * (high - low) or 0.05 * abs(high) or 1.0
    ends = [round(float(end), 12) for end in (low - margin, high + 1.5 * margin)]
    return {"domain": ends, "nice": False, "zero": False}, {"tickCount": 4}


def _tooltip(asked: Asked, networks: Networks, labels: Mapping[str, tuple[str, int]]) -> list[dict[str, Any]]:
    """What hovering a dot names: seed, condition, values, state and the path of the network."""
    found: list[dict[str, Any]] = [
        {"field": "seed", "type": "ordinal", "title": "seed"},
        {"field": "condition", "type": "nominal", "title": words.parameter(asked.compare)},
    ]
    if len(networks.panels) > 1:
        found.append({"field": "panel", "type": "nominal", "title": "panel"})
    if networks.overlay:
        found.append({"field": "overlaid", "type": "nominal", "title": words.parameter(networks.overlay)})
    # Values may be a word, which a format of numbers would spoil.
    found += [{"field": name, "type": "nominal", "title": words.measure(name, labels)} for name in networks.measures]
    found.append({"field": "state", "type": "nominal", "title": "training"})
    return [*found, {"field": "path", "type": "nominal", "title": "network"}]


def _config() -> dict[str, Any]:
    axis = {
        "labelColor": "currentColor", "titleColor": "currentColor", "labelFont": _FONT, "titleFont": _FONT,
        "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal",
        "domainColor": "var(--line)", "tickColor": "var(--line)", "gridColor": "var(--grid)",
    }  # fmt: skip
    return {
        "background": None,
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": False},
    }
