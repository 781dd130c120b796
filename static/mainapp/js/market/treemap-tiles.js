// Tiles of the treemap: their data, place and text.
import { textFit } from "./treemap-geometry.js";

/** Move a tile to its box, or hide it without one. */
export function place({ element, box }) {
  element.hidden = !box;
  if (!box) return;
  const values = ["x", "y", "width", "height"].map((name) => `--${name}:${box[name]}px`);
  const strength = element.style.getPropertyValue("--strength");
  element.style.cssText = [...values, `--strength:${strength || "0%"}`].join(";"); // once: each change is parsed alone
}

/** Choose the size of a tile's text, and its number of lines. */
export function fitText({ element, box, change, row }) {
  const { size, lines } = textFit(box, row.symbol.length, change.textContent.length + 1);
  element.dataset.size = size;
  element.dataset.lines = lines;
}

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
