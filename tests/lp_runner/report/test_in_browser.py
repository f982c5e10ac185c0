"""Both pages in a real browser: nothing runs off the window or the paper, axe-core finds no fault, nothing is fetched.

`pip install -e .[browser]`, and a chromium: the system's, or `playwright install chromium`. The paper needs pdftotext.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="no playwright: pip install -e .[browser]")
pytest.importorskip("axe_playwright_python", reason="no axe-core: pip install -e .[browser]")

from playwright.sync_api import Browser, Error, Page

from docs.screenshots import SCHEMES, WIDTHS, checked, chromium, opened
from lp_runner.report.compare import Comparison, Row
from lp_runner.report.comparison_page import comparison_page
from lp_runner.report.page import page as report_page
from tests.lp_runner.report.compared import compared, row
from tests.lp_runner.report.conftest import deep, score, shown

NAMES = ("report", "comparison")
METRICS = ("chrf++", "bleu", "ter")
TIMINGS = [
    f"{backend}, batch {size}" for backend in ("vllm", "transformers (batch_size auto)") for size in (1, 32)
]
CUT = """() => [...document.querySelectorAll('.scroll')].flatMap(scroll => [0, scroll.scrollWidth].flatMap(to => {
    scroll.scrollLeft = to
    const window = scroll.getBoundingClientRect()
    return [...scroll.querySelectorAll('caption span')].map(span => span.getBoundingClientRect())
        .filter(caption => caption.left < window.left - 1 || caption.right > window.right + 1)
        .map(caption => `${scroll.ariaLabel}: ${caption.left}–${caption.right} of ${window.left}–${window.right}`)
}))"""
"""Captions that can't be read whole, wherever their table was scrolled to."""
MARK_LAST = """() => [...document.querySelectorAll('table')].map((table, number) => {
    table.querySelector('tbody:last-of-type tr:last-of-type').lastElementChild.textContent = `end${number}`
    return `end${number}`
})"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as found:
            yield found
    except Error as error:
        pytest.skip(f"no chromium that starts: {str(error).splitlines()[0]}")


@pytest.fixture
def pages(timed: dict[str, Any], tmp_path: Path) -> dict[str, Path]:
    """A report and a comparison, both wide: three metrics, many layers, long names, speeds of four kinds."""
    texts = {"report": wide_report(timed), "comparison": comparison_page(wide_comparison())}
    for name, text in texts.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: tmp_path / f"{name}.html" for name in texts}


def wide_report(results: dict[str, Any]) -> str:
    for system in results["systems"]:
        system["evaluations"] = [score(metric, 45.0) for metric in METRICS]
    results["systems"][3]["training"]["history"] = [{"step": 0, "dev_loss": 2.0}, {"step": 5, "loss": 1.5}]
    return report_page(deep(results, 16, 30), "version: 1\n", shown(wrote="ein sehr großer Hund " * 9))


def wide_comparison() -> Comparison:
    runs = ("aya-expanse-8b-ces-deu-iterative-greedy", "aya-expanse-8b-ces-deu-one-shot", "random")
    rows = [row(runs, "unpruned", 32, 55.0, test=None), row(runs, "unpruned+recovery", 32, 56.0, test=None)]
    for number, run in enumerate(runs):
        for depth in (24, 20, 16):
            value, rate = 20.0 + depth + number, 100.0 - 2 * depth + number
            rows.append(row(run, f"{depth}+recovery", depth, value, f"{runs[0]}: unpruned", rate=rate))
    return replace(compared(*map(_wide, rows)), metrics=METRICS)


def _wide(one: Row) -> Row:
    [scored], [speed] = one.scores.values(), one.speeds.values()
    return replace(one, scores=dict.fromkeys(METRICS, scored), speeds={timing: speed for timing in TIMINGS})


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_its_window_in_light_and_dark_and_axe_finds_no_fault(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    faults = []
    for across, _ in WIDTHS.values():
        for scheme in SCHEMES:
            with opened(browser, pages[name], across, scheme) as page:
                faults += [(across, scheme, fault) for fault in [*checked(page), *_cut(page)]]
    assert faults == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("across", [320, 700, 1000])
def test_widths_between_cut_nothing_either(
    browser: Browser, pages: dict[str, Path], name: str, across: int
) -> None:
    with opened(browser, pages[name], across, "light") as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert _cut(page) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_for_nothing_but_itself(browser: Browser, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page()
    page.set_default_timeout(300_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri(), wait_until="networkidle")
    page.close()
    assert asked == [pages[name].as_uri()]


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext: install poppler-utils")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("paper", ["its own", "portrait", "landscape"])
def test_on_paper_every_table_is_whole(
    browser: Browser, pages: dict[str, Path], name: str, paper: str
) -> None:
    """The last cell of each is there, and no word runs off its page."""
    with opened(browser, pages[name], 1000, "light") as page:
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        if paper == "portrait":  # as where a browser turns no page
            page.add_style_tag(content="* { page: auto !important; }")
        marks: list[str] = page.evaluate(MARK_LAST)
        sheet = pages[name].with_suffix(".pdf")
        page.pdf(
            path=sheet, format="A4", landscape=paper == "landscape", prefer_css_page_size=paper == "its own"
        )
    words, beyond = _printed(sheet)
    assert beyond == []
    assert set(marks) <= set(words)


def _cut(page: Page) -> list[str]:
    beyond: int = page.evaluate(TOO_WIDE)
    captions: list[str] = page.evaluate(CUT)
    return captions + ([f"the page is {beyond} pixels too wide"] if beyond > 0 else [])


def _printed(sheet: Path) -> tuple[list[str], list[str]]:
    """Its words, and those that lie beyond the margins."""
    told = subprocess.run(
        ["pdftotext", "-bbox", sheet, "-"], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout
    words, beyond, across = [], [], 0.0
    for wide, left, right, word in re.findall(
        r'<page width="([\d.]+)|<word xMin="([-\d.]+)" yMin="[^"]*" xMax="([\d.]+)"[^>]*>([^<]*)', told
    ):
        across = float(wide or across)
        words += [word] if word else []
        beyond += [word] if word and (float(left) < 20 or float(right) > across - 20) else []
    return words, beyond
