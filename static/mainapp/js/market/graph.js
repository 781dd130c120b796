// The chart's page: history by HTTP, the newest price by socket.
import "../pages/base.js";
import { fetchCandles as askForCandles, toBar } from "./candles.js";
import { StockChart } from "./chart.js";
import { clock, compact, day, decimal, pct } from "../core/number.js";
import { ageText, changeClass, fieldText, gettext, originText, place } from "./quotes.js";
import { StockSocket } from "./socket.js";
import { attachStatus } from "./status.js";

const OPTIONS_KEY = "pregao.graph";
const RANGES = { day: ["low", "high"], year: ["year_low", "year_high"] };

const root = document.querySelector("[data-graph]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const { symbol, index } = root.dataset;
const box = root.querySelector(".chart-box");
let range = root.dataset.range;
let options = { sma21: true };
let asked = 0; // the number of the newest question; older answers are dropped
let bars = [];
let interval = "1m";

try {
  options = JSON.parse(localStorage.getItem(OPTIONS_KEY)) ?? options;
} catch {
  // storage is refused: the choice lasts as long as the page
}

root.dataset.ready = "";
const socket = new StockSocket({ room: "graph", symbols: [symbol] });
const chart = new StockChart(part("chart"), { onCrosshair: showLegend });
let pointed = null; // the bar under the pointer

// The head ---------------------------------------------------------------------------------------

const fields = new Map([...root.querySelectorAll("[data-field]")].map((e) => [e.dataset.field, e]));

function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function showQuote(quote) {
  for (const [field, element] of fields) {
    if (field !== "age") write(element, fieldText(quote, field));
  }
  for (const field of ["change", "change_pct"]) fields.get(field).className = changeClass(quote);
  for (const [name, [low, high]] of Object.entries(RANGES)) {
    const bar = root.querySelector(`[data-range="${name}"]`);
    const at = place(quote[low], quote[high], quote.price);
    bar.hidden = at === null;
    if (at !== null) bar.style.setProperty("--at", at.toFixed(1));
  }
  fields.get("price").title = originText(quote);
  document.title = `${symbol} ${decimal(quote.price)} · Pregão`;
  showAge();
}

function showAge() {
  const quote = socket.quotes.get(symbol) ?? rendered[symbol];
  if (!quote) return;
  const age = fields.get("age");
  age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  write(age, ageText(quote, socket.now()));
}

const MOVING = window.matchMedia("(prefers-reduced-motion: no-preference)");

function flash(before, after) {
  const price = fields.get("price");
  price.classList.remove("flash-up", "flash-down");
  if (MOVING.matches) price.classList.add(Number(after) > Number(before) ? "flash-up" : "flash-down");
}

fields.get("price").addEventListener("animationend", ({ target }) =>
  target.classList.remove("flash-up", "flash-down"),
);

// The chart --------------------------------------------------------------------------------------

/** Show a bar's values, the newest one's where the pointer is on none. */
function showLegend(hovered) {
  pointed = hovered;
  const bar = pointed ?? bars.at(-1);
  const legend = part("legend");
  if (!bar) {
    legend.replaceChildren();
    return;
  }
  const at = bars.indexOf(bar);
  const before = at > 0 ? bars[at - 1].close : bar.open;
  const change = ((bar.close / before - 1) * 100).toFixed(2);
  const number = (value) => decimal(value.toFixed(2));
  const values = [
    [gettext("A"), number(bar.open)],
    [gettext("Máx"), number(bar.high)],
    [gettext("Mín"), number(bar.low)],
    [gettext("F"), number(bar.close)],
    [gettext("Vol"), compact(bar.volume)],
  ];
  const parts = values.map(([name, value]) => {
    const item = document.createElement("span");
    item.append(name, " ", Object.assign(document.createElement("b"), { textContent: value }));
    return item;
  });
  const move = document.createElement("span");
  move.className = Number(change) > 0 ? "up" : Number(change) < 0 ? "down" : "flat";
  move.textContent = pct(change);
  const when = document.createElement("span");
  when.textContent = barTime(bar);
  legend.replaceChildren(when, ...parts, move);
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

/** Say something below the chart; `canRetry` puts a button beside it. */
function note(text, { canRetry = false } = {}) {
  const line = part("note");
  line.hidden = !text;
  line.replaceChildren(text);
  if (!canRetry) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = gettext("Tentar de novo");
  button.addEventListener("click", load);
  line.append(" ", button);
}

/** Ask for candles until they are there or failed; null when a newer question was put meanwhile. */
function fetchCandles(ticker, number) {
  return askForCandles({
    url: root.dataset.candlesUrl,
    ticker,
    range,
    isWanted: () => number === asked,
    onPartial: (body) => {
      if (ticker !== symbol) return;
      showBars(body); // what is kept, meanwhile
      note(gettext("Carregando o histórico…"));
    },
  });
}

/** Show the reader's own alerts on the chart, where the page names who knows them. */
async function loadMarks() {
  if (!root.dataset.marksUrl) return;
  const url = new URL(root.dataset.marksUrl, window.location.href);
  url.search = new URLSearchParams({ ticker: symbol });
  try {
    const answer = await fetch(url);
    if (!answer.ok) return;
    const quote = socket.quotes.get(symbol) ?? rendered[symbol];
    chart.setMarks(await answer.json(), Number(quote?.previous_close ?? NaN));
  } catch {
    // the chart is whole without them
  }
}

function showBars(body) {
  const isSame = bars.length === body.bars.length && interval === body.interval;
  if (isSame && body.status === "loading" && box.dataset.state === "ready") return;
  interval = body.interval;
  bars = body.bars.map(toBar);
  chart.show(bars, interval, options);
  applyQuote();
  showLegend(null);
  cover("ready");
}

async function load() {
  const number = ++asked;
  bars = [];
  cover("loading", gettext("Carregando o histórico…"));
  note("");
  try {
    const body = await fetchCandles(symbol, number);
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
    if (options.compare) await loadComparison(number);
  } catch {
    if (number === asked) cover("failed", gettext("Não foi possível carregar o gráfico."));
  }
}

async function loadComparison(number = asked) {
  if (!options.compare || symbol === index) {
    chart.setOptions(options, []);
    return;
  }
  socket.subscribe([index]);
  const body = await fetchCandles(index, number);
  if (!body) return;
  const times = new Set(bars.map((bar) => bar.time));
  const other = body.bars.map(toBar).filter((bar) => times.has(bar.time));
  chart.setOptions(options, other);
  if (!other.length) note(gettext("Não há histórico do IBOV para comparar neste período."));
}

function applyQuote() {
  const quote = socket.quotes.get(symbol);
  if (quote?.quoted_at && bars.length && chart.tick(Date.parse(quote.quoted_at) / 1000, quote)) {
    showLegend(pointed);
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
  try {
    localStorage.setItem(OPTIONS_KEY, JSON.stringify(options));
  } catch {
    // storage is refused: the choice lasts as long as the page
  }
  showToggles();
  if (!bars.length) return;
  if (name === "compare") loadComparison().catch(() => note(gettext("Não foi possível comparar agora.")));
  else chart.setOptions(options);
});

// Wiring -----------------------------------------------------------------------------------------

const rendered = JSON.parse(document.getElementById("quotes").textContent);
socket.addEventListener("quotes", ({ detail }) => {
  const was = detail.changes.get(symbol);
  const quote = socket.quotes.get(symbol);
  if (was && quote) {
    showQuote(quote);
    if (!detail.snapshot && was.price !== undefined) flash(was.price, quote.price);
    applyQuote();
  }
  const other = socket.quotes.get(index);
  if (symbol !== index && other && detail.changes.has(index)) {
    chart.tickOther(Date.parse(other.quoted_at) / 1000, other);
  }
});
attachStatus(root.querySelector("[data-market-status]"), socket, (isStale) => {
  fields.get("price").classList.toggle("stale", isStale);
});
if (rendered[symbol]) showQuote(rendered[symbol]);
showToggles();
socket.start();
setInterval(showAge, 1000);
load();
loadMarks();
