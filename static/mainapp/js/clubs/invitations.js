// Copying the link of an invitation.
import { gettext } from "../core/i18n.js";

const SHOWN_MS = 2_000;

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    const label = button.lastChild;
    const text = label.textContent;
    await navigator.clipboard.writeText(button.dataset.copy);
    label.textContent = gettext("Copiado");
    setTimeout(() => (label.textContent = text), SHOWN_MS);
  });
}
