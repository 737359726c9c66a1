// The talk itself: what is shown, what is still on its way, and how it gets there once and in order.
import type { Message } from "../contract";
import {
  type Entry, GREETING, type State, countUnread, lastNumber, merge, restore,
} from "./state";
import type { Cupboard } from "./storage";
import { Fault, type Transport } from "./transport";

export interface Surroundings {
  transport: Transport;
  cupboard: Cupboard;
  greeting: Pick<Message, "type" | "text" | "options">;
  locale(): string;
  newId(): string;
  now(): number;
  wait(ms: number): Promise<void>;
  /** Nothing if the browser believes itself online; else resolves when it does. */
  online(): Promise<void> | undefined;
  /** Runs `action` while no other tab runs its own. */
  alone(action: () => Promise<void>): Promise<void>;
  /** Tells the other tabs. */
  tell(state: State): void;
  /** Shortest time between a question and its answer's appearance, in ms. */
  patienceMs: number;
  changed(): void;
  /** A message was added that was not restored: for the page's own listeners. */
  added(entry: Entry): void;
}

const RETRY_AFTER_MS = [1000, 2000, 4000, 8000, 15000];
const LASTING = new Set([400, 402, 403, 404, 410, 413, 422]);
const EXPIRED = new Set(["token_missing", "token_invalid", "token_expired", "conversation_not_found"]);

export type Conversation = ReturnType<typeof createConversation>;

