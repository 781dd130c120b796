// Moving rows of the list: by dragging a handle, and by Alt with an arrow key.

const EDGE_PX = 60; // the page scrolls when the pointer is this near to its edge
const SCROLL_PX = 12;
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

/** Call `move(symbol, place)` when a row of `body` was moved to another place, counted from 0. */
export function attachReordering(body, move) {
  body.addEventListener("pointerdown", (event) => {
    const row = event.target.closest("[data-grip]")?.closest("tr");
    if (!row || event.button !== 0) return;
    event.preventDefault();
    new Drag(body, row, event, move).start();
  });
  body.addEventListener("keydown", (event) => {
    const row = event.target.closest("tr");
    if (!row || !event.altKey || !(event.key in STEPS)) return;
    event.preventDefault();
    const rows = [...body.rows];
    const place = rows.indexOf(row) + STEPS[event.key];
    if (place >= 0 && place < rows.length) move(row.dataset.symbol, place);
  });
}

/** The rows keep their places in the document until the drop; until then transforms show the new order. */
class Drag {
  constructor(body, row, event, move) {
    this._body = body;
    this._row = row;
    this._rows = [...body.rows];
    this._from = this._rows.indexOf(row);
    this._to = this._from;
    this._move = move;
    this._pointer = event.pointerId;
    this._grip = event.target;
    this._y = event.clientY;
    this._startY = event.clientY + window.scrollY;
    this._height = row.offsetHeight;
    this._ended = new AbortController();
  }

  start() {
    const { signal } = this._ended;
    this._grip.setPointerCapture(this._pointer);
    this._grip.addEventListener("pointermove", (event) => (this._y = event.clientY), { signal });
    this._grip.addEventListener("pointerup", () => this._end(true), { signal });
    this._grip.addEventListener("pointercancel", () => this._end(false), { signal });
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape") this._end(false);
      },
      { signal },
    );
    this._body.dataset.dragging = "";
    this._row.dataset.dragged = "";
    this._step();
  }

  /** Show the row under the pointer, once per animation frame. */
  _step() {
    if (this._ended.signal.aborted) return;
    const top = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
    if (this._y < top + EDGE_PX) window.scrollBy(0, -SCROLL_PX);
    else if (this._y > window.innerHeight - EDGE_PX) window.scrollBy(0, SCROLL_PX);
    const offset = this._y + window.scrollY - this._startY;
    const place = this._from + Math.round(offset / this._height);
    this._to = Math.min(Math.max(place, 0), this._rows.length - 1);
    this._rows.forEach((row, i) => shift(row, row === this._row ? offset : this._height * this._stepOf(i)));
    requestAnimationFrame(() => this._step());
  }

  /** Return by how many places the row `i` makes room for the dragged one: -1, 0 or 1. */
  _stepOf(i) {
    if (i > this._from && i <= this._to) return -1;
    return i < this._from && i >= this._to ? 1 : 0;
  }

  _end(isDropped) {
    this._ended.abort();
    for (const row of this._rows) shift(row, 0);
    delete this._body.dataset.dragging;
    delete this._row.dataset.dragged;
    if (isDropped && this._to !== this._from) this._move(this._row.dataset.symbol, this._to);
  }
}

function shift(row, pixels) {
  if (pixels) row.style.setProperty("translate", `0 ${pixels}px`);
  else row.style.removeProperty("translate");
}
