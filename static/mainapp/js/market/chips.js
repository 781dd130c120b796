// Live prices in the chips of tickers, anywhere on a page.
import { gettext } from "../core/i18n.js";
import { direction, pct, price as priceText } from "../core/number.js";
import { originText } from "./quotes.js";
import { StockSocket } from "./socket.js";
import { attachStatus, markLate } from "./status.js";

const LIMIT = 30; // of anonymous visitors

/**
 * Keep the chips inside `root` up to date. Of more than `limit` symbols it follows the newest ones and
 * those inside `[data-pinned]`.
 *
 * `bar` is the page's `_market_status.html`; its box is shown once there is a chip to follow.
 * Returns {watch, socket}: `watch(elements)` is for elements that are added later.
 */
export function attachChips(root, { room, quotes = {}, bar = null, limit = LIMIT }) {
  const socket = new StockSocket({ room });
  const followed = new Set(); // symbols, the least recently added first
  const pinned = new Set(
    [...root.querySelectorAll("[data-pinned] .chip")].map((chip) => chip.dataset.symbol),
  );
  let isStarted = false;
  socket.quotes = new Map(Object.entries(quotes));

  function show(symbol) {
    const quote = socket.quotes.get(symbol);
    for (const chip of root.querySelectorAll(`.chip[data-symbol="${CSS.escape(symbol)}"]`)) {
      if (quote?.price) fill(chip, quote, socket.late.has(symbol));
      else chip.title = gettext("aguardando primeira cotação");
    }
  }

  function watch(elements) {
    const chips = [...elements].flatMap((element) => [...element.querySelectorAll(".chip[data-symbol]")]);
    const symbols = new Set(chips.map((chip) => chip.dataset.symbol));
    for (const symbol of symbols) follow(symbol);
    for (const symbol of symbols) show(symbol);
    markLate(socket);
    start();
  }

  function follow(symbol) {
    const isNew = !followed.has(symbol);
    followed.delete(symbol);
    followed.add(symbol);
    if (!isNew) return;
    const oldest = [...followed].find((candidate) => !pinned.has(candidate));
    if (followed.size > (socket.limit ?? limit) && oldest) {
      followed.delete(oldest);
      socket.unsubscribe([oldest]);
    }
    socket.subscribe([symbol]);
  }

  function start() {
    if (isStarted || !followed.size) return;
    isStarted = true;
    if (bar) {
      bar.parentElement.hidden = false;
      attachStatus(bar, socket);
    }
    socket.start();
  }

  socket.addEventListener("quotes", ({ detail }) => {
    for (const symbol of detail.changes.keys()) show(symbol);
  });
  socket.addEventListener("late", () => followed.forEach(show));
  socket.addEventListener("unknown", ({ detail }) => {
    for (const symbol of detail.symbols) followed.delete(symbol);
  });
  watch([root]);
  return { watch, socket };
}

function fill(chip, quote, isLate) {
  const price = chip.querySelector('[data-field="price"]');
  const change = chip.querySelector('[data-field="change_pct"]');
  if (!price || !change) return;
  price.textContent = priceText(quote.price);
  const hasChange = quote.change_pct !== null && quote.change_pct !== undefined;
  change.textContent = hasChange ? pct(quote.change_pct) : "";
  change.className = hasChange ? direction(quote.change_pct) : "";
  chip.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  chip.title = originText(quote, isLate);
}
