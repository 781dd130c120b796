// A treemap: area by weight, colour and arrow by change. It replaces the table of `parts/treemap.html`,
// which holds its data and stays one click away; without scripts the table is shown.
import { build, nextTask, part, setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { direction, pct } from "../core/number.js";
import { grouped, layOut, neighbour, strength, textFit } from "./treemap-geometry.js";
import { readRows, showChange, showWeights } from "./treemap-table.js";

const LABEL_HEIGHT = 24;
const ZOOMED_LABEL_HEIGHT = 44;
const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

/**
 * Rows are {symbol, name, group, weight, weightText, change, url}; `change` is a decimal string or null.
 * The group of all rows may be empty: then there are no labels and no zoom. Quotes change colours and
 * texts only; weights stay until `setRows`.
 */
export class Treemap {
  constructor(figure) {
    this._figure = figure;
    this._map = part(figure, "map");
    this._table = part(figure, "table");
    this._toggle = part(figure, "toggle");
    this._showsWeight = figure.dataset.shows === "weight";
    this._tiles = new Map(); // symbol → {element, change, box, row}
    this._labels = new Map(); // group → {element, box}
    this._rests = new Map(); // group → {element, box}, the tile of its small rows
    this._zoomed = null;
    this._width = 0;
    this._start(readRows(this._table));
  }

  /** Build the tiles and lay them out in tasks of their own: together they hold up a slow phone. */
  async _start(rows) {
    this._setGroups(rows);
    this._build();
    await nextTask();
    this._listen();
    this._showMap();
  }

  /** The symbols that have a tile, sorted. */
  get symbols() {
    return [...this._tiles.keys()].sort();
  }

  setRows(rows) {
    this._setGroups(rows);
    this._build();
    this._showMap();
  }

  _setGroups(rows) {
    this._groups = grouped(rows);
    if (!this._groups.some((group) => group.name === this._zoomed)) this._zoomed = null;
  }

  _showMap() {
    this._layOut();
    const canDraw = this._groups.length > 0 && Boolean(globalThis.d3); // the table needs no script
    if (!canDraw) this._figure.dataset.view = "table";
    this._figure.dataset.view ??= "map";
    this._toggle.hidden = !canDraw;
  }

  /** Set weights {weight, text} by symbol, in the table too, and lay the map out again. */
  setWeights(weights) {
    showWeights(this._table, weights);
    this.setRows(readRows(this._table));
  }

  /** Show the change of a symbol in its tile and in the table. */
  update(symbol, changePct) {
    const tile = this._tiles.get(symbol);
    if (!tile || tile.row.change === changePct) return;
    tile.row.change = changePct;
    this._show(tile);
    showChange(this._table, symbol, changePct);
  }

  /** Show one group alone, or all of them again with null. */
  zoom(group) {
    const left = this._zoomed;
    this._zoomed = group;
    this._layOut();
    const label = this._labels.get(group ?? left);
    this._focus(label?.element ?? this._visible()[0]?.element);
  }

  _build() {
    this._tiles.clear();
    this._labels.clear();
    this._rests.clear();
    this._map.replaceChildren();
    const isLabelled = this._groups.some((group) => group.name);
    for (const { name, rows } of this._groups) {
      const section = build("div", { role: "group" });
      section.setAttribute("aria-label", name || gettext("Outros"));
      if (isLabelled) section.append(this._buildLabel(name));
      for (const row of rows) section.append(this._buildTile(row));
      if (isLabelled) section.append(this._buildRest(name));
      this._map.append(section);
    }
    this._focusable(this._visible()[0]?.element);
  }

  _buildLabel(name) {
    const element = build(
      "button",
      { type: "button", className: "treemap-label", tabIndex: -1, hidden: true },
      build("span", {}, name || gettext("Outros")),
      build("span", { className: "treemap-back" }, gettext("Ver tudo")),
    );
    element.addEventListener("click", () => this.zoom(this._zoomed === name ? null : name));
    this._labels.set(name, { element, box: null });
    return element;
  }

  /** Build the tile of the rows of a group that are too small to be named; it opens the group. */
  _buildRest(name) {
    const element = build(
      "button",
      { type: "button", className: "treemap-tile", tabIndex: -1, hidden: true },
      build("span"),
    );
    element.addEventListener("click", () => this.zoom(name));
    this._rests.set(name, { element, box: null });
    return element;
  }

  _buildTile(row) {
    const change = build("span", { className: "treemap-change" });
    const element = build(
      "a",
      { className: "treemap-tile", href: row.url, tabIndex: -1, hidden: true },
      build("strong", {}, row.symbol),
      " ",
      change,
    );
    element.dataset.symbol = row.symbol;
    element.toggleAttribute("data-late", row.isLate);
    const tile = { element, change, box: null, row };
    element.addEventListener("click", (event) => this._onTap(event, row.group));
    this._tiles.set(row.symbol, tile);
    this._show(tile);
    return element;
  }

  /** A finger on a small tile opens its group, in which tiles are large enough to be chosen. */
  _onTap(event, group) {
    if (event.pointerType !== "touch" || this._zoomed !== null || this._labels.size < 2) return;
    event.preventDefault();
    this.zoom(group);
  }

  _show({ element, change, row }) {
    const text = pct(row.change);
    setText(change, this._showsWeight ? row.weightText : text);
    element.dataset.direction = direction(row.change);
    element.style.setProperty("--strength", `${strength(row.change)}%`);
    // The visible text comes first: users of speech input name a tile by it.
    const values = { symbol: row.symbol, name: row.name, change: text, weight: row.weightText };
    let label = gettext("%(symbol)s %(change)s, %(name)s", values);
    if (this._showsWeight) label = gettext("%(symbol)s %(weight)s, %(name)s: %(change)s", values);
    else if (row.weightText) label = gettext("%(symbol)s %(change)s, %(name)s; peso %(weight)s", values);
    element.setAttribute("aria-label", label);
    element.title = label;
  }

  // Layout -----------------------------------------------------------------------------------------

  _layOut() {
    const { clientWidth: width, clientHeight: height } = this._map;
    if (!width || !globalThis.d3) return;
    this._width = width;
    const isZoomed = this._zoomed !== null;
    const groups = isZoomed ? this._groups.filter((group) => group.name === this._zoomed) : this._groups;
    const tall = isZoomed ? ZOOMED_LABEL_HEIGHT : LABEL_HEIGHT;
    const labelHeight = this._labels.size ? tall : 0;
    const hasRests = this._labels.size > 0 && !isZoomed;
    const boxes = layOut(groups, { width, height, labelHeight, hasRests });
    for (const [name, label] of this._labels) {
      const box = boxes.groups.get(name);
      label.box = box ? { ...box, height: labelHeight } : null;
      place(label);
      label.element.setAttribute("aria-expanded", String(name === this._zoomed));
    }
    for (const [symbol, tile] of this._tiles) {
      tile.box = boxes.tiles.get(symbol) ?? null;
      place(tile);
      if (tile.box) fitText(tile);
    }
    for (const [name, rest] of this._rests) {
      rest.box = boxes.rests.get(name) ?? null;
      place(rest);
      if (rest.box) this._nameRest(name, rest);
    }
    this._figure.toggleAttribute("data-zoomed", isZoomed);
    if (!this._visible().some(({ element }) => element.tabIndex === 0)) {
      this._focusable(this._visible()[0]?.element);
    }
  }

  _nameRest(name, { element, box }) {
    const { rows } = this._groups.find((group) => group.name === name);
    const hidden = rows.filter(({ symbol }) => !this._tiles.get(symbol).box).map(({ symbol }) => symbol);
    const words = [gettext("mais %s", [hidden.length]), `+${hidden.length}`];
    const lines = words.map((text) => textFit(box, text.length, 0).lines);
    const fitting = Math.max(0, lines.findIndex(Boolean));
    setText(element.firstElementChild, words[fitting]);
    element.title = `${words[fitting]}: ${hidden.join(", ")}`;
    element.setAttribute("aria-label", element.title);
    Object.assign(element.dataset, { size: "s", lines: lines[fitting] });
  }

  _visible() {
    return [this._labels, this._tiles, this._rests]
      .flatMap((parts) => [...parts.values()])
      .filter(({ box }) => box);
  }

  // Input ------------------------------------------------------------------------------------------

  _listen() {
    this._map.addEventListener("keydown", (event) => this._onKey(event));
    this._map.addEventListener("focusin", ({ target }) => this._focusable(target));
    this._toggle.addEventListener("click", () => this._showView());
    new ResizeObserver(() => {
      if (this._map.clientWidth !== this._width) this._layOut();
    }).observe(this._map);
  }

  _onKey(event) {
    if (event.key === "Escape" && this._zoomed !== null) {
      event.preventDefault();
      this.zoom(null);
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const next = this._next(event);
    if (next === undefined) return;
    event.preventDefault();
    this._focus(next?.element);
  }

  /** Return the part to move to, null when there is none, undefined for other keys. */
  _next({ key, target }) {
    const parts = this._visible();
    if (key === "Home") return parts[0];
    if (key === "End") return parts.at(-1);
    if (!KEYS.has(key)) return undefined;
    const from = parts.find(({ element }) => element === target);
    if (!from) return null;
    const box = neighbour(
      from.box,
      parts.map((each) => each.box),
      key,
    );
    return parts.find((each) => each.box === box) ?? null;
  }

  _focus(element) {
    if (!element) return;
    this._focusable(element);
    element.focus();
  }

  /** Let the Tab key stop at one part only; arrow keys move between them. */
  _focusable(element) {
    if (!element) return;
    for (const old of this._map.querySelectorAll('[tabindex="0"]')) old.tabIndex = -1;
    element.tabIndex = 0;
  }

  _showView() {
    const view = this._figure.dataset.view === "map" ? "table" : "map";
    this._figure.dataset.view = view;
    this._toggle.setAttribute("aria-pressed", String(view === "table"));
    if (view === "map") this._layOut();
  }
}

function place({ element, box }) {
  element.hidden = !box;
  if (!box) return;
  const values = ["x", "y", "width", "height"].map((name) => `--${name}:${box[name]}px`);
  const strength = element.style.getPropertyValue("--strength");
  element.style.cssText = [...values, `--strength:${strength || "0%"}`].join(";"); // once: each change is parsed alone
}

function fitText({ element, box, change, row }) {
  const { size, lines } = textFit(box, row.symbol.length, change.textContent.length + 1);
  element.dataset.size = size;
  element.dataset.lines = lines;
}
