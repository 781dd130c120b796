"""One visit to a page in a new browser profile, measured through the DevTools protocol."""

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.rig.site import Site, chromium

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 1,
    "is_mobile": True,
    "has_touch": True,
    "locale": "pt-BR",
}
QUIET_S, LONGEST_S = 1.5, 30.0
FRAME_S, FRAME_WIDTH, LABEL_HEIGHT = 0.5, 180, 16


@dataclass(frozen=True)
class Network:
    """Conditions of a connection: bits a second in both directions, seconds of a round trip."""

    bits_per_s: int
    round_trip_s: float


SLOW = Network(bits_per_s=400_000, round_trip_s=0.4)


@dataclass
class Visit:
    """Requests, first paint and frames of a visit; times are the browser's monotonic seconds."""

    started_at: float = 0.0
    painted_at: float | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    received: list[tuple[float, str, int]] = field(default_factory=list)
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    last_at: float = 0.0

    @property
    def first_content_s(self) -> float:
        return (self.painted_at or float("inf")) - self.started_at

    @property
    def requests(self) -> int:
        return len(self.kinds)

    def bytes_received(self, *, kind: str = "", until: float = float("inf")) -> int:
        """Return the bytes, headers included: of all responses, or of one resource type."""
        return sum(
            size
            for at, request, size in self.received
            if at <= until and kind in ("", self.kinds.get(request))
        )

    @property
    def bytes_before_content(self) -> int:
        return self.bytes_received(until=self.painted_at or float("inf"))


class Recorder:
    """Fills a Visit from a page's events."""

    def __init__(self, client: CDPSession) -> None:
        self.visit = Visit()
        self.client = client
        self._frame_zero: float | None = None
        self._unacknowledged: list[int] = []
        client.on("Network.requestWillBeSent", self._request)
        client.on("Network.responseReceived", self._headers)
        client.on("Network.dataReceived", self._data)
        client.on("Page.lifecycleEvent", self._lifecycle)
        client.on("Page.screencastFrame", self._frame)

    def _request(self, event: dict[str, Any]) -> None:
        visit = self.visit
        if event["request"]["url"].startswith("data:"):
            return
        if not visit.kinds:
            visit.started_at, self._frame_zero = event["timestamp"], event["wallTime"]
        visit.kinds[event["requestId"]] = event.get("type", "Other")

    def _headers(self, event: dict[str, Any]) -> None:
        self._receive(event, int(event["response"]["encodedDataLength"]))

    def _data(self, event: dict[str, Any]) -> None:
        self._receive(event, event["encodedDataLength"])

    def _receive(self, event: dict[str, Any], size: int) -> None:
        if event["requestId"] in self.visit.kinds:
            self.visit.received.append((event["timestamp"], event["requestId"], size))
            self.visit.last_at = time.monotonic()

    def _lifecycle(self, event: dict[str, Any]) -> None:
        if event["name"] == "firstContentfulPaint" and self.visit.painted_at is None:
            self.visit.painted_at = event["timestamp"]

    def _frame(self, event: dict[str, Any]) -> None:
        self._unacknowledged.append(event["sessionId"])
        if self._frame_zero is not None:
            at = event["metadata"]["timestamp"] - self._frame_zero
            self.visit.frames.append((at, base64.b64decode(event["data"])))

    def request_next_frame(self) -> None:
        """Acknowledge the frames; until then the browser sends no others."""
        while self._unacknowledged:
            self.client.send("Page.screencastFrameAck", {"sessionId": self._unacknowledged.pop()})


@contextmanager
def open_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def new_page(browser: Browser, site: Site, *, is_logged_in: bool, **options: Any) -> Iterator[Page]:
    """Open an empty page with an empty cache."""
    context = browser.new_context(base_url=site.url, **options)
    if is_logged_in:
        context.add_cookies(site.cookies())
    try:
        yield context.new_page()
    finally:
        context.close()


def first_visit(page: Page, path: str, network: Network = SLOW) -> Visit:
    """Visit a page with a slow connection and an empty cache, and wait until it is quiet."""
    client = page.context.new_cdp_session(page)
    recorder = Recorder(client)
    for domain in ("Network", "Page"):
        client.send(f"{domain}.enable")
    client.send("Page.setLifecycleEventsEnabled", {"enabled": True})
    client.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 1000 * network.round_trip_s,
            "downloadThroughput": network.bits_per_s / 8,
            "uploadThroughput": network.bits_per_s / 8,
        },
    )
    client.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    page.goto(path, wait_until="commit", timeout=1000 * LONGEST_S)
    started_at = time.monotonic()
    while time.monotonic() - max(started_at, recorder.visit.last_at) < QUIET_S:
        page.wait_for_timeout(50)  # lets the events arrive
        recorder.request_next_frame()
    client.send("Page.stopScreencast")
    return recorder.visit


def save_film_strip(visit: Visit, path: Path) -> None:
    """Save what the page showed every half second, side by side."""
    count = int(visit.frames[-1][0] / FRAME_S) + 2
    shown = [visit.frames[0][1]] * count
    for index in range(count):
        earlier = [data for at, data in visit.frames if at <= index * FRAME_S]
        shown[index] = earlier[-1] if earlier else b""
    pictures = [_picture(data) for data in shown]
    height = max(picture.height for picture in pictures)
    strip = Image.new("RGB", (count * (FRAME_WIDTH + 2), height + LABEL_HEIGHT), "white")
    draw = ImageDraw.Draw(strip)
    for index, picture in enumerate(pictures):
        left = index * (FRAME_WIDTH + 2)
        draw.text((left + 2, 2), f"{index * FRAME_S:.1f} s", fill="black")
        strip.paste(picture, (left, LABEL_HEIGHT))
    path.parent.mkdir(parents=True, exist_ok=True)
    strip.save(path)


def _picture(data: bytes) -> Image.Image:
    if not data:
        return Image.new("RGB", (FRAME_WIDTH, 10), "white")
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    return picture.resize((FRAME_WIDTH, round(picture.height * FRAME_WIDTH / picture.width)))


@dataclass(frozen=True)
class Coverage:
    """Bytes of a page's style sheets, uncompressed, and how many of them its elements use."""

    size: int
    used: int


def css_coverage(page: Page, path: str) -> Coverage:
    client = page.context.new_cdp_session(page)
    sizes: dict[str, int] = {}
    client.on("CSS.styleSheetAdded", lambda event: sizes.update(_size_of(event["header"])))
    for domain in ("DOM", "CSS"):
        client.send(f"{domain}.enable")
    client.send("CSS.startRuleUsageTracking")
    page.goto(path, wait_until="load")
    page.wait_for_timeout(1000)
    rules = client.send("CSS.stopRuleUsageTracking")["ruleUsage"]
    used = sum(
        rule["endOffset"] - rule["startOffset"]
        for rule in rules
        if rule["used"] and rule["styleSheetId"] in sizes
    )
    return Coverage(size=sum(sizes.values()), used=used)


def _size_of(header: dict[str, Any]) -> dict[str, int]:
    is_file = header["sourceURL"].startswith("http") and not header["isInline"]
    return {header["styleSheetId"]: int(header["length"])} if is_file else {}
