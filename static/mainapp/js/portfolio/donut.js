// A donut chart: a circle per slice, dashed so that only its share shows; colours come from CSS classes.
const NAMESPACE = "http://www.w3.org/2000/svg";
const RADIUS = 16;
const GAP = 0.5; // percent of the ring between two slices

/** Draw `slices` [{ colour, share }], shares in percent, clockwise from the top of `svg` (viewBox 0 0 42 42). */
export function drawDonut(svg, slices) {
  const shown = slices.filter((slice) => slice.share > 0);
  while (svg.children.length > shown.length) svg.lastElementChild.remove();
  while (svg.children.length < shown.length) svg.append(ring());
  const gap = shown.length > 1 ? GAP : 0;
  let from = 0;
  shown.forEach(({ colour, share }, i) => {
    const length = Math.max(share - gap, 0.15);
    const circle = svg.children[i];
    set(circle, "class", `slice slice-${colour}`);
    set(circle, "stroke-dasharray", `${length.toFixed(2)} ${(100 - length).toFixed(2)}`);
    set(circle, "stroke-dashoffset", (-from).toFixed(2));
    from += share;
  });
}

function ring() {
  const circle = document.createElementNS(NAMESPACE, "circle");
  for (const [name, value] of [["cx", 21], ["cy", 21], ["r", RADIUS], ["pathLength", 100]]) {
    circle.setAttribute(name, value);
  }
  return circle;
}

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
