// Past candles by HTTP, requested again until the server has loaded them.
import { toVolume } from "./bars.js";

const POLL_MS = 700;
const LOADING_MS = 25_000;

/** Convert a candle of the wire into a bar of numbers. */
export function toBar(candle) {
  const numbers = Object.fromEntries(
    ["open", "high", "low", "close"].map((name) => [name, Number(candle[name])]),
  );
  return { time: candle.time, volume: toVolume(candle.volume), ...numbers };
}

/**
 * Fetch candles, polling while the server loads them; `onPartial(body)` gets those available so far.
 *
 * Returns the body of the last response (`status` is `ready` or `failed`), null as soon as `isWanted()` is false.
 */
export async function fetchCandles({ url, ticker, range, interval = "", isWanted, onPartial = () => {} }) {
  const address = new URL(url, window.location.href);
  address.search = new URLSearchParams({ ticker, range, ...(interval && { interval }) });
  const deadline = performance.now() + LOADING_MS;
  for (;;) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(String(response.status));
    const body = await response.json();
    if (!isWanted()) return null;
    if (body.status !== "loading") return body;
    if (performance.now() > deadline) return { ...body, status: "failed" };
    if (body.bars.length) onPartial(body);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (!navigator.onLine) return { ...body, status: "failed" };
  }
}

/**
 * Fetch the day's closes of stocks for sparklines: {closes, status}; null if the request fails. With
 * `isRecordedOnly` the server does not load those that it lacks.
 */
export async function fetchCloses(url, symbols, { isRecordedOnly = false } = {}) {
  const query = new URLSearchParams([["sparklines", "1"], ...symbols.map((symbol) => ["ticker", symbol])]);
  if (isRecordedOnly) query.set("recorded", "1");
  const response = await fetch(`${url}?${query}`).catch(() => null);
  return response?.ok ? response.json().catch(() => null) : null;
}
