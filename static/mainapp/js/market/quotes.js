// Quotes: merging frames, formatting fields, positions in ranges, sparklines, sort order.
import { setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import {
  CENTS,
  compact,
  compareDecimals,
  decimal,
  divide,
  fromUnits,
  pct,
  price,
  priceDirection,
  toUnits,
} from "../core/number.js";
import { age, clock } from "../core/time.js";

const MINUTE_S = 60;
const CLOCK_SET_BACK_S = 600;
const INDEX = /^[A-Z0-9]{4}$/; // tickers end in digits: IBOV, IFIX
const PAIR = /^[A-Z0-9]{2,8}BRL$/; // crypto currencies, as in market/symbols.py
const EXACT = 8; // the most places of a price, and of an amount of coins
const TO_CENTS = 10n ** BigInt(2 * EXACT - CENTS);

/**
 * Merge a frame's quotes into `quotes`: a snapshot replaces whole quotes, an update single fields. Symbols
 * that are not in `wanted` are skipped: they were removed while the frame was on its way.
 *
 * Returns a Map from symbol to the former values of the fields that changed.
 */
export function mergeQuotes(quotes, frame, wanted) {
  const changes = new Map();
  for (const [symbol, fields] of Object.entries(frame.quotes ?? {})) {
    if (!wanted.has(symbol)) continue;
    const before = quotes.get(symbol);
    const after = frame.type === "snapshot" ? fields : { ...before, ...fields };
    const formerValues = {};
    for (const field in fields) {
      if (before?.[field] !== fields[field]) formerValues[field] = before?.[field];
    }
    quotes.set(symbol, after);
    changes.set(symbol, formerValues);
  }
  return changes;
}

/** Return the text of a field of a quote. */
export function fieldText(quote, field) {
  const value = quote[field];
  if (field === "symbol" || field === "name") return value ?? "";
  if (field === "change") return price(value, { signed: true });
  if (field === "change_pct") return pct(value);
  if (field === "volume" || field === "market_cap") return compact(value);
  if (field === "turnover") return compact(turnover(quote));
  return field !== "price" && INDEX.test(quote.symbol) ? decimal(value, 0) : price(value);
}

/** Return the day's approximate volume in R$: the shares traded, all at the last price; null if unknown. */
function turnover(quote) {
  const [one, count] = [quote.price, quote.volume].map((value) => toUnits(value, EXACT));
  if (INDEX.test(quote.symbol) || one === null || count === null) return null; // an index has no shares
  return fromUnits(divide(one * count, TO_CENTS));
}

/** Return whether a symbol is a pair of crypto currencies: its market never closes. */
export function isPair(symbol) {
  return PAIR.test(symbol);
}

/** Return the session of a quote's own market; `session` is B3's. */
export function sessionOf(quote, session) {
  return isPair(quote?.symbol) ? "open" : session;
}

/** Return the class of a change's cell. */
export function changeClass(quote) {
  return priceDirection(quote.change);
}

/** Return where `price` lies between `low` and `high`, 0–100; null when a price is missing or the range empty. */
export function place(low, high, price) {
  const [from, to, at] = [low, high, price].map((text) => Number.parseFloat(text));
  if (!(to > from) || Number.isNaN(at)) return null;
  return Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
}

/** Return a quote's age in seconds at `nowMs`, null when one of the times is unknown. */
export function ageSeconds(quote, nowMs) {
  const at = Date.parse(quote.quoted_at ?? "");
  return nowMs === null || Number.isNaN(at) ? null : Math.max(0, (nowMs - at) / 1000);
}

export function ageText(quote, nowMs) {
  const seconds = ageSeconds(quote, nowMs);
  if (seconds === null) return "–";
  if (seconds < 2) return gettext("agora");
  return age(seconds);
}

/** Show the age of a quote; nothing without one. */
export function showAge(element, quote, nowMs) {
  element.classList.toggle("estimated", Boolean(quote?.quoted_at_estimated));
  setText(element, quote ? ageText(quote, nowMs) : "");
}

/** Return source, time and delay of a price in one line. */
export function originText(quote, isLate = false) {
  const parts = [gettext("Fonte: %(source)s", { source: sourceName(quote.source) })];
  if (quote.quoted_at) {
    const time = clock(quote.quoted_at);
    parts.push(
      quote.quoted_at_estimated
        ? gettext("visto pela primeira vez às %(time)s (a fonte não dá a hora)", { time })
        : gettext("preço das %(time)s (São Paulo)", { time }),
    );
  }
  if (quote.delay_s > 0) parts.push(delayText(quote.delay_s));
  if (isLate) parts.push(gettext("a última atualização não chegou a este papel"));
  return parts.join(" · ");
}

/** Show or hide the note beside a price that a later, unconfirmed one puts in doubt. */
export function showDoubt(root, quote) {
  const note = root.querySelector("[data-doubt]");
  if (!note) return;
  const title = quote.doubtful_price ? doubtText(quote) : "";
  if (note.title === title && note.hidden === !title) return;
  note.title = title;
  note.hidden = !title;
}

function doubtText(quote) {
  return gettext(
    "A fonte informou %(price)s, longe do último preço. Até que outra resposta confirme, vale o último.",
    { price: price(quote.doubtful_price) },
  );
}

export function delayText(seconds) {
  return gettext("atraso %(minutes)s min", { minutes: Math.ceil(seconds / 60) });
}

export function sourceName(source) {
  if (source === "simulated") return gettext("simulador");
  if (source === "replay") return gettext("pregão repetido");
  return source === "cotahist" ? "B3 (COTAHIST)" : (source ?? "–");
}

/** Return the comparison of two quotes by a column; quotes without a value go last in both directions. */
export function comparator(column, ascending) {
  const sign = ascending ? 1 : -1;
  const key = KEYS[column] ?? ((quote) => quote[column]);
  const order = TEXTS.has(column) ? (a, b) => a.localeCompare(b) : compareDecimals;
  return (one, other) => {
    const [a, b] = [key(one), key(other)];
    const [noA, noB] = [a === null || a === undefined, b === null || b === undefined];
    if (noA || noB) return Number(noA) - Number(noB);
    return sign * order(a, b);
  };
}

const TEXTS = new Set(["symbol", "name"]);
const KEYS = {
  turnover,
  day: (quote) => numberText(place(quote.low, quote.high, quote.price)),
  year: (quote) => numberText(place(quote.year_low, quote.year_high, quote.price)),
  // Ascending by age: the newest quote first.
  age: (quote) => (quote.quoted_at ? String(-Date.parse(quote.quoted_at)) : null),
};

function numberText(number) {
  return number === null ? null : number.toFixed(6);
}

/**
 * Add a price to a day's points [seconds, price]: one point a minute, the newest wins. A price that is a
 * little older than the last point is ignored. One much older means that the clock of the source was set
 * back: later points are removed, or the line would not move until that time was reached again.
 */
export function extendPoints(points, seconds, price) {
  if (points.at(-1)?.[0] - seconds > CLOCK_SET_BACK_S) {
    while (points.at(-1)?.[0] > seconds) points.pop();
  }
  const last = points.at(-1);
  if (last && seconds < last[0]) return;
  if (last && Math.floor(last[0] / MINUTE_S) === Math.floor(seconds / MINUTE_S)) {
    last[1] = price;
  } else points.push([seconds, price]);
}

/** Return the scale {low, span} of points and a reference; it spans at least `minSpan`. */
export function priceScale(points, reference, minSpan = 0) {
  const prices = points.map((point) => point[1]);
  if (Number.isFinite(reference)) prices.push(reference);
  const [least, range] = [Math.min(...prices), Math.max(...prices) - Math.min(...prices)];
  return { low: least - Math.max(0, minSpan - range) / 2, span: Math.max(range, minSpan) || 1 };
}

/** Return the y of a price on a scale in a box, as text for an SVG path. */
export function priceY(price, { low, span }, height) {
  return (height - 2 - ((price - low) / span) * (height - 4)).toFixed(1);
}

/** Return {line, area, base} SVG paths of points in a box; `reference` is the previous close. */
export function sparkPaths(points, reference, { width = 96, height = 28, minSpan = 0 } = {}) {
  if (points.length < 2) return { line: "", area: "", base: "" };
  const scale = priceScale(points, reference, minSpan);
  const from = points[0][0];
  const duration = points.at(-1)[0] - from || 1;
  const y = (price) => priceY(price, scale, height);
  const line = points
    .map(([at, price], i) => `${i ? "L" : "M"}${(((at - from) / duration) * width).toFixed(1)} ${y(price)}`)
    .join("");
  const base = Number.isFinite(reference) ? `M0 ${y(reference)}H${width}` : "";
  return { line, area: `${line}V${height}H0Z`, base };
}
