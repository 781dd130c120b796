// An area chart (`parts/area_chart.html`): ranges without a new page, a cursor for pointer and keyboard, and
// the newest price as its last point. The server draws the first range; without scripts ranges are links.
import { build, part, setDirection, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import * as number from "../core/number.js";
import { clock, day } from "../core/time.js";
import { addToast } from "../core/toasts.js";
import { areaChart, nearest } from "./area-geometry.js";
import { fetchCandles, toBar } from "./candles.js";
import { extendPoints } from "./quotes.js";

const SVG = "http://www.w3.org/2000/svg";
const DAY_S = 86_400;
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -10, PageDown: 10 };

export class AreaChart {
  constructor(root) {
    this._root = root;
    this._plot = part(root, "plot");
    this._cursor = part(root, "cursor");
    this._readout = part(root, "readout");
    this._points = [];
    this._drawn = null;
    this._shown = null; // the index under the cursor
    this._previousClose = Number.parseFloat(root.dataset.previousClose);
    this._places = Number(root.dataset.places);
    this._chosen = root.querySelector("[data-range][aria-current]"); // the link of a range
    this._drawnRange = this._chosen; // that of the points shown
    this._listen();
    this._load();
  }

  /** Show a quote of the chart's symbol as the last point. */
  update(quote) {
    const price = Number.parseFloat(quote.price);
    const seconds = Date.parse(quote.quoted_at) / 1000;
    this._previousClose = Number.parseFloat(quote.previous_close ?? "");
    if (!this._points.length || Number.isNaN(price) || Number.isNaN(seconds)) return;
    if (this._byTime) extendPoints(this._points, seconds, price);
    else this._replaceLast(seconds, price);
    this._draw();
  }

  get _byTime() {
    return this._drawnRange.dataset.range === "1d";
  }

  get _interval() {
    return this._drawnRange.dataset.interval;
  }

  get _base() {
    return this._byTime ? this._previousClose : Number.NaN;
  }

  _replaceLast(seconds, price) {
    const last = this._points.at(-1);
    if (day(last[0] * 1000) === day(seconds * 1000) || this._interval === "1w") last[1] = price;
    else this._points.push([seconds, price]);
  }

  // Ranges -----------------------------------------------------------------------------------------

  _select(link) {
    this._chosen = link;
    for (const each of this._root.querySelectorAll("[data-range]")) {
      if (each === link) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
  }

  async _load() {
    const link = this._chosen;
    const { range, interval } = link.dataset;
    const { candles: url, symbol: ticker } = this._root.dataset;
    const isWanted = () => link === this._chosen;
    const onPartial = ({ bars }) => this._setBars(link, bars);
    try {
      const body = await fetchCandles({ url, ticker, range, interval, isWanted, onPartial });
      if (body && !this._setBars(link, body.bars)) {
        this._keep(gettext("Ainda não há histórico deste ativo neste período."));
      }
    } catch {
      if (isWanted()) this._keep(gettext("Não foi possível carregar o gráfico."));
    }
  }

  /** Draw the bars of a range; return whether there are enough of them. */
  _setBars(link, bars) {
    const points = bars.map(toBar).map(({ time, close }) => [time, close]);
    if (points.length < 2) return false;
    this._drawnRange = link;
    this._points = points;
    this._draw();
    return true;
  }

  /** Return to the range that is drawn, and say why; without another one the chart stays as it is. */
  _keep(reason) {
    if (this._chosen === this._drawnRange) return;
    this._select(this._drawnRange);
    addToast(build("span", { className: "toast-title" }, reason));
  }

  // Drawing ----------------------------------------------------------------------------------------

  _draw() {
    if (this._points.length < 2) return;
    this._drawn = drawArea(this._root, this._points, this._base, this._places, {
      byTime: this._byTime,
      momentText: (seconds) => this._momentText(seconds),
    });
    setDirection(part(this._root, "chart"), number.direction(this._changeTo(this._points.length - 1)));
    this._enableKeys();
    if (this._shown !== null) this._showPoint(Math.min(this._shown, this._points.length - 1));
  }

  _momentText(seconds) {
    const at = seconds * 1000;
    if (this._byTime) return timeOfDay(seconds);
    const span = this._points.at(-1)[0] - this._points[0][0];
    if (span < 300 * DAY_S) return day(at);
    return day(at, { withYear: true }).replace(/^\d+[/ ]/, "");
  }

  // The cursor -------------------------------------------------------------------------------------

  _listen() {
    for (const link of this._root.querySelectorAll("[data-range]")) {
      link.addEventListener("click", (event) => this._choose(event, link));
    }
    const plot = this._plot;
    plot.addEventListener("pointermove", (event) => this._point(event));
    plot.addEventListener("pointerdown", (event) => this._point(event));
    plot.addEventListener("pointerleave", () => this._hideCursor());
    plot.addEventListener("blur", () => this._hideCursor());
    plot.addEventListener("keydown", (event) => this._onKey(event));
  }

  /** Make the plot a slider over its points; without points it stays a picture. */
  _enableKeys() {
    if (this._plot.tabIndex === 0) return;
    this._plot.tabIndex = 0;
    this._plot.setAttribute("role", "slider");
    this._plot.setAttribute("aria-valuemin", "0");
    this._describe(this._points.length - 1);
  }

  _choose(event, link) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this._hideCursor();
    this._select(link);
    this._load();
  }

