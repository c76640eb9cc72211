import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "../openapi.yaml",
  output: { path: "generated", importFileExtension: ".js", preferExportAll: true },
  plugins: ["@hey-api/client-fetch", "@hey-api/sdk", { name: "@hey-api/typescript", enums: "javascript" }],
});
