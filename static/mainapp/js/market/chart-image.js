// A chart as a PNG file, with its name, time and source, and whether it is simulated.
import { gettext } from "../core/i18n.js";
import { themeColors } from "./colors.js";

const HEAD_PX = 56;
const FOOT_PX = 32;
const PADDING_PX = 16;

/**
 * Return a canvas with `picture` between a head and a foot. `title` and `subtitle` are above it, `foot` below;
 * `isSimulated` adds a note in words.
 */
export function framedPicture(picture, { title, subtitle, foot, isSimulated }) {
  const scale = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height + (HEAD_PX + FOOT_PX) * scale;
  const context = canvas.getContext("2d");
  const color = themeColors();
  const family = getComputedStyle(document.body).fontFamily;
  context.fillStyle = color.card;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, HEAD_PX * scale);
  context.scale(scale, scale);
  const [width, height] = [canvas.width / scale, canvas.height / scale];
  const write = (text, x, y, { size, weight = 400, fill = "ink-2", align = "left" }) => {
    context.font = `${weight} ${size}px ${family}`;
    context.fillStyle = color[fill];
    context.textAlign = align;
    context.fillText(text, x, y, width - 2 * PADDING_PX);
  };
  write(title, PADDING_PX, 24, { size: 18, weight: 600, fill: "ink" });
  write(subtitle, PADDING_PX, 44, { size: 13 });
  if (isSimulated) {
    const text = gettext("Mercado simulado");
    write(text, width - PADDING_PX, 24, { size: 13, weight: 600, fill: "amber-line", align: "right" });
  }
  write(foot, PADDING_PX, height - 12, { size: 12 });
  return canvas;
}

/** Offer a canvas as a file to download. */
export async function download(canvas, name) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
