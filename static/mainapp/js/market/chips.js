// Live prices in the chips of tickers, wherever on a page they stand.
import { pct, decimal, direction } from "../core/number.js";
import { gettext, originText } from "./quotes.js";
import { StockSocket } from "./socket.js";
import { attachStatus } from "./status.js";

const LIMIT = 30; // a stranger's

/**
 * Keep the chips inside `root` in step with the market; of more symbols than `limit` the newest, and
 * those inside `[data-pinned]`.
 *
 * `bar` is the page's `_market_status.html`, whose box is shown once there is something to be said of prices.
 * Returns `watch(elements)` for what is added later.
 */
export function attachChips(root, { room, quotes = {}, bar = null, limit = LIMIT }) {
  const socket = new StockSocket({ room });
  const wanted = new Map(); // symbol → chips, the one least wanted first
  const pinned = new Set(
    [...root.querySelectorAll("[data-pinned] .chip")].map((chip) => chip.dataset.symbol),
  );
  let isStarted = false;
  socket.quotes = new Map(Object.entries(quotes));

  function show(symbol) {
    const quote = socket.quotes.get(symbol);
    for (const chip of root.querySelectorAll(`.chip[data-symbol="${CSS.escape(symbol)}"]`)) {
      if (quote?.price) fill(chip, quote);
      else chip.title = gettext("aguardando primeira cotação");
    }
  }

  function watch(elements) {
    const symbols = new Set();
    for (const element of elements) {
      for (const chip of element.querySelectorAll(".chip[data-symbol]")) symbols.add(chip.dataset.symbol);
    }
    for (const symbol of symbols) want(symbol);
    for (const symbol of symbols) show(symbol);
    start();
  }

  function want(symbol) {
    const isNew = !wanted.has(symbol);
    wanted.delete(symbol);
    wanted.set(symbol, true);
    if (!isNew) return;
    const oldest = [...wanted.keys()].find((one) => !pinned.has(one));
    if (wanted.size > (socket.limit ?? limit) && oldest) {
      wanted.delete(oldest);
      socket.unsubscribe([oldest]);
    }
    socket.subscribe([symbol]);
  }

  function start() {
    if (isStarted || !wanted.size) return;
    isStarted = true;
    if (bar) {
      bar.parentElement.hidden = false;
      attachStatus(bar, socket, (isStale) => root.classList.toggle("is-stale", isStale));
    }
    socket.start();
  }

  socket.addEventListener("quotes", ({ detail }) => {
    for (const symbol of detail.changes.keys()) show(symbol);
  });
  socket.addEventListener("unknown", ({ detail }) => {
    for (const symbol of detail.symbols) wanted.delete(symbol);
  });
  watch([root]);
  return watch;
}

function fill(chip, quote) {
  const price = chip.querySelector('[data-field="price"]');
  const change = chip.querySelector('[data-field="change_pct"]');
  if (!price || !change) return;
  price.textContent = decimal(quote.price);
  const moved = quote.change_pct !== null && quote.change_pct !== undefined;
  change.textContent = moved ? pct(quote.change_pct) : "";
  change.className = moved ? direction(quote.change_pct) : "";
  chip.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  chip.title = originText(quote);
}
