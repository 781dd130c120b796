/* Which theme the page is painted in; a classic script in the head, so that no wrong colour flashes. */
(function () {
  "use strict";
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      return localStorage.getItem("theme") || "system";
    } catch (error) {
      return "system"; // storage is refused: the system decides
    }
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

  window.pregaoTheme = {
    choice: choice,
    choose: function (name) {
      try {
        if (name === "system") localStorage.removeItem("theme");
        else localStorage.setItem("theme", name);
      } catch (error) {
        document.documentElement.dataset.bsTheme = name; // this page only
      }
      apply();
    },
  };
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply); // another tab chose
  apply();
})();
