// The value of a portfolio at its quotes, without floats: the counterpart of mainapp/portfolio/valuation.py.
import { CENTS, divide, percent, toUnits } from "../core/number.js";

const PRICE_PLACES = 8;

/**
 * Each row is valued when its quote changes, totals and shares all at once, as valuation.py and
 * allocation/shares.py do. Holdings and quotes are decimal strings; results are integers of cents and of
 * hundredths of a percent, null when unknown.
 */
export class Portfolio {
  constructor(holdings) {
    this.rows = new Map(holdings.map((holding) => [holding.symbol, valued(holding, null)]));
  }

  /** Value one row at another quote. */
  set(symbol, quote) {
    const row = this.rows.get(symbol);
    if (row) this.rows.set(symbol, valued(row.holding, quote));
  }

  /** Return the totals, and set the shares of every row. */
  totals() {
    const rows = [...this.rows.values()];
    const counted = rows.filter((row) => row.total !== null);
    const dated = counted.filter((row) => row.day_change !== null);
    const totalValue = sum(counted, "total");
    const nota = counted.reduce((total, row) => total + row.holding.nota, 0);
    for (const row of rows) share(row, totalValue, BigInt(nota));
    const cost = sum(counted, "cost");
    const result = sum(counted, "result");
    const day = dated.length ? sum(dated, "day_change") : null;
    return {
      total: totalValue,
      cost,
      result,
      result_pct: percent(result, cost),
      day_change: day,
      day_change_pct: percent(day, sum(dated, "previous_total")),
      nota: BigInt(nota),
      actual_pct: sum(counted, "actual_pct"),
      ideal_pct: nota ? sum(counted, "ideal_pct") : null,
      ideal: nota ? sum(counted, "ideal") : null,
      difference: nota ? sum(counted, "difference") : null,
      unquoted: rows.length - counted.length,
      undated: counted.length - dated.length,
    };
  }

  /** Return [{key, total, pct}] grouped by `by` (symbol, sector, kind), the largest first. */
  slices(by) {
    const groups = new Map();
    for (const { holding, total } of this.rows.values()) {
      if (total) groups.set(holding[by], (groups.get(holding[by]) ?? 0n) + total);
    }
    const whole = [...groups.values()].reduce((total, value) => total + value, 0n);
    const slices = [...groups].map(([key, total]) => ({ key, total, pct: percent(total, whole) }));
    return slices.sort((a, b) => compare(b.total, a.total) || compare(a.key, b.key));
  }
}

const UNKNOWN = { price: null, total: null, result: null, result_pct: null, previous_total: null, day_change: null };
const NO_SHARE = { actual_pct: null, ideal_pct: null, ideal: null, difference: null, order: null };
const TO_CENTS = 10n ** BigInt(2 * PRICE_PLACES - CENTS);

function valued(holding, quote) {
  const cost = times(holding.preco_medio, holding.quantidade);
  const price = toUnits(quote?.price, PRICE_PLACES);
  if (price === null || price <= 0n) return { holding, ...UNKNOWN, cost, day_change_pct: null };
  const total = times(quote.price, holding.quantidade);
  const isDated = Boolean(toUnits(quote.previous_close, PRICE_PLACES));
  const previous = isDated ? times(quote.previous_close, holding.quantidade) : null;
  return {
    holding,
    cost,
    price,
    total,
    result: total - cost,
    result_pct: percent(total - cost, cost),
    previous_total: previous,
    day_change: isDated ? total - previous : null,
    day_change_pct: toUnits(quote.change_pct, CENTS),
  };
}

function share(row, totalValue, notas) {
  Object.assign(row, NO_SHARE);
  if (row.total === null) return;
  row.actual_pct = percent(row.total, totalValue) ?? 0n;
  row.order = "wait";
  if (!notas) return;
  const nota = BigInt(row.holding.nota);
  row.ideal_pct = percent(nota, notas);
  row.ideal = divide(totalValue * nota, notas);
  row.difference = row.ideal - row.total;
  if (row.difference > 0n) row.order = "buy";
}

function times(price, quantity) {
  return divide(toUnits(price, PRICE_PLACES) * toUnits(quantity, PRICE_PLACES), TO_CENTS);
}

function sum(rows, name) {
  return rows.reduce((total, row) => total + (row[name] ?? 0n), 0n);
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
