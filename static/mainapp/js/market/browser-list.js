// Runs before the page is painted: opens the tracker with the list that is stored in this browser, so that the
// server renders its rows. A link's stocks are shown as they are.
(function () {
  try {
    var symbols = JSON.parse(localStorage.getItem("pregao.list") || "[]");
    if (location.search || !Array.isArray(symbols) || !symbols.length) return;
    var query = symbols
      .filter(function (symbol) {
        return typeof symbol === "string";
      })
      .slice(0, 30) // the limit of anonymous visitors
      .map(function (symbol) {
        return "stockpicker=" + encodeURIComponent(symbol);
      });
    if (!query.length) return;
    sessionStorage.setItem("pregao.opened", "?" + query.join("&"));
    location.replace(location.pathname + "?" + query.join("&"));
  } catch {
    // a browser without storage has no list
  }
})();
