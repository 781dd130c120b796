// Money without floats: integers of cents, or of 10⁻⁸ of a real; as mainapp/portfolio/valuation.py counts.

export const CENTS = 2;
export const FINE = 8;

/** Return a decimal string as an integer of 10^-places; null for what is no number. */
export function units(text, places) {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(String(text ?? ""));
  if (!match) return null;
  const fraction = (match[3] ?? "").padEnd(places, "0");
  const exact = BigInt(match[2] + fraction);
  const whole = divide(exact, 10n ** BigInt(fraction.length - places));
  return match[1] === "-" ? -whole : whole;
}

/** Return an integer of 10^-places as a decimal string; null stays null. */
export function text(value, places = CENTS) {
  if (value === null) return null;
  const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
  const whole = places ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
  return (value < 0n ? "-" : "") + whole;
}

/** Divide and round half away from zero, as ROUND_HALF_UP does. */
export function divide(dividend, divisor) {
  if (divisor < 0n) return divide(-dividend, -divisor);
  if (dividend < 0n) return -divide(-dividend, divisor);
  return (2n * dividend + divisor) / (2n * divisor);
}

/** Return part of whole in hundredths of a percent; null where the whole is nothing. */
export function percent(part, whole) {
  return whole === 0n || whole === null || part === null ? null : divide(part * 10000n, whole);
}

/**
 * A portfolio at its quotes: rows are valued one by one as their quotes change, the totals and shares all
 * at once, as valuation.py and allocation/shares.py do. Holdings and quotes bring decimal strings;
 * money comes out in cents, percent in hundredths, what is not known is null.
 */
export class Portfolio {
  constructor(holdings) {
    this.rows = new Map(holdings.map((holding) => [holding.symbol, valued(holding, null)]));
  }

  /** Value one row anew. */
  set(symbol, quote) {
    const row = this.rows.get(symbol);
    if (row) this.rows.set(symbol, valued(row.holding, quote));
  }

  /** Return the totals, and put every row's shares beside its value. */
  totals() {
    const rows = [...this.rows.values()];
    const counted = rows.filter((row) => row.total !== null);
    const dated = counted.filter((row) => row.day_change !== null);
    const patrimony = sum(counted, "total");
    const nota = counted.reduce((total, row) => total + row.holding.nota, 0);
    for (const row of rows) share(row, patrimony, BigInt(nota));
    const cost = sum(counted, "cost");
    const result = sum(counted, "result");
    const day = dated.length ? sum(dated, "day_change") : null;
    return {
      total: patrimony,
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

  /** Return [{key, total, pct}] of what `by` (symbol, sector, kind) groups, the largest first. */
  slices(by) {
    const groups = new Map();
    for (const { holding, total } of this.rows.values()) {
      if (total) groups.set(holding[by], (groups.get(holding[by]) ?? 0n) + total);
    }
    const whole = [...groups.values()].reduce((one, other) => one + other, 0n);
    const made = [...groups].map(([key, total]) => ({ key, total, pct: percent(total, whole) }));
    return made.sort((a, b) => compare(b.total, a.total) || compare(a.key, b.key));
  }
}

const UNKNOWN = { price: null, total: null, result: null, result_pct: null, previous_total: null, day_change: null };
const NO_SHARE = { actual_pct: null, ideal_pct: null, ideal: null, difference: null, order: null };
const TO_CENTS = 10n ** BigInt(2 * FINE - CENTS);

function valued(holding, quote) {
  const cost = times(holding.preco_medio, holding.quantidade);
  const price = units(quote?.price, FINE);
  if (price === null || price <= 0n) return { holding, ...UNKNOWN, cost, day_change_pct: null };
  const total = times(quote.price, holding.quantidade);
  const isDated = Boolean(units(quote.previous_close, FINE));
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
    day_change_pct: units(quote.change_pct, CENTS),
  };
}

function share(row, patrimony, notas) {
  Object.assign(row, NO_SHARE);
  if (row.total === null) return;
  row.actual_pct = percent(row.total, patrimony) ?? 0n;
  row.order = "wait";
  if (!notas) return;
  const nota = BigInt(row.holding.nota);
  row.ideal_pct = percent(nota, notas);
  row.ideal = divide(patrimony * nota, notas);
  row.difference = row.ideal - row.total;
  if (row.difference > 0n) row.order = "buy";
}

function times(price, quantity) {
  return divide(units(price, FINE) * units(quantity, FINE), TO_CENTS);
}

function sum(rows, name) {
  return rows.reduce((total, row) => total + (row[name] ?? 0n), 0n);
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
