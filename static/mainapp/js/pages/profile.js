// The user's own profile: preferences are saved when they are chosen.
import { build } from "../core/dom.js";
import { gettext } from "../core/i18n.js";
import { onNotification, refreshParts } from "../core/refresh.js";
import { savePreference } from "./preferences.js";

function attachAutosave(form) {
  const select = form.querySelector("select");
  const state = form.querySelector("[role=status]");
  let savedValue = select.value;
  let sending = Promise.resolve();
  let newest = 0;

  const show = (kind, ...nodes) => {
    state.dataset.state = kind;
    state.replaceChildren(...nodes);
  };

  async function save(value, number) {
    try {
      const answer = await savePreference(form.action, select.name, value);
      savedValue = value;
      if (number === newest) show("saved", answer.message, ...reloadLink(select.name));
      if (select.name === "theme") window.pregaoTheme.choose(value);
    } catch (error) {
      if (number !== newest) return;
      select.value = savedValue;
      show("failed", error.message);
    }
  }

  // One request after the other: the last choice wins.
  select.addEventListener("change", () => {
    const value = select.value;
    const number = ++newest;
    show("saving", gettext("Salvando…"));
    sending = sending.then(() => save(value, number));
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  if (select.name === "theme") {
    document.addEventListener("themechoice", (event) => {
      select.value = savedValue = event.detail; // pages/base.js saves it
    });
  }
}

function reloadLink(name) {
  if (name !== "language") return [];
  const href = window.location.pathname;
  return [" ", build("a", { href }, gettext("Mostrar a página neste idioma"))];
}

document.querySelectorAll("[data-autosave]").forEach(attachAutosave);
onNotification("alert_", () => refreshParts(document.querySelector("main"), "main"));
