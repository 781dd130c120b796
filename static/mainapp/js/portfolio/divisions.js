// The patrimony's divisions: by stock, sector and kind, each a donut and a table.
import { drawDonut } from "./donut.js";
import { write, WRITERS } from "./table.js";
import { CENTS, percent, text } from "./money.js";

const MAX_SLICES = 8;
const REST = "…"; // what is folded together; no symbol, sector or kind

/** Keep one division's donut and table in step with the portfolio: `show(portfolio)`. */
export class Division {
  constructor(element, labels) {
    this._by = element.dataset.division;
    this._labels = labels;
    this._svg = element.querySelector(".donut");
    this._nothing = element.querySelector('[data-part="nothing"]');
    this._body = element.querySelector("table.slices").tBodies[0];
    // A slice keeps the colour that it got first, whatever place it moves to.
    this._colours = new Map();
    for (const row of this._body.rows) this._colourOf(row.dataset.slice);
  }

  show(portfolio) {
    const slices = folded(portfolio.slices(this._by));
    this._release(new Set(slices.map(({ key }) => key)));
    this._fit(slices);
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

  _release(shown) {
    for (const key of this._colours.keys()) if (!shown.has(key)) this._colours.delete(key);
  }

  _fit(slices) {
    while (this._body.rows.length > slices.length) this._body.rows[slices.length].remove();
    while (this._body.rows.length < slices.length) this._body.append(blankRow());
  }

  _write(row, { key, total, pct }) {
    const [head, share, value] = row.cells;
    if (row.dataset.slice !== key) {
      row.dataset.slice = key;
      head.lastChild.data = this._labels[key] ?? key;
    }
    head.firstElementChild.className = `swatch slice-${this._colourOf(key)}`;
    write(share, WRITERS.share(text(pct, CENTS)));
    write(value.firstElementChild, WRITERS.number(text(total, CENTS)));
  }
}

function folded(slices) {
  if (slices.length <= MAX_SLICES) return slices;
  const rest = sum(slices.slice(MAX_SLICES - 1));
  return [...slices.slice(0, MAX_SLICES - 1), { key: REST, total: rest, pct: percent(rest, sum(slices)) }];
}

function sum(slices) {
  return slices.reduce((whole, { total }) => whole + total, 0n);
}

function blankRow() {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.append(document.createElement("span"), document.createTextNode(""));
  const [share, value] = [document.createElement("td"), document.createElement("td")];
  share.className = "num";
  value.className = "num muted";
  value.append(Object.assign(document.createElement("span"), { className: "private" }));
  row.append(head, share, value);
  return row;
}
