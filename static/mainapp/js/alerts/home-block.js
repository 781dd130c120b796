// The alerts' block of the home page, live: prices and their distances from the limits.
import { setText } from "../core/dom.js";
import { decimal } from "../core/number.js";
import { distanceText, nearness } from "./distance.js";

const rows = [...document.querySelectorAll("[data-alert-limits] > [data-symbol]")];

document.addEventListener("homequotes", ({ detail: { quotes } }) => {
  for (const row of rows) {
    const { symbol, kind, limit } = row.dataset;
    const quote = quotes.get(symbol);
    if (!quote?.price) continue;
    setText(row.querySelector("[data-price]"), decimal(quote.price));
    setText(row.querySelector("[data-distance]"), distanceText(kind, limit, quote));
    const bar = row.querySelector("progress");
    const done = nearness(kind, limit, quote);
    if (bar && done !== null) bar.value = done;
  }
});
