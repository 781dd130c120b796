// Lines at prices on a chart, each with a label; those that can be saved are dragged by it.
//
// The lines are drawn by the chart, and so are in its pictures. The labels are elements above it: a label
// with `data-movable` is a slider for fingers and keys; a mouse may grab its line anywhere. A line
// outside the visible prices is not drawn: its label is pinned to the edge, and can be dragged from there.
import { build, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { pinnedEdges, spread } from "./limits.js";

const DASHED = 2; // LineStyle.Dashed of lightweight-charts
const LABEL_PX = 24;
const STEPS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }; // in steps of the price
const PAGE_RATIO = 0.01; // of the price, for Page Up and Page Down
const FAR_RATIO = 10; // of the price, for aria-valuemax
const DRAG_PX = 3; // a shorter movement is a click
const ARROWS = { top: "↑ ", bottom: "↓ " };

export class ChartLines {
  constructor(element, { chart, onMove }) {
    this._chart = chart;
    this._onMove = onMove;
    this._lines = [];
    this._frame = null;
    this._box = build("div", { className: "chart-lines" });
    element.append(this._box);
  }

  /**
   * Draw lines {name, price, color, kind, url, label(), text(), value(), nearest()} on a series; `scaled` turns a
   * price into the series' value. `label(price, {hasPrice, isMoved})` returns the words of a label, with the price
   * where no axis shows it, `nearest(price)` the nearest price that the line may have. The label of a line that can
   * be moved stays: it may be focused, or held.
   */
  draw(series, lines, { color, scaled }) {
    this._scaled = scaled;
    const former = this._lines;
    this._lines = lines.map((line) => this._entry(series, line, color[line.color], former));
    const labels = new Set(this._lines.map(({ label }) => label));
    for (const { label } of former) if (!labels.has(label)) label.remove();
    for (const label of labels) if (!label.isConnected) this._box.append(label);
    // Called whenever the scale changes; the new scale is in effect only from the next frame.
    series.attachPrimitive({ updateAllViews: () => this._placeSoon() });
    this._placeSoon();
  }

  /** Call `picture` while the lines have their names on the chart itself. */
  named(picture) {
    for (const { drawn, line } of this._lines) drawn.applyOptions({ title: line.name });
    const result = picture();
    for (const { drawn } of this._lines) drawn.applyOptions({ title: "" });
    return result;
  }

  _entry(series, line, color, former) {
    const isSame = (entry) => ["url", "kind", "name"].every((key) => entry.line[key] === line[key]);
    const before = former.find(isSame);
    const isVisible = (before?.edge ?? null) === null;
    const drawn = series.createPriceLine({
      price: this._scaled(line.price),
      color,
      lineStyle: DASHED,
      lineWidth: 1,
      lineVisible: isVisible,
      axisLabelVisible: isVisible,
      title: "",
    });
    const isMoved = before?.label.hasAttribute("data-moved");
    const entry = Object.assign(before ?? this._newEntry(line), { line, drawn });
    this._show(entry, isMoved ? entry.price : line.price);
    return entry;
  }

  _newEntry(line) {
    const label = build("div", { className: "chart-line" });
    label.dataset.color = line.color;
    const entry = { line, label, edge: null };
    if (line.url && this._onMove) this._makeMovable(entry);
    return entry;
  }

  // Places -----------------------------------------------------------------------------------------

  _placeSoon() {
    this._frame ??= requestAnimationFrame(() => {
      this._frame = requestAnimationFrame(() => this._place());
    });
  }

  _place() {
    this._frame = null;
    const { height } = this._chart.paneSize();
    const lines = this._lines.map(({ label, price }) => ({
      y: this._chart.yOf(price),
      isHeld: label.hasAttribute("data-moved") || label.matches(":focus, [data-dragged]"),
    }));
    const edges = pinnedEdges(lines, height);
    this._lines.forEach((entry, i) => this._pin(entry, edges[i]));
    const shown = [...this._lines.keys()].filter((i) => edges[i] !== "hidden");
    const wanted = shown.map((i) => lines[i].y);
    const places = spread(wanted, LABEL_PX, { from: 0, to: height });
    shown.forEach((line, i) => {
      const { style } = this._lines[line].label;
      style.setProperty("--y", `${places[i].toFixed(1)}px`);
      style.setProperty("--shift", `${(wanted[i] - places[i]).toFixed(1)}px`); // back to the line
    });
  }

