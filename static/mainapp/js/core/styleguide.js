// The page of all parts: opens its dialogs and sets its range bars.

for (const bar of document.querySelectorAll("[data-at]")) bar.style.setProperty("--at", bar.dataset.at);
for (const button of document.querySelectorAll("[data-open]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.open).showModal());
}
