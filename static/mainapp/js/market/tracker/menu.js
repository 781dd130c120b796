// The menu of a row: one for all rows, at the button that was pressed; on a phone a sheet from below.
import { part, setText } from "../../core/dom.js";

/**
 * Open `menu` from the rows' buttons [data-action=menu]. `run(action, symbol)` is called for its buttons;
 * `describe(symbol)` returns {row, canMove} of a row: its element, null when it is gone, and whether it may be moved.
 * `refresh()` of the returned object shows the newest figures; the menu of a row that is gone closes.
 */
export function attachRowMenu({ menu, body, run, describe }) {
  let symbol = null;

  function open(button) {
    symbol = button.closest("tr").dataset.symbol;
    document.querySelectorAll(`[popovertarget="${menu.id}"]`).forEach((old) => release(old));
    button.setAttribute("popovertarget", menu.id); // core/popover.js places the menu beside it
    button.setAttribute("aria-expanded", "true");
    fill();
    menu.showPopover();
    menu.querySelector(":is(a, button):not([hidden])").focus();
  }

  function release(button) {
    button.removeAttribute("popovertarget");
    button.setAttribute("aria-expanded", "false");
  }

  function fill() {
    const { row, canMove } = describe(symbol);
    setText(part(menu, "symbol"), symbol);
    setText(part(menu, "name"), row.querySelector('[data-field="name"]').textContent);
    for (const link of menu.querySelectorAll("a[data-href]")) {
      link.href = link.dataset.href.replace(/\{symbol\}|%7Bsymbol%7D/, symbol);
      link.hidden = "former" in row.dataset && "traded" in link.dataset;
    }
    for (const button of menu.querySelectorAll("[data-move]")) button.hidden = !canMove;
    fillFigures(row);
  }

  /** Show in the sheet of a phone the figures that its rows have no room for. */
  function fillFigures(row) {
    if (!row) return menu.hidePopover(); // another tab or device removed it
    for (const figure of menu.querySelectorAll("[data-figure]")) {
      const cell = row.querySelector(`[data-field="${figure.dataset.figure}"]`);
      setText(figure, cell?.textContent.trim() ?? "–");
    }
  }

  body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-action=menu]");
    if (!button) return;
    event.preventDefault();
    if (menu.matches(":popover-open") && button.closest("tr").dataset.symbol === symbol) menu.hidePopover();
    else open(button);
  });
  menu.addEventListener("click", (event) => {
    const button = event.target.closest("[data-run]");
    if (!button) return;
    if (!("move" in button.dataset)) menu.hidePopover();
    run(button.dataset.run, symbol);
  });
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "closed") document.querySelectorAll(`[popovertarget="${menu.id}"]`).forEach(release);
  });
  return { refresh: () => menu.matches(":popover-open") && fillFigures(describe(symbol).row) };
}
