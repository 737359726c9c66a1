import { describe, expect, it } from "vitest";
import type { Field } from "../widget/contract";
import { parseInline, parseMarkdown, safeUrl } from "../widget/core/markdown";
import { cleanColour, coloursOf, contrast } from "../widget/core/theme";
import { createCupboard } from "../widget/core/storage";
import { directionOf, english, formatWhen } from "../widget/core/texts";
import { Fault, createTransport } from "../widget/core/transport";
import { faultOf } from "../widget/form/faults";
import { inkOn } from "../widget/loader/colour";
import ar from "../widget/texts/ar";
import es from "../widget/texts/es";
import hi from "../widget/texts/hi";

describe("Markdown", () => {
  it.each([
    ["a **b** c", ["a ", { tag: "strong", of: ["b"] }, " c"]],
    ["*b* and `c*d*`", [{ tag: "em", of: ["b"] }, " and ", { tag: "code", of: ["c*d*"] }]],
    ["**a *b***", [{ tag: "strong", of: ["a ", { tag: "em", of: ["b"] }] }]],
    ["2 * 3 * 4", ["2 * 3 * 4"]],
    ["[a](https://a.example/b_(c))", [{ tag: "a", href: "https://a.example/b_(c)", of: ["a"] }]],
    ["[a](javascript:alert(1))", ["[a](javascript:alert(1))"]],
    ["[a](JaVaScRiPt://x) <b>", ["[a](JaVaScRiPt://x)", " <b>"]],
    ["<img src=x onerror=y>", ["<img src=x onerror=y>"]],
  ])("%s", (text, parts) => expect(parseInline(text)).toEqual(parts));

  it("makes paragraphs, line breaks and lists", () => {
    expect(parseMarkdown("a\nb\n\n- c\n- d\n\n3. e\n4. f\ng")).toEqual([
      { tag: "p", lines: [["a"], ["b"]] },
      { tag: "ul", start: 1, items: [["c"], ["d"]] },
      { tag: "ol", start: 3, items: [["e"], ["f"]] },
      { tag: "p", lines: [["g"]] },
    ]);
  });

  it("shows every word of what it does not know", () => {
    expect(parseMarkdown("# a | b")).toEqual([{ tag: "p", lines: [["# a | b"]] }]);
  });

  it.each([
    ["https://a.example", true], ["mailto:a@b.example", true], ["tel:+1555", true],
    ["javascript:alert(1)", false], [" https://a", false], ["data:text/html,x", false], ["//a.example", false], [undefined, false],
  ])("lets %s lead somewhere: %s", (url, allowed) => expect(!!safeUrl(url)).toBe(allowed));
});

