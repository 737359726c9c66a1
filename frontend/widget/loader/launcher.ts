// The button in the corner: drawn from the configuration, and all there is until the visitor wants more.
import type { Panel, Shell } from "../contract";
import { inkOn } from "./colour";
import style from "./launcher.css";

declare const CORE: string;

// In what is stored: an open panel, or a message on its way.
const UNFINISHED = /"(open":true|pending|waiting)/;

export interface Widget extends Shell {
  /** Loads the panel, once. */
  load(): Promise<Panel>;
  /** Shows the launcher, once. */
  start(): Promise<void>;
  stop(): void;
}

export const createWidget = (script: HTMLScriptElement, client: string, before: number): Widget => {
  const { locale = "", mode = "" } = script.dataset;
  // A second widget of the page stands above the first.
  const up = before * 72;
  const base = new URL(".", script.src).href;
  const key = `frontdesk:${client}`;
  const page = document.documentElement;
  const host = document.createElement("frontdesk-widget");
  const root = host.attachShadow({ mode: "open" });
  const frame = document.createElement("div");
  const launcher = document.createElement("button");
  let panel: Promise<Panel> | undefined;
  let started: Promise<void> | undefined;

  // Beside <body>, where a page that replaces its body does not reach; put back if it is taken away.
  const attach = () => host.isConnected || page.append(host);
  const watch = new MutationObserver(attach);

  const prepare = () => void widget.load().catch(() => {});
  const widget = {
    base, client, locale, mode, host, root, frame, launcher,
    addStyle(css) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets.push(sheet);
    },
    emit(name, detail) {
      host.dispatchEvent(
        new CustomEvent(`frontdesk:${name}`, { bubbles: true, detail: { client, ...detail } }),
      );
    },
    async configure() {
      const answer = await fetch(
        `${base}api/v1/widget/config?locale=${widget.locale || page.lang || navigator.language}`,
        { headers: { "X-Client-ID": client }, credentials: "omit" },
      );
      const config = await answer.json();
      if (!answer.ok) throw Error(config.code);
      widget.config = config;
      widget.paint();
    },
    paint() {
      const { name, theme, texts } = widget.config;
      const { accent, offset_x, offset_y } = theme;
      const isEnd = theme.position !== "start";
      frame.dataset.side = isEnd === (getComputedStyle(page).direction === "ltr") ? "right" : "left";
      frame.style.cssText = `--fd-accent:${accent};--fd-ink:${inkOn(accent)};--fd-x:${offset_x}px;--fd-y:${offset_y + up}px`;
      launcher.textContent = theme.launcher_label!;
      launcher.ariaLabel = theme.launcher_label || texts.title || name;
    },
    load() {
      panel ??= import(`${base}static/widget/${CORE}`).then((core) => core.mount(widget));
      // What failed to arrive is asked for again at the next try.
      panel!.catch(() => (panel = undefined));
      return panel!;
    },
    start: () =>
      (started ??= widget.configure().then(
        () => {
          attach();
          watch.observe(page, { childList: true });
          try {
            if (mode || UNFINISHED.test(sessionStorage[key] + localStorage[key])) prepare();
          } catch {}
          widget.emit("ready");
        },
        (error) => {
          started = undefined;
          console.warn("Frontdesk:", client, error);
          addEventListener("online", widget.start, { once: true });
        },
      )),
    stop() {
      watch.disconnect();
      host.remove();
    },
  } as Partial<Widget> as Widget;

  launcher.part.add("launcher");
  launcher.ariaExpanded = "false";
  frame.className = "fd";
  frame.append(launcher);
  root.append(frame);
  widget.addStyle(style);

  launcher.onpointerenter = launcher.onfocus = prepare;
  launcher.onclick = () => widget.load().then((loaded) => loaded.call("toggle"), () => {});
  return widget;
};
