// The page of a paper: its quote by socket, its chart, and the choices of the reader.
import * as dom from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { onNotification, refreshParts } from "../core/refresh.js";
import { clock, day } from "../core/time.js";
import { download, framedPicture } from "./chart-image.js";
import { attachComparePanel } from "./compare-panel.js";
import { PaperChart } from "./paper-chart.js";
import { PaperHead } from "./paper-head.js";
import { QuoteLines } from "./quote-lines.js";
import { sourceName } from "./quotes.js";
import { StockSocket } from "./socket.js";
import { attachStatus } from "./status.js";
import { attachStudyPanel } from "./study-panel.js";
import "./autocomplete.js";
import "./follow.js";

const SELECTOR = "[data-paper]";
const root = document.querySelector(SELECTOR);
const part = (name) => dom.part(root, name);
const { symbol, index } = root.dataset;
const intervals = dom.readJson("intervals"); // those of each range, the usual one first

const socket = new StockSocket({ room: "graph", symbols: [symbol] });
const lines = new QuoteLines(root, { socket, candlesUrl: root.dataset.candlesUrl });
for (const peer of lines.symbols) socket.symbols.add(peer);
const head = new PaperHead(root, socket, dom.readJson("quotes"));
attachStatus(document.querySelector("[data-market-status]"), socket);
head.show();
await dom.nextTask(); // the chart costs a slow phone as much as all the rest
const paper = new PaperChart(root, { socket, head });

// Ranges and intervals ---------------------------------------------------------------------------

function showChoice() {
  for (const link of root.querySelectorAll("[data-range-link]")) {
    mark(link, link.dataset.rangeLink === paper.range);
    link.href = addressOf(link.dataset.rangeLink, intervalFor(link.dataset.rangeLink));
  }
  for (const link of root.querySelectorAll("[data-interval-link]")) {
    const { intervalLink } = link.dataset;
    mark(link, intervalLink === paper.interval);
    link.dataset.name ??= link.title;
    link.title = `${link.dataset.name}: ${rangesOf(intervalLink).join(", ")}`;
    link.href = addressOf(rangeWith(intervalLink), intervalLink);
  }
}

/** Mark the current link, and scroll a track that is too narrow to it. */
function mark(link, isCurrent) {
  if (!isCurrent) return link.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  dom.centre(link);
}

/** Return the labels of the ranges that have bars of a width. */
function rangesOf(interval) {
  const links = [...root.querySelectorAll("[data-range-link]")];
  const own = links.filter(({ dataset }) => intervals[dataset.rangeLink].includes(interval));
  return own.map((link) => link.textContent.trim());
}

/** Return the range to show bars of a width in: the current one, else the first that has them. */
function rangeWith(interval) {
  if (intervals[paper.range].includes(interval)) return paper.range;
  return Object.keys(intervals).find((range) => intervals[range].includes(interval));
}

/** Return the width of the bars in another range: the chosen one if it has it, else its usual one. */
function intervalFor(range) {
  const isUsual = paper.interval === intervals[paper.range][0];
  return isUsual || !intervals[range].includes(paper.interval) ? intervals[range][0] : paper.interval;
}

function addressOf(range, interval) {
  const url = new URL(window.location.href);
  url.searchParams.delete("former");
  url.searchParams.set("range", range);
  if (intervals[range].indexOf(interval) > 0) url.searchParams.set("interval", interval);
  else url.searchParams.delete("interval");
  return url.href;
}

function choose(range, wanted, { push }) {
  const interval = intervals[range].includes(wanted) ? wanted : intervals[range][0];
  if (push) history.pushState({}, "", addressOf(range, interval));
  const loaded = paper.choose(range, interval);
  showChoice();
  return loaded;
}

root.addEventListener("click", (event) => {
  const link = event.target.closest("[data-range-link], [data-interval-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { rangeLink, intervalLink } = link.dataset;
  if (intervalLink) choose(rangeWith(intervalLink), intervalLink, { push: true });
  else choose(rangeLink, intervalFor(rangeLink), { push: true });
});
window.addEventListener("popstate", () => {
  const query = new URLSearchParams(window.location.search);
  choose(query.get("range") ?? "1d", query.get("interval"), { push: false });
});
part("retry").addEventListener("click", () => paper.load());

// Tools ------------------------------------------------------------------------------------------

function showStyle() {
  for (const button of part("styles").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === paper.options.style));
  }
}

part("styles").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  paper.setOptions({ style: button.value });
  showStyle();
});
attachStudyPanel(part("study-panel"), {
  read: () => paper.options.studies,
  change: (studies) => paper.setOptions({ studies }),
});
attachComparePanel(part("compare-panel"), {
  symbol,
  index,
  read: () => paper.others,
  change: (others) => paper.setOptions({ others }),
});

const card = root.querySelector(".chart-card");
const filling = part("fill");

/** Let the chart fill the screen; where the browser refuses, the page. */
async function fill(isFilled) {
  card.toggleAttribute("data-filled", isFilled);
  filling.setAttribute("aria-pressed", String(isFilled));
  try {
    if (isFilled) await card.requestFullscreen?.();
    else if (document.fullscreenElement) await document.exitFullscreen();
  } catch {
    // it fills the page
  }
}

filling.addEventListener("click", () => fill(!card.hasAttribute("data-filled")));
document.addEventListener("fullscreenchange", () => {
  if (!document.fullscreenElement) fill(false);
});
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && card.hasAttribute("data-filled")) fill(false);
});

part("picture").addEventListener("click", () => {
  if (!paper.chart.bars.length) return;
  const at = head.quote()?.quoted_at ?? new Date(socket.now() ?? Date.now()).toISOString(); // an old price has its own time
  const time = `${day(at, { withYear: true })} ${clock(at).slice(0, 5)}`;
  const [range, interval] = ["range", "interval"].map(
    (name) => root.querySelector(`[data-${name}-link][aria-current]`)?.textContent.trim() ?? "",
  );
  const source = sourceName(paper.source || socket.source);
  const canvas = framedPicture(paper.chart.picture(), {
    title: `${symbol} · ${root.querySelector("[data-part=price-text]").textContent.trim()}`,
    subtitle: `${range} · ${interval}`,
    foot: gettext("Pregão · fonte: %(source)s · %(time)s (São Paulo)", { source, time }),
    isSimulated: socket.simulated ?? root.hasAttribute("data-simulated"),
  });
  download(canvas, `${symbol}-${paper.range}-${paper.interval}.png`);
});

// Wiring -----------------------------------------------------------------------------------------

socket.addEventListener("quotes", ({ detail }) => {
  if (detail.changes.has(symbol)) {
    head.show(detail.snapshot ? null : detail.changes.get(symbol));
    paper.applyQuote();
    root.dispatchEvent(new CustomEvent("quote", { detail: head.quote() })); // for the blocks of other features
  }
  for (const other of paper.others) if (detail.changes.has(other)) paper.applyOther(other);
  lines.update(new Map([...detail.changes.keys()].map((each) => [each, socket.quotes.get(each)])));
});
document.addEventListener("priceage", () => {
  head.showTitle();
  paper.showStaleness();
});

async function refresh() {
  await refreshParts(root, SELECTOR);
  paper.showLines();
}

root.addEventListener("limitsaved", refresh);
onNotification("alert_", () => {
  paper.loadMarks();
  refresh();
});
await dom.nextTask();
paper.showStaleness();
showStyle();
showChoice();
root.dataset.ready = "";
socket.start();
setInterval(() => head.showAge(), 1000);
paper.load();
paper.loadMarks();
lines.loadPoints();
