// The bars beside the rows of the portfolio: the counterpart of portfolio/allocation/bars.py.
import { divide } from "../core/number.js";

const SPACE = 1000n;
const HALF = SPACE / 2n;

/** Return a Map from symbol to {start, width} of the results' bars; the largest fills a half. */
export function resultBars(rows) {
  const known = rows.filter(({ result }) => result !== null);
  const largest = max(known.map(({ result }) => size(result)));
  return new Map(
    known.map(({ holding, result }) => {
      const width = lengthOf(size(result), largest, HALF);
      return [holding.symbol, { start: Number(result < 0n ? HALF - width : HALF), width: Number(width) }];
    }),
  );
}

/** Return a Map from symbol to {actual, ideal}, null without an ideal; the largest share fills the space. */
export function shareBars(rows) {
  const known = rows.filter(({ actual_pct: actual }) => actual !== null);
  const largest = max(known.flatMap((row) => [row.actual_pct, row.ideal_pct ?? 0n]));
  const place = (share) => (share === null ? null : Number(lengthOf(share, largest, SPACE)));
  return new Map(
    known.map((row) => [row.holding.symbol, { actual: place(row.actual_pct), ideal: place(row.ideal_pct) }]),
  );
}

/** Draw a row's bars, as templatetags/carteira.py does; a bar of null has no length. */
export function drawBars(elements, result, share) {
  const { start, width } = result ?? { start: 500, width: 0 };
  const fill = elements.result.querySelector(".bar-fill");
  setAttributes(fill, { "data-side": start < 500 ? "down" : "up", x: start, width });
  const { actual, ideal } = share ?? { actual: 0, ideal: null };
  setAttributes(elements.share.querySelector(".bar-fill"), { width: actual });
  const path = ideal === null ? "" : `M${ideal} 0V10`;
  setAttributes(elements.share.querySelector(".bar-ideal"), { d: path });
}

function setAttributes(element, values) {
  for (const [name, value] of Object.entries(values)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

function lengthOf(value, largest, space) {
  return largest ? divide(value * space, largest) : 0n;
}

function size(value) {
  return value < 0n ? -value : value;
}

function max(values) {
  return values.reduce((largest, value) => (value > largest ? value : largest), 0n);
}
