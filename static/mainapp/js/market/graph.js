// The page of a chart: history by HTTP, the newest price by socket.
import * as dom from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { compact, compareDecimals, decimal, direction, pct } from "../core/number.js";
import { onNotification } from "../core/refresh.js";
import { readStored, writeStored } from "../core/storage.js";
import { clock, day } from "../core/time.js";
import * as candles from "./candles.js";
import { StockChart } from "./chart.js";
import { ageText, changeClass, fieldText, originText, place, showDoubt } from "./quotes.js";
import { StockSocket } from "./socket.js";
import { attachStatus, isStale } from "./status.js";

const OPTIONS_KEY = "pregao.graph";
const RANGES = { day: ["low", "high"], year: ["year_low", "year_high"] };

const root = document.querySelector("[data-graph]");
const part = (name) => dom.part(root, name);
const { symbol, index } = root.dataset;
const box = root.querySelector(".chart-box");
let range = root.dataset.range;
let options = readStored(OPTIONS_KEY, { sma21: true });
let lastRequest = 0; // responses to older requests are dropped
let bars = [];
let interval = "1m";

const rendered = dom.readJson("quotes");
root.dataset.ready = "";
const socket = new StockSocket({ room: "graph", symbols: [symbol] });
const chart = new StockChart(part("chart"), { onCrosshair: showLegend });
let pointedBar = null;

// The head ---------------------------------------------------------------------------------------

const fields = new Map(
  [...root.querySelectorAll("[data-field]")].map((element) => [element.dataset.field, element]),
);

function showQuote(quote) {
  for (const [field, element] of fields) {
    if (field !== "age") dom.setText(element, fieldText(quote, field));
  }
  for (const field of ["change", "change_pct"]) fields.get(field).className = changeClass(quote);
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const bar = root.querySelector(`[data-range="${name}"]`);
    dom.setMarker(bar, place(quote[low], quote[high], quote.price));
  }
  fields.get("price").title = originText(quote);
  showDoubt(root, quote);
  showTitle(quote);
  showAge();
}

function showTitle({ price }) {
  const age = isStale(root) ? ` (${gettext("desatualizado")})` : "";
  document.title = `${symbol} ${decimal(price)}${age} · Pregão`;
}

/** Mark old prices where style sheets cannot: in the tab's title, and on the chart's newest bar. */
function showStaleness() {
  const quote = socket.quotes.get(symbol) ?? rendered[symbol];
  if (quote) showTitle(quote);
  chart.setStale(isStale(root) || Boolean(options.compare && socket.late.has(index)));
  showLegend(pointedBar);
}

function showAge() {
  const quote = socket.quotes.get(symbol) ?? rendered[symbol];
  if (!quote) return;
  const age = fields.get("age");
  age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  dom.setText(age, ageText(quote, socket.now()));
}

// The chart --------------------------------------------------------------------------------------

/** Show the values of the bar under the pointer, else of the newest one. */
function showLegend(hoveredBar) {
  pointedBar = hoveredBar;
  const bar = pointedBar ?? bars.at(-1);
  const isNewest = bar === bars.at(-1);
  part("legend").classList.toggle("priced", isNewest);
  part("legend").replaceChildren(...(bar ? legendOf(bar) : []));
  if (bar && isNewest) {
    part("legend").append(dom.build("small", { className: "stale-note" }, gettext("desatualizado")));
  }
}

function legendOf(bar) {
  const i = bars.indexOf(bar);
  const before = i > 0 ? bars[i - 1].close : bar.open;
  const change = ((bar.close / before - 1) * 100).toFixed(2);
  const number = (value) => decimal(value.toFixed(2));
  const values = [
    [gettext("A"), number(bar.open)],
    [gettext("Máx"), number(bar.high)],
    [gettext("Mín"), number(bar.low)],
    [gettext("F"), number(bar.close)],
    [gettext("Vol"), compact(bar.volume)],
  ];
  return [
    dom.build("span", {}, barTime(bar)),
    ...values.map(([name, value]) => dom.build("span", {}, name, " ", dom.build("b", {}, value))),
    dom.build("span", { className: direction(change) }, pct(change)),
  ];
}

function barTime(bar) {
  const moment = bar.time * 1000;
  if (interval === "1d") return day(moment, { withYear: true });
  return `${day(moment)} ${clock(moment).slice(0, 5)}`;
}

function cover(state, text = "") {
  box.dataset.state = state;
  part("cover-text").textContent = text;
  part("retry").hidden = state !== "failed";
}

/** Show a message below the chart; `canRetry` adds a button. */
function note(text, { canRetry = false } = {}) {
  const line = part("note");
  line.hidden = !text;
  line.replaceChildren(text);
  if (!canRetry) return;
  line.append(" ", dom.buildButton(gettext("Tentar de novo"), load, { className: "button button-small" }));
}

