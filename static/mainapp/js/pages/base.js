/* What every page does: the theme switch, menus that close, and the search box. */
import { post } from "../core/http.js";
import { attachSearch } from "../market/search.js";

/** The token that a POST by fetch sends as X-CSRFToken. */
export function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

let saving = Promise.resolve(); // one after the other: the last choice is the one that stays

/** Have the account keep a theme; resolves to a sentence when it did not, and else to nothing. */
function saveTheme(theme) {
  const url = document.querySelector('meta[name="preferences"]')?.content;
  if (!url) return saving;
  saving = saving.then(() => post(url, { theme }).then(() => "", (error) => error.message));
  return saving;
}

function attachThemeSwitch(box) {
  const show = () => {
    for (const button of box.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === window.pregaoTheme.choice()));
    }
  };
  const problem = document.createElement("p");
  problem.className = "field-error";
  problem.setAttribute("role", "alert");
  problem.hidden = true;
  box.after(problem);
  box.hidden = false;
  box.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    window.pregaoTheme.choose(button.value);
    problem.textContent = (await saveTheme(button.value)) ?? "";
    problem.hidden = !problem.textContent;
  });
  document.addEventListener("themechoice", show);
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
