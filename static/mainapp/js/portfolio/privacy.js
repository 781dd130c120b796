/* Hides values when the reader chose so; a classic script in the head, so that none is shown before. */
(function () {
  "use strict";
  var KEY = "pregao.carteira.hidden-values";
  var root = document.documentElement;
  try {
    root.classList.toggle("hide-values", localStorage.getItem(KEY) === "1");
  } catch (error) {
    // storage is refused: values are shown until hidden on this page
  }
  window.pregaoPrivacy = {
    isHidden: function () {
      return root.classList.contains("hide-values");
    },
    toggle: function () {
      var isHidden = root.classList.toggle("hide-values");
      try {
        if (isHidden) localStorage.setItem(KEY, "1");
        else localStorage.removeItem(KEY);
      } catch (error) {
        // storage is refused: the choice lasts as long as the page
      }
      return isHidden;
    },
  };
})();
