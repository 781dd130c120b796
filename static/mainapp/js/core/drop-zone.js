// A drop zone, `[data-drop-zone]` around a file input: the name of the chosen file, and the look while a file is
// dragged over it. A file dropped anywhere on the zone goes to the input; without scripts the input shows itself.
import { setText } from "./dom.js";

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
  showName(); // browsers keep the file of a page that is shown again
}

document.querySelectorAll("[data-drop-zone]").forEach(attach);
