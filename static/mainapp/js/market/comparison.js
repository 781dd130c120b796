// Comparison of a chart with other papers: all prices as changes since the first bar that all of them have.

export const MAX_OTHERS = 3;

/**
 * Return {start, bases}: the time of the first common bar, and each series' close there; `start` is null when
 * they have none. `series` is a Map from a name to bars, which are sorted by time.
 */
export function commonStart(series) {
  const lists = [...series.values()];
  if (!lists.length || lists.some((bars) => !bars.length)) return { start: null, bases: new Map() };
  const others = lists.slice(1).map((bars) => new Set(bars.map((bar) => bar.time)));
  const first = lists[0].find((bar) => others.every((times) => times.has(bar.time)));
  if (!first) return { start: null, bases: new Map() };
  const closes = [...series].map(([name, bars]) => [name, bars.find((bar) => bar.time === first.time).close]);
  return { start: first.time, bases: new Map(closes) };
}
