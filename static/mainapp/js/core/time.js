// Ages, times of day and dates as the reader's locale writes them, in São Paulo's time zone.
import { gettext, LANGUAGE } from "./i18n.js";

const NOTHING = "–";

/** Seconds → "há 5 s", "há 3 min", "há 2 h", "há 4 d" */
export function age(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return gettext("há %s s", [s]);
  if (s < 3600) return gettext("há %s min", [Math.floor(s / 60)]);
  if (s < 86400) return gettext("há %s h", [Math.floor(s / 3600)]);
  return gettext("há %s d", [Math.floor(s / 86400)]);
}

/** Seconds → "agora", "5 s", "3 min": where the words around it say that it is an age. */
export function shortAge(seconds) {
  const s = Math.floor(seconds);
  if (s < 1) return gettext("agora");
  return s < 60 ? gettext("%s s", [s]) : gettext("%s min", [Math.floor(s / 60)]);
}

let formats = null; // {clock, date}

function getFormats() {
  formats ??= {
    clock: new Intl.DateTimeFormat(LANGUAGE, {
      timeZone: "America/Sao_Paulo",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    }),
    date: new Intl.DateTimeFormat(LANGUAGE, {
      timeZone: "America/Sao_Paulo",
      day: LANGUAGE === "en" ? "numeric" : "2-digit",
      month: LANGUAGE === "en" ? "short" : "2-digit",
      year: "numeric",
    }),
  };
  return formats;
}

setTimeout(getFormats); // a task of its own: a page's first format costs a slow phone 50 ms

/** An ISO time or epoch milliseconds → "20/11", in English "20 Nov"; São Paulo's day. */
export function day(time, { withYear = false } = {}) {
  const moment = new Date(time ?? NaN);
  if (Number.isNaN(moment.getTime())) return NOTHING;
  const parts = Object.fromEntries(getFormats().date.formatToParts(moment).map(({ type, value }) => [type, value]));
  const shown = withYear ? [parts.day, parts.month, parts.year] : [parts.day, parts.month];
  return shown.join(LANGUAGE === "en" ? " " : "/");
}

/** An ISO time or epoch milliseconds → "14:05:09", São Paulo's. */
export function clock(time) {
  const moment = new Date(time ?? NaN);
  return Number.isNaN(moment.getTime()) ? NOTHING : getFormats().clock.format(moment);
}
