// The one global: Frontdesk('open'), Frontdesk('on', 'message', …).
import type { Panel } from "../contract";
import type { Widget } from "./launcher";

export type Call = ((name: string, ...values: unknown[]) => unknown) & {
  /** Calls made by the page before the script was there. */
  q?: [string, ...unknown[]][];
  /** Every widget of the page, by client. */
  all?: Map<string, Call>;
};

/** What needs the panel at once; the rest waits until the panel is wanted. */
const URGENT = /^(open|toggle|update|reset)$/;

export const createApi = (widget: Widget, forget: () => void): Call => {
  const { host, frame, load } = widget;
  const waiting: [string, ...unknown[]][] = [];
  let panel: Panel | undefined;
  widget.load = async () => {
    panel = await load();
    for (const call of waiting.splice(0)) panel.call(...call);
    return panel;
  };

  return (...call) => {
    const [name, value, listener] = call;
    if (name === "on") {
      const type = `frontdesk:${value}`;
      const hear = (event: Event) => (listener as (detail: unknown) => void)((event as CustomEvent).detail);
      host.addEventListener(type, hear);
      return () => host.removeEventListener(type, hear);
    }
    if (name === "show" || name === "hide") {
      frame.hidden = name === "hide";
      return frame.hidden || widget.start();
    }
    if (name === "shutdown") {
      panel?.call(name);
      widget.stop();
      return forget();
    }
    if (panel) return panel.call(...call);
    // Before the configuration is asked for, a locale costs nothing; afterwards it can wait.
    if (name === "setLocale") widget.locale = value as string;
    waiting.push(call);
    return URGENT.test(name) && widget.start().then(() => widget.load());
  };
};