/** Fetch candles; null if a newer request was made in the meantime. */
function fetchCandles(ticker, request) {
  return candles.fetchCandles({
    url: root.dataset.candlesUrl,
    ticker,
    range,
    isWanted: () => request === lastRequest,
    onPartial: (body) => {
      if (ticker !== symbol) return;
      showBars(body);
      note(gettext("Carregando o histórico…"));
    },
  });
}

/** Show the reader's own alerts on the chart. */
async function loadMarks() {
  if (!root.dataset.marksUrl) return;
  const url = new URL(root.dataset.marksUrl, window.location.href);
  url.search = new URLSearchParams({ ticker: symbol });
  try {
    const response = await fetch(url);
    if (!response.ok) return;
    const quote = socket.quotes.get(symbol) ?? rendered[symbol];
    chart.setMarks(await response.json(), Number(quote?.previous_close ?? NaN));
  } catch {
    // the chart works without them
  }
}

function showBars(body) {
  const isSame = bars.length === body.bars.length && interval === body.interval;
  if (isSame && body.status === "loading" && box.dataset.state === "ready") return;
  interval = body.interval;
  bars = body.bars.map(candles.toBar);
  chart.show(bars, interval, options);
  applyQuote();
  showLegend(null);
  cover("ready");
}

async function load() {
  const request = ++lastRequest;
  bars = [];
  cover("loading", gettext("Carregando o histórico…"));
  note("");
  try {
    const body = await fetchCandles(symbol, request);
    if (!body) return;
    note("");
    if (body.bars.length) showBars(body);
    const failed = body.status === "failed";
    if (failed && !bars.length) return cover("failed", gettext("A fonte não entregou o histórico agora."));
    if (failed) {
      const text = gettext("A fonte não respondeu agora: o gráfico mostra o que já estava guardado.");
      note(text, { canRetry: true });
    }
    if (!bars.length) return cover("empty", gettext("Ainda não há histórico deste ativo neste período."));
    if (options.compare) await loadComparison(request);
  } catch {
    if (request === lastRequest) cover("failed", gettext("Não foi possível carregar o gráfico."));
  }
}

async function loadComparison(request = lastRequest) {
  if (!options.compare || symbol === index) {
    chart.setOptions(options, []);
    return;
  }
  socket.subscribe([index]);
  const body = await fetchCandles(index, request);
  if (!body) return;
  const times = new Set(bars.map((bar) => bar.time));
  const other = body.bars.map(candles.toBar).filter((bar) => times.has(bar.time));
  chart.setOptions(options, other);
  if (!other.length) note(gettext("Não há histórico do IBOV para comparar neste período."));
}

function applyQuote() {
  const quote = socket.quotes.get(symbol);
  if (quote?.quoted_at && bars.length && chart.tick(Date.parse(quote.quoted_at) / 1000, quote)) {
    showLegend(pointedBar);
  }
}

// Choices ----------------------------------------------------------------------------------------

function choose(next, push) {
  range = next;
  for (const link of root.querySelectorAll("[data-range-link]")) {
    if (link.dataset.rangeLink === range) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (push && link.dataset.rangeLink === range) history.pushState({ range }, "", link.href);
  }
  load();
}

root.querySelector(".graph-ranges").addEventListener("click", (event) => {
  const link = event.target.closest("[data-range-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(link.dataset.rangeLink, true);
});
window.addEventListener("popstate", () => {
  choose(new URLSearchParams(window.location.search).get("range") ?? "1d", false);
});
part("retry").addEventListener("click", load);

function showToggles() {
  for (const button of part("toggles").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(Boolean(options[button.dataset.toggle])));
  }
}

part("toggles").addEventListener("click", (event) => {
  const name = event.target.closest("button")?.dataset.toggle;
  if (!name) return;
  options = { ...options, [name]: !options[name] };
  writeStored(OPTIONS_KEY, options);
  showToggles();
  if (!bars.length) return;
  if (name === "compare") loadComparison().catch(() => note(gettext("Não foi possível comparar agora.")));
  else chart.setOptions(options);
});

// Wiring -----------------------------------------------------------------------------------------

dom.clearFlashes(fields.get("price").parentElement);
socket.addEventListener("quotes", ({ detail }) => {
  const before = detail.changes.get(symbol);
  const quote = socket.quotes.get(symbol);
  if (before && quote) {
    showQuote(quote);
    if (!detail.snapshot && before.price !== undefined) {
      dom.flash(fields.get("price"), compareDecimals(quote.price, before.price));
    }
    applyQuote();
  }
  const other = socket.quotes.get(index);
  if (symbol !== index && other && detail.changes.has(index)) {
    chart.tickOther(Date.parse(other.quoted_at) / 1000, other);
  }
});
document.addEventListener("priceage", showStaleness);
attachStatus(document.querySelector("[data-market-status]"), socket);
if (rendered[symbol]) showQuote(rendered[symbol]);
showStaleness();
showToggles();
socket.start();
setInterval(showAge, 1000);
load();
loadMarks();
onNotification("alert_", loadMarks);
