"""The report in headless Chromium: wide, on a phone, in the dark and on paper; no error, no request, readable to all.

The browser is driven by its own DevTools protocol over aiohttp, which the project has anyway: only it can set the width
of a phone and the dark scheme, and tell what the page asked of the network.
"""

from __future__ import annotations

import asyncio
import base64
import io
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from report_example import empty_content, full_content
from report_hostile import HOSTILE_TEXTS, hostile_content

from judgelake.report import JudgePair, LabelerPair, Labelers, ReportContent, notebook_html, render_page

PIL_Image = pytest.importorskip("PIL.Image", reason="needs Pillow, which comes with matplotlib, to look at screenshots")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
START_S = 60
# A minute where nothing else runs, and some on a machine that is shared.
JOB_S = 600
CALL_S = 60
PAINT_TRIES, PAINT_WAIT_S = 40, 0.25
# Text alone has more shades than this, by its smooth edges; a ground and an empty frame have two or three.
BLANK_COLOURS = 50
# WCAG 2.2, success criterion 1.4.3, level AA: text, and large text (24 px, or 18.66 px and bold).
CONTRAST, CONTRAST_OF_LARGE = 4.5, 3.0

# Every element with text of its own: its contrast with the nearest ground that is painted.
CONTRAST_SCRIPT = """
(() => {
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = parts(color).slice(0, 3).map((v) => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if ((parts(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest(".unseen, defs")) continue;
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const [one, other] = [light(ink), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? LARGE : SMALL)) poor.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
  }
  return poor;
})()
""".replace("LARGE", str(CONTRAST_OF_LARGE)).replace("SMALL", str(CONTRAST))

# What paper would lose: folded parts that stay folded, and what is wider or higher than the place it has.
LOST_SCRIPT = """
(() => {
  const lost = [];
  const seen = [...document.body.querySelectorAll("*")].filter((one) => !one.closest(".unseen, defs, nav, footer"));
  for (const one of seen) {
    if (one.matches("details > :not(summary), details > :not(summary) *") && !one.checkVisibility())
      lost.push(`folded: ${one.outerHTML.slice(0, 80)}`);
    const box = one.getBoundingClientRect();
    if (box.width && (box.right > innerWidth + 1 || box.left < -1))
      lost.push(`beyond the edge, ${box.left} to ${box.right}: ${one.outerHTML.slice(0, 80)}`);
    const isClipped = getComputedStyle(one).overflowX !== "visible" || getComputedStyle(one).overflowY !== "visible";
    if (isClipped && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1))
      lost.push(`cut: ${one.outerHTML.slice(0, 80)}`);
  }
  return lost;
})()
"""
LIGHTNESS_SCRIPT = """
["color", "backgroundColor"].map((name) => {
  const [r, g, b] = getComputedStyle(document.body)[name].match(/[\\d.]+/g).map(Number);
  return (r + g + b) / 765;
})
"""
# A4 with the margins that browsers take.
PAPER_PX = 718


@dataclass(frozen=True, slots=True)
class View:
    """How the page is looked at."""

    width: int = 1_280
    height: int = 900
    is_dark: bool = False
    is_unfolded: bool = False
    is_paper: bool = False


VIEWS = {
    "wide": View(),
    "a phone": View(width=360, height=740),
    "the smallest phone": View(width=320, height=568, is_unfolded=True),
    "in the dark": View(is_dark=True),
    "a phone in the dark": View(width=360, height=740, is_dark=True, is_unfolded=True),
}


@dataclass(slots=True)
class Seen:
    """What one look at a page gave."""

    screenshot: bytes = b""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    page_width: int = 0
    poor_contrasts: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lightness: tuple[float, float] = (0.0, 0.0)
    """Of the page's text and of its ground, from 0 (black) to 1 (white)."""
    title: str = ""


