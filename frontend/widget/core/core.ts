// Loaded when the visitor first reaches for the launcher: joins conversation, storage, transport and panel.
import type { Config, Panel, Shell } from "../contract";
import { createConversation } from "./conversation";
import style from "./panel.css";
import { type PanelView, createPanel } from "./panel";
import { type State } from "./state";
import { createCupboard } from "./storage";
import { loadTexts } from "./texts";
import { createTransport } from "./transport";

const PATIENCE_MS = 450;

const waitUntilOnline = (): Promise<void> | undefined =>
  navigator.onLine
    ? undefined
    : new Promise((resolve) => addEventListener("online", () => resolve(), { once: true }));

/** A random UUID, also on pages without TLS, where `crypto.randomUUID` is absent. */
const newId = (): string => {
  const address = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(address);
  return address.slice(-36);
};

export const mount = async (shell: Shell): Promise<Panel> => {
  const { client, base } = shell;
  const key = `frontdesk:${client}`;
  const stop = new AbortController();
  const known = new Map<string, string>();
  const cupboard = createCupboard(key, () => localStorage, () => sessionStorage);
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(key) : undefined;
  const transport = createTransport(base, client, () => ({ url: location.href, referrer: document.referrer }));
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const folder = `${base}static/widget/`;
  let texts = await loadTexts(shell.config.locale, folder);
  let view: PanelView;
  let acted = false;

  const conversation = createConversation({
    transport,
    cupboard,
    greeting: shell.config.greeting,
    locale: () => shell.config.locale,
    newId,
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    online: waitUntilOnline,
    alone: async (action) => {
      if (navigator.locks) await navigator.locks.request(key, action);
      else await action();
    },
    tell: (state: State) => channel?.postMessage(state),
    patienceMs: still.matches ? 0 : PATIENCE_MS,
    changed: () => view?.render(),
    added: ({ n: _, submission, ...message }) =>
      submission ? shell.emit("submission", { id: message.id, form_id: submission.form_id }) : shell.emit("message", { message }),
  });

  const remember = (): void => {
    if (acted) cupboard.writeTab({ open: view.isOpen(), draft: view.draft });
  };

  const build = (): PanelView =>
    createPanel({
      shell,
      texts,
      conversation,
      transport,
      known,
      remember: () => {
        acted = true;
        remember();
      },
      handoff(handoff) {
        conversation.record({ kind: "handoff_clicked", reference: handoff.reference });
        shell.emit("handoff", { handoff });
      },
    });

  /** The panel anew, after its words or its direction changed; what was being written stays. */
  const rebuild = async (): Promise<void> => {
    texts = await loadTexts(shell.config.locale, folder);
    const { draft } = view;
    const was = view.isOpen();
    view.end();
    shell.paint();
    view = build();
    view.draft = draft;
    conversation.greet(shell.config.greeting);
    if (was) view.open(false);
    view.render();
  };

  const update = (changes: Partial<Config>): Promise<void> => {
    const { theme, texts } = shell.config;
    shell.config = {
      ...shell.config,
      ...changes,
      theme: { ...theme, ...changes.theme },
      texts: { ...texts, ...changes.texts },
    };
    return rebuild();
  };

  const calls = new Map<string, (...values: never[]) => unknown>([
    ["open", () => view.open()],
    ["close", () => view.close()],
    ["toggle", () => (view.isOpen() ? view.close() : view.open())],
    ["update", update],
    ["setLocale", async (locale: string) => {
      shell.locale = locale;
      await shell.configure();
      await rebuild();
    }],
    ["identify", (person: Record<string, string>) => {
      for (const [name, value] of Object.entries(person ?? {})) known.set(name, String(value));
    }],
    ["consent", (given: boolean) => cupboard.allow(given)],
    ["track", (kind: string, detail: Record<string, unknown>) => conversation.record({ kind, ...detail })],
    ["reset", () => {
      conversation.reset();
      view.draft = "";
    }],
    ["shutdown", () => {
      stop.abort();
      conversation.end();
      channel?.close();
      view.end();
    }],
  ]);

  shell.addStyle(style);
  view = build();
  channel?.addEventListener("message", ({ data }) => conversation.adopt(data as State));
  addEventListener("online", () => conversation.retryUnreached(), { signal: stop.signal });
  const { open, draft } = cupboard.readTab();
  if (draft) view.draft = draft;
  void conversation.resume();
  if (open || shell.mode) view.open(false);

  return { call: (name, ...values) => calls.get(name)?.(...(values as never[])) };
};
