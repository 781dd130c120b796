// The look of a drop zone, `[data-drop-zone]` around a file input, while a file is dragged over it. A file
// dropped anywhere on the zone goes to the input; without scripts the input itself takes it.

function attach(zone) {
  const input = zone.querySelector("input[type=file]");
  const show = (isOver) => zone.toggleAttribute("data-over", isOver);
  zone.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    show(true);
  });
  zone.addEventListener("dragleave", (event) => show(zone.contains(event.relatedTarget)));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    show(false);
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

document.querySelectorAll("[data-drop-zone]").forEach(attach);
