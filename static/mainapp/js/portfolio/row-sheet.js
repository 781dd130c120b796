// The sheet of one row: all its figures, live while it is open, and the row's actions.
import { build, part, setText } from "../core/dom.js";

const LINKS = ["open", "trade", "edit", "alert", "remove"];
const SHOWN_ELSEWHERE = new Set(["symbol", "actions"]);

export class RowSheet {
  constructor(dialog) {
    this._dialog = dialog;
    this._facts = part(dialog, "facts");
    this._row = null;
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // the backdrop
  }

  /** Show the sheet of a table row; the focus returns to what had it when the sheet closes. */
  show(row) {
    this._row = row;
    const { symbol } = row.dataset;
    this._dialog.dataset.symbol = symbol; // style sheets mark it with the row when its price is late
    setText(part(this._dialog, "sheet-title"), `${symbol} · ${row.querySelector(".stock-name").textContent}`);
    const edit = part(row, "edit").href;
    const urls = {
      open: row.querySelector(".ticker").href,
      trade: `${edit}#operacao`,
      edit,
      alert: `${this._dialog.dataset.alertUrl}?ativo=${encodeURIComponent(symbol)}`,
      remove: part(row, "remove").href,
    };
    for (const name of LINKS) part(this._dialog, name).href = urls[name];
    this._facts.replaceChildren(...figureCells(row).map(buildFact));
    this._dialog.showModal();
    this.update();
  }

  /** Copy the row's newest figures. */
  update() {
    if (!this._dialog.open) return;
    this._dialog.toggleAttribute("data-late", this._row.hasAttribute("data-late"));
    const values = this._facts.querySelectorAll("dd");
    figureCells(this._row).forEach((cell, i) => copyCell(cell, values[i]));
  }
}

function figureCells(row) {
  return [...row.cells].filter((cell) => !SHOWN_ELSEWHERE.has(cell.dataset.col));
}

function buildFact(cell) {
  const value = build("dd");
  copyCell(cell, value);
  return build("div", { className: "figure" }, build("dt", {}, cell.dataset.label), value);
}

/** Copy a cell's content, and the marks of old prices. */
function copyCell(cell, value) {
  value.toggleAttribute("data-sums", cell.hasAttribute("data-sums"));
  value.toggleAttribute("data-late", cell.hasAttribute("data-late"));
  if (value.innerHTML !== cell.innerHTML) value.replaceChildren(...cell.cloneNode(true).childNodes);
}
