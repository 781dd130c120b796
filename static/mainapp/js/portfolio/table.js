// The carteira's table: what a batch of quotes changed is worked out and written once a frame.
import { brl, decimal, direction, pct } from "../core/number.js";
import { CENTS, Portfolio, text } from "./money.js";
import { ageText, compareDecimals, delayText, fieldText, gettext, originText, place } from "../market/quotes.js";

const CALM_MS = 4000; // live values re-order the rows at most this often
const FLASH = { up: "flash-up", down: "flash-down" };
const MOVING = window.matchMedia("(prefers-reduced-motion: no-preference)");
const COLOURED = new Set(["day_change", "result"]);

/** How a figure is written; money in cents and percent in hundredths are decimal strings of 2 places here. */
export const WRITERS = {
  number: (value) => decimal(value),
  change: (value) => decimal(value, 2, { signed: true }),
  brl: (value) => brl(value),
  brl_change: (value) => brl(value, { signed: true }),
  pct: (value) => pct(value),
  share: (value) => pct(value, { signed: false }),
  count: (value) => decimal(value, 0),
};
const ROW_WRITERS = {
  total: WRITERS.number,
  actual_pct: WRITERS.share,
  ideal_pct: WRITERS.share,
  ideal: WRITERS.number,
  difference: WRITERS.change,
  day_change: WRITERS.change,
  day_change_pct: WRITERS.pct,
  result: WRITERS.change,
  result_pct: WRITERS.pct,
};

export class HoldingsTable extends EventTarget {
  /** Emits `totals` with the new totals; `now` returns the server's time in milliseconds. */
  constructor({ table, holdings, now }) {
    super();
    this.body = table.tBodies[0];
    this.portfolio = new Portfolio(holdings);
    this._now = now;
    this._quotes = new Map();
    this._rows = new Map();
    this._changed = new Map();
    this._frame = null;
    this._order = null;
    this._sortedAt = 0;
    this._isStale = false;
    // What nobody sees is worked out, but written only when it comes near: hundreds cost what a screen does.
    this._near = new IntersectionObserver((entries) => this._look(entries), { rootMargin: "300px" });
    for (const element of this.body.rows) this._take(element);
    window.addEventListener("beforeprint", () => this._writeAll());
    this.body.addEventListener("animationend", (event) =>
      event.target.classList.remove(FLASH.up, FLASH.down),
    );
  }

  get symbols() {
    return [...this._rows.keys()];
  }

  /** Remember a quote; the next frame works out and writes all that it changes. */
  update(symbol, quote, priceBefore = null) {
    if (!this._rows.has(symbol)) return;
    this._quotes.set(symbol, quote);
    this._changed.set(symbol, this._changed.get(symbol) ?? priceBefore);
    this._frame ??= requestAnimationFrame(() => this.flush());
  }

  flush() {
    this._frame = null;
    const now = this._now();
    for (const symbol of this._changed.keys()) {
      this.portfolio.set(symbol, this._quotes.get(symbol));
      this._rows.get(symbol).isLate = true;
    }
    const totals = this.portfolio.totals();
    for (const [symbol, row] of this._rows) {
      if (row.isNear) this._write(symbol, row, now, this._changed.get(symbol) ?? null);
    }
    this._changed.clear();
    this.dispatchEvent(new CustomEvent("totals", { detail: totals }));
  }

  setStale(isStale) {
    this._isStale = isStale;
    for (const { cells } of this._rows.values()) cells.price.classList.toggle("stale", isStale);
  }

  showAges() {
    const now = this._now();
    for (const [symbol, { cells, isNear }] of this._rows) {
      const quote = isNear && this._quotes.get(symbol);
      if (quote) write(cells.age, ageText(quote, now));
    }
    if (this._order && Date.now() - this._sortedAt > CALM_MS && !this._isHeld()) this._reorder();
  }

  /** Order the rows by a column now, and keep them so calmly; null: by symbol. */
  sort(column, ascending) {
    this._order = column && { column, ascending };
    this._reorder();
  }

  setHidden(column, isHidden) {
    for (const row of this.body.parentElement.rows) {
      for (const cell of row.cells) if (cell.dataset.col === column) cell.hidden = isHidden;
    }
  }

  _take(element) {
    const cells = {};
    for (const node of element.querySelectorAll("[data-field]")) cells[node.dataset.field] = node;
    const bar = element.querySelector('[data-range="year"]');
    this._rows.set(element.dataset.symbol, { element, cells, bar, shown: {}, isNear: false, isLate: false });
    this._near.observe(element);
  }

