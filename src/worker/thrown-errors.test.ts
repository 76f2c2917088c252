import * as Comlink from "comlink";
import { expect, test } from "vitest";

import { SottoError } from "../shared/errors.ts";
import { sendErrorsAsData } from "./thrown-errors.ts";

test("a thrown SottoError arrives as its data, any other error as engine-failed", async () => {
  sendErrorsAsData();
  const { port1, port2 } = new MessageChannel();
  const error = new SottoError(
    "webgpu-lost",
    "The GPU went away.",
    "Start again.",
    new Error("device"),
  );
  const api = {
    known: () => Promise.reject(error),
    unknown: () => Promise.reject(new TypeError("x is undefined")),
    fine: () => Promise.resolve(1),
  };
  Comlink.expose(api, port2);
  const remote = Comlink.wrap<typeof api>(port1);
  expect(await remote.fine()).toBe(1);
  await expect(remote.known()).rejects.toEqual({
    code: "webgpu-lost",
    what: "The GPU went away.",
    remedy: "Start again.",
    detail: "device",
  });
  await expect(remote.unknown()).rejects.toMatchObject({
    code: "engine-failed",
    what: "x is undefined",
  });
  remote[Comlink.releaseProxy]();
  port1.close();
});
