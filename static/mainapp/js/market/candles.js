// Past candles by HTTP, asked for until the server has loaded them.

const POLL_MS = 700;
const LOADING_MS = 25000;

/** Turn a candle of the wire into a bar of numbers. */
export function toBar(raw) {
  const numbers = Object.fromEntries(
    ["open", "high", "low", "close"].map((name) => [name, Number(raw[name])]),
  );
  return { time: raw.time, volume: raw.volume, ...numbers };
}

/**
 * Ask for candles until they are there or failed; null when `isWanted()` says that nobody waits any
 * more. `onPartial(body)` is given what is kept meanwhile.
 */
export async function fetchCandles({ url, ticker, range, isWanted, onPartial = () => {} }) {
  const address = new URL(url, window.location.href);
  address.search = new URLSearchParams({ ticker, range });
  const deadline = Date.now() + LOADING_MS;
  for (;;) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(String(answer.status));
    const body = await answer.json();
    if (!isWanted()) return null;
    if (body.status !== "loading") return body;
    if (Date.now() > deadline) return { ...body, status: "failed" };
    if (body.bars.length) onPartial(body);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
