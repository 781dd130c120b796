// What the stock socket stands on: frames, times, its address, and when a page comes back.

const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 15000;

/** Return the pause before the next attempt: full jitter that grows with the outage. */
export function reconnectDelay(outageMs, random = Math.random) {
  const ceiling = Math.min(MAX_DELAY_MS, Math.max(MIN_DELAY_MS, outageMs / 2));
  return MIN_DELAY_MS + random() * (ceiling - MIN_DELAY_MS);
}

/** Return the milliseconds to add to the local clock; the sample with the least delay is best. */
export function clockOffset(known, sample) {
  if (known === null || Math.abs(sample - known) > 2000) return sample;
  return Math.max(known, sample);
}

/**
 * Put a frame's quotes into `quotes`: a snapshot's replace, an update's fields are laid over. What is
 * not in `wanted` (removed here, the frame still in flight) is left out.
 *
 * Returns a Map from symbol to the fields that changed and their former values.
 */
export function mergeQuotes(quotes, frame, wanted) {
  const changes = new Map();
  for (const [symbol, fields] of Object.entries(frame.quotes ?? {})) {
    if (!wanted.has(symbol)) continue;
    const before = quotes.get(symbol);
    const after = frame.type === "snapshot" ? fields : { ...before, ...fields };
    const was = {};
    for (const field of Object.keys(after)) {
      if (before?.[field] !== after[field]) was[field] = before?.[field];
    }
    quotes.set(symbol, after);
    changes.set(symbol, was);
  }
  return changes;
}

/** Return the address of a room of this site. */
export function socketUrl(room) {
  const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${window.location.host}/ws/stock/${room}/`;
}

/** Call `listener` when the network, the tab or the page is back. */
export function onReturn(listener) {
  window.addEventListener("online", listener);
  window.addEventListener("pageshow", (event) => event.persisted && listener());
  document.addEventListener("resume", listener);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") listener();
  });
}
