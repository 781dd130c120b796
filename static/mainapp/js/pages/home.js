// The home page: the index and three lists, live. Without scripts it shows the recorded prices.
import { clearFlashes, flash, hasReducedMotion, setDirection, setText } from "../core/dom.js";
import * as number from "../core/number.js";
import { clock, day } from "../core/time.js";
import { ageSeconds, originText, showDoubt } from "../market/quotes.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus, markLate } from "../market/status.js";

const INDEX = "IBOV";
const OLD_S = 120;
const PRICE_PLACES = 8;
const SLIDE_MS = 350;

const page = document.querySelector("[data-home]");
const indexCard = page.querySelector("[data-index]");
const rowTemplate = document.getElementById("board-row");
const boards = new Map(
  [...page.querySelectorAll("[data-board]")].map((board) => [board.dataset.board, board]),
);
const lastPrices = new Map(); // symbol → the price last shown

/** Return price × volume as a decimal string, exactly; null when one is unknown. */
function turnover(quote) {
  const price = number.toUnits(quote.price, PRICE_PLACES);
  if (price === null || !Number.isInteger(quote.volume)) return null;
  return number.fromUnits(price * BigInt(quote.volume), PRICE_PLACES);
}

function showChange(element, changePct) {
  setText(element, number.pct(changePct));
  setDirection(element, number.direction(changePct));
}

/** Show a quote's time, or its date when it is not of today; mark a price that is old in an open session. */
function showTime(box, quote) {
  const time = box.querySelector("[data-time]");
  const [date, today] = [quote.quoted_at, socket.now()].map((moment) => day(moment));
  setText(time, date === today ? clock(quote.quoted_at) : date);
  time.classList.toggle("estimated", Boolean(quote.quoted_at_estimated));
  const price = box.querySelector("[data-price]");
  const isOld = ageSeconds(quote, socket.now()) > (quote.delay_s ?? 0) + OLD_S;
  box.dataset.prices = socket.session === "open" && isOld ? "stale" : "live";
  price.title = originText(quote);
  showDoubt(box, quote);
}

function flashPrice(element, symbol, price) {
  const before = lastPrices.get(symbol);
  if (before !== undefined) flash(element, number.compareDecimals(price, before));
}

function showIndex(quote) {
  if (!quote?.price) return;
  const price = indexCard.querySelector("[data-price]");
  setText(price, number.decimal(quote.price));
  flashPrice(price, INDEX, quote.price);
  lastPrices.set(INDEX, quote.price);
  showChange(indexCard.querySelector("[data-change-pct]"), quote.change_pct);
  showTime(indexCard, quote);
  setText(indexCard.querySelector("[data-low]"), number.decimal(quote.low));
  setText(indexCard.querySelector("[data-high]"), number.decimal(quote.high));
  setText(indexCard.querySelector("[data-previous-close]"), number.decimal(quote.previous_close));
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
  setText(price, number.brl(quote.price));
  flashPrice(price, symbol, quote.price);
  showTime(row, quote);
  showChange(row.querySelector("[data-change-pct]"), quote.change_pct);
  const value = withTurnover ? turnover(quote) : null;
  setText(row.querySelector("[data-turnover]"), value ? `R$\u00a0${number.compact(value)}` : "");
}

/** Animate the rows that moved from their former places; a row keeps its element, and its focus. */
function slide(rows, tops) {
  if (hasReducedMotion()) return;
  for (const row of rows) {
    const before = tops.get(row);
    const moved = before === undefined ? 0 : before - row.getBoundingClientRect().top;
    if (before === undefined) row.animate({ opacity: [0, 1] }, { duration: SLIDE_MS, easing: "ease-out" });
    else if (Math.abs(moved) > 1) {
      const from = `translateY(${moved}px)`;
      row.animate({ transform: [from, "none"] }, { duration: SLIDE_MS, easing: "ease-in-out" });
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
  if (!Object.keys(detail.quotes ?? {}).length) return; // no live prices yet: keep the recorded ones
  for (const name of boards.keys()) showBoard(name, detail[name] ?? [], detail.quotes);
  for (const [symbol, quote] of Object.entries(detail.quotes)) {
    lastPrices.set(symbol, quote.price);
  }
  markLate(socket);
}

const socket = new StockSocket({ room: "home", symbols: [INDEX] });
socket.addEventListener("quotes", () => showIndex(socket.quotes.get(INDEX)));
socket.addEventListener("ranking", showRanking);
attachStatus(document.querySelector("[data-market-status]"), socket);
clearFlashes(page);
socket.start();
page.dataset.ready = "";
