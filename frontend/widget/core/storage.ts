// Where a conversation is kept between pages. Nothing is written before the visitor acts,
// and where the browser or the visitor forbids it, memory serves.

const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

export interface Cupboard {
  read(): unknown;
  /** `undefined` takes away what was written. */
  write(value: unknown): void;
  /** Whether this tab has the panel open, and the unsent words in its field. */
  readTab(): { open?: boolean; draft?: string };
  writeTab(value: { open: boolean; draft: string }): void;
  /** `false`: forget what is stored, and store no more. */
  allow(allowed: boolean): void;
  clear(): void;
}

type Area = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const attempt = <T>(action: () => T): T | undefined => {
  try {
    return action();
  } catch {
    return undefined;
  }
};

/** `lasting` and `tab` are functions because a browser may throw when storage is so much as named. */
export const createCupboard = (
  key: string,
  lasting: () => Area,
  tab: () => Area,
  now: () => number = Date.now,
): Cupboard => {
  let allowed = true;
  const read = (area: () => Area): unknown =>
    attempt(() => JSON.parse(area().getItem(key) as string) as unknown);
  const write = (area: () => Area, value: unknown): void => {
    if (allowed) attempt(() => area().setItem(key, JSON.stringify(value)));
  };
  const clear = (): void => {
    attempt(() => lasting().removeItem(key));
    attempt(() => tab().removeItem(key));
  };
  return {
    read: () => {
      const kept = read(lasting) as { at?: number; value?: unknown } | null | undefined;
      return kept?.at && now() - kept.at < KEPT_MS ? kept.value : undefined;
    },
    write: (value) => {
      if (value) write(lasting, { at: now(), value });
      else attempt(() => lasting().removeItem(key));
    },
    readTab: () => (read(tab) as { open?: boolean; draft?: string } | null | undefined) ?? {},
    writeTab: (value) => write(tab, value),
    allow: (may) => {
      allowed = may;
      if (!may) clear();
    },
    clear,
  };
};
