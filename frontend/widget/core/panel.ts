// The panel's frame: header, conversation, field; opening, closing, size, focus.
import type { Handoff, Shell } from "../contract";
import type { Conversation } from "./conversation";
import { h, icon, setAttribute } from "./dom";
import { createLog } from "./log";
import { createSuggestions } from "./suggestions";
import { coloursOf } from "./theme";
import { type Texts, directionOf } from "./texts";
import type { Transport } from "./transport";

const CLOSE = "M6 6l12 12M18 6 6 18";
const RESTART = "M4.5 12a7.5 7.5 0 1 0 2.5-5.6L4.5 8.5M4.5 4v4.5H9";
const SEND = "M4.5 12h13M12 5.5l6.5 6.5-6.5 6.5";
const SMALL = "(max-width: 480px), (max-height: 480px)";

export interface PanelContext {
  shell: Shell;
  texts: Texts;
  conversation: Conversation;
  transport: Transport;
  known: Map<string, string>;
  /** Called when the panel opened or closed, and while the visitor writes. */
  remember(): void;
  handoff(handoff: Handoff): void;
}

export type PanelView = ReturnType<typeof createPanel>;

export const createPanel = ({ shell, texts, conversation, transport, known, remember, handoff }: PanelContext) => {
  const { frame, launcher, root, config } = shell;
  const locale = config.locale;
  const page = shell.mode === "page";
  const stop = new AbortController();
  const { signal } = stop;
  const small = matchMedia(SMALL);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const coarse = matchMedia("(pointer: coarse)");
  const number = new Intl.NumberFormat(locale);

  const title = config.texts.title || config.name;
  const dots = h("div", { class: "typing", "aria-hidden": "true", hidden: true }, h("i"), h("i"), h("i"));
  const list = h("div", { part: "log", role: "log", tabindex: 0, "aria-label": texts.log }, dots);
  const status = h("p", { class: "sr", role: "status" });
  const input = h("textarea", {
    part: "input",
    rows: 1,
    maxlength: 2000,
    enterkeyhint: "send",
    autocomplete: "off",
    "aria-label": texts.placeholder,
    placeholder: config.texts.input_placeholder || texts.placeholder,
  });
  const suggestions = createSuggestions({
    label: texts.suggestions,
    input,
    find: (query) => transport.faqs(query),
    choose({ id, question }) {
      empty();
      conversation.sendText(question);
      conversation.record({ kind: "faq_clicked", faq_id: id });
      input.focus();
    },
  });
  const composer = h(
    "form",
    { class: "composer", submit: (event: SubmitEvent) => send(event), hidden: config.status === "paused" },
    input,
    h("button", { part: "send", type: "submit", "aria-label": texts.send }, icon(SEND)),
  );
  const undo = h("button", { type: "button", part: "undo", click: () => conversation.undo() }, texts.undo);
  const notice = h("div", { class: "notice", role: "status", hidden: true });
  const restart = h(
    "button",
    { type: "button", part: "restart", "aria-label": texts.restart, title: texts.restart, click: () => startAgain() },
    icon(RESTART),
  );
  const panel = h(
    "section",
    { part: "panel", class: "panel", role: "dialog", "aria-label": title, tabindex: -1, hidden: true },
    h(
      "div",
      { class: "box", dir: directionOf(locale), lang: locale },
      h(
        "header",
        {},
        h("span", { class: "mark", "aria-hidden": "true" }, [...config.name][0] ?? ""),
        h("div", { class: "who" }, h("h2", { dir: "auto" }, title), config.texts.subtitle && h("p", { dir: "auto" }, config.texts.subtitle)),
        restart,
        !page && h("button", { type: "button", part: "close", "aria-label": texts.close, title: texts.close, click: () => close() }, icon(CLOSE)),
      ),
      list,
      status,
      notice,
      suggestions.element,
      composer,
      config.branding && h("footer", {}, texts.powered),
    ),
  );
  const badge = h("span", { class: "badge", part: "badge", "aria-hidden": "true", hidden: true });
  const name = launcher.ariaLabel;
  let inertBody: HTMLElement | undefined;

  const log = createLog(list, {
    shell,
    texts,
    locale,
    known,
    conversation,
    handoff,
    refocus: () => focusInside(),
    grown: (element) => scrollToEnd(element.parentElement as HTMLElement),
  });

  const isOpen = (): boolean => !panel.hidden;

  const focusInside = (): void => {
    // On a touch screen the field would call up the keyboard over what the visitor wants to read.
    const target = coarse.matches || composer.hidden ? panel : input;
    requestAnimationFrame(() => target.focus({ preventScroll: true }));
  };

  const colour = (): void => {
    const { color_scheme: wanted = "auto", accent, radius = 16 } = shell.config.theme;
    const scheme = wanted === "auto" ? (dark.matches ? "dark" : "light") : wanted;
    frame.dataset["scheme"] = scheme;
    frame.style.setProperty("--fd-radius", `${radius}px`);
    for (const [property, value] of Object.entries(coloursOf(accent, scheme))) {
      frame.style.setProperty(property, value);
    }
  };

  /** Full screen on phones: the page behind can be neither reached nor scrolled meanwhile. */
  const fit = (): void => {
    const full = page || small.matches;
    setAttribute(frame, "data-full", full);
    const modal = full && !page && isOpen();
    setAttribute(panel, "aria-modal", modal ? "true" : undefined);
    if (inertBody) inertBody.inert = false;
    inertBody = modal && !document.body.inert ? document.body : undefined;
    if (inertBody) inertBody.inert = true;
    const view = visualViewport;
    if (view && full) {
      frame.style.setProperty("--fd-height", `${view.height}px`);
      frame.style.setProperty("--fd-top", `${view.offsetTop}px`);
    }
  };

  // A conversation read to its end stays there when the keyboard or the suggestions take room.
  let atEnd = true;
  const sizes = new ResizeObserver(() => atEnd && scrollToEnd());
  const scrollToEnd = (first?: HTMLElement): void => {
    const end = list.scrollHeight - list.clientHeight;
    list.scrollTop = first ? Math.min(end, first.offsetTop - list.offsetTop - 12) : end;
  };

  const render = (): void => {
    const wasTyping = !dots.hidden;
    dots.hidden = !conversation.isTyping;
    const first = log.render(dots);
    if (wasTyping !== conversation.isTyping) {
      status.textContent = conversation.isTyping ? `${config.name} ${texts.typing}` : "";
    }
    restart.hidden = conversation.state.entries.length < 2;
    const undoable = conversation.canUndo;
    if (notice.hidden === undoable) {
      notice.hidden = !undoable;
      notice.replaceChildren(...(undoable ? [texts.restarted, undo] : []));
    }
    if (isOpen()) {
      if (first || atEnd) scrollToEnd(first?.dataset["author"] === "bot" ? first : undefined);
      if (document.visibilityState === "visible") conversation.see();
    }
    const unread = conversation.unread;
    badge.hidden = !unread || isOpen();
    badge.textContent = number.format(unread);
    launcher.ariaLabel = isOpen() ? texts.close : unread ? `${name}, ${texts.unread.replace("{n}", number.format(unread))}` : name;
  };

  const startAgain = (): void => {
    conversation.restart();
    focusInside();
  };

  const empty = (): void => {
    input.value = input.dir = "";
    suggestions.clear();
    remember();
  };

  const send = (event?: Event): void => {
    event?.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    empty();
    conversation.sendText(text);
  };

  const open = (withFocus = true): void => {
    if (isOpen()) return;
    panel.hidden = false;
    frame.hidden = false;
    launcher.ariaExpanded = "true";
    frame.dataset["open"] = "";
    fit();
    render();
    scrollToEnd();
    if (withFocus) focusInside();
    remember();
    shell.emit("open");
  };

  const close = (): void => {
    if (!isOpen() || page) return;
    const had = panel.contains(root.activeElement);
    panel.hidden = true;
    launcher.ariaExpanded = "false";
    delete frame.dataset["open"];
    fit();
    render();
    if (had) launcher.focus();
    remember();
    shell.emit("close");
  };

  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    send(event);
  });
  input.addEventListener("input", () => {
    // An empty field follows the panel's direction, words their own.
    input.dir = input.value && "auto";
    remember();
  });
  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.clientHeight - list.scrollTop < 40;
  });
  sizes.observe(list);
  panel.addEventListener("keydown", (event) => {
    // The page's own shortcuts are not for what is written here.
    event.stopPropagation();
    if (event.key === "Escape") close();
  });
  launcher.addEventListener("keydown", (event) => event.key === "Escape" && close(), { signal });
  for (const query of [small, dark]) query.addEventListener("change", () => (fit(), colour()), { signal });
  for (const event of ["resize", "scroll"]) visualViewport?.addEventListener(event, fit, { signal });
  document.addEventListener("visibilitychange", render, { signal });
  // Two widgets on one page: only one is open.
  addEventListener("frontdesk:open", (event) => (event as CustomEvent).target !== shell.host && close(), { signal });

  launcher.append(badge);
  frame.append(panel);
  colour();
  fit();

  return {
    open,
    close,
    isOpen,
    render,
    colour,
    get draft(): string {
      return input.value;
    },
    set draft(text: string) {
      input.value = text;
    },
    end(): void {
      stop.abort();
      sizes.disconnect();
      panel.hidden = true;
      fit();
      suggestions.clear();
      panel.remove();
      badge.remove();
        launcher.ariaLabel = name;
    },
  };
};
