// The alerts' block of the home page, live: the limits that are near, or in one line the nearest one.
import { setText } from "../core/dom.js";
import { price as priceText } from "../core/number.js";
import { distanceText, nearness } from "./distance.js";

const NEAR = 80; // as in selectors/alerts.py

const list = document.querySelector("[data-alert-limits]");
const rows = [...list.children]; // the nearest first, as of the time of the page
const calm = list.parentElement.querySelector("[data-part=calm]");

document.addEventListener("homequotes", ({ detail: { quotes } }) => {
  for (const row of rows) {
    const quote = quotes.get(row.dataset.symbol);
    if (quote?.price) show(row, quote);
  }
  calm.hidden = rows.some((row) => !row.hidden);
});

function show(row, quote) {
  const { kind, limit } = row.dataset;
  const [done, distance] = [nearness(kind, limit, quote), distanceText(kind, limit, quote)];
  setText(row.querySelector("[data-price]"), priceText(quote.price));
  setText(row.querySelector("[data-distance]"), distance);
  if (row === rows[0]) setText(calm.querySelector("[data-distance]"), distance);
  row.querySelector("progress").value = done ?? 0;
  row.toggleAttribute("data-near", done >= NEAR);
  row.hidden = !done;
}
