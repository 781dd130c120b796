/* What every page does: the theme switch, menus that close, and the search box. */
import { attachSearch } from "./search.js";

/** The token that a POST by fetch sends as X-CSRFToken. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

function attachThemeSwitch(box) {
  const show = () => {
    for (const button of box.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === window.pregaoTheme.choice()));
    }
  };
  box.hidden = false;
  box.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    window.pregaoTheme.choose(button.value);
    show();
  });
  window.addEventListener("storage", show);
  show();
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    const escaped = event.type === "keydown" && event.key === "Escape";
    const outside = event.type === "click" && !menu.contains(event.target);
    if (!escaped && !outside) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (escaped && hadFocus) menu.querySelector("summary").focus();
  }
}

document.addEventListener("click", closeMenus);
document.addEventListener("keydown", closeMenus);
document.querySelectorAll("[data-theme-switch]").forEach(attachThemeSwitch);
document.querySelectorAll("form.search").forEach(attachSearch);
