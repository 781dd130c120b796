// Bars of a chart: their start times, and the last bar updated by a live price.
//
// Intervals are the server's: 1m, 5m, 15m, 60m, 1d, 1w (from Monday), 1mo. Days are São Paulo's.

const SAO_PAULO_S = -3 * 3600; // all year since 2019, and no minute bar is older
const MIDNIGHT_SLACK_S = 2 * 3600; // a day began at 02:00 UTC in the summers before 2020
const DAY_S = 86_400;
const DAYS_FROM_MONDAY = 3; // of 1 January 1970

/** Return whether bars are shorter than a day. */
export function isIntraday(interval) {
  return interval.endsWith("m");
}

/** Return a bar's time on the time axis, which shows São Paulo's time. */
export function axisTime(seconds, interval) {
  if (isIntraday(interval)) return seconds + SAO_PAULO_S;
  return new Date((seconds - MIDNIGHT_SLACK_S) * 1000).toISOString().slice(0, 10);
}

/** Return the first second of the bar that contains a moment. */
export function barStart(seconds, interval) {
  if (isIntraday(interval)) {
    const width = 60 * Number.parseInt(interval, 10);
    return Math.floor(seconds / width) * width;
  }
  let day = Math.floor((seconds + SAO_PAULO_S) / DAY_S);
  if (interval === "1w") day -= (day + DAYS_FROM_MONDAY) % 7;
  if (interval === "1mo") day -= new Date(day * DAY_S * 1000).getUTCDate() - 1;
  return day * DAY_S - SAO_PAULO_S;
}

/** Return a volume of the wire as a number: one of coins is a decimal string. Null stays null. */
export function toVolume(volume) {
  return volume === null ? null : Number(volume);
}

/**
 * Update the last bar by a live quote, or append one; return it, null when the quote is older than the last bar.
 *
 * A bar is {time, open, high, low, close, volume}, all numbers. `growth` is how much the day's volume grew
 * since the last quote.
 */
export function applyPrice(bars, interval, seconds, quote, growth = 0) {
  const time = barStart(seconds, interval);
  const last = bars.at(-1);
  if (last && time < last.time) return null;
  const price = Number(quote.price);
  const day = isIntraday(interval) ? {} : quote;
  if (!last || time > last.time) {
    const bar = {
      time,
      open: Number(day.open || price),
      high: Number(day.high || price),
      low: Number(day.low || price),
      close: price,
      volume: toVolume(day.volume ?? growth),
    };
    bars.push(bar);
    return bar;
  }
  last.close = price;
  last.high = Math.max(last.high, price, Number(day.high ?? price));
  last.low = Math.min(last.low, price, Number(day.low ?? price));
  if (interval === "1d") last.volume = toVolume(quote.volume ?? last.volume);
  else if (growth) last.volume = (last.volume ?? 0) + growth;
  return last;
}
