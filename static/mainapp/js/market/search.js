/* The search box of the navigation bar: an ARIA 1.2 combobox with a listbox. */

const DEBOUNCE_MS = 120;

/**
 * Make `form` (base.html's form.search) suggest stocks; the form itself works without this. A choice
 * opens the stock's page, unless a listener of `stockchosen` {symbol} prevents it.
 */
export function attachSearch(form) {
  const url = form.dataset.searchUrl;
  const input = form.querySelector("[role=combobox]");
  const list = form.querySelector("[role=listbox]");
  const status = form.querySelector("[role=status]");
  if (!url) return;
  let timer = 0;
  let asked = 0; // the number of the newest question; older answers are dropped
  let request = null;
  let active = -1;
  let shown = ""; // the text that the list is the answer to

  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    clearTimeout(timer);
    asked += 1;
    request?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function activate(index) {
    const all = options();
    if (!all.length) return;
    active = (index + all.length) % all.length;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    all[active].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", all[active].id);
  }

  function show(html, text) {
    list.innerHTML = html;
    shown = text;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    options().forEach((option, i) => {
      option.id = `${list.id}-${i}`;
      option.setAttribute("aria-selected", "false");
    });
    const count = options().length;
    if (!count && !list.textContent.trim()) {
      list.innerHTML = '<li class="search-empty" role="presentation"></li>';
      list.firstChild.textContent = gettext("Nenhum ativo encontrado.");
    }
    status.textContent = interpolate(
      ngettext("%s ativo encontrado", "%s ativos encontrados", count),
      [count],
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  async function ask() {
    const text = input.value.trim();
    if (!text) return close();
    const number = ++asked;
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`${url}?q=${encodeURIComponent(text)}`, {
        headers: { "HX-Request": "true" },
        signal: request.signal,
      });
      const html = answer.ok ? await answer.text() : null;
      if (number !== asked) return;
      if (html === null) fail();
      else show(html, text);
    } catch (error) {
      if (error.name !== "AbortError" && number === asked) fail();
    }
  }

  function fail() {
    list.innerHTML = '<li class="search-empty" role="presentation"></li>';
    list.firstChild.textContent = gettext("A busca não respondeu. Tente de novo.");
    status.textContent = list.textContent;
    list.hidden = false;
  }

  function choose(option) {
    const link = option.dataset.url ?? option.querySelector("a")?.getAttribute("href");
    close();
    const detail = { symbol: option.dataset.symbol };
    const event = new CustomEvent("stockchosen", { detail, bubbles: true, cancelable: true });
    if (form.dispatchEvent(event) && link) window.location.assign(link);
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DEBOUNCE_MS);
  });
  input.addEventListener("focus", () => {
    if (input.value.trim() && list.hidden) ask();
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) ask();
      else if (event.key === "ArrowDown") activate(active + 1);
      else activate(active < 0 ? -1 : active - 1);
    } else if (event.key === "Enter" && open && options().length) {
      if (active < 0 && shown !== input.value.trim()) return; // the list is late: the form is sent
      event.preventDefault();
      choose(options()[Math.max(active, 0)]);
    } else if (event.key === "Tab") {
      close();
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    choose(option);
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  form.addEventListener("submit", close);
}
