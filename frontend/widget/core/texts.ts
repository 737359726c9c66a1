// The widget's own words. What the client wrote comes with the configuration.

export const english = {
  open: "Open chat",
  close: "Close chat",
  restart: "Start again",
  restarted: "You started again.",
  undo: "Undo",
  log: "Conversation",
  placeholder: "Write a message",
  send: "Send",
  you: "You",
  typing: "is typing",
  choose: "Choose an answer",
  suggestions: "Suggestions",
  waiting: "Waiting for the connection",
  failed: "Not sent.",
  retry: "Try again",
  limit: "Messages cannot be taken right now.",
  new_tab: "opens in a new tab",
  optional: "optional",
  submit: "Send",
  sending: "Sending",
  sent: "Sent. Thank you.",
  required: "Please fill this in.",
  email: "Please write an e-mail address such as name@example.com.",
  phone: "Please write a phone number with digits.",
  check: "Please check this.",
  form_failed: "This could not be sent.",
  unread: "{n} new",
  powered: "Powered by Frontdesk",
};

// Language → file name, put in by the build.
declare const TEXTS: object;

export type Texts = typeof english;

const RIGHT_TO_LEFT = /^(ar|fa|he|ur|ps|sd|ug|yi|ckb|dv)\b/i;

/** The words for `locale`: English is at hand, every other language is one small file. */
export const loadTexts = async (locale: string, folder: string): Promise<Texts> => {
  const file = (TEXTS as Record<string, string | undefined>)[locale.toLowerCase().split(/[-_]/)[0] as string];
  if (!file) return english;
  return import(`${folder}${file}`).then(
    (module: { default: Texts }) => module.default,
    () => english,
  );
};

export const directionOf = (locale: string): "rtl" | "ltr" => (RIGHT_TO_LEFT.test(locale) ? "rtl" : "ltr");

/** Hour and minute as the locale writes them, after the day if that is not today; nothing for what is no time. */
export const formatWhen = (iso: string | undefined, locale: string, now: Date = new Date()): string => {
  const time = new Date(iso ?? "");
  if (Number.isNaN(time.getTime())) return "";
  const day = time.toDateString() !== now.toDateString() && ({ day: "numeric", month: "short" } as const);
  return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit", ...day }).format(time);
};
