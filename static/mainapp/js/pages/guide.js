// The page of all parts: opens its dialogs, sets its range bars, and draws its treemaps.
import { Treemap } from "../market/treemap.js";

for (const bar of document.querySelectorAll("[data-at]")) bar.style.setProperty("--at", bar.dataset.at);
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
}
for (const figure of document.querySelectorAll("[data-treemap]")) new Treemap(figure);
