// The large figure of the portfolio's value.
import { build, setFigure } from "../core/dom.js";

/** Write "R$ 1.234,50" with its unit and its cents in `small`, as templatetags/carteira.py does. */
export function showWealth(element, text) {
  if (element.textContent === text) return;
  const start = text.indexOf("\u00a0") + 1;
  setFigure(element, text.slice(start));
  element.prepend(build("small", {}, text.slice(0, start)));
}
