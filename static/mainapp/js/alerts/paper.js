// The distances of a reader's alerts on the page of a paper.
import { setText } from "../core/dom.js";
import { distanceText } from "./distance.js";

const root = document.querySelector("[data-paper]");

root.addEventListener("quote", ({ detail }) => {
  for (const element of root.querySelectorAll("[data-distance][data-limit]")) {
    setText(element, distanceText(element.dataset.distance, element.dataset.limit, detail));
  }
});
