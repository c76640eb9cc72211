// Usage: node redocly.js DOCUMENT
// Applies the rules that Redocly recommends, and fails if there are problems, warnings included.
import { createConfig, formatProblems, lint } from "@redocly/openapi-core";

const problems = await lint({ ref: process.argv[2], config: await createConfig({ extends: ["recommended"] }) });
if (problems.length > 0) {
  formatProblems(problems, { totals: { errors: 0, warnings: 0, ignored: 0 }, version: "" });
  process.exitCode = 1;
}
