/* The page's theme; a classic script in the head, so that the other theme never flashes. */
(function () {
  "use strict";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var pageChoice = null; // when the browser refuses storage
  var accountChoice = document.documentElement.dataset.themeChoice; // wins over the browser's

  function choice() {
    var name = pageChoice;
    try {
      name = name || localStorage.getItem("theme");
    } catch (error) {
      // storage is refused
    }
    return name === "light" || name === "dark" ? name : "system";
  }

  function apply() {
    var chosen = choice();
    var theme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
    var root = document.documentElement;
    var changed = root.dataset.theme !== theme;
    root.dataset.theme = theme;
    var meta = document.querySelector('meta[name="theme-color"]');
    if (meta) meta.content = theme === "dark" ? "#131c1b" : "#ffffff";
    if (changed) document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  }

  function choose(name) {
    pageChoice = null;
    try {
      if (name === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", name);
    } catch (error) {
      pageChoice = name;
    }
    apply();
    document.dispatchEvent(new CustomEvent("themechoice", { detail: name }));
  }

  window.pregaoTheme = { choice: choice, choose: choose };
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply); // another tab chose
  if (accountChoice && accountChoice !== choice()) choose(accountChoice);
  else apply();
})();
