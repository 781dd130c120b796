// Numbers: decimal strings, exact integers of a unit (cents), and how the reader's locale writes them.
//
// No float touches money. The same cases test this file and Python: mainapp/core/tests/formats.json.
import { LANGUAGE } from "./i18n.js";

export const CENTS = 2;

const SIGNS = LANGUAGE === "en" ? { decimal: ".", group: "," } : { decimal: ",", group: "." };
const NOTHING = "–";
const NBSP = "\u00a0";
const SCALES = [
  [12, { "pt-BR": "tri", en: "T" }],
  [9, { "pt-BR": "bi", en: "B" }],
  [6, { "pt-BR": "mi", en: "M" }],
  [3, { "pt-BR": "mil", en: "K" }],
];

// Exact arithmetic ---------------------------------------------------------------------------------

/** Return a decimal string as an integer of 10^-places, rounded half away from zero; null for other strings. */
export function toUnits(text, places) {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(String(text ?? ""));
  if (!match) return null;
  const fraction = (match[3] ?? "").padEnd(places, "0");
  const exact = BigInt(match[2] + fraction);
  const whole = divide(exact, 10n ** BigInt(fraction.length - places));
  return match[1] === "-" ? -whole : whole;
}

/** Return an integer of 10^-places as a decimal string; null stays null. */
export function fromUnits(value, places = CENTS) {
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

/** Return part of whole in hundredths of a percent; null when the whole is zero. */
export function percent(part, whole) {
  return whole === 0n || whole === null || part === null ? null : divide(part * 10000n, whole);
}

/** Round a decimal string half away from zero to `places`; null for other strings. */
export function round(value, places) {
  return fromUnits(toUnits(value, places), places);
}

/** Compare two decimal strings exactly: negative, zero or positive. */
export function compareDecimals(a, b) {
  const places = Math.max(...[a, b].map((value) => String(value).split(".")[1]?.length ?? 0));
  const [left, right] = [toUnits(a, places), toUnits(b, places)];
  return left < right ? -1 : left > right ? 1 : 0;
}

// As the reader's locale writes them ---------------------------------------------------------------

function grouped(text, { signed = false } = {}) {
  const negative = text.startsWith("-");
  const [whole, fraction] = text.replace("-", "").split(".");
  const body = whole.replace(/\B(?=(\d{3})+$)/g, SIGNS.group);
  const zero = /^[0.]*$/.test(text);
  const sign = negative ? "−" : signed && !zero ? "+" : "";
  return sign + body + (fraction === undefined ? "" : SIGNS.decimal + fraction);
}

/** "1234.5" → "1.234,50" */
export function decimal(text, places = 2, options = {}) {
  const rounded = round(text, places);
  return rounded === null ? NOTHING : grouped(rounded, options);
}

/** Return the places with which a price is written: a decimal string carries its own, at least two. */
export function placesOf(text) {
  return Math.max(CENTS, String(text ?? "").split(".")[1]?.length ?? 0);
}

/** "1234.50" → "1.234,50", "0.00012345" → "0,00012345" */
export function price(text, options = {}) {
  return decimal(text, placesOf(text), options);
}

/** "0.00012345" → "R$ 0,00012345" */
export function brlPrice(text, options = {}) {
  return brl(text, { ...options, places: placesOf(text) });
}

/** "1234.5" → "R$ 1.234,50"; with { signed: true } "+R$ 1.234,50" */
export function brl(text, { places = CENTS, ...options } = {}) {
  const number = decimal(text, places, options);
  if (number === NOTHING) return NOTHING;
  const sign = /^[+−]/.test(number) ? number[0] : "";
  return `${sign}R$${NBSP}${number.slice(sign.length)}`;
}

/** "1.234" → "+1,23%" */
export function pct(text, { signed = true } = {}) {
  const number = decimal(text, 2, { signed });
  return number === NOTHING ? NOTHING : `${number}%`;
}

/** 1234567 or "1234567.89" → "1,2 mi" */
export function compact(value) {
  const whole = round(value, 0);
  if (whole === null) return NOTHING;
  const digits = whole.replace("-", "");
  const sign = whole.startsWith("-") ? "-" : "";
  for (const [power, names] of SCALES) {
    // From 999.950 on it reads "1,0 mi", not "1.000,0 mil".
    if (BigInt(digits) * 20n < 20n * 10n ** BigInt(power) - 10n ** BigInt(power - 3)) continue;
    const padded = digits.padStart(power + 1, "0");
    const scaled = round(`${padded.slice(0, -power)}.${padded.slice(-power)}`, 1);
    return `${grouped(sign + scaled)}${NBSP}${names[LANGUAGE]}`;
  }
  return grouped(whole);
}

/** Return the CSS class of a change of a price, to its last place: "up", "down" or "flat". */
export function priceDirection(text) {
  const units = toUnits(text, placesOf(text));
  return units ? (units < 0n ? "down" : "up") : "flat";
}

const NUMBER = /^[+-]?\d+(?:\.\d*)?$/;
const BELOW_HALF_A_CENT = /^[+-]?0+(?:\.(?:0?|00(?:[0-4]\d*)?))?$/;

/** Return the CSS class of a change, rounded to two places: "up", "down" or "flat". */
export function direction(text) {
  if (!NUMBER.test(text) || BELOW_HALF_A_CENT.test(text)) return "flat";
  return String(text).startsWith("-") ? "down" : "up";
}
