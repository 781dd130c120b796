// The next contribution: planned without leaving the page, its list copied as plain text.
import { build, part } from "../core/dom.js";
import { fetchFragment } from "../core/http.js";
import { gettext } from "../core/i18n.js";

/** Show the plan that `form` requests inside `answer`; without scripts the form loads the whole page. */
export function attachContribution(form, answer) {
  let lastRequest = 0;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const request = ++lastRequest;
    answer.setAttribute("aria-busy", "true");
    const { html, isRedirected } = await fetchFragment(planUrl(form));
    if (request !== lastRequest) return;
    answer.removeAttribute("aria-busy");
    if (isRedirected) form.submit(); // the session ended: the page itself leads to the login
    else show(form, answer, html);
  });
  answer.addEventListener("click", (event) => {
    if (event.target.closest('[data-action="copy-plan"]')) copyPlan(answer);
  });
}

function planUrl(form) {
  const url = new URL(form.action);
  url.hash = "";
  url.search = new URLSearchParams(new FormData(form));
  return url;
}

function show(form, answer, html) {
  if (html === null) answer.replaceChildren(buildFailure());
  else answer.innerHTML = html; // our own template, escaped by the server
  const isWrong = answer.querySelector(".field-error") !== null;
  const input = form.elements.aporte;
  input.classList.toggle("is-wrong", isWrong);
  if (isWrong) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  } else input.removeAttribute("aria-invalid");
}

function buildFailure() {
  const text = gettext("O servidor não respondeu. Tente de novo.");
  return build("p", { className: "field-error", role: "alert" }, text);
}

async function copyPlan(answer) {
  const list = part(answer, "plan-text");
  const isCopied = await copy(list);
  list.hidden = isCopied;
  part(answer, "copied").textContent = isCopied
    ? gettext("Lista copiada.")
    : gettext("Este navegador não deixa copiar: selecione o texto abaixo.");
}

/** Copy an element's text; navigator.clipboard exists on secure pages only. */
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
