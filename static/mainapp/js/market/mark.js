// Marks of papers; the counterpart of mainapp/market/marks.py.
import { build } from "../core/dom.js";

const COLOURS = 12;

function colours(symbol) {
  let value = 0;
  for (const letter of symbol.slice(0, 4).toUpperCase()) value = (value * 21 + letter.charCodeAt(0)) % 8191;
  const first = value % COLOURS;
  return [first, (first + 1 + (Math.floor(value / COLOURS) % (COLOURS - 1))) % COLOURS];
}

/** Fill an empty `.mark` for `symbol`; `logo` is the URL of its picture, "" for the monogram. */
export function setMark(element, symbol, logo = "") {
  [element.dataset.from, element.dataset.to] = colours(symbol).map(String);
  if (logo) element.replaceChildren(build("img", { src: logo, alt: "", loading: "lazy" }));
  else element.textContent = symbol.slice(0, 2).toUpperCase();
}

export function buildMark(symbol, { size = "m", logo = "" } = {}) {
  const element = build("span", { className: "mark", "data-size": size, "aria-hidden": "true" });
  setMark(element, symbol, logo);
  return element;
}
