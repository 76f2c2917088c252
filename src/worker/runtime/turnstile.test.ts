import { expect, it } from "vitest";
import { Turnstile } from "./turnstile.ts";

it("runs tasks one at a time, in order, past a failure", async () => {
  const turnstile = new Turnstile();
  const log: string[] = [];
  const task =
    (name: string, fails = false) =>
    async () => {
      log.push(`${name} in`);
      await Promise.resolve();
      log.push(`${name} out`);
      if (fails) throw new Error(name);
      return name;
    };
  const first = turnstile.pass(task("a"));
  const second = turnstile.pass(task("b", true));
  const third = turnstile.pass(task("c"));
  await expect(second).rejects.toThrow("b");
  expect(await first).toBe("a");
  expect(await third).toBe("c");
  expect(log).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});
