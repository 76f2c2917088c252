import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { hubBase, type RangeSource, urlRanges } from "./range-source.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A source over a loopback server. */
async function serving(listener: RequestListener): Promise<RangeSource> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return urlRanges(`http://127.0.0.1:${(started.address() as AddressInfo).port}/moshi/`);
}

const file = Uint8Array.from({ length: 600_000 }, (_, i) => i % 251);

/** Serves `file` by ranges, and notes which. */
function byRanges(seen: string[] = []): RequestListener {
  return (request, response) => {
    const range = request.headers.range ?? "";
    seen.push(`${request.url} ${range}`);
    const [, begin = 0, end = 0] = (/bytes=(\d+)-(\d+)/.exec(range) ?? []).map(Number);
    const last = Math.min(end, file.length - 1);
    response.writeHead(206, { "Content-Range": `bytes ${begin}-${last}/${file.length}` });
    response.end(file.subarray(begin, last + 1));
  };
}

const codeOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => "no failure",
    (thrown: { code: unknown }) => thrown.code,
  );

describe("urlRanges", () => {
  it("tells a file's size and reads parts of it, the first without asking again", async () => {
    const seen: string[] = [];
    const source = await serving(byRanges(seen));
    const opened = await source.open("model.safetensors");
    expect(opened?.bytes).toBe(600_000);
    expect(await opened?.read(10, 20)).toEqual(file.slice(10, 20));
    expect(seen).toEqual(["/moshi/model.safetensors bytes=0-262143"]);
    expect(await opened?.read(599_990, 600_000)).toEqual(file.slice(599_990));
    expect(seen.at(-1)).toBe("/moshi/model.safetensors bytes=599990-599999");
  });

  it("takes a small file from a server that knows no ranges", async () => {
    const source = await serving((_, response) =>
      response.setHeader("Content-Length", 2).end("{}"),
    );
    const opened = await source.open("config.json");
    expect(Buffer.from((await opened?.read(0, 2)) ?? []).toString()).toBe("{}");
  });

  it("knows no file where the server has none, or its index page", async () => {
    const absent = await serving((_, response) => response.writeHead(404).end());
    expect(await absent.open("x")).toBeNull();
    const page = await serving((_, response) =>
      response.setHeader("Content-Type", "text/html").end("<p>"),
    );
    expect(await page.open("x")).toBeNull();
  });

  it("takes a range that cannot be satisfied for an empty file", async () => {
    const source = await serving((_, response) => response.writeHead(416).end());
    expect((await source.open("x"))?.bytes).toBe(0);
  });

  it.each<[string, string, RequestListener]>([
    ["a server error", "network-failed", (_, response) => response.writeHead(500).end()],
    [
      "a large file from a server without ranges",
      "network-failed",
      (_, response) => response.setHeader("Content-Length", file.length).end(file),
    ],
    [
      "an answer without a size",
      "network-failed",
      (_, response) => response.writeHead(206).end("x"),
    ],
    [
      "a part that ends early",
      "model-file-truncated",
      (_, response) => {
        response.writeHead(206, { "Content-Range": "bytes 0-99/100", Connection: "close" });
        response.end("short");
      },
    ],
  ])("fails on %s", async (_, code, listener) => {
    const source = await serving(listener);
    expect(await codeOf(source.open("x"))).toBe(code);
  });

  it("reads no more than it asked for, however much a server sends", async () => {
    const source = await serving((_, response) => {
      response.writeHead(206, { "Content-Range": "bytes 0-3/4" });
      response.end(file);
    });
    expect(await (await source.open("x"))?.read(0, 4)).toEqual(file.slice(0, 4));
  });

  it("fails when nobody answers", async () => {
    expect(await codeOf(urlRanges("http://127.0.0.1:9/").open("x"))).toBe("network-failed");
  });
});

describe("hubBase", () => {
  it("is the directory of a repository's files", () => {
    const base = hubBase("kyutai/hibiki-1b-pytorch-bf16");
    expect(base).toBe("https://huggingface.co/kyutai/hibiki-1b-pytorch-bf16/resolve/main/");
  });
});
