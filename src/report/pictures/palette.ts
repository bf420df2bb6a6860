export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * ColorBrewer's YlGnBu, light to dark: told apart with any colour vision and in grey print, and readable on white.
 * https://colorbrewer2.org/#type=sequential&scheme=YlGnBu&n=9
 */
const stops: readonly Rgb[] = [
  [255, 255, 217],
  [237, 248, 177],
  [199, 233, 180],
  [127, 205, 187],
  [65, 182, 196],
  [29, 145, 192],
  [34, 94, 168],
  [37, 52, 148],
  [8, 29, 88],
];

/** Marks what is kept: no colour of the scale comes near it. */
export const keptColour = '#d95f02';

/** The scale's colour at `value`, 0 to 1; values beyond are taken as the end they are beyond. */
export function colourAt(value: number): Rgb {
  const place = Math.min(Math.max(value, 0), 1) * (stops.length - 1);
  const index = Math.min(Math.floor(place), stops.length - 2);
  const share = place - index;
  const [low, high] = [stops[index]!, stops[index + 1]!];
  const mix = (channel: 0 | 1 | 2) => Math.round(low[channel] + (high[channel] - low[channel]) * share);
  return [mix(0), mix(1), mix(2)];
}

export function hex(colour: Rgb): string {
  return `#${colour.map(channel => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** The scale in steps, as pictures use it: so few that a page can give each another colour, and too fine to be seen. */
export const levelColours: readonly string[] = Array.from({ length: 33 }, (_, index) => hex(colourAt(index / 32)));

/** The step of the scale for a value between 0 and a maximum. */
export function levelOf(value: number, maximum: number): number {
  return maximum > 0 ? Math.round(Math.min(value / maximum, 1) * (levelColours.length - 1)) : 0;
}

/** The nearest colour of the 6 × 6 × 6 cube that terminals with 256 colours have. */
export function ansi256(colour: Rgb): number {
  const level = (channel: number) => Math.round((channel / 255) * 5);
  return 16 + 36 * level(colour[0]) + 6 * level(colour[1]) + level(colour[2]);
}

/** Whether white text reads better than black on it (relative luminance, coarse). */
export function isDark([red, green, blue]: Rgb): boolean {
  return 0.299 * red + 0.587 * green + 0.114 * blue < 140;
}
