// FAQs that fit what is being written, offered above the field; arrow keys lead there and back.
import type { Faq } from "../contract";
import { h } from "./dom";

const PAUSE_MS = 250;
const SHORTEST = 3;

export interface SuggestionsContext {
  label: string;
  input: HTMLTextAreaElement;
  find(query: string): Promise<Faq[]>;
  choose(faq: Faq): void;
}

export const createSuggestions = ({ label, input, find, choose }: SuggestionsContext) => {
  const list = h("ul", { part: "suggestions", class: "suggestions", "aria-label": label, hidden: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  const clear = (): void => {
    clearTimeout(timer);
    turn += 1;
    list.hidden = true;
    list.replaceChildren();
  };
  const draw = (faqs: Faq[]): void => {
    list.replaceChildren(
      ...faqs.map((faq) => {
        const take = () => {
          clear();
          choose(faq);
        };
        return h("li", {}, h("button", { type: "button", part: "suggestion", dir: "auto", click: take }, faq.question));
      }),
    );
    list.hidden = !faqs.length;
  };
  const ask = async (query: string): Promise<void> => {
    const mine = (turn += 1);
    const faqs = await find(query).catch(() => []);
    if (mine === turn) draw(faqs.filter(({ question }) => question !== query));
  };
  const move = (event: KeyboardEvent, step: number): void => {
    const buttons = [...list.querySelectorAll("button")];
    const root = list.getRootNode() as ShadowRoot;
    const at = buttons.indexOf(root.activeElement as HTMLButtonElement);
    const next = at < 0 ? buttons.at(-1) : (buttons[at + step] ?? input);
    event.preventDefault();
    next?.focus();
  };
  const hear = (event: KeyboardEvent): void => {
    if (list.hidden) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      clear();
      input.focus();
    } else if (event.key === "ArrowUp" && (event.target !== input || !input.value.includes("\n"))) move(event, -1);
    else if (event.key === "ArrowDown" && event.target !== input) move(event, 1);
  };
  list.addEventListener("keydown", hear);
  input.addEventListener("keydown", hear);
  input.addEventListener("input", () => {
    const query = input.value.trim();
    clear();
    if (query.length >= SHORTEST && query.length < 200) timer = setTimeout(() => void ask(query), PAUSE_MS);
  });
  return { element: list, clear };
};
