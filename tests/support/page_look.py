"""Looking at a page in headless Chromium, driven by its DevTools protocol over aiohttp, which is installed anyway.

Only that protocol can set the width of a phone and the dark scheme, and tell what the page asked of the network.
"""

from __future__ import annotations

import asyncio
import base64
import io
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image

START_S = 60
CALL_S = 60
PAINT_TRIES, PAINT_WAIT_S = 40, 0.25
# Text alone has more shades than this, because of its smooth edges; a background and an empty frame have two or three.
BLANK_COLOURS = 50
# WCAG 2.2, success criterion 1.4.3, level AA: text, and large text (24 px, or 18.66 px and bold).
CONTRAST, CONTRAST_OF_LARGE = 4.5, 3.0

# Every element with its own text: its contrast with the nearest painted background.
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

# What is lost in print: folded parts that stay folded, and elements wider or higher than their container.
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


@dataclass(frozen=True, slots=True)
class View:
    """The settings of one view of the page."""

    width: int = 1_280
    height: int = 900
    is_dark: bool = False
    is_unfolded: bool = False
    is_paper: bool = False


# A4 with the default margins of browsers.
PAPER_PX = 718
VIEWS = {
    "wide": View(),
    "a phone": View(width=360, height=740),
    "the smallest phone": View(width=320, height=568, is_unfolded=True),
    "in the dark": View(is_dark=True),
    "a phone in the dark": View(width=360, height=740, is_dark=True, is_unfolded=True),
}


@dataclass(slots=True)
class Seen:
    """The result of one view of a page."""

    screenshot: bytes = b""
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    page_width: int = 0
    poor_contrasts: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    lightness: tuple[float, float] = (0.0, 0.0)
    """Lightness of the page's text and of its background, from 0 (black) to 1 (white)."""
    title: str = ""


class Tab:
    """One tab of the browser: calls by name, and a record of its events."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.events: list[dict[str, Any]] = []
        self._socket = socket
        self._calls = 0
        self._session: str | None = None

    async def attach(self) -> str:
        """Open a tab with an empty profile of its own and address it from now on; returns the profile's id."""
        profile = (await self.call("Target.createBrowserContext"))["browserContextId"]
        target = await self.call("Target.createTarget", url="about:blank", browserContextId=profile)
        attached = await self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")
        return str(profile)

    async def close(self, profile: str) -> None:
        """Close the tab and delete its profile."""
        self._session = None
        await self.call("Target.disposeBrowserContext", browserContextId=profile)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one call; other messages that arrive meanwhile are events."""
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
        """Wait for an event that may already have arrived."""
        while not any(one.get("method") == event for one in self.events):
            self.events.append(await self._socket.receive_json(timeout=CALL_S))

    async def value(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")


@asynccontextmanager
async def opened_tab(address: str) -> AsyncIterator[Tab]:
    """A tab of the browser at this address; closed at the end of the block."""
    async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
        tab = Tab(socket)
        profile = await tab.attach()
        yield tab
        await tab.close(profile)


async def look(page: Path, view: View, address: str) -> Seen:
    """Open a page and record what it shows."""
    async with opened_tab(address) as tab:
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
    """The whole page; the content of a frame is painted by another process, perhaps a moment later."""
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


def colours_of(screenshot: bytes) -> int:
    """The number of colours in a picture: a blank one has one."""
    picture = Image.open(io.BytesIO(screenshot)).convert("RGB")
    return len(picture.getcolors(maxcolors=picture.width * picture.height))


def address_of(process: subprocess.Popen[bytes], profile: Path) -> str:
    """The address of the browser, which it writes into its profile once it listens."""
    port_file = profile / "DevToolsActivePort"
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        lines = port_file.read_text("utf-8").splitlines() if port_file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(PAINT_WAIT_S)
    raise RuntimeError(f"Chromium could not be asked anything within {START_S} s (exit code {process.poll()})")
