// One's own profile page: preferences that save as they are chosen, and a look at a picture's size.
import { post } from "../core/http.js";

function attachAutosave(form) {
  const select = form.querySelector("select");
  const state = form.querySelector("[role=status]");
  let kept = select.value;
  let sending = Promise.resolve();
  let newest = 0;

  const show = (kind, ...words) => {
    state.dataset.state = kind;
    state.replaceChildren(...words);
  };

  async function save(value, number) {
    try {
      const said = await post(form.action, { [select.name]: value });
      kept = value;
      if (number === newest) show("saved", said.message, ...reloadLink(select.name));
      if (select.name === "theme") window.pregaoTheme.choose(value);
    } catch (error) {
      if (number !== newest) return;
      select.value = kept;
      show("failed", error.message);
    }
  }

  // One after the other, so that the last choice is the one that stays.
  select.addEventListener("change", () => {
    const value = select.value;
    const number = ++newest;
    show("saving", gettext("Salvando…"));
    sending = sending.then(() => save(value, number));
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  if (select.name === "theme") {
    document.addEventListener("themechoice", (event) => {
      select.value = kept = event.detail; // the switch above saves it itself
    });
  }
}

function reloadLink(name) {
  if (name !== "language") return [];
  const link = document.createElement("a");
  link.href = window.location.pathname;
  link.textContent = gettext("Mostrar a página neste idioma");
  return [" ", link];
}

function attachPicture(form) {
  const input = form.querySelector("input[type=file]");
  const error = form.querySelector("[role=alert]");
  const check = () => {
    const file = input.files[0];
    const isLarge = file && file.size > Number(form.dataset.picture);
    error.hidden = !isLarge;
    error.textContent = isLarge ? gettext("O arquivo passa de 5 MB: escolha um menor.") : "";
    input.setAttribute("aria-invalid", String(Boolean(isLarge)));
    return !isLarge;
  };
  input.addEventListener("change", check);
  form.addEventListener("submit", (event) => {
    if (!check()) event.preventDefault();
  });
}

document.querySelectorAll("[data-autosave]").forEach(attachAutosave);
document.querySelectorAll("[data-picture]").forEach(attachPicture);
