// The reader's choices for the table: columns, density, order. The server keeps them in a cookie, so that it
// renders the next page with them; without scripts each choice loads the page.

const ASCENDING_FIRST = new Set(["symbol", "age"]);

/**
 * Apply the choices of the form `table-view` to the page at once, and save them. `table` has
 * `sort(column, isAscending)`.
 */
export function attachTableView({ root, form, table }) {
  const view = new TableView({ root, form, table });
  view.attach();
  return view;
}

class TableView {
  constructor({ root, form, table }) {
    this._root = root;
    this._form = form;
    this._table = table;
    this._headers = [...root.querySelectorAll("th[data-col]")].filter((header) => header.scope === "col");
  }

  /** The column that orders the rows, with "-" for descending; "" for the order of the list. */
  get sort() {
    return this._form.elements.sort.value;
  }

  attach() {
    this._form.addEventListener("submit", (event) => this._onSubmit(event));
    this._form.addEventListener("change", ({ target }) => {
      if (target.name === "sort") this._setSort(target.value);
      else this._showColumns();
      this._save();
    });
    this._table.sort(...this._order());
  }

  /** Return to the list's own order, because the reader is about to change it. */
  clearSort() {
    if (!this.sort) return;
    this._setSort("");
    this._save();
  }

  _onSubmit(event) {
    const { name, value } = event.submitter ?? {};
    event.preventDefault();
    if (name === "preset") this._choosePreset(event.submitter);
    else if (name === "density") this._setDensity(value);
    else if (name === "sort_by") this._setSort(value);
    this._save();
  }

  _choosePreset(button) {
    const chosen = new Set(button.dataset.columns.split(" "));
    for (const box of this._boxes()) box.checked = chosen.has(box.value);
    this._showColumns();
  }

  /** Show the checked columns; the style sheet hides those that `data-hidden` names. */
  _showColumns() {
    const hidden = this._boxes().filter((box) => !box.checked);
    const shown = this._boxes().filter((box) => box.checked);
    this._root.dataset.hidden = hidden.map((box) => box.value).join(" ");
    const columns = shown.map((box) => box.value).join(" ");
    for (const button of this._form.querySelectorAll("[name=preset]")) {
      button.setAttribute("aria-pressed", String(button.dataset.columns === columns));
    }
  }

  _setDensity(density) {
    this._root.dataset.density = density;
    this._form.querySelector("input[name=density]").value = density;
    for (const button of this._form.querySelectorAll("button[name=density]")) {
      button.setAttribute("aria-pressed", String(button.value === density));
    }
  }

  _setSort(sort) {
    this._form.elements.sort.value = sort;
    for (const header of this._headers) {
      const button = header.querySelector("[name=sort_by]");
      if (!button) continue;
      const column = header.dataset.col;
      button.value = nextSort(column, sort);
      header.removeAttribute("aria-sort");
      if (sort === column) header.setAttribute("aria-sort", "ascending");
      if (sort === `-${column}`) header.setAttribute("aria-sort", "descending");
    }
    this._table.sort(...this._order());
  }

  _order() {
    return [this.sort.replace("-", ""), !this.sort.startsWith("-")];
  }

  _boxes() {
    return [...this._form.querySelectorAll("[name=columns]")];
  }

  _save() {
    const body = new URLSearchParams(new FormData(this._form));
    // One request after the other: the last choice wins.
    const send = () => fetch(this._form.action, { method: "POST", body, redirect: "manual", keepalive: true });
    this._form.ariaBusy = "true";
    const saved = (this._saved ?? Promise.resolve()).then(send).catch(() => null);
    this._saved = saved;
    saved.then(() => this._saved === saved && (this._form.ariaBusy = null));
  }
}

/** Each click on a header: the column's usual direction, the other one, the list's own order. */
function nextSort(column, sort) {
  const isAscending = ASCENDING_FIRST.has(column);
  const usual = isAscending ? column : `-${column}`;
  const other = isAscending ? `-${column}` : column;
  return { [usual]: other, [other]: "" }[sort] ?? usual;
}
