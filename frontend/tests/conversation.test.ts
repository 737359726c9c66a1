import { beforeEach, describe, expect, it } from "vitest";
import type { Message } from "../widget/contract";
import { type Surroundings, createConversation } from "../widget/core/conversation";
import type { State } from "../widget/core/state";
import { createCupboard } from "../widget/core/storage";
import { Fault, type Sent, type Session, type Transport } from "../widget/core/transport";

const GREETING = { type: "options", text: "Hello", options: [{ id: "o1", label: "Delivery" }] } as const;

/** A server in memory that can be told to fail. */
class Desk {
  readonly stored: string[] = [];
  readonly started: string[] = [];
  readonly submissions: string[] = [];
  readonly events: Record<string, unknown>[] = [];
  readonly faults: Fault[] = [];
  calls = 0;
  expired = new Set<string>();

  private answer(id: string, text: string): Message[] {
    return [{ id: `re-${id}`, author: "bot", type: "text", text: `You said ${text}` }];
  }

  readonly transport: Transport = {
    config: async () => { throw new Error("not used"); },
    faqs: async () => [],
    start: async () => {
      this.fail();
      const id = `c${this.started.length}`;
      this.started.push(id);
      return { id, token: "t", messages: [{ ...GREETING, id: `g-${id}`, author: "bot", options: [...GREETING.options] }] };
    },
    send: async (session: Session, { id, text, option_id }: Sent) => {
      this.fail();
      if (this.expired.has(session.id)) throw new Fault(401, "token_expired");
      if (!this.stored.includes(id)) this.stored.push(id);
      return this.answer(id, text ?? option_id ?? "");
    },
    messages: async () => [
      { id: "g", author: "bot", type: "text", text: "Hello" },
      ...this.stored.flatMap((id): Message[] => [{ id, author: "visitor", type: "text", text: id }, ...this.answer(id, id)]),
    ],
    submit: async (_session, { id, values }) => {
      this.fail();
      if (!values["email"]?.includes("@")) throw new Fault(422, "invalid_request", 0, [{ field: "email", message: "No." }]);
      this.submissions.push(id);
      return [{ id: `re-${id}`, author: "bot", type: "text", text: "Thank you" }];
    },
    record: (_session, event) => void this.events.push(event),
  };

  private fail(): void {
    this.calls += 1;
    const fault = this.faults.shift();
    if (fault) throw fault;
  }
}

class Shelf {
  readonly values = new Map<string, string>();
  getItem = (key: string) => this.values.get(key) ?? null;
  setItem = (key: string, value: string) => void this.values.set(key, value);
  removeItem = (key: string) => void this.values.delete(key);
}

const settle = async () => { for (let turn = 0; turn < 60; turn += 1) await Promise.resolve(); };

let desk: Desk;
let shelf: Shelf;
let waits: number[];
let ids: number;
let offline: Promise<void> | undefined;
let told: State[];

const open = (more: Partial<Surroundings> = {}) =>
  createConversation({
    transport: desk.transport,
    cupboard: createCupboard("k", () => shelf, () => new Shelf()),
    greeting: { ...GREETING, options: [...GREETING.options] },
    locale: () => "en",
    newId: () => `m${(ids += 1)}`,
    now: Date.now,
    wait: async (ms) => void waits.push(ms),
    online: () => offline,
    alone: (action) => action(),
    tell: (state) => void told.push(structuredClone(state)),
    patienceMs: 0,
    changed: () => {},
    added: () => {},
    ...more,
  });

const textsOf = ({ state }: { state: State }) => state.entries.map(({ text }) => text);

beforeEach(() => {
  desk = new Desk();
  shelf = new Shelf();
  waits = [];
  ids = 0;
  offline = undefined;
  told = [];
});

describe("before the visitor acts", () => {
  it("shows the greeting and asks, stores and tells nothing", async () => {
    const talk = open();
    await talk.resume();
    talk.see();
    expect(textsOf(talk)).toEqual(["Hello"]);
    expect([desk.calls, shelf.values.size, told.length, talk.unread]).toEqual([0, 0, 0, 0]);
  });
});

