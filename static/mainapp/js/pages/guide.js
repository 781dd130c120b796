// The treemaps of the style guide.
import { Treemap } from "../market/treemap.js";

for (const figure of document.querySelectorAll("[data-treemap]")) new Treemap(figure);