  _look(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = this._rows.get(target.dataset.symbol);
      row.isNear = isIntersecting;
      if (isIntersecting) this._write(target.dataset.symbol, row, this._now());
    }
  }

  _writeAll() {
    for (const [symbol, row] of this._rows) this._write(symbol, row, this._now());
  }

  /** Write a row's quote, where a newer one came, and its figures. */
  _write(symbol, row, now, priceBefore = null) {
    if (row.isLate) this._writeQuote(row, this._quotes.get(symbol), now, priceBefore);
    row.isLate = false;
    this._writeFigures(row, this.portfolio.rows.get(symbol));
  }

  _writeQuote({ element, cells, bar }, quote, now, before) {
    delete element.dataset.unquoted;
    write(cells.price, fieldText(quote, "price"));
    cells.price.classList.toggle("stale", this._isStale);
    for (const field of ["year_low", "year_high"]) write(cells[field], decimal(quote[field]));
    const at = place(quote.year_low, quote.year_high, quote.price);
    if (at === null) bar.removeAttribute("style");
    else bar.style.setProperty("--at", at.toFixed(1));
    write(cells.age, ageText(quote, now));
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    cells.age.dataset.delay = quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    cells.age.title = cells.price.title = originText(quote);
    if (before !== null) flash(cells.price, compareDecimals(quote.price, before));
  }

  /** Write what differs from what was written before; a share differs in all rows when one price moves. */
  _writeFigures({ cells, shown }, row) {
    for (const [field, writer] of Object.entries(ROW_WRITERS)) {
      const value = row[field];
      if (shown[field] === value && field in shown) continue;
      shown[field] = value;
      const figure = text(value, CENTS);
      write(cells[field], writer(figure));
      if (COLOURED.has(field)) colour(cells[field], figure);
    }
    if (shown.order === row.order) return;
    shown.order = row.order;
    cells.order.dataset.order = row.order ?? "";
    write(cells.order, orderText(row.order));
  }

  _isHeld() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  _reorder() {
    this._sortedAt = Date.now();
    const order = [...this._rows.keys()];
    if (this._order) order.sort(this._comparator());
    order.forEach((symbol, i) => {
      const { element } = this._rows.get(symbol);
      const there = this.body.rows[i];
      if (there !== element) this.body.insertBefore(element, there);
    });
  }

  /** What has no value goes last either way. */
  _comparator() {
    const { column, ascending } = this._order;
    const keys = new Map(this.symbols.map((symbol) => [symbol, this._key(symbol, column)]));
    return (one, other) => {
      const [a, b] = [keys.get(one), keys.get(other)];
      if (a === null || b === null) return Number(a === null) - Number(b === null);
      return (a < b ? -1 : a > b ? 1 : 0) * (ascending ? 1 : -1);
    };
  }

  _key(symbol, column) {
    const row = this.portfolio.rows.get(symbol);
    const quote = this._quotes.get(symbol);
    if (column === "symbol") return symbol;
    if (column === "year") return place(quote?.year_low, quote?.year_high, quote?.price);
    return (KEYS[column] ?? ((found) => found[column]))(row);
  }
}

const KEYS = {
  nota: (row) => row.holding.nota,
  average: (row) => Number(row.holding.preco_medio),
  quantity: (row) => Number(row.holding.quantidade),
  today: (row) => row.day_change,
  // What to buy first, by how much.
  order: (row) => (row.order === null ? null : row.order === "buy" ? row.difference : 0n),
};

function orderText(order) {
  if (order === null) return "–";
  return order === "buy" ? gettext("Comprar") : gettext("Aguardar");
}

/** Give a changed figure its colour; the other classes stay. */
export function colour(element, figure) {
  element.classList.remove("up", "down", "flat");
  element.classList.add(direction(figure));
}

/** Set an element's text; the text node stays, which costs the page no new layout of its parents. */
export function write(element, words) {
  const node = element.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE || element.childNodes.length > 1) element.textContent = words;
  else if (node.data !== words) node.data = words;
}

function flash(cell, change) {
  if (change === 0) return;
  const name = change > 0 ? FLASH.up : FLASH.down;
  cell.classList.remove(FLASH.up, FLASH.down);
  cell.classList.add(name);
  // Under reduced motion no animation ends, so that nothing else would take the class away.
  if (!MOVING.matches) setTimeout(() => cell.classList.remove(name), 1000);
}
