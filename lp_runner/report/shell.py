"""Templates → pages: self-contained files without scripts; every text in them is escaped, and none steers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lp_runner.api import Json
from lp_runner.report.numbers import chance
from lp_runner.report.words import marked
from lp_runner.visible import visible


def rendered(template: str, **values: object) -> str:
    """Args: template, by its file's name."""
    return _environment().get_template(template).render(values)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("lp_runner.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters |= {
        "breakable": _breakable,
        "score": _score,
        "interval": _interval,
        "range": _range,
        "spread": _spread,
        "bytes": _bytes,
        "millions": _millions,
        "p": _p,
        "marked": _marked,
        "duration": _duration,
    }
    return environment


def _visible(value: object) -> object:
    return visible(value) if type(value) is str else value


def _marked(before: str, after: str) -> list[tuple[str, Markup]]:
    """Shown as wholes, since a part may begin with what belongs to the letter before it."""
    return [(mark, escape(part)) for mark, part in marked(visible(before), visible(after))]


def _breakable(name: str) -> Markup:
    """A system's name may go on in a second line between its parts."""
    return Markup(re.sub(r"([+:])(?=.)", r"\1<wbr>", str(escape(visible(name)))))  # noqa: S704  escaped


def _score(one: Mapping[str, Json], decimals: int) -> str:
    return f"{one['value']:.{decimals}f}"


def _range(one: Mapping[str, Json], decimals: int) -> str:
    return f"[{one['low']:.{decimals}f}, {one['high']:.{decimals}f}]"


def _interval(one: Mapping[str, Json], decimals: int) -> str:
    return f"{_score(one, decimals)} {_range(one, decimals)}"


def _spread(one: Mapping[str, Json], decimals: int) -> str:
    middle, least, most = (f"{one[name]:.{decimals}f}" for name in ("median", "min", "max"))
    return f"{middle} [{least}, {most}]"


def _p(line: Mapping[str, Json]) -> str:
    """Of two equal systems there is nothing to test."""
    return chance(line["p_value"]) if line["difference"]["value"] else "equal"


def _bytes(count: int) -> str:
    return f"{count / 1e9:,.2f} GB" if count >= 1e9 else f"{count / 1e6:,.1f} MB"


def _millions(count: int) -> str:
    return f"{count / 1e6:,.1f} M"


def _duration(seconds: float) -> str:
    """As a person would say it."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {left:02} s" if minutes else f"{seconds:.1f} s"
