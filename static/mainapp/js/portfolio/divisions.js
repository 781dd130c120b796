// The portfolio divided by stock, sector and kind: a donut and a table each.
import { build, setText } from "../core/dom.js";
import { CENTS, fromUnits, percent } from "../core/number.js";
import { drawDonut } from "./donut.js";
import { WRITERS } from "./table.js";

const MAX_SLICES = 8; // as in portfolio/views/carteira.py
const OTHERS = "…"; // the key of the small slices together; not a symbol, sector or kind

/** One division's donut and table; `show(portfolio)` updates them. */
export class Division {
  constructor(element, labels) {
    this._by = element.dataset.division;
    this._labels = labels;
    this._svg = element.querySelector(".donut");
    this._nothing = element.querySelector('[data-part="nothing"]');
    this._body = element.querySelector("table.slices").tBodies[0];
    // A slice keeps its first colour when its rank changes.
    this._colours = new Map();
    for (const row of this._body.rows) this._colourOf(row.dataset.slice);
  }

  show(portfolio) {
    const slices = withOthersMerged(portfolio.slices(this._by));
    this._releaseColours(new Set(slices.map(({ key }) => key)));
    this._fitRows(slices.length);
    this._nothing.hidden = slices.length > 0;
    this._body.parentElement.hidden = slices.length === 0;
    slices.forEach((slice, i) => this._write(this._body.rows[i], slice));
    drawDonut(
      this._svg,
      slices.map(({ key, pct }) => ({ colour: this._colourOf(key), share: Number(pct) / 100 })),
    );
  }

  _colourOf(key) {
    if (!this._colours.has(key)) {
      const taken = new Set(this._colours.values());
      let free = 1;
      while (taken.has(free)) free += 1;
      this._colours.set(key, free);
    }
    return this._colours.get(key);
  }

  _releaseColours(shown) {
    for (const key of this._colours.keys()) if (!shown.has(key)) this._colours.delete(key);
  }

  _fitRows(count) {
    while (this._body.rows.length > count) this._body.rows[count].remove();
    while (this._body.rows.length < count) this._body.append(buildRow());
  }

  _write(row, { key, total, pct }) {
    const [head, share, value] = row.cells;
    if (row.dataset.slice !== key) {
      row.dataset.slice = key;
      head.lastChild.data = this._labels[key] ?? key;
    }
    head.firstElementChild.className = `swatch slice-${this._colourOf(key)}`;
    setText(share, WRITERS.share(fromUnits(pct, CENTS)));
    setText(value.firstElementChild, WRITERS.number(fromUnits(total, CENTS)));
  }
}

function withOthersMerged(slices) {
  if (slices.length <= MAX_SLICES) return slices;
  const total = sum(slices.slice(MAX_SLICES - 1));
  return [...slices.slice(0, MAX_SLICES - 1), { key: OTHERS, total, pct: percent(total, sum(slices)) }];
}

function sum(slices) {
  return slices.reduce((whole, { total }) => whole + total, 0n);
}

function buildRow() {
  return build(
    "tr",
    {},
    build("th", { scope: "row" }, build("span"), document.createTextNode("")),
    build("td", { className: "num" }),
    build("td", { className: "num muted" }, build("span", { className: "private" })),
  );
}
