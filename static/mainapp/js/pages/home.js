// The home page, live: the index, its treemap, the rankings, and lines of stocks in any block.
// Without scripts it shows the recorded prices. Blocks of features listen for `homequotes` on document.
import { clearFlashes, flash, hasReducedMotion, setDirection, setFigure, setText, whenNear } from "../core/dom.js";
import * as number from "../core/number.js";
import { AreaChart } from "../market/area-chart.js";
import { QuoteLines, showTime } from "../market/quote-lines.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus, markLate } from "../market/status.js";
import { Treemap } from "../market/treemap.js";

const INDEX = "IBOV";
const SLIDE_MS = 240;

const page = document.querySelector("[data-home]");
const indexCard = page.querySelector("[data-index]");
const boards = new Map(
  [...page.querySelectorAll("[data-board]")].map((board) => [board.dataset.board, board]),
);
const followed = [...page.querySelectorAll("[data-follow], [data-line]")]
  .filter((element) => !element.closest("[data-board]"))
  .flatMap((element) => element.dataset.follow?.split(" ").filter(Boolean) ?? element.dataset.symbol);
const socket = new StockSocket({ room: "home", symbols: [INDEX, ...followed] });
const lines = new QuoteLines(page, { socket, candlesUrl: indexCard.dataset.candles });
const chart = new AreaChart(indexCard);
const figure = page.querySelector("[data-treemap]");
const changes = new Map(); // symbol → change of the day, for the treemap
let treemap = null;
let indexPrice = null;

function showIndex(quote) {
  if (!quote?.price) return;
  const price = indexCard.querySelector("[data-price]");
  setFigure(price, number.decimal(quote.price));
  if (indexPrice !== null) flash(price, number.compareDecimals(quote.price, indexPrice));
  indexPrice = quote.price;
  const change = indexCard.querySelector("[data-change-pct]");
  setText(change, `${number.decimal(quote.change, 2, { signed: true })} (${number.pct(quote.change_pct)})`);
  setDirection(change, number.direction(quote.change_pct));
  showTime(indexCard, quote, socket);
  for (const name of ["low", "high", "previous_close"]) {
    const figure = indexCard.querySelector(`b[data-${name.replace("_", "-")}]`);
    setText(figure, number.decimal(quote[name], 0));
  }
  chart.update(quote);
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

/** Put rows into a list in their order. Positions are measured, which forces a layout, only if the order changed. */
function arrange(list, rows) {
  const old = [...list.children];
  if (old.length === rows.length && rows.every((row, place) => row === old[place])) return;
  const tops = new Map(old.map((row) => [row, row.getBoundingClientRect().top]));
  for (const row of old) if (!rows.includes(row)) row.remove();
  rows.forEach((row, place) => {
    if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
  });
  slide(rows, tops);
}

function showBoard(board, symbols, quotes) {
  const list = board.querySelector(".board-rows");
  const template = board.querySelector("template");
  const old = new Map([...list.children].map((row) => [row.dataset.symbol, row]));
  const known = symbols.filter((symbol) => quotes[symbol]);
  const rows = known.map((symbol) => old.get(symbol) ?? lines.build(template, symbol, quotes[symbol]));
  arrange(list, rows);
  rows.forEach((row, place) => lines.fill(row, known[place], quotes[known[place]]));
  const empty = board.querySelector(".board-empty");
  empty.hidden = rows.length > 0;
  setText(empty, empty.dataset.empty);
}

function showRanking({ detail }) {
  if (!Object.keys(detail.quotes ?? {}).length) return; // no live prices yet: keep the recorded ones
  for (const [name, board] of boards) showBoard(board, detail[name] ?? [], detail.quotes);
  lines.remember(new Map(Object.entries(detail.quotes)));
  for (const [symbol, change] of Object.entries(detail.changes ?? {})) changes.set(symbol, change);
  colourTreemap();
  lines.loadPoints();
  markLate(socket);
}

function colourTreemap() {
  for (const [symbol, change] of treemap ? changes : []) treemap.update(symbol, change);
}

function showTreemap() {
  treemap = new Treemap(figure);
  colourTreemap();
}

function showQuotes({ detail }) {
  showIndex(socket.quotes.get(INDEX));
  lines.update(new Map([...detail.changes.keys()].map((symbol) => [symbol, socket.quotes.get(symbol)])));
  document.dispatchEvent(new CustomEvent("homequotes", { detail: { quotes: socket.quotes, now: socket.now() } }));
}

socket.addEventListener("quotes", showQuotes);
socket.addEventListener("ranking", showRanking);
attachStatus(document.querySelector("[data-market-status]"), socket);
clearFlashes(page);
if (figure) whenNear(figure, showTreemap);
socket.start();
lines.loadPoints();
page.dataset.ready = "";
