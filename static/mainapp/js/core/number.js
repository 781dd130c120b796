/* Numbers and ages for the reader's locale. Money comes and goes as decimal strings: no float touches it. */

const LANGUAGE = document.documentElement.lang === "en" ? "en" : "pt-BR";
const SIGNS = LANGUAGE === "en" ? { decimal: ".", group: "," } : { decimal: ",", group: "." };
const NOTHING = "–";
const NARROW = "\u00a0";
const SCALES = [
  [12, { "pt-BR": "tri", en: "T" }],
  [9, { "pt-BR": "bi", en: "B" }],
  [6, { "pt-BR": "mi", en: "M" }],
  [3, { "pt-BR": "mil", en: "K" }],
];

/** Round a decimal string half away from zero to `places`; null for what is no number. */
export function round(text, places) {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(String(text ?? ""));
  if (!match) return null;
  const digits = match[2] + (match[3] ?? "").padEnd(places + 1, "0").slice(0, places + 1);
  const value = (BigInt(digits) + 5n) / 10n;
  const padded = String(value).padStart(places + 1, "0");
  const whole = places ? padded.slice(0, -places) : padded;
  const sign = match[1] === "-" && value !== 0n ? "-" : "";
  return sign + whole + (places ? `.${padded.slice(-places)}` : "");
}

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

/** "1234.5" → "R$ 1.234,50"; with { signed: true } "+R$ 1.234,50" */
export function brl(text, options = {}) {
  const number = decimal(text, 2, options);
  if (number === NOTHING) return NOTHING;
  const sign = /^[+−]/.test(number) ? number[0] : "";
  return `${sign}R$${NARROW}${number.slice(sign.length)}`;
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
    return `${grouped(sign + scaled)}${NARROW}${names[LANGUAGE]}`;
  }
  return grouped(whole);
}

/** Which class a change wears: "up", "down" or "flat". */
export function direction(text) {
  const rounded = round(text, 2);
  if (rounded === null || /^-?[0.]*$/.test(rounded)) return "flat";
  return rounded.startsWith("-") ? "down" : "up";
}

/** Seconds → "há 5 s", "há 3 min", "há 2 h", "há 4 d" */
export function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return interpolate(gettext("há %s s"), [s]);
  if (s < 3600) return interpolate(gettext("há %s min"), [Math.floor(s / 60)]);
  if (s < 86400) return interpolate(gettext("há %s h"), [Math.floor(s / 3600)]);
  return interpolate(gettext("há %s d"), [Math.floor(s / 86400)]);
}

const CLOCK = new Intl.DateTimeFormat(LANGUAGE, {
  timeZone: "America/Sao_Paulo",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

const DATE = new Intl.DateTimeFormat(LANGUAGE, {
  timeZone: "America/Sao_Paulo",
  day: LANGUAGE === "en" ? "numeric" : "2-digit",
  month: LANGUAGE === "en" ? "short" : "2-digit",
  year: "numeric",
});

/** An ISO time or epoch milliseconds → "20/11", in English "20 Nov"; São Paulo's day. */
export function day(time, { withYear = false } = {}) {
  const moment = new Date(time ?? NaN);
  if (Number.isNaN(moment.getTime())) return NOTHING;
  const parts = Object.fromEntries(DATE.formatToParts(moment).map(({ type, value }) => [type, value]));
  const shown = withYear ? [parts.day, parts.month, parts.year] : [parts.day, parts.month];
  return shown.join(LANGUAGE === "en" ? " " : "/");
}

/** An ISO time or epoch milliseconds → "14:05:09", São Paulo's. */
export function clock(time) {
  const moment = new Date(time ?? NaN);
  return Number.isNaN(moment.getTime()) ? NOTHING : CLOCK.format(moment);
}
