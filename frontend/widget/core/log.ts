// The messages, one element each, made once and then only brought up to date.
import type { Handoff, Option, Shell } from "../contract";
import type { Conversation } from "./conversation";
import { h, icon, setAttribute } from "./dom";
import { type FormView, placeForm } from "./forms";
import { type Inline, parseMarkdown, safeUrl } from "./markdown";
import { type Entry, GREETING, isOpenChoice } from "./state";
import { type Texts, formatWhen } from "./texts";

const ICONS: Partial<Record<Handoff["kind"], string>> = {
  whatsapp: "M21 11.5a8.5 8.5 0 0 1-12.7 7.4L3.5 20.5l1.5-4.7A8.5 8.5 0 1 1 21 11.5zM9 8.5c0 4 2.5 6.5 6.5 6.5",
  email: "M3.5 6h17v12h-17zM4 7l8 6 8-6",
  phone: "M5 4h4l1.5 4.500L8 10a13 13 0 0 0 6 6l1.5-2.500L20 15v4a1.5 1.5 0 0 1-1.5 1.500A15 15 0 0 1 3.5 5.5 1.5 1.5 0 0 1 5 4z",
};
/** A silence after which the time is worth telling. */
const PAUSE_MS = 300_000;
const AWAY = "M8 5h11v11M19 5 5 19";

export interface LogContext {
  shell: Shell;
  texts: Texts;
  locale: string;
  known: Map<string, string>;
  conversation: Conversation;
  /** After a press took away the element that had the focus. */
  refocus(): void;
  handoff(handoff: Handoff): void;
  /** Part of a message arrived after it. */
  grown(element: HTMLElement): void;
}

const inline = (parts: Inline[], texts: Texts): (Node | string)[] =>
  parts.map((part) => {
    if (typeof part === "string") return part;
    if (part.tag !== "a") return h(part.tag, {}, ...inline(part.of, texts));
    return link(part.href, texts, {}, ...inline(part.of, texts));
  });

const link = (href: string, texts: Texts, attributes: Record<string, string | (() => void)>, ...inside: (Node | string)[]) => {
  const away = /^http/i.test(href);
  return h(
    "a",
    { href, ...attributes, ...(away && { target: "_blank", rel: "noopener noreferrer" }) },
    ...inside,
    away && h("span", { class: "sr" }, ` (${texts.new_tab})`),
  );
};

export const renderText = (text: string, texts: Texts): Node[] =>
  parseMarkdown(text).map((block) => {
    if (block.tag === "p") {
      const lines = block.lines.flatMap((line, index) => [...(index ? [h("br")] : []), ...inline(line, texts)]);
      return h("p", { dir: "auto" }, ...lines);
    }
    const items = block.items.map((item) => h("li", { dir: "auto" }, ...inline(item, texts)));
    return h(block.tag, block.tag === "ol" && block.start > 1 ? { start: block.start } : {}, ...items);
  });

const timeOf = ({ created_at }: Entry): number => Date.parse(created_at ?? "");

interface Row {
  element: HTMLElement;
  choices?: HTMLElement;
  form?: FormView;
  meta: HTMLElement;
}

