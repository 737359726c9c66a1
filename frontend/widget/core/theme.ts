// From the client's one accent to every colour of the panel, in light and dark, without a theme that fails.
import { inkOn } from "../loader/colour";

export type Rgb = readonly [number, number, number];

const OWN = "#0b6470";
const SURFACE = { light: "#ffffff", dark: "#18191c" };
const BUBBLE = { light: "#f2f2f0", dark: "#2a2c30" };

/** `#rrggbb` of a theme's accent; `#rgb` is spelled out, and anything else gives way to the product's own colour. */
export const cleanColour = (text: string | undefined): string => {
  const digits = /^#([\da-f]{3}|[\da-f]{6})$/i.exec(text ?? "")?.[1];
  if (!digits) return OWN;
  return `#${digits.length < 6 ? digits.replace(/./g, "$&$&") : digits}`;
};

const toRgb = (colour: string): Rgb => {
  const value = parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
};

const toHex = (colour: Rgb): string =>
  `#${colour.map((channel) => Math.round(channel).toString(16).padStart(2, "0")).join("")}`;

/** Relative luminance of WCAG 2.2, 0..1. */
const luminance = (colour: string): number => {
  const [red, green, blue] = toRgb(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** Contrast ratio of two colours `#rrggbb`, 1..21. */
export const contrast = (one: string, other: string): number => {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

/** `colour`, moved towards black or white no further than it must be to stand out from `ground` by `ratio`. */
export const separate = (colour: string, ground: string, ratio: number): string => {
  const towards = luminance(ground) > 0.4 ? 0 : 255;
  for (let share = 0; share < 1; share += 0.04) {
    const tried = toHex(toRgb(colour).map((channel) => channel + (towards - channel) * share) as unknown as Rgb);
    if (contrast(tried, ground) >= ratio) return tried;
  }
  return towards ? "#ffffff" : "#000000";
};

/** Values of the panel's custom properties. Links are checked against the bubble, the harder of their two grounds. */
export const coloursOf = (accent: string | undefined, scheme: "light" | "dark"): Record<string, string> => {
  const own = cleanColour(accent);
  const fill = separate(own, SURFACE[scheme], 1.35);
  return {
    "--fd-fill": fill,
    "--fd-on": inkOn(fill),
    "--fd-link": separate(own, BUBBLE[scheme], 4.6),
    "--fd-ring": separate(own, BUBBLE[scheme], 3.2),
    "--fd-surface": SURFACE[scheme],
    "--fd-bubble": BUBBLE[scheme],
  };
};
