// The pages of alerts: live prices, their distances from the limits, and the states of alerts.
import { readJson, setDirection, setText } from "../core/dom.js";
import { direction } from "../core/number.js";
import { onNotification, refreshParts } from "../core/refresh.js";
import { DayPoints } from "../market/day-points.js";
import { fieldText, originText, showAge, showDoubt } from "../market/quotes.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus, markLate } from "../market/status.js";
import { drawChart } from "./chart.js";
import { distanceText, nearness } from "./distance.js";

const NEAR = 80; // as in selectors/alerts.py

const root = document.querySelector("[data-alerts]");
let rows = findRows();
let rendered = readJson("quotes");
const socket = new StockSocket({ room: "alerts", symbols: symbolsOf(rows) });
const points = new DayPoints(root.dataset.candlesUrl);

function findRows() {
  return [...root.querySelectorAll("[data-symbol]")];
}

function symbolsOf(elements) {
  return [...new Set(elements.map((row) => row.dataset.symbol))];
}

/** Load the states, the counts and the firings again: an alert fired, or a split paused it. */
async function refresh() {
  if (!(await refreshParts(root, "[data-alerts]"))) return;
  rows = findRows();
  rendered = readJson("quotes");
  const symbols = symbolsOf(rows);
  const gone = [...socket.symbols].filter((symbol) => !symbols.includes(symbol));
  if (gone.length) socket.unsubscribe(gone);
  socket.subscribe(symbols);
  rows.forEach(show);
  points.load(symbols);
  markLate(socket);
}

function quoteOf(row) {
  return socket.quotes.get(row.dataset.symbol) ?? rendered[row.dataset.symbol];
}

function show(row) {
  const quote = quoteOf(row);
  if (!quote) return;
  const price = row.querySelector('[data-field="price"]');
  setText(price, fieldText(quote, "price"));
  price.title = originText(quote);
  showDoubt(row, quote);
  const change = row.querySelector('[data-field="change_pct"]');
  setText(change, fieldText(quote, "change_pct"));
  setDirection(change, direction(quote.change_pct));
  let nearest = 0;
  for (const element of row.querySelectorAll("[data-distance]")) {
    const { distance: kind, limit } = element.dataset;
    setText(element, distanceText(kind, limit, quote));
    nearest = Math.max(nearest, showNearness(row, kind, nearness(kind, limit, quote)));
  }
  row.toggleAttribute("data-near", row.dataset.status === "active" && nearest >= NEAR);
  const day = points.until(row.dataset.symbol, quote);
  if (day) drawChart(row.querySelector("[data-chart]"), day, quote);
  showRowAge(row);
}

function showNearness(row, kind, value) {
  const bar = row.querySelector(`[data-nearness="${kind}"]`);
  if (bar && value !== null) bar.value = value;
  return value ?? 0;
}

function showRowAge(row) {
  const quote = quoteOf(row);
  if (quote) showAge(row.querySelector('[data-field="age"]'), quote, socket.now());
}

socket.addEventListener("quotes", ({ detail }) => {
  for (const row of rows) if (detail.changes.has(row.dataset.symbol)) show(row);
});
attachStatus(document.querySelector("[data-market-status]"), socket);
onNotification("alert_", refresh);
root.dataset.ready = "";
rows.forEach(show);
socket.start();
points.load(symbolsOf(rows));
setInterval(() => rows.forEach(showRowAge), 1000);
