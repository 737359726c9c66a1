// Elements without markup: nothing here can turn text into code, which is what Trusted Types asks for.

type Child = Node | string | undefined | false;
type Value = string | number | boolean | undefined | null | ((event: never) => void);

const SVG = "http://www.w3.org/2000/svg";

/** An element. A function is a listener; `true` an empty attribute; `false`, `undefined`, `null`, "" none. */
export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value as EventListener);
    else setAttribute(element, name, value);
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
};

export const setAttribute = (element: Element, name: string, value: Exclude<Value, (event: never) => void>): void => {
  if (value === false || value === undefined || value === null || value === "") element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
};

export const icon = (path: string): SVGElement => {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
};