describe("sending", () => {
  it("starts one conversation and keeps the order", async () => {
    const talk = open();
    talk.sendText("one");
    talk.sendText("two");
    talk.press("o1", "Delivery");
    await settle();
    expect(desk.started).toHaveLength(1);
    expect(desk.stored).toEqual(["m1", "m2", "m3"]);
    expect(textsOf(talk)).toEqual(["Hello", "one", "two", "Delivery", "You said one", "You said two", "You said o1"]);
    expect(talk.state.entries.every(({ delivery }) => !delivery)).toBe(true);
  });

  it("takes the server's greeting for its own, without showing it twice", async () => {
    const talk = open();
    talk.sendText("one");
    await settle();
    expect(talk.state.entries[0]).toMatchObject({ id: "g-c0", greeting: true });
    expect(textsOf(talk).filter((text) => text === "Hello")).toHaveLength(1);
  });

  it("tries again under the same id, with growing pauses", async () => {
    desk.faults.push(...Array.from({ length: 3 }, () => new Fault(0, "unreachable")));
    const talk = open();
    talk.sendText("one");
    await settle();
    expect(desk.stored).toEqual(["m1"]);
    expect(waits.filter(Boolean)).toEqual([1000, 2000, 4000]);
  });

  it("waits as long as the server asks", async () => {
    desk.faults.push(new Fault(429, "rate_limited", 7));
    open().sendText("one");
    await settle();
    expect(waits.filter(Boolean)).toEqual([7000]);
  });

  it("gives up after a while, says so, and sends all in order when asked again", async () => {
    desk.faults.push(...Array.from({ length: 6 }, () => new Fault(503, "unavailable")));
    const talk = open();
    talk.sendText("one");
    talk.sendText("two");
    await settle();
    expect(talk.state.entries.slice(1).map(({ delivery }) => delivery)).toEqual(["failed", "failed"]);
    talk.retry();
    await settle();
    expect(desk.stored).toEqual(["m1", "m2"]);
  });

  it("goes on to the next when one is refused for good", async () => {
    const talk = open();
    talk.sendText("zero");
    await settle();
    desk.faults.push(new Fault(402, "limit_reached"));
    talk.sendText("one");
    talk.sendText("two");
    await settle();
    expect(desk.stored).toEqual(["m1", "m3"]);
    expect(talk.state.entries.find(({ id }) => id === "m2")).toMatchObject({ delivery: "failed", reason: "limit_reached" });
  });

  it("starts a new conversation when the old one has expired, and loses nothing", async () => {
    const talk = open();
    talk.sendText("one");
    await settle();
    desk.expired.add("c0");
    talk.sendText("two");
    await settle();
    expect(desk.started).toEqual(["c0", "c1"]);
    expect(desk.stored).toEqual(["m1", "m2"]);
    expect(textsOf(talk)).toEqual(["Hello", "one", "You said one", "two", "You said two"]);
  });

  it("takes a message the server has already for sent, and fetches what it missed", async () => {
    const talk = open();
    talk.sendText("one");
    await settle();
    desk.stored.push("m2");
    desk.faults.push(new Fault(409, "message_id_taken"));
    talk.sendText("two");
    await settle();
    expect(talk.state.entries.find(({ id }) => id === "m2")?.delivery).toBeUndefined();
    expect(textsOf(talk).filter((text) => text === "You said m2")).toHaveLength(1);
  });

  it("holds messages while offline, marked as waiting, and sends them once afterwards", async () => {
    let back = () => {};
    offline = new Promise((resolve) => (back = resolve));
    const talk = open();
    for (const text of ["one", "two", "three"]) talk.sendText(text);
    await settle();
    expect(talk.state.entries.slice(1).map(({ delivery }) => delivery)).toEqual(["waiting", "waiting", "waiting"]);
    expect(desk.calls).toBe(0);
    offline = undefined;
    back();
    await settle();
    expect(desk.stored).toEqual(["m1", "m2", "m3"]);
  });
});

describe("the next page", () => {
  it("shows the conversation and sends what the last one could not", async () => {
    offline = new Promise(() => {});
    open().sendText("one");
    await settle();
    offline = undefined;
    const next = open();
    await next.resume();
    await settle();
    expect(desk.stored).toEqual(["m1"]);
    expect(textsOf(next)).toEqual(["Hello", "one", "You said one"]);
  });

  it("forgets a conversation after a week", async () => {
    open().sendText("one");
    await settle();
    const later = createCupboard("k", () => shelf, () => shelf, () => Date.now() + 8 * 86_400_000);
    const next = open({ cupboard: later });
    await next.resume();
    expect(textsOf(next)).toEqual(["Hello"]);
  });
});

