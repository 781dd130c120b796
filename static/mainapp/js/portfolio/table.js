// The table of holdings: one price changes the figures of all rows.
import { setDirection, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { brl, CENTS, decimal, direction, fromUnits, pct, price } from "../core/number.js";
import { clock, day } from "../core/time.js";
import { LiveTable } from "../market/live-table.js";
import { ageText, delayText, fieldText, originText, place, showDoubt } from "../market/quotes.js";
import { drawBars, resultBars, shareBars } from "./bars.js";
import { Portfolio } from "./valuation.js";

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

export class HoldingsTable extends LiveTable {
  /** Emits `totals` with the new totals. */
  constructor({ table, holdings, now }) {
    super({ table, now });
    this.portfolio = new Portfolio(holdings);
    this._bars = { results: new Map(), shares: new Map() };
    this._uncounted = new Set(); // symbols whose quotes are not in the portfolio yet
    for (const element of this.body.rows) this._register(element);
  }

  /** Set a quote; the next animation frame computes and writes the changes. */
  update(symbol, quote, priceBefore = null) {
    const row = this._rows.get(symbol);
    if (!row) return;
    row.quote = quote;
    this._uncounted.add(symbol);
    this._changes.set(symbol, { price: this._changes.get(symbol)?.price ?? priceBefore });
    this._requestFlush();
  }

  flush() {
    for (const symbol of this._uncounted) this.portfolio.set(symbol, this._rows.get(symbol).quote);
    this._uncounted.clear();
    const totals = this.portfolio.totals();
    const figures = [...this.portfolio.rows.values()];
    this._bars = { results: resultBars(figures), shares: shareBars(figures) };
    super.flush();
    for (const row of this._rows.values()) if (row.isNear) this._writeFigures(row);
    this.dispatchEvent(new CustomEvent("totals", { detail: totals }));
  }

  /** Order the rows by a column now and again every few seconds; "": by symbol. */
  sort(column, isAscending) {
    this._compare = column ? (a, b) => compare(this._key(a, column), this._key(b, column), isAscending) : null;
    this._reorder();
  }

  _register(element) {
    const bars = {};
    for (const node of element.querySelectorAll("[data-bar]")) bars[node.dataset.bar] = node;
    const range = element.querySelector('[data-range="year"]');
    return Object.assign(super._register(element), { bars, range, shown: {} });
  }

  _enter(row, now) {
    super._enter(row, now);
    this._writeFigures(row);
  }

  /** Print the times of prices in place of their ages. */
  _print(row) {
    this._enter(row, this._now());
    const at = row.quote?.quoted_at;
    if (at) setText(row.cells.age, `${day(at)} ${clock(at)}`);
  }

  _write(row, change, now) {
    const { element, cells, range, quote } = row;
    delete element.dataset.unquoted;
    setText(cells.price, fieldText(quote, "price"));
    showDoubt(element, quote);
    for (const field of ["year_low", "year_high"]) setText(cells[field], price(quote[field]));
    const at = place(quote.year_low, quote.year_high, quote.price);
    if (at === null) range.removeAttribute("style");
    else range.style.setProperty("--at", at.toFixed(1));
    this._writeAge(row, now);
    cells.age.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
    cells.age.dataset.delay = quote.delay_s > 0 ? delayText(quote.delay_s) : "";
    cells.age.title = cells.price.title = originText(quote);
    this._writeFigures(row);
  }

  _writeAge({ cells, quote }, now) {
    if (quote) setText(cells.age, ageText(quote, now));
  }

  /** Write the figures that changed. One price changes the shares of all rows. */
  _writeFigures({ symbol, cells, shown, bars }) {
    const figures = this.portfolio.rows.get(symbol);
    for (const [field, writer] of Object.entries(ROW_WRITERS)) {
      const value = figures[field];
      if (shown[field] === value && field in shown) continue;
      shown[field] = value;
      const figure = fromUnits(value, CENTS);
      setText(cells[field], writer(figure));
      if (COLOURED.has(field)) setDirection(cells[field], direction(figure));
    }
    drawBars(bars, this._bars.results.get(symbol), this._bars.shares.get(symbol));
    if (shown.order === figures.order) return;
    shown.order = figures.order;
    cells.order.dataset.order = figures.order ?? "";
    setText(cells.order, orderText(figures.order));
  }

  _key({ symbol, quote }, column) {
    if (column === "symbol") return symbol;
    if (column === "year") return place(quote?.year_low, quote?.year_high, quote?.price);
    return (KEYS[column] ?? ((figures) => figures[column]))(this.portfolio.rows.get(symbol));
  }
}

/** Compare two keys; rows without a value go last in both directions. */
function compare(a, b, isAscending) {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return (a < b ? -1 : a > b ? 1 : 0) * (isAscending ? 1 : -1);
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
  return order === "buy" ? gettext("Abaixo do ideal") : gettext("Ideal atingido");
}