class Tab:
    """One tab of the browser: calls by name, events kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket = socket
        self._calls = 0
        self._session: str | None = None

    async def attach(self) -> None:
        """Open a tab of its own and speak to it from now on."""
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one call; what else arrives meanwhile is an event."""
        self._calls += 1
        message = {"id": self._calls, "method": method, "params": params}
        await self._socket.send_json({**message, "sessionId": self._session} if self._session else message)
        while True:
            answer = await self._socket.receive_json(timeout=CALL_S)
            if answer.get("id") == self._calls:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.events.append(answer)

    async def until(self, event: str) -> None:
        """Wait for an event that may have come already."""
        while not any(one.get("method") == event for one in self.events):
            self.events.append(await self._socket.receive_json(timeout=CALL_S))

    async def value(self, expression: str) -> Any:
        """What a JavaScript expression gives in the page."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A headless Chromium with an empty profile; gone when the block is left."""
    command = next(path for path in map(shutil.which, NAMES) if path)
    # The page is our own and loads nothing; without user namespaces (containers, root) Chromium's sandbox cannot start.
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
    process = await asyncio.create_subprocess_exec(
        *(command, *flags, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(profile)},
    )
    try:
        address = await asyncio.wait_for(_address(process), START_S)
        async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
            yield socket
    finally:
        process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("DevTools listening on "):
            return text.removeprefix("DevTools listening on ")
    raise RuntimeError("Chromium ended before it could be asked anything")


async def look(page: Path, view: View, profile: Path) -> Seen:
    """Open a page and look at it."""
    async with browser(profile) as socket:
        tab = Tab(socket)
        await tab.attach()
        await tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=view.width,
            height=view.height,
            deviceScaleFactor=1,
            mobile=view.width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if view.is_dark else "light"}
        await tab.call("Emulation.setEmulatedMedia", features=[scheme], media="print" if view.is_paper else "")
        await tab.call("Page.navigate", url=page.as_uri())
        await tab.until("Page.loadEventFired")
        if view.is_unfolded:
            await tab.value("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        seen = Seen(
            page_width=await tab.value("document.documentElement.scrollWidth"),
            poor_contrasts=await tab.value(CONTRAST_SCRIPT),
            lost=await tab.value(LOST_SCRIPT),
            lightness=tuple(await tab.value(LIGHTNESS_SCRIPT)),
            title=await tab.value("document.title"),
        )
        if not view.is_paper:
            seen.screenshot = await screenshot(tab)
        seen.complaints = [event for event in map(_complaint, tab.events) if event]
        sent = [one["params"] for one in tab.events if one.get("method") == "Network.requestWillBeSent"]
        seen.requests = [url for one in sent if (url := one["request"]["url"]) != page.as_uri()]
        return seen


async def screenshot(tab: Tab) -> bytes:
    """The whole page; what stands in a frame is painted by another process, maybe a moment later."""
    for _ in range(PAINT_TRIES):
        picture = await tab.call("Page.captureScreenshot", captureBeyondViewport=True)
        taken = base64.b64decode(picture["data"])
        if colours_of(taken) > BLANK_COLOURS:
            break
        await asyncio.sleep(PAINT_WAIT_S)
    return taken


def _complaint(event: dict[str, Any]) -> str | None:
    method, params = event.get("method"), event.get("params", {})
    if method == "Log.entryAdded" and params["entry"]["level"] in ("warning", "error"):
        return params["entry"]["text"]
    if method == "Runtime.exceptionThrown":
        return str(params["exceptionDetails"])
    return str(params["args"]) if method == "Runtime.consoleAPICalled" else None


@pytest.fixture(scope="module")
def has_browser() -> None:
    """Skips what cannot be looked at, before anything is made to be looked at."""
    if not any(map(shutil.which, NAMES)):
        pytest.skip(f"no Chromium on the PATH (one of {', '.join(NAMES)}): the report cannot be looked at")


@pytest.fixture
def looked_at(has_browser, tmp_path):
    """Shows a page in the browser."""

    def show(html: str, view: View) -> Seen:
        page = tmp_path / "report.html"
        page.write_text(html, encoding="utf-8")
        return asyncio.run(look(page, view, tmp_path / "profile"))

    return show