describe("colours", () => {
  const channels = [0, 17, 51, 85, 102, 119, 120, 136, 153, 187, 221, 238, 255];
  const colours = channels.flatMap((red) => channels.flatMap((green) => channels.map((blue) =>
    `#${[red, green, blue].map((channel) => channel.toString(16).padStart(2, "0")).join("")}`)));

  it("no accent makes an unreadable launcher", () => {
    for (const colour of colours) {
      const ink = inkOn(colour) === "#fff" ? "#ffffff" : "#000000";
      expect(contrast(ink, colour), colour).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(["light", "dark"] as const)("no accent makes an unreadable panel, %s", (scheme) => {
    for (const colour of colours) {
      const { "--fd-fill": fill, "--fd-on": on, "--fd-link": link, "--fd-surface": surface, "--fd-bubble": bubble, "--fd-ring": ring } =
        coloursOf(colour, scheme) as Record<string, string>;
      const ink = on === "#fff" ? "#ffffff" : "#000000";
      expect(contrast(ink, fill!), colour).toBeGreaterThanOrEqual(4.5);
      expect(contrast(link!, surface!), colour).toBeGreaterThanOrEqual(4.5);
      expect(contrast(link!, bubble!), colour).toBeGreaterThanOrEqual(4.5);
      expect(contrast(ring!, surface!), colour).toBeGreaterThanOrEqual(3);
    }
  });

  it.each([["#ABC", "#AABBCC"], ["#a1b2c3", "#a1b2c3"], ["red", "#0b6470"], [undefined, "#0b6470"]])("%s is %s", (text, clean) =>
    expect(cleanColour(text)).toBe(clean));
});

describe("storage", () => {
  const blocked = () => { throw new Error("SecurityError"); };

  it("that is forbidden is done without", () => {
    const cupboard = createCupboard("k", blocked, blocked);
    cupboard.write({ a: 1 });
    cupboard.writeTab({ open: true, draft: "x" });
    cupboard.clear();
    expect([cupboard.read(), cupboard.readTab()]).toEqual([undefined, {}]);
  });

  it("is emptied and left alone once consent is refused", () => {
    const values = new Map<string, string>();
    const area = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
      removeItem: (key: string) => void values.delete(key),
    };
    const cupboard = createCupboard("k", () => area, () => area);
    cupboard.write({ a: 1 });
    cupboard.allow(false);
    cupboard.write({ a: 2 });
    expect(values.size).toBe(0);
    cupboard.allow(true);
    cupboard.write({ a: 3 });
    expect(cupboard.read()).toEqual({ a: 3 });
  });

  it("that holds something else is ignored", () => {
    const area = { getItem: () => "{not json", setItem: () => {}, removeItem: () => {} };
    expect(createCupboard("k", () => area, () => area).read()).toBeUndefined();
  });
});

describe("transport", () => {
  const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    new Response(JSON.stringify(body), { status, headers });
  const at = (...answers: Response[]) => {
    const asked: [string, RequestInit][] = [];
    const ask = (async (url: string, init: RequestInit) => {
      asked.push([url, init]);
      return answers.shift() ?? Promise.reject(new TypeError("Failed to fetch"));
    }) as typeof fetch;
    return { asked, transport: createTransport("https://desk.example/", "tenant_a", () => ({ url: "https://a.example/p", referrer: "" }), ask) };
  };

  it("names the client, and carries the token in a header and nowhere else", async () => {
    const { asked, transport } = at(answer(200, { messages: [] }));
    await transport.send({ id: "c1", token: "secret" }, { id: "m", text: "hi" });
    const [url, init] = asked[0]!;
    expect(url).toBe("https://desk.example/api/v1/widget/conversations/c1/messages");
    expect(init).toMatchObject({ method: "POST", credentials: "omit", headers: { "X-Client-ID": "tenant_a", "X-Conversation-Token": "secret" } });
    expect(url + String(init.body)).not.toContain("secret");
  });

  it("uses a renewed token from then on", async () => {
    const { transport } = at(answer(200, { messages: [] }, { "X-Conversation-Token": "new" }));
    const session = { id: "c1", token: "old" };
    await transport.messages(session);
    expect(session.token).toBe("new");
  });

  it("tells faults by code, fields and the time to wait", async () => {
    const { transport } = at(
      answer(422, { code: "invalid_request", errors: [{ field: "values.email", code: "x", message: "Bad." }] }),
      answer(429, { code: "rate_limited" }, { "Retry-After": "9" }),
      new Response("<html>", { status: 502 }),
    );
    const fail = () => transport.submit(undefined, { id: "s", form_id: "f", values: {}, locale: "en" }).catch((fault: Fault) => fault);
    expect(await fail()).toMatchObject({ status: 422, errors: [{ field: "email", message: "Bad." }] });
    expect(await fail()).toMatchObject({ code: "rate_limited", retryAfterS: 9 });
    expect(await fail()).toMatchObject({ status: 502, code: "status_502" });
    expect(await fail()).toMatchObject({ status: 0, code: "unreachable" });
  });

  it("sends events so that they outlive the page", () => {
    const { asked, transport } = at(answer(202, { accepted: 1 }));
    transport.record({ id: "c", token: "t" }, { id: "e", kind: "handoff_clicked", reference: "FD-1" });
    expect(asked[0]![1]).toMatchObject({ keepalive: true, body: '{"events":[{"id":"e","kind":"handoff_clicked","reference":"FD-1"}]}' });
  });
});

describe("texts", () => {
  it.each([["ar", ar], ["es", es], ["hi", hi]])("%s has every word and every placeholder", (_language, texts) => {
    expect(Object.keys(texts)).toEqual(Object.keys(english));
    expect(Object.values(texts).every(Boolean)).toBe(true);
    expect(texts.unread).toContain("{n}");
  });
  it.each([["ar", "rtl"], ["ar-EG", "rtl"], ["he", "rtl"], ["arn", "ltr"], ["en", "ltr"], ["hi-IN", "ltr"]])("%s runs %s", (locale, direction) =>
    expect(directionOf(locale)).toBe(direction));
  it("writes the day only when it is another", () => {
    const now = new Date(2026, 5, 2, 12);
    expect(formatWhen(new Date(2026, 5, 2, 9, 5).toISOString(), "en-GB", now)).toBe("9:05");
    expect(formatWhen(new Date(2026, 5, 1, 9, 5).toISOString(), "en-GB", now)).toContain("1 Jun");
    expect([formatWhen(undefined, "en"), formatWhen("x", "en")]).toEqual(["", ""]);
  });
});

describe("fields", () => {
  const field = (type: Field["type"], required = true): Field => ({ name: "n", type, label: "N", required });
  it.each([
    [field("text"), " ", "required"], [field("text", false), "", undefined], [field("email"), "a@b", "email"],
    [field("email"), "a@b.example", undefined], [field("phone"), "12-34", "phone"], [field("phone"), "+91 98765 43210", undefined],
    [field("phone"), "٠١٢٣٤٥٦", undefined], [field("long_text"), "x", undefined],
  ])("%o with %s: %s", (of, value, fault) => expect(faultOf(of, value)).toBe(fault));
});
