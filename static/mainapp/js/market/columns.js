// A table's sort order and hidden columns, remembered by the browser.
import { build, buildButton } from "../core/dom.js";
import { readStored, writeStored } from "../core/storage.js";

const NATURALLY_ASCENDING = new Set(["symbol", "age"]);

/**
 * Let people sort a table by its heads and hide its optional columns.
 *
 * `table` has `sort(column, isAscending)` and `setHidden(column, isHidden)`; `choices` gets the check boxes;
 * `select` and `flip` sort on phones, where the heads are not shown. The choices are stored under `page`.
 */
export function attachColumns({ table, heads, choices, select, flip, page = "tracker" }) {
  const all = [...heads.querySelectorAll("th")];
  const sorting = new Sorting({ table, heads: all.filter((head) => head.dataset.sort), select, flip, page });
  const boxes = new ColumnBoxes({ table, heads: all.filter((head) => "optional" in head.dataset), page });
  choices.append(...boxes.build());
  sorting.attach();
}

class Sorting {
  constructor({ table, heads, select, flip, page }) {
    this._table = table;
    this._heads = heads;
    this._select = select;
    this._flip = flip;
    this._key = `pregao.${page}.sort`;
    const names = new Set(heads.map((head) => head.dataset.sort));
    this._order = readStored(this._key, null, { isValid: ({ column }) => names.has(column) });
  }

  attach() {
    for (const head of this._heads) this._makeSortable(head);
    this._select.addEventListener("change", () => {
      const column = this._select.value;
      this._set(column ? { column, ascending: NATURALLY_ASCENDING.has(column) } : null);
    });
    this._flip.addEventListener("click", () =>
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
    for (const head of this._heads) {
      if (column === head.dataset.sort) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    }
    this._select.value = column ?? "";
    this._flip.hidden = column === null;
    this._flip.dataset.direction = direction;
    this._table.sort(column, Boolean(ascending));
  }

  /** Each click: the column's natural direction, the other one, the list's own order. */
  _toggle(column) {
    const isNatural = NATURALLY_ASCENDING.has(column);
    if (this._order?.column !== column) this._set({ column, ascending: isNatural });
    else if (Boolean(this._order.ascending) === isNatural) this._set({ column, ascending: !isNatural });
    else this._set(null);
  }

  _makeSortable(head) {
    const column = head.dataset.sort;
    const name = head.textContent.trim();
    const button = buildButton("", () => this._toggle(column), { className: "sort-btn" });
    button.append(...head.childNodes);
    head.append(button);
    head.abbr = name; // phones hide the button, and the name with it
    this._select.append(new Option(name, column));
  }
}

class ColumnBoxes {
  constructor({ table, heads, page }) {
    this._table = table;
    this._heads = heads;
    this._key = `pregao.${page}.hidden`;
    this._hidden = new Set(readStored(this._key, [], { isValid: Array.isArray }));
  }

  build() {
    return this._heads.map((head) => this._buildChoice(head));
  }

  _buildChoice(head) {
    const column = head.dataset.col;
    const checked = !this._hidden.has(column);
    const box = build("input", { type: "checkbox", className: "form-check-input", checked });
    box.addEventListener("change", () => {
      if (box.checked) this._hidden.delete(column);
      else this._hidden.add(column);
      writeStored(this._key, [...this._hidden]);
      this._setHidden(head, !box.checked);
    });
    if (!checked) this._setHidden(head, true);
    return build("label", { className: "form-check" }, box, head.textContent.trim());
  }

  _setHidden(head, isHidden) {
    head.hidden = isHidden;
    this._table.setHidden(head.dataset.col, isHidden);
  }
}