  _point({ clientX }) {
    if (!this._drawn) return;
    const box = this._plot.getBoundingClientRect();
    this._showPoint(nearest(this._drawn.places, ((clientX - box.left) / box.width) * 100));
  }

  _onKey(event) {
    if (!this._drawn) return;
    const last = this._points.length - 1;
    const { key } = event;
    if (key === "Escape") return void this._hideCursor();
    const targets = { Home: 0, End: last };
    const next = targets[key] ?? (STEPS[key] && (this._shown ?? last) + STEPS[key]);
    if (next === undefined) return;
    event.preventDefault();
    this._showPoint(Math.min(last, Math.max(0, next)));
  }

  _showPoint(index) {
    const { x, y } = this._drawn.places[index];
    const [line, dot] = this._cursor.children;
    for (const name of ["x1", "x2"]) line.setAttribute(name, `${x}%`);
    dot.setAttribute("cx", `${x}%`);
    dot.setAttribute("cy", `${y}%`);
    this._cursor.removeAttribute("hidden");
    this._shown = index;
    const change = this._changeTo(index);
    setText(part(this._readout, "time"), this._describe(index));
    setText(part(this._readout, "change"), number.pct(change));
    setDirection(part(this._readout, "change"), number.direction(change));
    this._readout.hidden = false;
  }

  /** Set the slider's values to those of a point; return its time and price. */
  _describe(index) {
    const [seconds, price] = this._points[index];
    const value = gettext("%(time)s: %(price)s", {
      time: this._timeText(seconds),
      price: number.decimal(String(price), this._places),
    });
    this._plot.setAttribute("aria-valuemax", String(this._points.length - 1));
    this._plot.setAttribute("aria-valuenow", String(index));
    this._plot.setAttribute("aria-valuetext", `${value}, ${number.pct(this._changeTo(index))}`);
    return value;
  }

  _timeText(seconds) {
    const at = seconds * 1000;
    if (this._interval.endsWith("m")) {
      const time = clock(at).slice(0, 5);
      return this._byTime ? time : `${day(at)}, ${time}`;
    }
    return day(at, { withYear: true });
  }

  /** Return the change of a point in percent from the base, or else from the first point. */
  _changeTo(index) {
    const base = Number.isFinite(this._base) ? this._base : this._points[0][1];
    return (((this._points[index][1] - base) * 100) / base).toFixed(4);
  }

  _hideCursor() {
    this._shown = null;
    this._cursor.setAttribute("hidden", "");
    this._readout.hidden = true;
  }
}

/**
 * Draw points [epoch seconds, price], at least two, in the chart below `root`; `base` is a dotted line, or NaN.
 * Returns the result of areaChart.
 */
export function drawArea(root, points, base, places, { byTime = true, momentText = timeOfDay } = {}) {
  const drawn = areaChart(points, base, { byTime });
  for (const name of ["line", "area", "base"]) {
    root.querySelector(`.area-${name}`).setAttribute("d", drawn.paths[name]);
  }
  const lines = drawn.levels.map(([y]) => {
    const at = `${y.toFixed(1)}%`;
    return svg("line", { class: "area-level", x1: 0, x2: "100%", y1: at, y2: at });
  });
  const labels = drawn.levels.map(([y, price]) => {
    const at = { x: "100%", y: `${y.toFixed(1)}%`, dx: 8, dy: 4 };
    return text(number.decimal(String(price), places), at);
  });
  const moments = drawn.moments.map(([x, seconds]) =>
    text(momentText(seconds), { x: `${x}%`, y: 14, "text-anchor": "middle" }),
  );
  placeAt(part(root, "base"), "y", drawn.baseAt);
  placeAt(part(root, "last"), "cy", drawn.places.at(-1).y);
  part(root, "lines").replaceChildren(...lines);
  part(root, "levels").replaceChildren(...labels);
  part(root, "moments").replaceChildren(...moments);
  part(root, "empty")?.remove();
  return drawn;
}

/** Set the place of a part in percent from the top; null hides it. */
function placeAt(element, attribute, place) {
  element.toggleAttribute("hidden", place === null);
  if (place !== null) element.setAttribute(attribute, `${place.toFixed(1)}%`);
}

function timeOfDay(seconds) {
  return clock(seconds * 1000).slice(0, 5);
}

function text(content, attributes) {
  const element = svg("text", { class: "area-label", ...attributes });
  element.textContent = content;
  return element;
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
