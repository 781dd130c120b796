// The geometry of an area chart, the same as mainapp/market/rendering.py draws on the server.
import { sparkPaths } from "./quotes.js";

const WIDTH = 1000;
const HEIGHT = 300;
const MARGIN = 2;
const LEVELS = 4;
const MOMENTS = [0.1, 0.3, 0.5, 0.7, 0.9];
const TIME_STEPS_S = [900, 1800, 3600, 7200, 10800, 14400, 21600];
const MAX_TIMES = 6;
const TIME_EDGE = 0.04; // of the width, where a label would be cut
const UTC_OFFSET_S = 10800; // São Paulo is three hours behind, without summer time since 2019

/**
 * Draw points [epoch seconds, price], at least two, in a box of WIDTH by HEIGHT: {paths, baseAt, levels,
 * moments, places}. `baseAt` is percent from the top, null without a base; `levels` are [percent from the
 * top, price], `moments` [percent from the left, epoch seconds], `places` the {x, y} of each point in percent.
 */
export function areaChart(points, base, { byTime }) {
  const prices = points.map((point) => point[1]);
  if (Number.isFinite(base)) prices.push(base);
  const low = Math.min(...prices);
  const span = Math.max(...prices) - low || 1;
  const drawn = byTime ? points : points.map(([, price], n) => [n, price]);
  const y = (price) => ((HEIGHT - MARGIN - ((price - low) / span) * (HEIGHT - 2 * MARGIN)) / HEIGHT) * 100;
  const [from, to] = [drawn[0][0], drawn.at(-1)[0]];
  return {
    paths: sparkPaths(drawn, base, { width: WIDTH, height: HEIGHT }),
    baseAt: Number.isFinite(base) ? y(base) : null,
    levels: roundPrices(low, low + span).map((price) => [y(price), price]),
    moments: moments(points, byTime),
    places: drawn.map(([at, price]) => ({ x: ((at - from) / (to - from || 1)) * 100, y: y(price) })),
  };
}

/** Return about LEVELS round prices between two: multiples of 1, 2 or 5 times a power of ten. */
export function roundPrices(low, high) {
  // The tolerances allow for floats such as 0.1 + 0.2; the server computes the same prices as decimals.
  const rough = (high - low) / LEVELS;
  const power = 10 ** Math.floor(Math.log10(rough) + 1e-9);
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough * (1 - 1e-9));
  const prices = [];
  const [first, last] = [Math.ceil(low / step - 1e-6), Math.floor(high / step + 1e-6)];
  for (let n = first; n <= last; n += 1) prices.push(Number((n * step).toPrecision(12)));
  return prices;
}

/** Return the index of the place nearest to `x` percent from the left. */
export function nearest(places, x) {
  let best = 0;
  places.forEach((place, n) => {
    if (Math.abs(place.x - x) < Math.abs(places[best].x - x)) best = n;
  });
  return best;
}

function moments(points, byTime) {
  if (!byTime) return MOMENTS.map((share) => [share * 100, points[Math.round(share * (points.length - 1))][0]]);
  const [first, last] = [points[0][0], points.at(-1)[0]];
  return roundTimes(first, last).map((at) => [((at - first) / (last - first)) * 100, at]);
}

/** Return the round times of São Paulo between two, at most MAX_TIMES, none close to an end. */
function roundTimes(first, last) {
  const span = last - first;
  const step = TIME_STEPS_S.find((size) => span / size <= MAX_TIMES) ?? TIME_STEPS_S.at(-1);
  const edge = span * TIME_EDGE;
  const times = [];
  let at = Math.ceil((first + edge - UTC_OFFSET_S) / step) * step + UTC_OFFSET_S;
  for (; at <= last - edge; at += step) times.push(at);
  return times;
}
