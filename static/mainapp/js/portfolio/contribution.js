// The next contribution: asked without leaving the page, its list copied as plain text.
import { gettext } from "../market/quotes.js";

/** Answer `form` inside `answer`; without scripts the form asks for the whole page. */
export function attachContribution(form, answer) {
  let asked = 0;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const mine = (asked += 1);
    answer.setAttribute("aria-busy", "true");
    const found = await ask(form);
    if (mine !== asked) return; // a later question is on its way
    answer.removeAttribute("aria-busy");
    if (found.isElsewhere) form.submit(); // the session ended: the page itself leads to the login
    else show(form, answer, found);
  });
  answer.addEventListener("click", (event) => {
    if (event.target.closest('[data-action="copy-plan"]')) copyPlan(answer);
  });
}

async function ask(form) {
  const url = new URL(form.action);
  url.hash = "";
  url.search = new URLSearchParams(new FormData(form));
  try {
    const response = await fetch(url, { headers: { "HX-Request": "true" } });
    if (response.redirected) return { isElsewhere: true };
    return { html: response.ok ? await response.text() : null };
  } catch {
    return { html: null };
  }
}

function show(form, answer, { html }) {
  if (html === null) answer.replaceChildren(failure());
  else answer.innerHTML = html; // our own template, escaped by the server
  const isWrong = answer.querySelector(".field-error") !== null;
  const input = form.elements.aporte;
  input.classList.toggle("is-invalid", isWrong);
  if (isWrong) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  } else input.removeAttribute("aria-invalid");
}

function failure() {
  const words = document.createElement("p");
  words.className = "field-error";
  words.setAttribute("role", "alert");
  words.textContent = gettext("O servidor não respondeu. Tente de novo.");
  return words;
}

async function copyPlan(answer) {
  const list = answer.querySelector('[data-part="plan-text"]');
  const isCopied = await copy(list);
  list.hidden = isCopied;
  answer.querySelector('[data-part="copied"]').textContent = isCopied
    ? gettext("Lista copiada.")
    : gettext("Este navegador não deixa copiar: selecione o texto abaixo.");
}

/** Copy an element's text; pages without https have no clipboard of their own. */
async function copy(list) {
  try {
    await navigator.clipboard.writeText(list.textContent);
    return true;
  } catch {
    return copySelected(list);
  }
}

function copySelected(list) {
  list.hidden = false;
  const selection = getSelection();
  selection.selectAllChildren(list);
  const isCopied = document.execCommand("copy");
  if (isCopied) selection.removeAllRanges();
  return isCopied;
}