export const createLog = (list: HTMLElement, context: LogContext) => {
  const { shell, texts, conversation } = context;
  const { config } = shell;
  const rows = new Map<string, Row>();

  const drawOptions = (options: Option[]): HTMLElement =>
    h(
      "ul",
      { class: "options", "aria-label": texts.choose },
      ...options.map(({ id, label }) => {
        const press = () => {
          conversation.press(id, label);
          context.refocus();
        };
        return h("li", {}, h("button", { type: "button", part: "option", dir: "auto", click: press }, label));
      }),
    );

  const drawHandoff = (handoff: Handoff): HTMLElement | undefined => {
    const href = safeUrl(handoff.url);
    if (!href) return undefined;
    const label = handoff.label || href.replace(/^\w+:(\/\/)?/, "");
    return link(
      href,
      texts,
      { part: `handoff ${handoff.kind}`, class: "handoff", click: () => context.handoff(handoff) },
      icon(ICONS[handoff.kind] ?? AWAY),
      label,
    );
  };

  const formOf = (entry: Entry): ReturnType<typeof placeForm> | undefined => {
    const { form } = config;
    const away = config.status === "paused" && (entry.id === GREETING || entry.greeting);
    const asked = away || entry.type === "form" || entry.handoff?.kind === "form";
    if (!asked || !form || (entry.form_id && entry.form_id !== form.id)) return undefined;
    const submit = (values: Record<string, string>) => conversation.submit(entry.id, form.id, values);
    return placeForm(shell, form, { texts, known: context.known, submit }, context.grown);
  };

  const draw = (entry: Entry): Row => {
    const mine = entry.author === "visitor";
    const meta = h("p", { class: "meta" });
    const element = h(
      "div",
      { part: `message ${entry.author}`, class: `message ${entry.author}`, "data-author": entry.author, "data-type": entry.type },
      h("span", { class: "sr" }, `${mine ? texts.you : config.name}: `),
    );
    const row: Row = { element, meta };
    if (entry.text) {
      const content = mine ? [h("p", { dir: "auto" }, entry.text)] : renderText(entry.text, texts);
      element.append(h("div", { class: "bubble" }, ...content));
    }
    const handoff = entry.handoff && drawHandoff(entry.handoff);
    if (handoff) element.append(handoff);
    const form = formOf(entry);
    if (form) {
      row.form = form;
      element.append(form.element);
    }
    element.append(meta);
    return row;
  };

  const drawMeta = ({ meta }: Row, entry: Entry, last: boolean): void => {
    const { delivery, reason } = entry;
    const state = `${delivery}${reason}${last}`;
    if (meta.dataset["state"] === state) return;
    meta.dataset["state"] = state;
    const time = formatWhen(entry.created_at, context.locale);
    if (delivery === "failed") {
      meta.replaceChildren(
        `${reason === "limit_reached" ? texts.limit : texts.failed} `,
        h("button", { type: "button", part: "retry", click: () => conversation.retry() }, texts.retry),
      );
    } else if (delivery === "waiting") meta.replaceChildren(texts.waiting);
    else meta.replaceChildren(...(last && time ? [h("time", { datetime: entry.created_at }, time)] : []));
    meta.hidden = !meta.hasChildNodes();
  };

  const update = (row: Row, entry: Entry, next: Entry | undefined): void => {
    setAttribute(row.element, "data-delivery", entry.delivery);
    const offered = entry.options?.length && isOpenChoice(conversation.state, entry);
    if (offered && !row.choices) row.meta.before((row.choices = drawOptions(entry.options as Option[])));
    if (!offered && row.choices) {
      row.choices.remove();
      delete row.choices;
    }
    row.form?.update(conversation.submissionOf(entry));
    drawMeta(row, entry, !next || timeOf(next) - timeOf(entry) > PAUSE_MS);
  };

  return {
    /** Returns the first element that was not there before. */
    render(end: Node): HTMLElement | undefined {
      const entries = conversation.state.entries.filter(({ submission }) => !submission);
      const keyOf = (entry: Entry) => (entry.greeting ? GREETING : entry.id);
      const keys = new Set(entries.map(keyOf));
      for (const [key, row] of rows) {
        if (!keys.has(key)) {
          row.element.remove();
          rows.delete(key);
        }
      }
      let first: HTMLElement | undefined;
      entries.forEach((entry, index) => {
        let row = rows.get(keyOf(entry));
        if (!row) {
          row = draw(entry);
          rows.set(keyOf(entry), row);
          first ??= row.element;
        }
        const after = index ? (rows.get(keyOf(entries[index - 1] as Entry)) as Row).element : undefined;
        const place = after ? after.nextSibling : list.firstChild;
        if (place !== row.element) list.insertBefore(row.element, place ?? end);
        update(row, entry, entries[index + 1]);
      });
      return first;
    },
    clear(): void {
      for (const { element } of rows.values()) element.remove();
      rows.clear();
    },
  };
};
