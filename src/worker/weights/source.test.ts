import type { RequestListener, Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { FileProgress } from "../../shared/protocol.ts";
import { urlSource } from "./source.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A source over a loopback server. */
async function serving(listener: RequestListener) {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return urlSource(`http://127.0.0.1:${(started.address() as AddressInfo).port}/wren/`);
}

const codeOf = (reading: Promise<unknown>): Promise<unknown> =>
  reading.then(
    () => "no failure",
    (thrown: { code: unknown }) => thrown.code,
  );

describe("urlSource", () => {
  it("reads a file below its base and reports every byte", async () => {
    const paths: (string | undefined)[] = [];
    const source = await serving((request, response) => {
      paths.push(request.url);
      response.setHeader("Content-Length", 6).end("pieces");
    });
    const progress: FileProgress[] = [];
    const bytes = await source.read("text.model", (report) => progress.push(report));
    expect(Buffer.from(bytes ?? []).toString()).toBe("pieces");
    expect(paths).toEqual(["/wren/text.model"]);
    expect(progress[0]).toEqual({ file: "text.model", loadedBytes: 0, totalBytes: 6 });
    expect(progress.at(-1)).toEqual({ file: "text.model", loadedBytes: 6, totalBytes: 6 });
  });

  it("reads a file whose length is not stated", async () => {
    const source = await serving((_, response) => {
      response.write("pie");
      response.end("ces");
    });
    const progress: FileProgress[] = [];
    const bytes = await source.read("x", (report) => progress.push(report));
    expect(bytes?.length).toBe(6);
    expect(progress.at(-1)).toEqual({ file: "x", loadedBytes: 6, totalBytes: 6 });
  });

  it("knows a missing file by 404, and by an index page in its place", async () => {
    const missing = await serving((_, response) => void response.writeHead(404).end());
    expect(await missing.read("x")).toBeNull();
    server?.close();
    const fallback = await serving((_, response) => {
      response.setHeader("Content-Type", "text/html; charset=utf-8").end("<!doctype html>");
    });
    expect(await fallback.read("x")).toBeNull();
  });

  it("fails with network-failed when the server does", async () => {
    const source = await serving((_, response) => void response.writeHead(503).end());
    expect(await codeOf(source.read("x"))).toBe("network-failed");
  });

  it("fails with network-failed when nobody answers", async () => {
    const source = await serving(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    expect(await codeOf(source.read("x"))).toBe("network-failed");
  });

  it("fails when the connection breaks halfway", async () => {
    const source = await serving((_, response) => {
      response.setHeader("Content-Length", 100);
      response.write("half", () => response.destroy());
    });
    expect(await codeOf(source.read("x"))).toBe("network-failed");
  });
});
