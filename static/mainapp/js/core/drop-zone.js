// A drop zone, `[data-drop-zone]` around a file input: the name of the chosen file, and the look while a file is
// dragged over it. A file dropped anywhere on the zone goes to the input; without scripts the input shows itself.
// A file larger than the input's `data-max-bytes` is refused in the form's alert.
import { setText } from "./dom.js";
import { gettext } from "./i18n.js";

function attach(zone) {
  const input = zone.querySelector("input[type=file]");
  const name = zone.querySelector("output");
  const showOver = (isOver) => zone.toggleAttribute("data-over", isOver);
  const showName = () => setText(name, input.files[0]?.name ?? "");
  zone.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    showOver(true);
  });
  zone.addEventListener("dragleave", (event) => showOver(zone.contains(event.relatedTarget)));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    showOver(false);
    const [file] = event.dataTransfer.files;
    if (!file) return;
    // The field takes one file: of several, the form would send another than the one that is named.
    const one = new DataTransfer();
    one.items.add(file);
    input.files = one.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", showName);
  if (input.dataset.maxBytes) limitSize(input);
  showName(); // browsers keep the file of a page that is shown again
}

function limitSize(input) {
  const error = input.form.querySelector("[role=alert]");
  const check = () => {
    const isLarge = input.files[0]?.size > Number(input.dataset.maxBytes);
    error.hidden = !isLarge;
    setText(error, isLarge ? gettext("O arquivo passa de 5 MB: escolha um menor.") : "");
    input.setAttribute("aria-invalid", String(isLarge));
    return !isLarge;
  };
  input.addEventListener("change", check);
  input.form.addEventListener("submit", (event) => {
    if (!check()) event.preventDefault();
  });
}

document.querySelectorAll("[data-drop-zone]").forEach(attach);
