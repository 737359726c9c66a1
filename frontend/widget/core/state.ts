// What a conversation is, as plain data, and how the views of several tabs become one.
import type { Message } from "../contract";
import type { FieldError, Session } from "./transport";

/** Absent: the server has it. `waiting`: tried in vain, and tried again by itself. */
export type Delivery = "pending" | "waiting" | "failed";

export interface Entry extends Message {
  /** Place in the conversation. Tabs that write at once may share a number; then the id decides. */
  n: number;
  delivery?: Delivery | undefined;
  reason?: string;
  option_id?: string;
  /** The server's copy of the greeting that was shown before there was a conversation. */
  greeting?: boolean;
  /** A filled-in form on its way: `of` is the entry that shows the form. Values are dropped once sent. */
  submission?: { form_id: string; of: string; values?: Record<string, string>; errors?: FieldError[] };
}

export interface State {
  /** When the visitor last started again; the younger conversation wins. 0: never. */
  born: number;
  /** Highest `n` the visitor has had before the eyes. */
  seen: number;
  session?: Session | undefined;
  entries: Entry[];
}

export const GREETING = "greeting";
const KEPT_ENTRIES = 200;

const later = (mine: Entry, theirs: Entry): Entry =>
  !mine.delivery ? mine : !theirs.delivery ? theirs : { ...theirs };

const order = (one: Entry, other: Entry): number => one.n - other.n || (one.id < other.id ? -1 : 1);

const join = (mine: Entry[], theirs: Entry[]): Entry[] => {
  const byId = new Map(theirs.map((entry) => [entry.id, entry]));
  for (const entry of mine) {
    const twin = byId.get(entry.id);
    byId.set(entry.id, twin ? later(entry, twin) : entry);
  }
  const all = [...byId.values()];
  const greeted = all.some((entry) => entry.greeting);
  return all.filter((entry) => !greeted || entry.id !== GREETING).sort(order).slice(-KEPT_ENTRIES);
};

const sessionOf = (mine: State, theirs: State): Session | undefined => {
  if (!mine.session || !theirs.session) return mine.session ?? theirs.session;
  return theirs.session.id <= mine.session.id ? theirs.session : mine.session;
};

/** One state out of this tab's and another's; the same whichever tab does it. */
export const merge = (mine: State, theirs: State): State => {
  if (theirs.born !== mine.born) return theirs.born > mine.born ? theirs : mine;
  return {
    born: mine.born,
    seen: Math.max(mine.seen, theirs.seen),
    session: sessionOf(mine, theirs),
    entries: join(mine.entries, theirs.entries),
  };
};

/** What was stored, if it still has the shape of a state. */
export const restore = (stored: unknown): State | undefined => {
  const state = stored as Partial<State> | null | undefined;
  return state?.born && Array.isArray(state.entries) ? (state as State) : undefined;
};

export const countUnread = ({ entries, seen }: State): number =>
  entries.filter((entry) => entry.author === "bot" && entry.n > seen).length;

export const lastNumber = ({ entries }: State): number => entries.at(-1)?.n ?? 0;

/** Options and suggestions are for the choice at hand: once the visitor has gone on, they are past. */
export const isOpenChoice = ({ entries }: State, entry: Entry): boolean =>
  !entries.some((other) => other.author === "visitor" && order(entry, other) < 0);
