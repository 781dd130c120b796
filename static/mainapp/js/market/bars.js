// Bars of a chart: their start times, and the last bar updated by a live price.

const SAO_PAULO_S = -3 * 3600; // all year since 2019, and no minute bar is older
const MIDNIGHT_SLACK_S = 2 * 3600; // a day began at 02:00 UTC in the summers before 2020

/** Return a bar's time on the time axis, which shows São Paulo's time. */
export function axisTime(seconds, interval) {
  if (interval !== "1d") return seconds + SAO_PAULO_S;
  return new Date((seconds - MIDNIGHT_SLACK_S) * 1000).toISOString().slice(0, 10);
}

/** Return the first second of the bar that contains a moment. */
export function barStart(seconds, interval) {
  if (interval === "1d") {
    return Math.floor((seconds + SAO_PAULO_S) / 86400) * 86400 - SAO_PAULO_S;
  }
  const width = 60 * Number.parseInt(interval, 10);
  return Math.floor(seconds / width) * width;
}

/**
 * Update the last bar by a live price, or append one; return it, null when the price is older than the last bar.
 *
 * A bar is {time, open, high, low, close, volume}, all numbers.
 */
export function applyPrice(bars, interval, seconds, quote) {
  const time = barStart(seconds, interval);
  const last = bars.at(-1);
  if (last && time < last.time) return null;
  const price = Number(quote.price);
  if (!last || time > last.time) {
    const isDay = interval === "1d";
    const bar = {
      time,
      open: Number((isDay && quote.open) || price),
      high: Number((isDay && quote.high) || price),
      low: Number((isDay && quote.low) || price),
      close: price,
      volume: isDay ? quote.volume : null,
    };
    bars.push(bar);
    return bar;
  }
  const day = interval === "1d" ? quote : {};
  last.close = price;
  last.high = Math.max(last.high, price, Number(day.high ?? price));
  last.low = Math.min(last.low, price, Number(day.low ?? price));
  last.volume = day.volume ?? last.volume;
  return last;
}
