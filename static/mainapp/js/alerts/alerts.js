// The pages of alerts: live prices and their distances from the limits.
import { readJson, setText } from "../core/dom.js";
import { ageText, fieldText, originText } from "../market/quotes.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";
import { distanceText } from "./distance.js";

const root = document.querySelector("[data-alerts]");
const rows = [...root.querySelectorAll("[data-symbol]")];
const symbols = [...new Set(rows.map((row) => row.dataset.symbol))];
const rendered = readJson("quotes");
const socket = new StockSocket({ room: "alerts", symbols });

function quoteOf(row) {
  return socket.quotes.get(row.dataset.symbol) ?? rendered[row.dataset.symbol];
}

function show(row) {
  const quote = quoteOf(row);
  if (!quote) return;
  const price = row.querySelector('[data-field="price"]');
  setText(price, fieldText(quote, "price"));
  price.title = originText(quote);
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
attachStatus(root.querySelector("[data-market-status]"), socket, (isStale) => {
  for (const row of rows) row.querySelector('[data-field="price"]').classList.toggle("stale", isStale);
});
root.dataset.ready = "";
rows.forEach(show);
socket.start();
setInterval(() => rows.forEach(showAge), 1000);
