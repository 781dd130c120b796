// The sort order and hidden columns of the carteira's table, stored in the browser.
// The tracker stores its choices in a cookie instead (market/tracker/view.js), so that the server renders them.
import { build, buildButton } from "../core/dom.js";
import { readStored, writeStored } from "../core/storage.js";

const NATURALLY_ASCENDING = new Set(["symbol", "age"]);

/**
 * Let users sort a table by its column headers and hide its optional columns; those with
 * data-optional="hidden" are hidden until a user shows them.
 *
 * `table` has `sort(column, isAscending)` and `setHidden(column, isHidden)`; `choices` gets the check boxes;
 * `select` and `directionButton` sort on phones, where the headers are not shown.
 */
export function attachColumns({ table, headers, choices, select, directionButton }) {
  const all = [...headers.querySelectorAll("th")];
  const sortable = all.filter((header) => header.dataset.sort);
  const optional = all.filter((header) => "optional" in header.dataset);
  const sorting = new Sorting({ table, headers: sortable, select, directionButton });
  const boxes = new ColumnBoxes({ table, headers: optional });
  choices.append(...boxes.build());
  sorting.attach();
}

class Sorting {
  constructor({ table, headers, select, directionButton }) {
    this._table = table;
    this._headers = headers;
    this._select = select;
    this._directionButton = directionButton;
    this._key = "pregao.carteira.sort";
    const names = new Set(headers.map((header) => header.dataset.sort));
    this._order = readStored(this._key, null, { isValid: ({ column }) => names.has(column) });
  }

  attach() {
    for (const header of this._headers) this._makeSortable(header);
    this._select.addEventListener("change", () => {
      const column = this._select.value;
      this._set(column ? { column, ascending: NATURALLY_ASCENDING.has(column) } : null);
    });
    this._directionButton.addEventListener("click", () =>
      this._set({ ...this._order, ascending: !this._order.ascending }),
    );
    this._apply();
  }

  _set(order) {
    this._order = order;
    writeStored(this._key, order);
    this._apply();
  }

  _apply() {
    const { column = null, ascending = false } = this._order ?? {};
    const direction = ascending ? "ascending" : "descending";
    for (const header of this._headers) {
      if (column === header.dataset.sort) header.setAttribute("aria-sort", direction);
      else header.removeAttribute("aria-sort");
    }
    this._select.value = column ?? "";
    this._directionButton.hidden = column === null;
    this._directionButton.dataset.direction = direction;
    this._table.sort(column, Boolean(ascending));
  }

  /** Each click: the column's natural direction, the other one, the list's own order. */
  _toggle(column) {
    const isNatural = NATURALLY_ASCENDING.has(column);
    if (this._order?.column !== column) this._set({ column, ascending: isNatural });
    else if (Boolean(this._order.ascending) === isNatural) this._set({ column, ascending: !isNatural });
    else this._set(null);
  }

  _makeSortable(header) {
    const column = header.dataset.sort;
    const name = header.textContent.trim();
    const button = buildButton("", () => this._toggle(column), { className: "sort-button" });
    button.append(...header.childNodes);
    // Phones show no headers: screen readers get the name there, and the keyboard no hidden button.
    header.append(button, build("span", { className: "sort-name" }, name));
    this._select.append(new Option(name, column));
  }
}

class ColumnBoxes {
  constructor({ table, headers }) {
    this._table = table;
    this._headers = headers;
    this._key = "pregao.carteira.hidden";
    const initially = headers.filter(({ dataset }) => dataset.optional === "hidden");
    const names = initially.map(({ dataset }) => dataset.col);
    this._hidden = new Set(readStored(this._key, names, { isValid: Array.isArray }));
  }

  build() {
    return this._headers.map((header) => this._buildChoice(header));
  }

  _buildChoice(header) {
    const column = header.dataset.col;
    const checked = !this._hidden.has(column);
    const box = build("input", { type: "checkbox", className: "check-input", checked });
    box.addEventListener("change", () => {
      if (box.checked) this._hidden.delete(column);
      else this._hidden.add(column);
      writeStored(this._key, [...this._hidden]);
      this._setHidden(header, !box.checked);
    });
    if (!checked) this._setHidden(header, true);
    return build("label", { className: "check" }, box, header.textContent.trim());
  }

  _setHidden(header, isHidden) {
    header.hidden = isHidden;
    this._table.setHidden(header.dataset.col, isHidden);
  }
}