export const createConversation = (around: Surroundings) => {
  const fresh = (born: number): State => ({
    born,
    seen: 0,
    entries: [{ ...around.greeting, id: GREETING, author: "bot", n: 0 }],
  });
  let state = fresh(0);
  let before: State | undefined;
  let typing = false;
  let flushing = false;
  let ended = false;
  let delayed: Record<string, unknown>[] = [];

  const changed = (): void => {
    if (!ended) around.changed();
  };
  const keep = (): void => {
    if (state.born) {
      around.cupboard.write(state.entries.length > 1 ? state : undefined);
      around.tell(state);
    }
    changed();
  };
  const adopt = (theirs: State): void => {
    const known = new Set(state.entries.map((entry) => entry.id));
    state = merge(state, theirs);
    for (const entry of state.entries) if (!known.has(entry.id) && !entry.greeting) around.added(entry);
    changed();
  };
  const pull = (): void => {
    const stored = restore(around.cupboard.read());
    if (stored) state = merge(state, stored);
  };
  const patch = (id: string, changes: Partial<Entry>): void => {
    state.entries = state.entries.map((entry) => (entry.id === id ? { ...entry, ...changes } : entry));
  };
  const add = (...entries: Omit<Entry, "n">[]): void => {
    for (const message of entries) {
      if (state.entries.some(({ id }) => id === message.id)) continue;
      const entry = { ...message, n: lastNumber(state) + 1 };
      state.entries = [...state.entries, entry];
      around.added(entry);
    }
  };
  const setTyping = (now: boolean): void => {
    typing = now;
    changed();
  };

  const open = async (): Promise<void> => {
    const { id, token, messages } = await around.transport.start(around.locale());
    state.session = { id, token };
    const [first, ...rest] = state.entries.some((entry) => entry.greeting) ? [] : messages;
    if (first) {
      const shown = { ...first, n: 0, greeting: true };
      state.entries = state.entries.map((entry) => (entry.id === GREETING ? shown : entry));
    }
    // Whatever else the server opens with comes before what the visitor has said already.
    const said = state.entries.filter(({ n }) => n > 0);
    state.entries = [
      ...state.entries.filter(({ n }) => n === 0),
      ...rest.map((message, index) => ({ ...message, n: (index + 1) / 100 })),
      ...said,
    ];
    for (const event of delayed) around.transport.record(state.session, event);
    delayed = [];
    keep();
  };

  const sync = async (): Promise<void> => {
    if (!state.session) return;
    const messages = await around.transport.messages(state.session);
    for (const { id } of messages) patch(id, { delivery: undefined });
    // The first is the greeting, which is shown already.
    add(...messages.filter((message, index) => index || message.author === "visitor"));
    keep();
  };

  const hand = async (entry: Entry): Promise<Message[]> => {
    const { id, submission, option_id, text = "" } = entry;
    if (submission) {
      const { form_id, values = {} } = submission;
      return around.transport.submit(state.session, { id, form_id, values, locale: around.locale() });
    }
    if (!state.session) await open();
    if (!state.session) throw new Fault(0, "unreachable");
    return around.transport.send(state.session, option_id ? { id, option_id } : { id, text });
  };

  const finish = (id: string, answers: Message[]): void => {
    const { submission } = state.entries.find((entry) => entry.id === id) ?? {};
    const { form_id, of } = submission ?? {};
    patch(id, {
      delivery: undefined,
      ...(form_id && of ? { submission: { form_id, of } } : {}),
    });
    add(...answers);
    keep();
  };

  const refuse = (id: string, fault: Fault): void => {
    const { submission } = state.entries.find((entry) => entry.id === id) ?? {};
    patch(id, {
      delivery: "failed",
      reason: fault.code,
      ...(submission && { submission: { ...submission, errors: fault.errors } }),
    });
    keep();
  };

  const isWaiting = ({ delivery }: Entry): boolean => delivery === "pending" || delivery === "waiting";

  /** What to do about a fault: go on with the next, try again at once, or later. */
  const judge = async (id: string, fault: Fault, attempt: number): Promise<"next" | "now" | "later"> => {
    if (fault.status === 409) {
      await sync().catch(() => {});
      patch(id, { delivery: undefined });
      keep();
      return "next";
    }
    if (EXPIRED.has(fault.code) && attempt < 2) {
      state.session = undefined;
      return "now";
    }
    if (!LASTING.has(fault.status) && fault.status !== 401) return "later";
    refuse(id, fault);
    return "next";
  };

  const deliver = async (id: string, attempt: number): Promise<Fault | undefined> => {
    const entry = state.entries.find((other) => other.id === id);
    if (!entry) return undefined;
    const since = around.now();
    const { born } = state;
    setTyping(!entry.submission);
    try {
      const answers = await hand(entry);
      await around.wait(Math.max(0, around.patienceMs - (around.now() - since)));
      typing = false;
      // Started again meanwhile: the answer belongs to what the visitor has put away.
      if (state.born === born) finish(id, answers);
      else changed();
      return undefined;
    } catch (error) {
      typing = false;
      const fault = error instanceof Fault ? error : new Fault(0, "unreachable");
      const verdict = await judge(id, fault, attempt);
      if (verdict === "now") return deliver(id, attempt + 1);
      return verdict === "later" ? fault : undefined;
    }
  };

  /** Sends what waits, in order, until all is sent or something has to be waited for. */
  const sendAll = async (): Promise<Fault | undefined> => {
    let fault: Fault | undefined;
    await around.alone(async () => {
      pull();
      for (let next = state.entries.find(isWaiting); next && !fault && !ended; ) {
        fault = await deliver(next.id, 0);
        next = state.entries.find(isWaiting);
      }
    });
    return fault;
  };

  const mark = (delivery: "waiting" | "failed", reason: string): void => {
    for (const { id } of state.entries.filter(isWaiting)) patch(id, { delivery, reason });
    keep();
  };

  const flush = async (): Promise<void> => {
    if (flushing) return;
    flushing = true;
    for (let attempt = 0; !ended && state.entries.some(isWaiting); attempt += 1) {
      const online = around.online();
      if (online) mark("waiting", "offline");
      await online;
      const fault = await sendAll();
      if (!fault) attempt = -1;
      else if (attempt >= RETRY_AFTER_MS.length) mark("failed", fault.code);
      else {
        mark("waiting", fault.code);
        await around.wait(fault.retryAfterS * 1000 || (RETRY_AFTER_MS[attempt] as number));
      }
    }
    flushing = false;
  };

  const say = (entry: Omit<Entry, "n" | "author" | "created_at" | "delivery">): void => {
    before = undefined;
    pull();
    state.born ||= around.now();
    add({
      ...entry,
      author: "visitor",
      delivery: state.entries.some(({ delivery }) => delivery === "waiting") ? "waiting" : "pending",
      created_at: new Date(around.now()).toISOString(),
    });
    state.seen = lastNumber(state);
    keep();
    void flush();
  };

  return {
    get state(): State {
      return state;
    },
    get isTyping(): boolean {
      return typing;
    },
    get canUndo(): boolean {
      return !!before;
    },
    get unread(): number {
      return state.entries.length > 1 ? countUnread(state) : 0;
    },
    sendText(text: string): void {
      say({ id: around.newId(), type: "text", text });
    },
    press(option_id: string, label: string): void {
      say({ id: around.newId(), type: "text", text: label, option_id });
    },
    submit(of: string, form_id: string, values: Record<string, string>): void {
      // A form sent again after a refusal is a new submission; one that only failed to arrive is the same.
      const same = state.entries.find(
        ({ submission, delivery }) => submission?.of === of && delivery && !submission.errors?.length,
      );
      if (!same) return say({ id: around.newId(), type: "form", submission: { of, form_id, values } });
      patch(same.id, { delivery: "pending", submission: { of, form_id, values } });
      keep();
      void flush();
    },
    /** The newest try at sending the form that `entry` shows. */
    submissionOf(entry: Entry): Entry | undefined {
      return [...state.entries].reverse().find(({ submission }) => submission?.of === entry.id);
    },
    retry(): void {
      for (const { id, submission } of state.entries.filter(({ delivery }) => delivery === "failed")) {
        if (!submission?.errors?.length) patch(id, { delivery: "pending" });
      }
      keep();
      void flush();
    },
    /** The connection is back: what failed for want of it is tried again unasked. */
    retryUnreached(): void {
      for (const { id, delivery, reason } of state.entries) {
        if (delivery === "failed" && reason === "unreachable") patch(id, { delivery: "pending" });
      }
      void flush();
    },
    see(): void {
      if (state.seen >= lastNumber(state)) return;
      state.seen = lastNumber(state);
      keep();
    },
    record(event: Record<string, unknown>): void {
      const whole = { id: around.newId(), ...event };
      if (state.session) around.transport.record(state.session, whole);
      else delayed.push(whole);
    },
    /** Another greeting, for another locale or after a change of the configuration. */
    greet(greeting: Surroundings["greeting"]): void {
      around.greeting = greeting;
      const untouched = state.entries.length === 1 && !state.session;
      if (untouched) state = { ...fresh(state.born), seen: state.seen };
      changed();
    },
    restart(): void {
      before = state.entries.length > 1 ? state : undefined;
      state = fresh(around.now());
      keep();
    },
    undo(): void {
      if (before) state = { ...before, born: around.now() };
      before = undefined;
      keep();
      void flush();
    },
    /** As `restart`, with nothing kept to return to. */
    reset(): void {
      state = fresh(around.now());
      before = undefined;
      around.tell(state);
      around.cupboard.clear();
      changed();
    },
    adopt,
    /** Takes up what earlier pages left, and sends what they could not. */
    async resume(): Promise<void> {
      pull();
      changed();
      await flush();
      await sync().catch((fault: Fault) => {
        if (EXPIRED.has(fault.code)) state.session = undefined;
      });
    },
    flush,
    end(): void {
      ended = true;
    },
  };
};
