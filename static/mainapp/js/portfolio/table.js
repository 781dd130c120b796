// The table of holdings: the changes of a batch of quotes are computed and written once per animation frame.
import { clearFlashes, flash, setDirection, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { brl, CENTS, compareDecimals, decimal, direction, fromUnits, pct } from "../core/number.js";
import { clock, day } from "../core/time.js";
import { ageText, delayText, fieldText, originText, place, showDoubt } from "../market/quotes.js";
import { drawBars, resultBars, shareBars } from "./bars.js";
import { Portfolio } from "./valuation.js";

const REORDER_MS = 4000; // live values re-order the rows at most this often
const COLOURED = new Set(["day_change", "result"]);

/** Texts of figures; money and percent are decimal strings with two places. */
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
  /** Emits `totals` with the new totals; `now` returns the server's time in milliseconds, null while unknown. */
  constructor({ table, holdings, now }) {
    super();
    this.body = table.tBodies[0];
    this.portfolio = new Portfolio(holdings);
    this._now = now;
    this._quotes = new Map();
    this._rows = new Map();
    this._changed = new Map();
    this._bars = { results: new Map(), shares: new Map() };
    this._frame = null;
    this._order = null;
    this._sortedAt = performance.now();
    // Rows far outside the viewport are computed but not written: hundreds cost as much as a screenful.
    this._observer = new IntersectionObserver((entries) => this._setNear(entries), { rootMargin: "300px" });
    for (const element of this.body.rows) this._register(element);
    window.addEventListener("beforeprint", () => this._preparePrint());
    clearFlashes(this.body);
  }

  get symbols() {
    return [...this._rows.keys()];
  }

  /** Return the newest quote of a symbol. */
  quote(symbol) {
    return this._quotes.get(symbol);
  }

  /** Set a quote; the next animation frame computes and writes the changes. */
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
    const figures = [...this.portfolio.rows.values()];
    this._bars = { results: resultBars(figures), shares: shareBars(figures) };
    for (const [symbol, row] of this._rows) {
      if (row.isNear) this._write(symbol, row, now, this._changed.get(symbol) ?? null);
    }
    this._changed.clear();
    this.dispatchEvent(new CustomEvent("totals", { detail: totals }));
  }

  showAges() {
    const now = this._now();
    for (const [symbol, { cells, isNear }] of this._rows) {
      const quote = isNear && this._quotes.get(symbol);
      if (quote) setText(cells.age, ageText(quote, now));
    }
    if (this._order && performance.now() - this._sortedAt > REORDER_MS && !this._isInUse()) this._reorder();
  }

  /** Order the rows by a column now and again every REORDER_MS; null: by symbol. */
  sort(column, ascending) {
    this._order = column && { column, ascending };
    this._reorder();
  }

  setHidden(column, isHidden) {
    for (const row of this.body.parentElement.rows) {
      for (const cell of row.cells) if (cell.dataset.col === column) cell.hidden = isHidden;
    }
  }

  _register(element) {
    const cells = {};
    for (const node of element.querySelectorAll("[data-field]")) cells[node.dataset.field] = node;
    const bar = element.querySelector('[data-range="year"]');
    const bars = {};
    for (const node of element.querySelectorAll("[data-bar]")) bars[node.dataset.bar] = node;
    const state = { shown: {}, isNear: false, isLate: false };
    this._rows.set(element.dataset.symbol, { element, cells, bar, bars, ...state });
    this._observer.observe(element);
  }

  _setNear(entries) {
    for (const { target, isIntersecting } of entries) {
      const row = this._rows.get(target.dataset.symbol);
      row.isNear = isIntersecting;
      if (isIntersecting) this._write(target.dataset.symbol, row, this._now());
    }
  }

  /** Write all rows for print, with the times of their prices in place of the ages. */
  _preparePrint() {
    for (const [symbol, row] of this._rows) {
      this._write(symbol, row, this._now());
      const at = this._quotes.get(symbol)?.quoted_at;
      if (at) setText(row.cells.age, `${day(at)} ${clock(at)}`);
    }
  }

  /** Write a row's figures, and its quote when there is a newer one. */
  _write(symbol, row, now, priceBefore = null) {
    if (row.isLate) this._writeQuote(row, this._quotes.get(symbol), now, priceBefore);
    row.isLate = false;
    this._writeFigures(row, this.portfolio.rows.get(symbol));
    drawBars(row.bars, this._bars.results.get(symbol), this._bars.shares.get(symbol));
  }

  _writeQuote({ element, cells, bar }, quote, now, before) {
    delete element.dataset.unquoted;
    setText(cells.price, fieldText(quote, "price"));
    showDoubt(element, quote);
    for (const field of ["year_low", "year_high"]) setText(cells[field], decimal(quote[field]));
    const at = place(quote.year_low, quote.year_high, quote.price);
    if (at === null) bar.removeAttribute("style");
    else bar.style.setProperty("--at", at.toFixed(1));
    setText(cells.age, ageText(quote, now));
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    cells.age.dataset.delay = quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    cells.age.title = cells.price.title = originText(quote);
    if (before !== null) flash(cells.price, compareDecimals(quote.price, before));
  }

  /** Write the figures that changed. One price changes the shares of all rows. */
  _writeFigures({ cells, shown }, row) {
    for (const [field, writer] of Object.entries(ROW_WRITERS)) {
      const value = row[field];
      if (shown[field] === value && field in shown) continue;
      shown[field] = value;
      const figure = fromUnits(value, CENTS);
      setText(cells[field], writer(figure));
      if (COLOURED.has(field)) setDirection(cells[field], direction(figure));
    }
    if (shown.order === row.order) return;
    shown.order = row.order;
    cells.order.dataset.order = row.order ?? "";
    setText(cells.order, orderText(row.order));
  }

  /** Return whether the pointer or the focus is on a row: rows must not move away under them. */
  _isInUse() {
    return this.body.matches(":hover") || this.body.contains(document.activeElement);
  }

  _reorder() {
    this._sortedAt = performance.now();
    const order = [...this._rows.keys()];
    if (this._order) order.sort(this._comparator());
    order.forEach((symbol, i) => {
      const { element } = this._rows.get(symbol);
      const current = this.body.rows[i];
      if (current !== element) this.body.insertBefore(element, current);
    });
  }

  /** Return the comparison of two symbols; rows without a value go last in both directions. */
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
    return (KEYS[column] ?? ((figures) => figures[column]))(row);
  }
}

const KEYS = {
  nota: (row) => row.holding.nota,
  average: (row) => Number(row.holding.preco_medio),
  quantity: (row) => Number(row.holding.quantidade),
  today: (row) => row.day_change,
  // The largest purchases first.
  order: (row) => (row.order === null ? null : row.order === "buy" ? row.difference : 0n),
};

function orderText(order) {
  if (order === null) return "–";
  return order === "buy" ? gettext("Comprar") : gettext("Aguardar");
}
