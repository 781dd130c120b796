// The button that adds a paper to the reader's list or removes it: the account's current list, or the browser's.
import { setText } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { addToast } from "../core/toasts.js";
import { editCurrent, get, merged, set } from "./watchlist.js";

const button = document.querySelector("[data-follow]");

function show(isFollowed) {
  button.toggleAttribute("data-followed", isFollowed);
  setText(button.querySelector("[data-part=follow-text]"), isFollowed ? gettext("Acompanhando") : gettext("Acompanhar"));
  button.title = isFollowed ? gettext("Remover da minha lista") : gettext("Adicionar à minha lista");
}

/** Change the list; resolves to its symbols. */
function edit(change) {
  const { url } = button.dataset;
  if (url) return editCurrent(url, change);
  const { add = [], remove = [] } = change;
  return set([...get().filter((symbol) => !remove.includes(symbol)), ...add]);
}

async function toggle() {
  const { follow: symbol } = button.dataset;
  const isFollowed = button.hasAttribute("data-followed");
  button.disabled = true;
  try {
    show((await edit({ [isFollowed ? "remove" : "add"]: [symbol] })).includes(symbol));
  } catch (error) {
    addToast(error.message);
  } finally {
    button.disabled = false;
  }
}

if (button) {
  const { follow: symbol, url } = button.dataset;
  if (!url) show(get().includes(symbol));
  else merged.then((answer) => answer && show(answer.symbols.includes(symbol)));
  button.addEventListener("click", toggle);
}
