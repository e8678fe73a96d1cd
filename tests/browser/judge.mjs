// Answers questions about schemas and patterns as browsers would: a JSON text a line in, one a line out.
//
// {"schema", "values"}   -> {"verdicts": {"<validator>": [true or false, ...]}, "warnings": [...]}
// {"patterns", "texts"}  -> {"found": [[true or false for each text] or null where it is no pattern, for each pattern]}
// What can't be answered -> {"error": "..."}

import readline from "node:readline";

import rjsf from "@rjsf/validator-ajv8";
import Ajv07 from "ajv";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";

let warnings = [];
const warn = (...words) => warnings.push(words.join(" "));
const options = { strict: true, allErrors: true, logger: { log: warn, warn, error: warn } };

const strict = {
  "ajv 2020-12": addFormats(new Ajv2020.default(options)),
  "ajv draft-07": addFormats(new Ajv07.default(options)),
};

function judge({ schema, values }) {
  warnings = [];
  const verdicts = {};
  for (const [name, ajv] of Object.entries(strict)) {
    const validate = ajv.compile(schema);
    verdicts[name] = values.map((value) => validate(value));
    ajv.removeSchema(schema);
  }
  verdicts["react-jsonschema-form"] = values.map((value) => {
    const { errors, validationError } = rjsf.rawValidation(schema, value);
    if (validationError) {
      throw validationError;
    }
    return errors === undefined;
  });
  rjsf.reset();
  return { verdicts, warnings };
}

function search({ patterns, texts }) {
  const found = patterns.map((pattern) => {
    try {
      const compiled = new RegExp(pattern, "u");
      return texts.map((text) => compiled.test(text));
    } catch {
      return null;
    }
  });
  return { found };
}

function answer(question) {
  try {
    return "schema" in question ? judge(question) : search(question);
  } catch (error) {
    return { error: String(error) };
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
