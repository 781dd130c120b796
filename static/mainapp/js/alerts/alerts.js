// The pages of alerts: live prices, their distances from the limits, and the states of alerts.
import { readJson, setText } from "../core/dom.js";
import { onNotification, refreshParts } from "../core/refresh.js";
import { ageText, fieldText, originText, showDoubt } from "../market/quotes.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus, markLate } from "../market/status.js";
import { distanceText } from "./distance.js";

const root = document.querySelector("[data-alerts]");
let rows = findRows();
let rendered = readJson("quotes");
const socket = new StockSocket({ room: "alerts", symbols: symbolsOf(rows) });

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
  for (const element of row.querySelectorAll("[data-distance]")) {
    setText(element, distanceText(element.dataset.distance, element.dataset.limit, quote));
  }
  showAge(row);
}

function showAge(row) {
  const quote = quoteOf(row);
  if (!quote) return;
  const age = row.querySelector('[data-field="age"]');
  age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  setText(age, ageText(quote, socket.now()));
}

socket.addEventListener("quotes", ({ detail }) => {
  for (const row of rows) if (detail.changes.has(row.dataset.symbol)) show(row);
});
attachStatus(document.querySelector("[data-market-status]"), socket);
onNotification("alert_", refresh);
root.dataset.ready = "";
rows.forEach(show);
socket.start();
setInterval(() => rows.forEach(showAge), 1000);
