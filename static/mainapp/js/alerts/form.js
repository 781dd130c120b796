// The alert's form: what it would do comes with each change; limits and firings lie on the chart.
import "../pages/base.js";
import { fetchCandles, toBar } from "../market/candles.js";
import { StockChart } from "../market/chart.js";
import { decimal, day } from "../core/number.js";
import { gettext } from "../market/quotes.js";

const RANGE = "1y";

const root = document.querySelector("[data-alert-form]");
const part = (name) => root.querySelector(`[data-part="${name}"]`);
const box = root.querySelector(".chart-box");
const preview = document.getElementById("preview");
const chart = new StockChart(part("chart"), { onCrosshair: showLegend });
let shown = ""; // the symbol whose bars are on the chart
let asked = 0;
let bars = [];

function cover(state, words = "") {
  box.dataset.state = state;
  part("cover-text").textContent = words;
}

function showLegend(hovered) {
  const bar = hovered ?? bars.at(-1);
  part("legend").textContent = bar
    ? `${day(bar.time * 1000, { withYear: true })} · ${decimal(bar.close.toFixed(2))}`
    : "";
}

/** Draw what the newest preview says; an invalid form leaves the chart without marks. */
function showMarks() {
  const found = document.getElementById("marks");
  const marks = found ? JSON.parse(found.textContent) : { limits: [], firings: [] };
  chart.setMarks(marks);
}

async function load(symbol) {
  const number = ++asked;
  [shown, bars] = [symbol, []];
  cover("loading", gettext("Carregando o histórico…"));
  try {
    const isWanted = () => number === asked;
    const body = await fetchCandles({ url: root.dataset.candlesUrl, ticker: symbol, range: RANGE, isWanted });
    if (!body) return;
    bars = body.bars.map(toBar);
    if (!bars.length) return cover("empty", gettext("Ainda não há histórico deste ativo neste período."));
    chart.show(bars, body.interval, {});
    showLegend(null);
    cover("ready");
    // What was just loaded may not have been there when the preview was made.
    if (part("no-history")) globalThis.htmx.trigger(preview, "refresh");
  } catch {
    if (number === asked) cover("failed", gettext("Não foi possível carregar o gráfico."));
  }
}

function follow() {
  const { symbol } = part("preview").dataset;
  showMarks();
  if (symbol && symbol !== shown) load(symbol);
}

preview.addEventListener("htmx:afterSwap", follow);
follow();
