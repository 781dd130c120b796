// What a quote looks like: its cells' texts, its places in ranges, its sparkline, its order.
import { age, clock, compact, decimal, direction, pct } from "../core/number.js";

const MINUTE_S = 60;

/** Translate; the identity where the page has no catalogue. */
export function gettext(text, values = {}) {
  const found = typeof globalThis.gettext === "function" ? globalThis.gettext(text) : text;
  return found.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
}

/** Return the text of a field of a quote. */
export function fieldText(quote, field) {
  const value = quote[field];
  if (field === "symbol" || field === "name") return value ?? "";
  if (field === "change") return decimal(value, 2, { signed: true });
  if (field === "change_pct") return pct(value);
  if (field === "volume" || field === "market_cap") return compact(value);
  return decimal(value, field === "price" ? 2 : sidePlaces(quote));
}

/** Return how many places the prices beside the newest one are shown with: an index needs none. */
function sidePlaces(quote) {
  return Number(quote.price) >= 10000 ? 0 : 2;
}

/** Return the class of a change's cell. */
export function changeClass(quote) {
  return direction(quote.change);
}

/** Return where `price` lies between `low` and `high`, 0–100, or null when that has no answer. */
export function place(low, high, price) {
  const [from, to, at] = [low, high, price].map((text) => Number.parseFloat(text));
  if (!(to > from) || Number.isNaN(at)) return null;
  return Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
}

/** Return a quote's age in seconds at `nowMs`, null when it has no time. */
export function ageSeconds(quote, nowMs) {
  const at = Date.parse(quote.quoted_at ?? "");
  return Number.isNaN(at) ? null : Math.max(0, (nowMs - at) / 1000);
}

export function ageText(quote, nowMs) {
  const seconds = ageSeconds(quote, nowMs);
  if (seconds === null) return "–";
  if (seconds < 2) return gettext("agora");
  return age(seconds);
}

/** Return what is to be known of a price's origin, in one line. */
export function originText(quote) {
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
  return parts.join(" · ");
}

export function delayText(seconds) {
  return gettext("atraso %(minutes)s min", { minutes: Math.ceil(seconds / 60) });
}

export function sourceName(source) {
  return source === "simulated" ? gettext("simulador") : (source ?? "–");
}

/** Compare two decimal strings exactly: negative, zero or positive. */
export function compareDecimals(a, b) {
  const [negativeA, wholeA, fractionA] = parts(a);
  const [negativeB, wholeB, fractionB] = parts(b);
  if (negativeA !== negativeB) return negativeA ? -1 : 1;
  const places = Math.max(fractionA.length, fractionB.length);
  const left = BigInt(wholeA + fractionA.padEnd(places, "0"));
  const right = BigInt(wholeB + fractionB.padEnd(places, "0"));
  const order = left < right ? -1 : left > right ? 1 : 0;
  return negativeA ? -order : order;
}

function parts(text) {
  const [whole, fraction = ""] = String(text).replace(/^[-+]/, "").split(".");
  const isZero = /^0*$/.test(whole + fraction);
  return [String(text).startsWith("-") && !isZero, whole, fraction];
}

/** Return how a column compares two quotes; what has no value goes last either way. */
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
  day: (quote) => numberText(place(quote.low, quote.high, quote.price)),
  year: (quote) => numberText(place(quote.year_low, quote.year_high, quote.price)),
  // The youngest first when ascending, as an age is.
  age: (quote) => (quote.quoted_at ? String(-Date.parse(quote.quoted_at)) : null),
};

function numberText(number) {
  return number === null ? null : number.toFixed(6);
}

/** Add a price to a day's points [seconds, price]: one point a minute, the newest wins. */
export function extendPoints(points, seconds, price) {
  const last = points.at(-1);
  if (last && seconds < last[0]) return;
  if (last && Math.floor(last[0] / MINUTE_S) === Math.floor(seconds / MINUTE_S)) {
    last[1] = price;
  } else points.push([seconds, price]);
}

/** Return {line, base} SVG paths of points in a box; `reference` is the previous close. */
export function sparkPaths(points, reference, width = 96, height = 28) {
  if (points.length < 2) return { line: "", base: "" };
  const prices = points.map((point) => point[1]);
  if (Number.isFinite(reference)) prices.push(reference);
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low || 1;
  const from = points[0][0];
  const duration = points.at(-1)[0] - from || 1;
  const y = (price) => (height - 2 - ((price - low) / span) * (height - 4)).toFixed(1);
  const line = points
    .map(([at, price], i) => `${i ? "L" : "M"}${(((at - from) / duration) * width).toFixed(1)} ${y(price)}`)
    .join("");
  const base = Number.isFinite(reference) ? `M0 ${y(reference)}H${width}` : "";
  return { line, base };
}
