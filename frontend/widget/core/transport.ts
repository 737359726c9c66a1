// The widget's door of the HTTP API. No cookies, no credentials; a fault carries what the server said.
import type { Config, Faq, Message } from "../contract";

export interface FieldError {
  field: string;
  message: string;
}

/** What went wrong with a call. `status` 0: no answer at all. */
export class Fault extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfterS: number = 0,
    readonly errors: FieldError[] = [],
  ) {
    super(code);
  }
}

export interface Session {
  id: string;
  token: string;
}

export interface Sent {
  id: string;
  text?: string;
  option_id?: string;
}

export interface Transport {
  config(locale: string): Promise<Config>;
  faqs(query: string): Promise<Faq[]>;
  start(locale: string): Promise<Session & { messages: Message[] }>;
  send(session: Session, message: Sent): Promise<Message[]>;
  messages(session: Session): Promise<Message[]>;
  submit(
    session: Session | undefined,
    submission: { id: string; form_id: string; values: Record<string, string>; locale: string },
  ): Promise<Message[]>;
  /** Never throws and never waits: it must not hold up a visitor who is leaving. */
  record(session: Session, event: Record<string, unknown>): void;
}

const TIMEOUT_MS = 20_000;

const faultOf = async (response: Response): Promise<Fault> => {
  const problem = (await response.json().catch(() => ({}))) as {
    code?: string;
    errors?: { field?: string; message?: string }[];
  };
  const errors = (problem.errors ?? []).map(({ field = "", message = "" }) => ({
    field: field.split(".").pop() as string,
    message,
  }));
  const wait = Number(response.headers.get("Retry-After")) || 0;
  return new Fault(response.status, problem.code ?? `status_${response.status}`, wait, errors);
};

export const createTransport = (
  base: string,
  client: string,
  page: () => { url: string; referrer: string },
  ask: typeof fetch = (...values) => fetch(...values),
): Transport => {
  const call = async <T>(path: string, session?: Session, body?: unknown, keepalive = false): Promise<T> => {
    const headers: Record<string, string> = { "X-Client-ID": client };
    if (session) headers["X-Conversation-Token"] = session.token;
    if (body) headers["Content-Type"] = "application/json";
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    try {
      const response = await ask(`${base}api/v1/widget/${path}`, {
        method: body ? "POST" : "GET",
        headers,
        credentials: "omit",
        keepalive,
        signal: stop.signal,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (!response.ok) throw await faultOf(response);
      const renewed = response.headers.get("X-Conversation-Token");
      if (session && renewed) session.token = renewed;
      return (await response.json()) as T;
    } catch (error) {
      throw error instanceof Fault ? error : new Fault(0, "unreachable");
    } finally {
      clearTimeout(timer);
    }
  };
  const messagesOf = async (answer: Promise<{ messages: Message[] }>) => (await answer).messages;
  return {
    config: (locale) => call(`config?locale=${encodeURIComponent(locale)}`),
    faqs: async (query) =>
      (await call<{ faqs: Faq[] }>(`faqs?limit=3&q=${encodeURIComponent(query)}`)).faqs,
    start: (locale) => {
      const { url, referrer } = page();
      return call("conversations", undefined, { locale, page_url: url, ...(referrer && { referrer }) });
    },
    send: (session, message) => messagesOf(call(`conversations/${session.id}/messages`, session, message)),
    messages: (session) => messagesOf(call(`conversations/${session.id}/messages`, session)),
    submit: (session, { form_id, ...submission }) =>
      messagesOf(
        call(`forms/${form_id}/submissions`, session, {
          ...submission,
          page_url: page().url,
          ...(session && { conversation_id: session.id }),
        }),
      ),
    record: (session, event) => void call("events", session, { events: [event] }, true).catch(() => {}),
  };
};