  /** Pin a label to an edge, "top" or "bottom", or return it to its line; the chart only draws lines within its scale. */
  _pin(entry, edge) {
    entry.label.hidden = edge === "hidden";
    if (edge === entry.edge) return;
    entry.edge = edge;
    entry.label.toggleAttribute("data-pinned", edge !== null);
    entry.drawn.applyOptions({ lineVisible: edge === null, axisLabelVisible: edge === null });
    this._write(entry);
  }

  _write({ label, line, price, edge }) {
    const isMoved = label.hasAttribute("data-moved");
    setText(label, `${ARROWS[edge] ?? ""}${line.label(price, { hasPrice: edge !== null || isMoved, isMoved })}`);
  }

  // Moving -----------------------------------------------------------------------------------------

  get _step() {
    return 10 ** -this._chart.places;
  }

  _rounded(price) {
    return Number(price.toFixed(this._chart.places));
  }

  _makeMovable(entry) {
    const { label, line } = entry;
    label.dataset.movable = "";
    label.tabIndex = 0;
    label.setAttribute("role", "slider");
    label.setAttribute("aria-orientation", "vertical");
    label.setAttribute("aria-valuemin", String(this._step));
    label.setAttribute("aria-valuemax", (line.price * FAR_RATIO).toFixed(this._chart.places));
    label.setAttribute("aria-label", gettext("Alerta: %(name)s", { name: line.name }));
    label.title = gettext("Arraste, ou use as setas e Enter, para mudar o alerta");
    label.addEventListener("pointerdown", (event) => this._grab(entry, event));
    label.addEventListener("keydown", (event) => this._onKey(entry, event));
    label.addEventListener("blur", () => this._reset(entry));
  }

  /** Show an entry at a price, which may not be saved yet. */
  _show(entry, price) {
    const { label, line, drawn } = entry;
    const possible = price === line.price ? price : (line.nearest?.(price) ?? price);
    entry.price = Math.max(this._step, this._rounded(possible));
    if (label.hasAttribute("data-movable")) {
      label.setAttribute("aria-valuenow", entry.price.toFixed(this._chart.places));
      label.setAttribute("aria-valuetext", line.text(entry.price));
    }
    const isMoved = entry.price !== this._rounded(line.price);
    label.toggleAttribute("data-moved", isMoved);
    this._write(entry);
    drawn.applyOptions({ price: this._scaled(isMoved ? entry.price : line.price) });
    this._placeSoon();
  }

  _reset(entry) {
    if (entry.label.hasAttribute("data-moved") && !entry.isSaving) this._show(entry, entry.line.price);
  }

  _grab(entry, event) {
    if (event.button !== 0 || entry.isSaving) return;
    event.preventDefault();
    const { label } = entry;
    label.focus();
    label.setPointerCapture(event.pointerId);
    label.toggleAttribute("data-dragged", true);
    const top = this._box.getBoundingClientRect().top;
    // A pinned label has no line to hold: its price becomes that under the pointer.
    const grip = entry.edge ? 0 : event.clientY - top - this._chart.yOf(entry.line.price);
    let isMoving = false;
    const onMove = ({ clientY }) => {
      isMoving ||= Math.abs(clientY - event.clientY) > DRAG_PX;
      const price = isMoving ? this._chart.priceAt(clientY - top - grip) : null;
      if (price !== null) this._show(entry, price);
    };
    const onEnd = ({ type }) => {
      label.toggleAttribute("data-dragged", false);
      for (const [name, listener] of Object.entries(listeners)) label.removeEventListener(name, listener);
      if (type === "pointerup") this._save(entry);
      else this._reset(entry);
    };
    const listeners = { pointermove: onMove, pointerup: onEnd, pointercancel: onEnd };
    for (const [name, listener] of Object.entries(listeners)) label.addEventListener(name, listener);
  }

  _onKey(entry, event) {
    const page = entry.price * PAGE_RATIO;
    const arrow = STEPS[event.key];
    const step = arrow ? arrow * this._step : { PageUp: page, PageDown: -page }[event.key];
    const isKnown = step || event.key === "Enter" || event.key === "Escape";
    if (!isKnown || entry.isSaving || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (step) this._show(entry, entry.price + step);
    else if (event.key === "Enter") this._save(entry);
    else this._reset(entry);
  }

  /** Save a moved line; it returns to its place if it is refused. */
  async _save(entry) {
    const { label, line } = entry;
    if (!label.hasAttribute("data-moved")) return;
    entry.isSaving = true;
    label.setAttribute("aria-busy", "true");
    const isSaved = await this._onMove(line, line.value(entry.price), line.text(entry.price));
    entry.isSaving = false;
    label.removeAttribute("aria-busy");
    if (isSaved) line.price = entry.price;
    this._show(entry, line.price);
  }
}
