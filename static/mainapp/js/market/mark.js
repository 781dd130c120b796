// Marks of papers; the counterpart of mainapp/market/marks.py.
import { build } from "../core/dom.js";

const HUES = 24;

function hueOf(symbol) {
  let value = 0;
  for (const letter of symbol.slice(0, 4).toUpperCase()) value = (value * 21 + letter.charCodeAt(0)) % 8191;
  return value % HUES;
}

/** Fill an empty `.mark` for `symbol`; `logo` is the URL of its picture, "" for the monogram. */
export function setMark(element, symbol, logo = "") {
  element.dataset.hue = String(hueOf(symbol));
  if (logo) element.replaceChildren(build("img", { src: logo, alt: "", loading: "lazy" }));
  else element.textContent = symbol.slice(0, 2).toUpperCase();
}

function buildMark(symbol, { size = "m", logo = "" } = {}) {
  const element = build("span", { className: "mark", "data-size": size, "aria-hidden": "true" });
  setMark(element, symbol, logo);
  return element;
}
