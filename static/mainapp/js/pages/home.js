/* The home page: the index and the three lists, moving. Without this the page shows what was recorded. */
import { brl, clock, compact, day, decimal, direction, pct } from "../core/number.js";
import { ageSeconds, compareDecimals, originText } from "../market/quotes.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";

const INDEX = "IBOV";
const OLD_S = 120;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

const page = document.querySelector("[data-home]");
const indexCard = page.querySelector("[data-index]");
const rowTemplate = document.getElementById("board-row");
const boards = new Map(
  [...page.querySelectorAll("[data-board]")].map((board) => [board.dataset.board, board]),
);
const lastPrices = new Map(); // symbol → price as last shown, for the direction of a flash

/** Price by volume in whole reais, exact: both come as digits. */
function turnover(quote) {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(quote.price ?? "");
  if (!match || !Number.isInteger(quote.volume)) return null;
  const places = (match[2] ?? "").length;
  const scale = 10n ** BigInt(places);
  return String((BigInt(match[1] + (match[2] ?? "")) * BigInt(quote.volume)) / scale);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function showMove(element, changePct) {
  setText(element, pct(changePct));
  element.classList.remove("up", "down", "flat");
  element.classList.add(direction(changePct));
}

/** Say of when a quote is: the time today, the day before that; a price that is old in an open session is marked. */
function showTime(box, quote) {
  const time = box.querySelector("[data-time]");
  const [on, today] = [quote.quoted_at, socket.now()].map((moment) => day(moment));
  setText(time, on === today ? clock(quote.quoted_at) : on);
  time.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  const price = box.querySelector("[data-price]");
  const isOld = ageSeconds(quote, socket.now()) > (quote.delay_s ?? 0) + OLD_S;
  price.classList.toggle("stale", socket.session === "open" && isOld);
  price.title = originText(quote);
}

function flash(element, before, after) {
  if (calm.matches || before === undefined || before === after) return;
  const rose = compareDecimals(after, before) > 0;
  element.classList.remove("flash-up", "flash-down");
  void element.offsetWidth; // starts the animation anew
  element.classList.add(rose ? "flash-up" : "flash-down");
}

function showIndex(quote) {
  if (!quote?.price) return;
  const price = indexCard.querySelector("[data-price]");
  setText(price, decimal(quote.price));
  flash(price, lastPrices.get(INDEX), quote.price);
  lastPrices.set(INDEX, quote.price);
  showMove(indexCard.querySelector("[data-change-pct]"), quote.change_pct);
  showTime(indexCard, quote);
  setText(indexCard.querySelector("[data-low]"), decimal(quote.low));
  setText(indexCard.querySelector("[data-high]"), decimal(quote.high));
  setText(indexCard.querySelector("[data-previous-close]"), decimal(quote.previous_close));
}

function newRow(symbol, quote) {
  const row = rowTemplate.content.firstElementChild.cloneNode(true);
  row.dataset.symbol = symbol;
  row.querySelector("a").href = `${page.dataset.graphUrl}?ticker=${encodeURIComponent(symbol)}`;
  row.querySelector(".ticker").textContent = symbol;
  row.querySelector(".board-name").textContent = quote.name ?? "";
  return row;
}

function fillRow(row, symbol, quote, withTurnover) {
  const price = row.querySelector("[data-price]");
  setText(price, brl(quote.price));
  flash(price, lastPrices.get(symbol), quote.price);
  showTime(row, quote);
  showMove(row.querySelector("[data-change-pct]"), quote.change_pct);
  const value = withTurnover ? turnover(quote) : null;
  setText(row.querySelector("[data-turnover]"), value ? `R$\u00a0${compact(value)}` : "");
}

/** Slide the rows that changed place from where they were; a row keeps its element, and its focus. */
function slide(rows, tops) {
  if (calm.matches) return;
  for (const row of rows) {
    const before = tops.get(row);
    const moved = before === undefined ? 0 : before - row.getBoundingClientRect().top;
    if (before === undefined) row.animate({ opacity: [0, 1] }, { duration: 350, easing: "ease-out" });
    else if (Math.abs(moved) > 1) {
      const from = `translateY(${moved}px)`;
      row.animate({ transform: [from, "none"] }, { duration: 350, easing: "ease-in-out" });
    }
  }
}

function showBoard(name, symbols, quotes) {
  const board = boards.get(name);
  const list = board?.querySelector(".board-rows");
  if (!list) return;
  const old = new Map([...list.children].map((row) => [row.dataset.symbol, row]));
  const tops = new Map([...list.children].map((row) => [row, row.getBoundingClientRect().top]));
  const known = symbols.filter((symbol) => quotes[symbol]);
  const rows = known.map((symbol) => old.get(symbol) ?? newRow(symbol, quotes[symbol]));
  for (const row of [...list.children]) if (!rows.includes(row)) row.remove();
  rows.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
    fillRow(row, known[place], quotes[known[place]], name === "traded");
  });
  slide(rows, tops);
  const empty = board.querySelector(".board-empty");
  empty.hidden = rows.length > 0;
  setText(empty, empty.dataset.empty);
}

function showRanking({ detail }) {
  if (!Object.keys(detail.quotes ?? {}).length) return; // the server has no prices yet: keep what was recorded
  for (const name of boards.keys()) showBoard(name, detail[name] ?? [], detail.quotes);
  for (const [symbol, quote] of Object.entries(detail.quotes)) {
    lastPrices.set(symbol, quote.price);
  }
}

const socket = new StockSocket({ room: "home", symbols: [INDEX] });
socket.addEventListener("quotes", () => showIndex(socket.quotes.get(INDEX)));
socket.addEventListener("ranking", showRanking);
attachStatus(page.querySelector("[data-market-status]"), socket, (isStale) => {
  page.classList.toggle("is-stale", isStale);
});
page.addEventListener("animationend", ({ target, animationName }) => {
  if (animationName.startsWith("flash-")) target.classList.remove(animationName);
});
socket.start();
page.dataset.ready = "";
