// The chart of a paper's page: loading of its history, its legend, alerts, and comparisons.
import * as dom from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { readStored, writeStored } from "../core/storage.js";
import { fetchCandles, toBar } from "./candles.js";
import { StockChart } from "./chart.js";
import { attachKeys } from "./chart-keys.js";
import { otherItems, priceItems, studyItems } from "./chart-legend.js";
import { MAX_OTHERS } from "./comparison.js";
import { saveLimit } from "./limit-saving.js";
import { isBeyond } from "./limits.js";
import { areStudies, USUAL_STUDIES } from "./studies.js";
import { isStale } from "./status.js";

const OPTIONS_KEY = "pregao.chart";
const STYLES = ["candles", "line", "area"];
const BRIEF_MS = 8000;
const USUAL = { style: "candles", studies: USUAL_STUDIES, others: [] };

function areOptions({ style, studies, others }) {
  return STYLES.includes(style) && areStudies(studies) && Array.isArray(others);
}

export class PaperChart {
  constructor(root, { socket, head }) {
    this._root = root;
    this._socket = socket;
    this._head = head;
    this._box = root.querySelector(".chart-box");
    this._symbol = root.dataset.symbol;
    this._lastRequest = 0; // responses to older requests are dropped
    this._lastComparison = 0;
    this._pointed = null;
    this._status = "loading";
    this.options = readStored(OPTIONS_KEY, USUAL, { isValid: areOptions });
    this.range = root.dataset.range;
    this.interval = root.dataset.interval;
    const element = this._part("chart");
    this.chart = new StockChart(element, {
      onCrosshair: (bar) => this.showLegend(bar),
      onMove: (line, value, text) => this._moveLimit(line, value, text),
      price: Number(head.quote()?.price ?? 0),
      isIndex: this._symbol === root.dataset.index,
    });
    this.chart.setOptions(this._chartOptions());
    attachKeys(element, this.chart);
    this.showLines();
  }

  _part(name) {
    return dom.part(this._root, name);
  }

  get others() {
    return this.options.others.filter((symbol) => symbol !== this._symbol).slice(0, MAX_OTHERS);
  }

  _chartOptions() {
    return { style: this.options.style, studies: this.options.studies };
  }

  /** Change the style or the studies, and remember the choice. */
  setOptions(change) {
    this.options = { ...this.options, ...change };
    writeStored(OPTIONS_KEY, this.options);
    if ("others" in change) return this._loadOthers();
    this.chart.setOptions(this._chartOptions());
    this.showLegend(this._pointed);
    return Promise.resolve();
  }

  // History ----------------------------------------------------------------------------------------

  choose(range, interval) {
    [this.range, this.interval] = [range, interval];
    return this.load();
  }

  async load() {
    const request = ++this._lastRequest;
    this.chart.bars = [];
    this._cover("loading", gettext("Carregando o histórico…"));
    this.note("");
    try {
      const body = await this._fetch(this._symbol, request);
      if (!body) return;
      this.note("");
      if (body.bars.length) this._showBars(body);
      this._showOutcome(body);
      if (body.bars.length) await this._loadOthers(request);
    } catch {
      if (request === this._lastRequest) this._showFailure();
    }
  }

  _fetch(ticker, request) {
    return fetchCandles({
      url: this._root.dataset.candlesUrl,
      ticker,
      range: this.range,
      interval: this.interval,
      isWanted: () => request === this._lastRequest,
      onPartial: (body) => {
        if (ticker !== this._symbol) return;
        this._showBars(body);
        this.note(gettext("Carregando o histórico…"));
      },
    });
  }

  _showBars(body) {
    const isSame = this.chart.bars.length === body.bars.length && this.chart.interval === body.interval;
    if (isSame && body.status === "loading" && this._box.dataset.state === "ready") return;
    this._source = body.source;
    this.chart.places = body.places;
    this.chart.show(body.bars.map(toBar), body.interval, this._chartOptions());
    this.applyQuote();
    this.showLegend(null);
    this._cover("ready");
  }

  /** Tell the reader which bars the source did not have. */
  _showOutcome({ bars, status, begins_late: beginsLate }) {
    const hasFailed = status === "failed";
    if (hasFailed && !bars.length) {
      this._cover("failed", gettext("A fonte não entregou o histórico agora."));
    } else if (hasFailed) {
      const text = gettext("A fonte não respondeu agora: o gráfico mostra o que já estava guardado.");
      this.note(text, { canRetry: true });
    } else if (!bars.length) {
      this._cover("empty", gettext("Ainda não há histórico deste ativo neste período."));
    } else if (beginsLate) {
      const [first] = priceItems(this.chart, this.chart.bars[0]);
      this.note(gettext("O histórico que temos começa em %(day)s.", { day: first.textContent }));
    }
  }

  /** Show that a request failed; bars that are already drawn stay. */
  _showFailure() {
    const text = gettext("Não foi possível carregar o gráfico.");
    if (this.chart.bars.length) this.note(text, { canRetry: true });
    else this._cover("failed", text);
  }

