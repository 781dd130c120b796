// A person's picture, or their initials in their colour; the counterpart of `parts/face.html`.
import { build } from "../core/dom.js";

const HUES = 24;
const SIZE = 48;

export function buildAvatar(person) {
  if (person?.avatar) {
    const picture = Object.assign(new Image(SIZE, SIZE), { src: person.avatar, alt: "" });
    picture.className = "face";
    picture.dataset.size = String(SIZE);
    return picture;
  }
  const box = build("span", { className: "face", "data-size": SIZE, "aria-hidden": "true", dir: "auto" });
  if (person) {
    box.dataset.hue = String((person.id * 7) % HUES);
    box.textContent = initials(person.name);
  } else box.dataset.nobody = "";
  return box;
}

function initials(name) {
  const words = name.split(/\s+/).filter((word) => /^[\p{L}\p{N}]/u.test(word));
  if (!words.length) words.push(name);
  return [...new Set([words[0], words.at(-1)])].map((word) => [...word][0] ?? "").join("").toUpperCase();
}
