"""A run folder → pictures of its report in docs/images, wide and narrow, light and dark; and what axe-core says of it.

    pip install -e .[browser] && playwright install chromium    # or a chromium of the system's
    python docs/screenshots.py runs/quickstart

Ends with 1 where axe-core finds a violation.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import axe_playwright_python
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
WIDTHS = {"wide": (1400, 1500), "narrow": (390, 1500)}
"""CSS pixels across, and as many down as a picture shows."""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PARTS = ("searches", "recovery", "translations")
"""Sections with a picture of their own, wide and light."""
COLOURS = 256
AXE_CORE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
AXE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations.map(
    one => `${one.id}: ${one.help} (${one.nodes.length}: ${one.nodes.slice(0, 3).map(node => node.target).join(' | ')})`)"""


def main() -> int:
    asked = _asked()
    report = (asked.run / "report.html" if asked.run.is_dir() else asked.run).resolve()
    IMAGES.mkdir(exist_ok=True)
    violations: list[str] = []
    with chromium() as browser:
        for width, (across, down) in WIDTHS.items():
            for scheme in SCHEMES:
                with opened(browser, report, across, scheme) as page:
                    take(page, f"report-{width}-{scheme}", 0, across, down)
                    if (width, scheme) == ("wide", "light"):
                        for part in PARTS:
                            take(page, f"report-{part}", top_of(page, part), across, down)
                    violations += [f"{width}, {scheme}: {one}" for one in checked(page)]
    print(*violations, f"axe-core: {len(violations)} violations", sep="\n")
    return 1 if violations else 0


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's, or else the one that playwright installed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, report: Path, across: int, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """The report's own policy allows no script, so it is set aside for axe-core."""
    context = browser.new_context(
        viewport={"width": across, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.set_default_timeout(300_000)
    page.goto(report.as_uri())
    yield page
    context.close()


def top_of(page: Page, section: str) -> float:
    found: float = page.evaluate(
        f"document.getElementById('{section}').getBoundingClientRect().top + scrollY"
    )
    return found


def take(page: Page, name: str, top: float, across: int, down: int) -> None:
    clip = {"x": 0.0, "y": top, "width": float(across), "height": float(down)}
    shot = page.screenshot(full_page=True, clip=clip, animations="disabled")  # type: ignore[arg-type]
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    file = IMAGES / f"{name}.png"
    picture.save(file, optimize=True)
    print(f"{file.name}: {file.stat().st_size / 1e3:.0f} kB")


def checked(page: Page) -> list[str]:
    """Violations of what axe-core asks for, with everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.add_script_tag(path=AXE_CORE)
    found: list[str] = page.evaluate(AXE)
    return found


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="a run folder, or a report.html")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
