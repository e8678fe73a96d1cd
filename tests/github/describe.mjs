// Takes the operations that the action uses out of GitHub's OpenAPI descriptions, which are too large to be served:
// node_modules/.descriptions/{cloud,server}.json. The descriptions themselves, 400 MB, are removed then.
//
// Two things are changed. All paths begin with /api/v3, since a test's server has an address of its own, as an Enterprise
// Server has. And each operation may answer what GitHub's guides say of all: 304 to a conditional request, and an error.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const GENERATED = "node_modules/@octokit/openapi/generated";
const TARGET = "node_modules/.descriptions";
const SOURCES = { cloud: "api.github.com", server: "ghes-3.19" };
const OPERATIONS = {
  "/app": ["get"],
  "/app/installations/{installation_id}/access_tokens": ["post"],
  "/repos/{owner}/{repo}/actions/runs/{run_id}": ["get"],
  "/repos/{owner}/{repo}/actions/runs/{run_id}/cancel": ["post"],
  "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs": ["get"],
  "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches": ["post"],
  "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs": ["get"],
  "/repos/{owner}/{repo}/installation": ["get"],
  "/user": ["get"],
};

const ERROR = {
  description: "An error, as GitHub's guides say of every call",
  content: { "application/json": { schema: { $ref: "#/components/schemas/basic-error" } } },
};
const EVERY_CALL = { 400: ERROR, 401: ERROR, 403: ERROR, 404: ERROR, 422: ERROR, 429: ERROR };
const EVERY_GET = { 304: { description: "Nothing has changed" } };

function completed(method, operation) {
  const more = method === "get" ? { ...EVERY_GET, ...EVERY_CALL } : EVERY_CALL;
  return { ...operation, responses: { ...more, ...operation.responses } };
}

function referenced(part, whole, components) {
  if (Array.isArray(part)) {
    part.forEach((entry) => referenced(entry, whole, components));
  } else if (part !== null && typeof part === "object") {
    for (const [key, value] of Object.entries(part)) {
      if ((key === "$ref" || key.startsWith("#/")) && typeof value === "string") add(value, whole, components);
      else if (key === "mapping") Object.values(value).forEach((ref) => add(ref, whole, components));
      else referenced(value, whole, components);
    }
  }
}

function add(ref, whole, components) {
  const [, , kind, name] = ref.split("/");
  if (components[kind]?.[name] !== undefined) return;
  components[kind] = { ...components[kind], [name]: whole.components[kind][name] };
  referenced(whole.components[kind][name], whole, components);
}

mkdirSync(TARGET, { recursive: true });
for (const [name, source] of Object.entries(SOURCES)) {
  const whole = JSON.parse(readFileSync(`${GENERATED}/${source}.json`, "utf8"));
  const [components, paths] = [{}, {}];
  for (const [path, methods] of Object.entries(OPERATIONS)) {
    const { parameters, ...all } = whole.paths[path];
    const kept = Object.fromEntries(methods.map((method) => [method, completed(method, all[method])]));
    paths[`/api/v3${path}`] = parameters === undefined ? kept : { parameters, ...kept };
  }
  referenced(paths, whole, components);
  const { openapi, info } = whole;
  writeFileSync(`${TARGET}/${name}.json`, JSON.stringify({ openapi, info, paths, components }));
}
rmSync(GENERATED, { recursive: true });