  async _loadOthers(request = this._lastRequest) {
    const comparison = ++this._lastComparison;
    const bars = new Map();
    const missing = [];
    if (this.others.length) this._socket.subscribe(this.others);
    for (const symbol of this.others) {
      const body = await this._fetch(symbol, request).catch(() => ({ bars: [] }));
      if (!body || comparison !== this._lastComparison) return;
      if (body.bars.length) bars.set(symbol, body.bars.map(toBar));
      else missing.push(symbol);
    }
    this.chart.setOthers(bars);
    this.showLegend(this._pointed);
    const unshared = [...bars.keys()].filter((symbol) => !this.chart.others.has(symbol));
    for (const symbol of [...missing, ...unshared]) {
      this.note(gettext("Não há histórico de %(symbol)s para comparar neste período.", { symbol }));
    }
  }

  // Prices -----------------------------------------------------------------------------------------

  applyQuote() {
    const quote = this._socket.quotes.get(this._symbol);
    if (!quote?.quoted_at || !this.chart.bars.length) return;
    if (this.chart.tick(Date.parse(quote.quoted_at) / 1000, quote)) this.showLegend(this._pointed);
  }

  applyOther(symbol) {
    const quote = this._socket.quotes.get(symbol);
    if (quote?.quoted_at && this.chart.bars.length) {
      this.chart.tickOther(symbol, Date.parse(quote.quoted_at) / 1000, quote);
    }
  }

  showStaleness() {
    const isLate = this.others.some((symbol) => this._socket.late.has(symbol));
    this.chart.setStale(isStale(this._root) || isLate);
    this.showLegend(this._pointed);
  }

  /** Show the values of the bar under the pointer, else of the newest one. */
  showLegend(pointed) {
    this._pointed = pointed;
    const { bars } = this.chart;
    const bar = pointed ?? bars.at(-1);
    const legend = this._part("legend");
    legend.classList.toggle("priced", Boolean(bar) && bar === bars.at(-1));
    legend.replaceChildren(...(bar ? priceItems(this.chart, bar) : []));
    if (!bar) return this._part("studies").replaceChildren();
    this._part("studies").replaceChildren(
      ...studyItems(this.chart, bars.indexOf(bar)).map(({ label, color, text }) => legendItem(label, color, text)),
      ...otherItems(this.chart).map(({ symbol, color, text }) => legendItem(symbol, color, text)),
    );
  }

  // Lines ------------------------------------------------------------------------------------------

  /** Show the reader's own alerts on the chart. */
  async loadMarks() {
    const address = this._root.querySelector("[data-marks-url]")?.dataset.marksUrl;
    if (!address) return;
    const url = new URL(address, window.location.href);
    url.search = new URLSearchParams({ ticker: this._symbol });
    try {
      const response = await fetch(url);
      if (!response.ok) return;
      this.chart.setMarks(await response.json(), Number(this._head.quote()?.previous_close ?? NaN));
    } catch {
      // the chart works without them
    }
  }

  /** Show the lines that blocks of the page name: `[data-chart-line]` with `data-line-price`. */
  showLines() {
    const lines = [...this._root.querySelectorAll("[data-chart-line]")].map(({ dataset }) => ({
      name: dataset.chartLine,
      price: Number(dataset.linePrice),
    }));
    this.chart.setLines(lines.filter(({ price }) => price > 0));
  }

  async _moveLimit(line, value, text) {
    try {
      await saveLimit(line, value);
    } catch (error) {
      this.note(gettext("%(name)s: %(reason)s", { name: line.name, reason: error.message }));
      return false;
    }
    const saved = gettext("Alerta salvo: %(name)s %(limit)s.", { name: line.name.toLowerCase(), limit: text });
    const waits = gettext("O preço já passou do limite: o alerta espera a próxima vez.");
    const isWaiting = isBeyond(line.kind, value, this._head.quote());
    this.note(isWaiting ? `${saved} ${waits}` : saved, { isBrief: true });
    await this.loadMarks();
    this._root.dispatchEvent(new CustomEvent("limitsaved"));
    return true;
  }

  // Words ------------------------------------------------------------------------------------------

  _cover(state, text = "") {
    this._box.dataset.state = state;
    this._part("cover-text").textContent = text;
    this._part("retry").hidden = state !== "failed";
  }

  /** Show a message on the chart, a brief one for some seconds; `canRetry` adds a button. */
  note(text, { canRetry = false, isBrief = false } = {}) {
    const line = this._part("note");
    line.hidden = !text;
    line.replaceChildren(text);
    clearTimeout(this._noteTimer);
    if (isBrief) this._noteTimer = setTimeout(() => this.note(""), BRIEF_MS);
    if (!canRetry) return;
    const attributes = { className: "button button-small" };
    line.append(" ", dom.buildButton(gettext("Tentar de novo"), () => this.load(), attributes));
  }

  get source() {
    return this._source;
  }
}

function legendItem(label, color, text) {
  const item = dom.build("span", {}, label, " ", dom.build("b", {}, text));
  item.dataset.color = color;
  return item;
}
