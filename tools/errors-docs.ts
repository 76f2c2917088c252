// Writes docs/errors.md and public/errors.html from the one table in src/ui/error-help.ts.
// `npm run docs:errors`; a test fails while the files are not in step.

import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ERROR_HELP, type ErrorHelp } from "../src/ui/error-help.ts";

const INTRO =
  "Every failure that Sotto shows has a code that never changes. Nothing below needs a reload of the page: mend the cause and press “Try again”.";
const WRITTEN_BY = "Written by `npm run docs:errors` from src/ui/error-help.ts; do not edit.";

const entries = (): [string, ErrorHelp][] => Object.entries(ERROR_HELP);

/** The page for readers of the repository. */
export function errorsMarkdown(): string {
  const sections = entries().map(([code, { title, happened, why, todo }]) =>
    [
      `## ${code}`,
      "",
      `**${title}.** ${happened}`,
      "",
      "Why:",
      "",
      ...why.map((line) => `- ${line}`),
      "",
      "What to do:",
      "",
      ...todo.map((line) => `- ${line}`),
      "",
    ].join("\n"),
  );
  return [`<!-- ${WRITTEN_BY} -->`, "", "# Errors", "", INTRO, "", ...sections].join("\n");
}

/** The same for visitors: a static page of our own origin, under the same policy as the rest. */
export function errorsHtml(): string {
  const index = entries().map(
    ([code, { title }]) => `        <li><a href="#${code}">${escape(title)}</a></li>`,
  );
  const sections = entries().map(([code, { title, happened, why, todo }]) =>
    [
      `      <section id="${code}">`,
      `        <h2>${escape(title)}</h2>`,
      `        <p><code>${code}</code></p>`,
      `        <p>${escape(happened)}</p>`,
      "        <h3>Why</h3>",
      ...list(why),
      "        <h3>What to do</h3>",
      ...list(todo),
      "      </section>",
    ].join("\n"),
  );
  return `<!doctype html>
<!-- ${WRITTEN_BY} -->
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Errors · Sotto</title>
    <link rel="icon" href="icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="errors.css" />
  </head>
  <body>
    <main>
      <p><a href="./">Sotto</a></p>
      <h1>When something goes wrong</h1>
      <p>${escape(INTRO)}</p>
      <ul class="index">
${index.join("\n")}
      </ul>
${sections.join("\n")}
    </main>
  </body>
</html>
`;
}

/** The files by path from the repository root. */
export function errorsFiles(): Readonly<Record<string, string>> {
  return { "docs/errors.md": errorsMarkdown(), "public/errors.html": errorsHtml() };
}

function list(lines: readonly string[]): string[] {
  return [
    "        <ul>",
    ...lines.map((line) => `          <li>${escape(line)}</li>`),
    "        </ul>",
  ];
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [path, text] of Object.entries(errorsFiles())) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text);
    console.log(`wrote ${path}`);
  }
}
