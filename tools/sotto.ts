// `npm run sotto -- inspect PLACE` (and `npx sotto` once built): what a checkpoint is and what it needs, from headers
// alone. Node only. Exits 2 for a mistake in the arguments, 1 for any other failure.

import { parseArgs } from "node:util";

import { SottoError } from "../src/shared/errors.ts";
import { survey } from "../src/worker/weights/survey.ts";
import { describeSurvey, surveyAccount } from "./sotto-inspect.ts";
import { openPlace } from "./sotto-place.ts";

const USAGE = `npm run sotto -- inspect PLACE [--json]
  PLACE   a folder, a .safetensors or .gguf file, the URL of either, or a Hub repository (owner/name)
  --json  print everything as JSON`;

async function main(args: readonly string[]): Promise<void> {
  const { command, place, json } = parse([...args]);
  if (command !== "inspect") throw badArgument(`There is no command "${command}".`);
  const { source, file } = await openPlace(place);
  const found = await survey(source, file);
  const text = json
    ? JSON.stringify(surveyAccount(found), null, 2)
    : describeSurvey(found).join("\n");
  console.log(text);
}

function parse(args: string[]): { command: string; place: string; json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { json: { type: "boolean", default: false } },
    });
    const [command, place, ...rest] = positionals;
    if (command !== undefined && place !== undefined && rest.length === 0)
      return { command, place, json: values.json };
  } catch (cause) {
    throw badArgument(cause instanceof Error ? cause.message : String(cause));
  }
  throw badArgument("A command and one place are needed.");
}

function badArgument(what: string): SottoError {
  return new SottoError("bad-argument", what, `Usage: ${USAGE}`);
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const error = SottoError.from(
    thrown,
    "engine-failed",
    "This is a mistake in the program; please report it.",
  );
  console.error(`${error.what} ${error.remedy} [${error.code}]`);
  if (error.detail !== undefined && error.detail !== error.what) console.error(error.detail);
  process.exitCode = error.code === "bad-argument" ? 2 : 1;
}