@pytest.fixture(scope="module")
def real_page(has_browser, shared, root, tmp_path_factory) -> str:
    """The report on LLMBar's three published evaluators, as a user gets it who ingests and evaluates them."""
    folder = tmp_path_factory.mktemp("llmbar")
    data = shared / "data" / "llmbar"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("JUDGELAKE_", "MLFLOW_"))}
    environment |= {"JUDGELAKE_WAREHOUSE": str(folder / "warehouse")}
    inputs = ["--input", *map(str, sorted(data.glob("*.json"))), "--judgments", str(data / "published_winners.jsonl")]
    settings = ["mlflow.enabled=false", "slices.by=[attributes.subset, length, model_pair]"]
    settings += [f"report={folder / 'report.html'}", f"cards={folder / 'cards'}"]
    for job, arguments in (
        ("ingest", ["--format", "llmbar", *inputs]),
        ("evaluate", [part for setting in settings for part in ("--set", setting)]),
    ):
        command = [sys.executable, str(root / "jobs" / f"{job}.py"), *arguments]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=JOB_S)
        assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "report.html").read_text("utf-8")


def colours_of(screenshot: bytes) -> int:
    """How many colours a picture has: a blank one has one."""
    picture = PIL_Image.open(io.BytesIO(screenshot)).convert("RGB")
    return len(picture.getcolors(maxcolors=picture.width * picture.height))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_report_reads_well(looked_at, view):
    seen = looked_at(render_page(full_content()), view)
    assert not seen.complaints
    assert not seen.requests
    assert seen.page_width <= view.width, "the page itself must not scroll sideways"
    assert not seen.poor_contrasts
    assert colours_of(seen.screenshot) > BLANK_COLOURS


def with_many(names) -> ReportContent:
    """The full report with every two of these as judges, and of the first twelve as labelers."""
    agreement, kappa = full_content().judge_pairs[0].agreement, full_content().labelers.pairs[0].kappa
    pairs = tuple(JudgePair(*two, agreement=agreement) for two in combinations(names, 2))
    labelers = tuple(LabelerPair(*two, kappa) for two in combinations(names[:12], 2))
    return replace(full_content(), judge_pairs=pairs, labelers=Labelers(labelers))


PRINTED = {
    "full": full_content(),
    "short texts": hostile_content("text"),
    "many judges": with_many([f"judge-with-a-name-{number}" for number in range(14)]),
    "too many judges for a sheet": with_many([f"judge {number}" for number in range(30)]),
}


@pytest.mark.parametrize("is_dark", [False, True], ids=["in the light", "in the dark"])
@pytest.mark.parametrize("content", PRINTED.values(), ids=PRINTED)
def test_the_report_prints_whole_and_dark_on_white(looked_at, content, is_dark):
    seen = looked_at(render_page(content), View(width=PAPER_PX, height=1_000, is_dark=is_dark, is_paper=True))
    assert not seen.lost
    assert not seen.poor_contrasts
    assert seen.lightness == (0, 1)
    assert seen.page_width <= PAPER_PX


def test_the_report_of_a_real_evaluation_reads_and_prints_well(looked_at, real_page):
    paper = View(width=PAPER_PX, height=1_000, is_dark=True, is_paper=True)
    for view in (VIEWS["wide"], VIEWS["a phone in the dark"], paper):
        seen = looked_at(real_page, view)
        assert not seen.complaints
        assert not seen.requests
        assert seen.page_width <= view.width
        assert not seen.poor_contrasts
    assert not seen.lost
    # GPT-4 leans to no place that so few comparisons could show, and ChatGPT's failures leave some figures open.
    assert "not found; this sample could not have shown less than" in real_page
    assert "were all failures wrong" in real_page
    assert real_page.count('<article class="disagreement"') == 20


def test_a_report_without_data_reads_well(looked_at):
    seen = looked_at(render_page(empty_content()), VIEWS["a phone"])
    assert not seen.complaints
    assert seen.page_width <= 360


def test_hostile_texts_do_nothing_in_the_browser(looked_at):
    everything = "".join(text[:2_000] for text in HOSTILE_TEXTS.values())
    seen = looked_at(render_page(hostile_content(everything)), VIEWS["the smallest phone"])
    assert not seen.requests
    assert not seen.complaints
    assert seen.title != "taken"
    assert seen.page_width <= 320


def test_the_report_shows_within_a_notebook_cell(looked_at):
    seen = looked_at(f"<!DOCTYPE html><title>cell</title>{notebook_html(full_content())}", VIEWS["wide"])
    assert not seen.complaints
    assert not seen.requests
    assert colours_of(seen.screenshot) > BLANK_COLOURS
