// The points of the day's sparklines, which live prices extend.
import { fetchCloses } from "../candles.js";

const RETRIES_MS = [150, 1200, 2500, 5000, 10000];

let timer = null;

/** Fetch the day's closes of all rows in one request; again while the server is loading them. */
export function loadSparklines(url, table, attempt = 0) {
  clearTimeout(timer);
  if (attempt < RETRIES_MS.length) timer = setTimeout(() => load(url, table, attempt), RETRIES_MS[attempt]);
}

async function load(url, table, attempt) {
  if (!table.symbols.length) return;
  const body = await fetchCloses(url, table.symbols);
  if (!body) return; // the pictures of the server stay
  for (const [symbol, points] of Object.entries(body.closes)) table.setPoints(symbol, points);
  if (body.status === "loading") loadSparklines(url, table, attempt + 1);
}