describe("several tabs", () => {
  it("come to the same conversation whoever hears whom", async () => {
    const one = open({ cupboard: createCupboard("k", () => new Shelf(), () => new Shelf()) });
    one.sendText("hello");
    await settle();
    const two = open({ cupboard: createCupboard("k", () => new Shelf(), () => new Shelf()) });
    two.adopt(structuredClone(one.state));
    one.sendText("from one");
    two.sendText("from two");
    await settle();
    const [a, b] = [structuredClone(one.state), structuredClone(two.state)];
    one.adopt(b);
    two.adopt(a);
    expect(one.state.entries.map(({ id }) => id)).toEqual(two.state.entries.map(({ id }) => id));
    expect(desk.started).toHaveLength(1);
    expect(desk.stored).toHaveLength(3);
  });

  it("never bring back a message that is sent as one on its way", async () => {
    const talk = open();
    talk.sendText("one");
    const early = structuredClone(talk.state);
    await settle();
    talk.adopt(early);
    expect(talk.state.entries.find(({ id }) => id === "m1")?.delivery).toBeUndefined();
  });

  it("follow the one that started again", async () => {
    const talk = open();
    talk.sendText("one");
    await settle();
    talk.adopt({ born: Date.now() + 5, seen: 0, entries: [{ id: "greeting", author: "bot", type: "text", text: "Hi", n: 0 }] });
    expect(textsOf(talk)).toEqual(["Hi"]);
  });
});

describe("starting again", () => {
  it("leaves nothing stored, and can be undone until the next message", async () => {
    const talk = open();
    talk.sendText("one");
    await settle();
    talk.restart();
    expect(textsOf(talk)).toEqual(["Hello"]);
    expect(shelf.values.size).toBe(0);
    talk.undo();
    expect(textsOf(talk)).toEqual(["Hello", "one", "You said one"]);
    expect(shelf.values.size).toBe(1);
    talk.restart();
    talk.sendText("fresh");
    expect(talk.canUndo).toBe(false);
  });

  it("opens a new conversation, and an answer to the old one does not enter it", async () => {
    const talk = open();
    talk.sendText("one");
    talk.restart();
    await settle();
    expect(textsOf(talk)).toEqual(["Hello"]);
    talk.sendText("two");
    await settle();
    expect(textsOf(talk)).toEqual(["Hello", "two", "You said two"]);
  });
});

describe("a form", () => {
  const entryOf = (talk: ReturnType<typeof open>) => talk.submissionOf(talk.state.entries[0]!);

  it("gives the server's words back by field, and a corrected one is sent as new", async () => {
    const talk = open();
    talk.submit("greeting", "f1", { email: "nowhere" });
    await settle();
    expect(entryOf(talk)?.submission?.errors).toEqual([{ field: "email", message: "No." }]);
    talk.submit("greeting", "f1", { email: "a@b.example" });
    await settle();
    expect(entryOf(talk)).toMatchObject({ id: "m2" });
    expect(entryOf(talk)?.delivery).toBeUndefined();
    expect(textsOf(talk)).toContain("Thank you");
  });

  it("is sent once although its first try got no answer, and keeps no values afterwards", async () => {
    desk.faults.push(new Fault(0, "unreachable"));
    const talk = open();
    talk.submit("greeting", "f1", { email: "a@b.example" });
    await settle();
    expect(desk.submissions).toEqual(["m1"]);
    expect(JSON.stringify([...shelf.values])).not.toContain("a@b.example");
  });
});

it("records what was clicked, also when it was clicked before there was a conversation", async () => {
  const talk = open();
  talk.record({ kind: "faq_clicked", faq_id: "f" });
  expect(desk.events).toEqual([]);
  talk.sendText("one");
  await settle();
  expect(desk.events).toMatchObject([{ kind: "faq_clicked", faq_id: "f" }]);
});

it("counts what came while the visitor looked elsewhere", async () => {
  const talk = open();
  talk.sendText("one");
  await settle();
  expect(talk.unread).toBe(1);
  talk.see();
  expect(talk.unread).toBe(0);
});
