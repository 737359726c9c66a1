import type { Field } from "../contract";

/** What is wrong with `value` as far as the browser can tell; the server has the last word. */
export const faultOf = ({ type, required }: Field, value: string): "required" | "email" | "phone" | undefined => {
  const text = value.trim();
  if (!text) return required ? "required" : undefined;
  if (type === "email" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return "email";
  if (type === "phone" && (text.match(/\p{Nd}/gu)?.length ?? 0) < 5) return "phone";
  return undefined;
};
