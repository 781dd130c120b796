// The table of a treemap (`parts/treemap.html`): it holds the map's data, and is shown in its place at a click.
import { setDirection, setText } from "../core/dom.js";
import { direction, pct } from "../core/number.js";

/** Read the rows of the table that the server rendered. */
export function readRows(table) {
  return [...table.querySelectorAll("tr[data-symbol]")].map((row) => ({
    symbol: row.dataset.symbol,
    name: row.dataset.name,
    group: row.dataset.group,
    weight: Number.parseFloat(row.dataset.weight),
    weightText: row.dataset.weightText,
    change: row.dataset.change || null,
    url: row.querySelector("a").href,
    isLate: row.hasAttribute("data-late"),
  }));
}

/** Set weights {weight, text} by symbol. */
export function showWeights(table, weights) {
  for (const row of table.querySelectorAll("tr[data-symbol]")) {
    const { weight, text } = weights.get(row.dataset.symbol) ?? { weight: 0, text: "–" };
    Object.assign(row.dataset, { weight, weightText: text });
    setText(row.querySelector("[data-weight-cell]"), text);
  }
}

/** Show the change of a symbol, a decimal string or null. */
export function showChange(table, symbol, changePct) {
  const row = table.querySelector(`[data-symbol="${symbol}"]`);
  const cell = row?.querySelector("[data-change-pct]");
  if (!cell) return;
  row.dataset.change = changePct ?? "";
  setText(cell, pct(changePct));
  setDirection(cell, direction(changePct));
}
