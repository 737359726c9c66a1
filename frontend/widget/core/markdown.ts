// The safe subset of Markdown that answers are written in, as data: the view makes elements of it,
// and everything that is not in the subset stays the text it is.

export type Inline =
  | string
  | { tag: "strong" | "em" | "code"; of: Inline[] }
  | { tag: "a"; href: string; of: Inline[] };

export type Block = { tag: "p"; lines: Inline[][] } | { tag: "ul" | "ol"; start: number; items: Inline[][] };

const INLINE = /`([^`\n]+)`|\*\*(?=\S)(.+?\S|\S)\*\*(?!\*)|\*(?=[^\s*])([^*\n]*[^\s*])\*|\[([^\]\n]+)\]\(([^\s()]+(?:\([^\s()]*\)[^\s()]*)*)\)/;
const ITEM = /^\s{0,3}(?:[-*]|(\d{1,3})[.)])\s+(.*)$/;

/** The address, where a link may lead there; else nothing. */
export const safeUrl = (text: string | undefined): string | undefined =>
  /^(https?:\/\/|mailto:|tel:)[^\s]/i.test(text ?? "") ? text : undefined;

export const parseInline = (text: string): Inline[] => {
  const parts: Inline[] = [];
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    const [all, code, strong, em, label, address] = found;
    if (found.index) parts.push(rest.slice(0, found.index));
    const href = safeUrl(address);
    if (code !== undefined) parts.push({ tag: "code", of: [code] });
    else if (strong !== undefined) parts.push({ tag: "strong", of: parseInline(strong) });
    else if (em !== undefined) parts.push({ tag: "em", of: parseInline(em) });
    else if (href && label !== undefined) parts.push({ tag: "a", href, of: [label] });
    else parts.push(all);
    rest = rest.slice(found.index + all.length);
  }
  if (rest) parts.push(rest);
  return parts;
};

/** Blocks of `text`, in order; an empty text has none. */
export const parseMarkdown = (text: string): Block[] => {
  const blocks: Block[] = [];
  let last: Block | undefined;
  for (const line of text.replace(/\r\n?/g, "\n").split("\n")) {
    const item = ITEM.exec(line);
    if (!line.trim()) last = undefined;
    else if (item) {
      const tag = item[1] ? "ol" : "ul";
      if (last?.tag !== tag) blocks.push((last = { tag, start: Number(item[1] ?? 1), items: [] }));
      (last as { items: Inline[][] }).items.push(parseInline(item[2] as string));
    } else {
      if (last?.tag !== "p") blocks.push((last = { tag: "p", lines: [] }));
      (last as { lines: Inline[][] }).lines.push(parseInline(line));
    }
  }
  return blocks;
};
