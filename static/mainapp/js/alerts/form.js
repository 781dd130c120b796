// The form of an alert: each change loads a preview; the chart shows limits and past firings, and the price is live.
import * as dom from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { decimal } from "../core/number.js";
import { day } from "../core/time.js";
import { fetchCandles, toBar } from "../market/candles.js";
import { StockChart } from "../market/chart.js";
import { FieldQuote } from "../market/field-quote.js";
import { StockSocket } from "../market/socket.js";
import { attachStatus } from "../market/status.js";
import { attachQuickValues, enableQuickValues } from "./quick-values.js";

const RANGE = "1y";

const root = document.querySelector("[data-alert-form]");
const part = (name) => dom.part(root, name);
const box = root.querySelector(".chart-box");
const preview = document.getElementById("preview");
const socket = new StockSocket({ room: "alerts" });
const shown = new FieldQuote(part("now"), socket, onQuote);
let hadQuote = Boolean(part("now").dataset.symbol);
const chart = new StockChart(part("chart"), { onCrosshair: showLegend, hasVolume: false });
let shownSymbol = "";
let lastRequest = 0; // responses to older requests are dropped
let bars = [];

function cover(state, text = "") {
  box.dataset.state = state;
  part("cover-text").textContent = text;
}

function showLegend(hoveredBar) {
  const bar = hoveredBar ?? bars.at(-1);
  part("legend").textContent = bar
    ? `${day(bar.time * 1000, { withYear: true })} · ${decimal(bar.close.toFixed(chart.places), chart.places)}`
    : "";
}

/** Draw the marks of the newest preview; an invalid form has none. */
function showMarks() {
  chart.setMarks(document.getElementById("marks") ? dom.readJson("marks") : { limits: [], firings: [] });
}

async function load(symbol) {
  const request = ++lastRequest;
  [shownSymbol, bars] = [symbol, []];
  cover("loading", gettext("Carregando o histórico…"));
  try {
    const isWanted = () => request === lastRequest;
    const body = await fetchCandles({ url: root.dataset.candlesUrl, ticker: symbol, range: RANGE, isWanted });
    if (!body) return;
    bars = body.bars.map(toBar);
    if (!bars.length) return cover("empty", gettext("Ainda não há histórico deste ativo neste período."));
    chart.places = body.places;
    chart.show(bars, body.interval, { style: "area" });
    showLegend(null);
    cover("ready");
    // The history that was just loaded may have been missing when the preview was made.
    if (part("no-history")) globalThis.htmx.trigger(preview, "refresh");
  } catch {
    if (request === lastRequest) cover("failed", gettext("Não foi possível carregar o gráfico."));
  }
}

function update() {
  const { symbol } = part("preview").dataset;
  showMarks();
  if (!symbol || symbol === shownSymbol) return;
  load(symbol);
  shown.follow(symbol);
}

/** Runs after each change of the shown price. */
function onQuote(quote) {
  enableQuickValues(root, currentPrice);
  if (!quote) return;
  // A promise made before there was a price could not say whether it has passed the limit.
  if (!hadQuote && preview.querySelector(".promise")) globalThis.htmx?.trigger(preview, "refresh");
  hadQuote = true;
}

function currentPrice() {
  return shown.price;
}

attachStatus(document.querySelector("[data-market-status]"), socket);
attachQuickValues(root, currentPrice);

preview.addEventListener("htmx:afterSwap", update);
update();
socket.start();
