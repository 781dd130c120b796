// A table's order and columns: heads that sort, the phone's choice of order, boxes that hide; kept in the browser.
const NATURALLY_UP = new Set(["symbol", "age"]);

function stored(key, isSane) {
  try {
    const value = JSON.parse(localStorage.getItem(key));
    return isSane(value) ? value : null;
  } catch {
    return null; // storage is refused, or holds something else
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // storage is refused: the choice lasts as long as the page
  }
}

/**
 * Let people order and hide the columns of a QuoteTable; `select` and `flip` do it where heads are not shown.
 * The choices are kept under the page's name.
 */
export function attachColumns({ table, heads, choices, select, flip, page = "tracker" }) {
  const SORT_KEY = `pregao.${page}.sort`;
  const HIDDEN_KEY = `pregao.${page}.hidden`;
  const all = [...heads.querySelectorAll("th")];
  const sortable = all.filter((head) => head.dataset.sort);
  const names = new Set(sortable.map((head) => head.dataset.sort));
  let order = stored(SORT_KEY, (value) => names.has(value?.column));
  const hidden = new Set(stored(HIDDEN_KEY, Array.isArray) ?? []);

  function apply(next) {
    if (next !== order) store(SORT_KEY, next);
    order = next;
    const direction = order?.ascending ? "ascending" : "descending";
    for (const head of sortable) {
      if (order?.column === head.dataset.sort) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    }
    select.value = order?.column ?? "";
    flip.hidden = !order;
    flip.dataset.direction = direction;
    table.sort(order?.column ?? null, Boolean(order?.ascending));
  }

  /** Each click: the column's natural direction, the other one, the list's own order. */
  function toggle(column) {
    const isUp = NATURALLY_UP.has(column);
    if (order?.column !== column) apply({ column, ascending: isUp });
    else if (Boolean(order.ascending) === isUp) apply({ column, ascending: !isUp });
    else apply(null);
  }

  function makeSortable(head) {
    const column = head.dataset.sort;
    const name = head.textContent.trim();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort-btn";
    button.append(...head.childNodes);
    button.addEventListener("click", () => toggle(column));
    head.append(button);
    head.abbr = name; // on a phone the button is not there to tell it
    select.append(new Option(name, column));
  }

  function hide(head, isHidden) {
    head.hidden = isHidden;
    table.setHidden(head.dataset.col, isHidden);
  }

  function choice(head) {
    const label = document.createElement("label");
    const box = document.createElement("input");
    const column = head.dataset.col;
    label.className = "form-check";
    box.type = "checkbox";
    box.className = "form-check-input";
    box.checked = !hidden.has(column);
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(column);
      else hidden.add(column);
      store(HIDDEN_KEY, [...hidden]);
      hide(head, !box.checked);
    });
    label.append(box, head.textContent.trim());
    if (!box.checked) hide(head, true);
    return label;
  }

  choices.append(...all.filter((head) => "optional" in head.dataset).map(choice));
  sortable.forEach(makeSortable);
  select.addEventListener("change", () =>
    apply(select.value ? { column: select.value, ascending: NATURALLY_UP.has(select.value) } : null),
  );
  flip.addEventListener("click", () => apply({ ...order, ascending: !order.ascending }));
  apply(order);
}
