import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ERROR_HELP } from "../src/ui/error-help.ts";
import { errorsFiles } from "./errors-docs.ts";

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

describe("the error pages", () => {
  test.each(Object.keys(errorsFiles()))("%s is in step with the table", (path) => {
    expect(read(path), "run `npm run docs:errors`").toBe(errorsFiles()[path]);
  });

  test("the table has exactly the codes of src/shared/errors.ts", () => {
    const source = read("src/shared/errors.ts");
    const union = source.slice(
      source.indexOf("SottoErrorCode ="),
      source.indexOf(";", source.indexOf("SottoErrorCode =")),
    );
    const codes = [...union.matchAll(/"([a-z-]+)"/g)].map(([, code]) => code);
    expect(Object.keys(ERROR_HELP)).toEqual(codes);
  });

  test.each(Object.keys(ERROR_HELP))("%s has an anchor on both pages", (code) => {
    expect(read("docs/errors.md")).toContain(`\n## ${code}\n`);
    expect(read("public/errors.html")).toContain(`id="${code}"`);
  });
});
