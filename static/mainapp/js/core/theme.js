/* Which theme the page is painted in; a classic script in the head, so that no wrong colour flashes. */
(function () {
  "use strict";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var here = null; // the choice of this page alone, where storage is refused
  var kept = document.documentElement.dataset.themeChoice; // what the account keeps, which wins

  function choice() {
    var name = here;
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
    var changed = root.dataset.bsTheme !== theme;
    root.dataset.bsTheme = theme;
    var meta = document.querySelector('meta[name="theme-color"]');
    if (meta) meta.content = theme === "dark" ? "#131c1b" : "#ffffff";
    if (changed) document.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  }

  function choose(name) {
    here = null;
    try {
      if (name === "system") localStorage.removeItem("theme");
      else localStorage.setItem("theme", name);
    } catch (error) {
      here = name;
    }
    apply();
    document.dispatchEvent(new CustomEvent("themechoice", { detail: name }));
  }

  window.pregaoTheme = { choice: choice, choose: choose };
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply); // another tab chose
  if (kept && kept !== choice()) choose(kept);
  else apply();
})();
